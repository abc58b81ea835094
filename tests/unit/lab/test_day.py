"""A lab day: valid, ordered, balanced, reproducible; labels stand apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS
from haitang.lab.day import LabDay, generate
from haitang.lab.geography import HOME_PLACES
from haitang.lab.stories import STORIES
from haitang.lab.vocabulary import EVENTS


@pytest.fixture(scope="module")
def day() -> LabDay:
    return generate(11, customers=500, days=8)


@pytest.fixture(scope="module")
def table(day: LabDay) -> pa.Table:
    return day.table()


def test_the_same_seed_gives_the_same_bytes(day: LabDay, table: pa.Table) -> None:
    again = generate(11, customers=500, days=8)
    assert again.table().equals(table)
    assert again.labels().equals(day.labels())
    assert again.likenesses().equals(day.likenesses())


def test_a_passed_generator_is_the_same_as_its_seed(table: pa.Table) -> None:
    assert generate(np.random.default_rng(11), customers=500, days=8).table().equals(table)


def test_another_seed_gives_another_bank(table: pa.Table) -> None:
    other = generate(12, customers=500, days=8).table()
    known = set(table["customer_id"].to_pylist())
    assert not known & set(other["customer_id"].drop_null().to_pylist())


def test_blocks_do_not_change_the_events(day: LabDay, table: pa.Table) -> None:
    pieces = pa.concat_tables(day.batches(1_000))
    unchanged = [name for name in table.column_names if pieces[name].equals(table[name])]
    assert unchanged == table.column_names


def test_a_place_to_which_chance_gave_no_shop_has_customers_all_the_same() -> None:
    bank = generate(35, customers=1_000, days=2, stories={}).bank
    people = np.bincount(bank.place, minlength=HOME_PLACES)[:HOME_PLACES]
    shops = np.bincount(bank.merchant_place, minlength=HOME_PLACES)[:HOME_PLACES]
    assert (people[shops == 0] > 0).any(), "the seed has no such place any more; find another"


def test_every_event_is_valid(day: LabDay) -> None:
    ids = [event.event_id for event in day.events()]
    assert len(ids) == len(day) > 5_000


def test_columns_are_the_catalogue_in_its_order(table: pa.Table) -> None:
    assert table.column_names == list(FIELDS)


def test_the_lab_knows_only_event_types_of_the_catalogue() -> None:
    assert set(EVENTS) <= set(EVENT_TYPES)


def test_events_stand_in_journal_order_within_the_run(day: LabDay, table: pa.Table) -> None:
    at_us = table["occurred_at_us"].to_numpy()
    received_us = table["received_at_us"].to_numpy()
    assert (np.diff(at_us) >= 0).all()
    assert (received_us > at_us).all()
    assert at_us[-1] < day.bank.start_us + 8 * 86_400_000_000


def test_event_ids_are_unique(table: pa.Table) -> None:
    assert len(table["event_id"].unique()) == len(table)


def _sides(rows: Iterator[dict[str, Any]]) -> Iterator[tuple[str, int, int]]:
    for row in rows:
        for side in ("payer", "payee"):
            before = row.get(f"{side}_balance_before_minor")
            if before is not None:
                yield row[f"{side}_account"], before, row[f"{side}_balance_after_minor"]


def test_balances_are_true_and_never_below_zero(day: LabDay) -> None:
    held: dict[str, int] = {}
    checked = 0
    for account, before, after in _sides(day.rows()):
        assert before >= 0
        assert after >= 0
        if account in held:
            assert held[account] == before
            checked += 1
        held[account] = after
    assert checked > 2_000


def test_what_leaves_an_account_is_the_amount(day: LabDay) -> None:
    for row in day.rows():
        before = row.get("payer_balance_before_minor")
        if before is None:
            continue
        moved = before - row["payer_balance_after_minor"]
        refused = row.get("success") is False
        assert moved == (0 if refused else row["amount_minor"])
        assert not refused or row["response_code"] == "51"


def test_nobody_acts_before_joining(day: LabDay) -> None:
    opened = {
        row["customer_id"]: row["occurred_at_us"]
        for row in day.rows()
        if row["event_type"] == "ACCT_OPEN" and row["customer_tenure_days"] == 0
    }
    for row in day.rows():
        joined = opened.get(row.get("payer_customer_id", ""))
        assert joined is None or row["occurred_at_us"] >= joined
    assert opened


def test_reversals_name_the_purchase_that_they_reverse() -> None:
    day = generate(3, customers=1_500, days=6, stories={})
    rows = list(day.rows())
    bought = {row["txn_id"]: row for row in rows if row.get("txn_type") in ("POS", "QR_PAY")}
    reversals = [row for row in rows if row["event_type"] == "TXN_REVERSED"]
    assert reversals
    for row in reversals:
        purchase = bought[row["original_txn_id"]]
        assert purchase["amount_minor"] == row["amount_minor"]
        assert purchase["payer_account"] == row["payee_account"]


def test_labels_are_of_events_and_never_in_them(day: LabDay, table: pa.Table) -> None:
    labels = day.labels()
    assert set(labels["event_id"].to_pylist()) <= set(table["event_id"].to_pylist())
    assert not {"story_id", "role", "typology"} & set(table.column_names)
    assert not set(day.likenesses()["event_id"].to_pylist()) & set(labels["event_id"].to_pylist())


def test_money_at_risk_is_the_amount_of_the_event(day: LabDay) -> None:
    amount = {row["event_id"]: row.get("amount_minor") for row in day.rows()}
    at_risk = [row for row in day.labels().to_pylist() if row["amount_at_risk_minor"]]
    assert at_risk
    assert all(amount[row["event_id"]] == row["amount_at_risk_minor"] for row in at_risk)


def test_every_kind_of_story_is_told_by_default(day: LabDay) -> None:
    assert set(day.labels()["typology"].to_pylist()) == set(STORIES)


def test_only_the_stories_asked_for_are_told() -> None:
    day = generate(5, customers=400, days=5, stories={"B04": 2, "D01": 1})
    assert set(day.labels()["story_id"].to_pylist()) == {"B04-000", "B04-001", "D01-000"}


def test_a_bank_without_stories_has_no_labels() -> None:
    assert len(generate(5, customers=300, days=3, stories={}).labels()) == 0


def test_honest_life_has_its_look_alikes() -> None:
    found = set(
        generate(4, customers=3_000, days=28, stories={}).likenesses()["likeness"].to_pylist()
    )
    assert found >= {
        "payroll", "payroll_agent", "rent", "group_buying", "tuition", "wedding_cash",
        "pension_counter", "remittance_home", "new_phone", "currency_for_travel",
        "currency_for_study", "house_purchase", "takings_sweep", "dormant_return", "batch_opening",
        "complaint_look_ups", "campaign_look_ups", "screen_share_help", "savings_sweep",
        "deal_closing", "night_work", "returned_purchase", "emergency_break", "quick_pass_on",
        "cash_run", "rent_collector", "family_cardless", "carer", "inheritance", "trader_takings",
        "students_abroad", "firm_opening", "shared_phone", "further_account", "licence_renewal",
        "seal_changed", "capital_injection", "loan_for_purchase", "debt_consolidation",
        "loan_shopping", "family_deposit", "gift_gold", "holiday_cards", "agent_top_ups",
        "streamer_fan", "trade_fair", "club_dues", "firm_settlement", "seasonal_trader",
        "night_driver", "wallet_merchant", "coupons", "family_study", "export_trade",
        "staff_family", "documented_release", "call_centre_override", "lawyer_fee",
        "token_travel", "tablet_and_phone", "instalments", "returned_customer", "accessibility",
        "supplier_moves",
    }  # fmt: skip


def test_a_further_kind_of_story_leaves_the_others_as_they_were() -> None:
    def told(stories: dict[str, int]) -> set[tuple[str, int, str]]:
        day = generate(5, customers=400, days=6, stories=stories)
        at_us = {row["event_id"]: row["occurred_at_us"] for row in day.rows()}
        return {
            (row["story_id"], at_us[row["event_id"]], row["role"])
            for row in day.labels().to_pylist()
            if row["typology"] in ("B04", "F05") and row["role"] != "session"
        }

    few = told({"B04": 2, "F05": 1})
    assert few
    assert len(few & told({"B04": 2, "F05": 1, "D06": 2, "H05": 1})) >= 0.97 * len(few)


def test_honest_life_does_not_depend_on_the_stories_told() -> None:
    def lived(stories: dict[str, int]) -> set[tuple[object, ...]]:
        day = generate(5, customers=400, days=6, stories=stories)
        labelled = set(day.labels()["event_id"].to_pylist())
        names = ("occurred_at_us", "event_type", "customer_id", "merchant_id", "ip")
        return {
            tuple(row.get(name) for name in names)
            for row in day.rows()
            if row["event_id"] not in labelled
        }

    alone, beside = lived({}), lived({"D06": 2, "H05": 1, "G16": 1})
    assert len(alone & beside) >= 0.995 * len(alone)


def test_files_hold_the_same_columns(tmp_path: Path, day: LabDay, table: pa.Table) -> None:
    day.write(tmp_path)
    assert pq.read_table(tmp_path / "events.parquet").equals(table)
    assert pq.read_table(tmp_path / "labels.parquet").equals(day.labels())
    assert pq.read_table(tmp_path / "likenesses.parquet").equals(day.likenesses())
