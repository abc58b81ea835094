"""Stories happen to ordinary members of the bank and leave the traces that the crime leaves."""

from __future__ import annotations

from typing import Any

import pytest

from haitang.lab.day import generate
from haitang.lab.stories import STORIES


def _told(typology: str, count: int = 3) -> list[dict[str, Any]]:
    day = generate(21, customers=600, days=10, stories={typology: count})
    labels = {row["event_id"]: row for row in day.labels().to_pylist()}
    return [row | labels[row["event_id"]] for row in day.rows() if row["event_id"] in labels]


@pytest.mark.parametrize("typology", ["A04", "C13", "F02", "G12", "J03"])
def test_a_story_can_be_told_alone(typology: str) -> None:
    told = _told(typology, count=2)
    assert {row["typology"] for row in told} == {typology}
    assert {row["story_id"] for row in told} == {f"{typology}-000", f"{typology}-001"}


def test_there_are_stories_of_families_a_to_k() -> None:
    assert {typology[0] for typology in STORIES} >= set("ABCDEFGHJK")
    assert len(STORIES) >= 24


def test_victims_of_screen_sharing_pay_while_the_screen_is_shared() -> None:
    paid = [row for row in _told("B04") if row["role"] == "victim_payment"]
    assert paid
    assert all(row["screen_share"] and row["call_active"] for row in paid)


def test_a_runner_fetches_cash_away_from_his_outlet() -> None:
    cash = [row for row in _told("E01") if row["role"] == "cash_out"]
    assert cash
    assert all(row["outlet_code"] != row["home_outlet_code"] for row in cash)


def test_a_redirected_invoice_bears_the_name_of_a_supplier_whose_account_is_another() -> None:
    day = generate(21, customers=600, days=14, stories={"G02": 12})
    labelled = set(day.labels()["event_id"].to_pylist())
    told = labelled | {
        row["event_id"]
        for row in day.likenesses().to_pylist()
        if row["likeness"] == "supplier_moves"
    }
    rows = list(day.rows())
    held: dict[str, set[str]] = {}
    for row in rows:
        if row["event_id"] not in told and row.get("payee_name_token"):
            held.setdefault(row["payee_name_token"], set()).add(row["payee_account"])
    paid = [row for row in rows if row["event_id"] in labelled and "payee_name_token" in row]
    known = [
        row for row in paid if held.get(row["payee_name_token"], set()) - {row["payee_account"]}
    ]
    assert 5 <= len(known) < len(paid)
    assert all(row["name_check"] != "MTCH" for row in known)


def test_people_of_a_story_live_an_ordinary_life_too() -> None:
    day = generate(21, customers=600, days=10, stories={"C01": 4, "D01": 4})
    labelled = set(day.labels()["event_id"].to_pylist())
    rows = list(day.rows())
    people = {
        row["customer_id"] for row in rows if row["event_id"] in labelled and row.get("customer_id")
    }
    people |= {
        row["payer_customer_id"]
        for row in rows
        if row["event_id"] in labelled and row.get("payer_customer_id")
    }
    honest = {row.get("payer_customer_id") for row in rows if row["event_id"] not in labelled}
    assert len(people & honest) >= 0.9 * len(people)


def test_a_listed_account_reaches_the_engine_as_an_event() -> None:
    listed = [row for row in _told("D12") if row["event_type"] == "LIST_UPSERT"]
    assert len(listed) == 3
    assert {row["list_name"] for row in listed} == {"case_accounts"}
