from __future__ import annotations

import msgspec
import numpy as np
import pytest

from haitang.app.detection.honest import begun_us, honesty, likeness_counts, together
from haitang.app.detection.streams import THE_TABLE
from haitang.decision.engine import RANK
from haitang.lab.day import LabDay, generate
from haitang.lab.vocabulary import EVENT, TAGS
from tests.unit.app.detection.invented import POLICIES, decided, nothing_decided


@pytest.fixture(scope="module")
def day() -> LabDay:
    return generate(3, customers=300, days=6, stories={"B04": 1, "D01": 1})


@pytest.fixture(scope="module")
def between(day: LabDay) -> list[int]:
    """Payments behind the history between two honest customers of the bank, each of another day
    and payer.
    """
    base = nothing_decided(day)
    chosen = np.flatnonzero(
        base.measured
        & (day.acts["story"] < 0)
        & (day.acts["event"] == EVENT["TXN_REQUEST"])
        & (base.asking >= 0)
        & (base.asking == base.paying)
        & (base.receiving >= 0)
        & (base.receiving != base.asking)
    )
    far = begun_us(base)
    honest = [
        row
        for row in chosen.tolist()
        if min(far[base.asking[row]], far[base.receiving[row]]) == np.iinfo(np.int64).max
    ]
    assert len(honest) > 10
    return honest


def test_a_held_payment_disturbs_who_asked_for_it_once_a_day(
    day: LabDay, between: list[int]
) -> None:
    base = nothing_decided(day)
    person_days = base.asking * 1_000 + base.day_numbers
    same = [row for row in between if person_days[row] == person_days[between[0]]]
    found = honesty(decided(day, [(one, "payer_hold") for one in same]), names=POLICIES)
    assert (found.disturbed, found.handled) == (1, 1)
    assert found.burdens == {"payer_hold": (1, 1)}
    assert {name for name, count in found.by_action.items() if count} == {"HOLD", "CALL"}
    assert found.alerts == len(same)
    assert (found.alerts_right, found.cases) == (0, 1)


def test_a_restriction_of_the_payee_falls_on_the_payee(day: LabDay, between: list[int]) -> None:
    made = decided(day, [(between[0], "payee_stop")])
    on_asking, on_receiving = made.felt_by
    assert on_asking[between[0]] == 0
    assert on_receiving[between[0]] == 1 << RANK["RO"]
    assert honesty(made, names=POLICIES).disturbed == 1


def test_a_report_disturbs_nobody(day: LabDay, between: list[int]) -> None:
    found = honesty(decided(day, [(between[0], "report")]), names=POLICIES)
    assert (found.disturbed, found.alerts, found.burdens) == (0, 1, {})


def test_nothing_is_held_against_a_pack_on_events_of_a_fraud_or_after_it(day: LabDay) -> None:
    base = nothing_decided(day)
    begun = begun_us(base)
    known = np.flatnonzero(base.asking >= 0)
    after = known[day.acts["at_us"][known] >= begun[base.asking[known]]]
    assert len(after) > 0
    found = honesty(decided(day, [(row, "payer_hold") for row in after.tolist()]), names=POLICIES)
    assert found.disturbed == 0
    labelled = int((day.acts["story"][after[base.measured[after]]] >= 0).sum())
    assert found.alerts_right == labelled > 0
    assert found.alerts_of_parties == found.alerts


def test_whom_a_fraud_puts_on_a_list_is_honest_no_longer() -> None:
    day = generate(5, customers=300, days=8, stories={"I03": 3})
    listing = np.flatnonzero((day.acts["story"] >= 0) & (day.acts["event"] == EVENT["LIST_UPSERT"]))
    begun = begun_us(nothing_decided(day))
    told = day.acts["detail"][listing]
    given = [day.details[name][told] for name in ("listed_customer", "listed_name")
             if name in day.details]  # fmt: skip
    named = np.max(given, axis=0)
    assert len(named) == 3
    assert (named >= 0).all()
    assert begun[named].tolist() == day.acts["at_us"][listing].tolist()


def test_history_is_not_counted(day: LabDay) -> None:
    early = np.flatnonzero(~nothing_decided(day, history_days=3).measured)[:200]
    made = decided(day, [(row, "tip") for row in early.tolist()], history_days=3)
    found = honesty(made, names=POLICIES)
    assert (found.disturbed, found.days) == (0, 3)
    assert found.customer_days < honesty(nothing_decided(day), names=POLICIES).customer_days


def test_two_instances_share_a_customer_and_neither_is_alone(
    day: LabDay, between: list[int]
) -> None:
    # A tip beside a hold is not given: it disturbs nobody.
    beside = honesty(
        decided(day, [(between[0], "payer_hold"), (between[0], "tip")]), names=POLICIES
    )
    assert beside.burdens == {"payer_hold": (1, 1)}
    base = nothing_decided(day)
    own = base.asking == base.asking[between[0]]
    same_day = base.day_numbers == base.day_numbers[between[0]]
    other = next(
        row
        for row in np.flatnonzero(own & same_day & (day.acts["story"] < 0)).tolist()
        if row != between[0]
    )
    shared = honesty(decided(day, [(between[0], "payer_hold"), (other, "tip")]), names=POLICIES)
    assert shared.burdens == {"payer_hold": (1, 0), "tip": (1, 0)}


def test_what_the_score_alone_did_stands_by_the_table(day: LabDay, between: list[int]) -> None:
    base = nothing_decided(day)
    base.actions[between[0]] = RANK["HOLD"]
    base.scores[0, between[0]] = 700
    found = honesty(base, names=POLICIES)
    assert found.burdens == {THE_TABLE: (1, 1)}


def test_a_likeness_is_counted_by_its_customers(day: LabDay) -> None:
    base = nothing_decided(day)
    tags = day.acts["tag"]
    whole = honesty(base, names=POLICIES)
    name = max(whole.likenesses, key=lambda one: whole.likenesses[one][2])
    rows = np.flatnonzero((tags == TAGS.index(name)) & base.measured & (base.asking >= 0))
    row = int(rows[0])
    found = honesty(decided(day, [(row, "tip")]), names=POLICIES)
    (count,) = [one for one in likeness_counts(found) if one.likeness == name]
    assert (count.events_felt, count.disturbed.part, count.handled.part) == (1, 1, 0)
    assert count.disturbed.whole == whole.likenesses[name][2] > 1
    assert count.instances == ("tip",)


def test_streams_add_up(day: LabDay, between: list[int]) -> None:
    one = honesty(decided(day, [(between[0], "payer_hold")]), names=POLICIES)
    other = honesty(decided(day, [(between[1], "tip")]), names=POLICIES)
    both = together([one, other])
    assert both.disturbed == 2
    assert both.customer_days == 2 * one.customer_days
    assert both.burdens == {"payer_hold": (1, 1), "tip": (1, 1)}
    assert both.likenesses["payroll"][0] == 2 * one.likenesses["payroll"][0]
    assert together([one]) == one


def test_trouble_over_an_account_of_a_fraud_is_told_apart(day: LabDay) -> None:
    base = nothing_decided(day)
    rows = np.flatnonzero(day.acts["story"] >= 0)
    used = day.acts["payee"][rows]
    account = int(used[used >= 0][0])
    begun = day.acts["at_us"][rows[used == account][0]]
    honest = np.flatnonzero(
        base.measured & (day.acts["story"] < 0) & (base.asking >= 0)
        & (day.acts["event"] == EVENT["TXN_REQUEST"])
    )  # fmt: skip
    row = next(row for row in honest.tolist() if day.acts["at_us"][row] > begun)
    acts = {name: column.copy() for name, column in day.acts.items()}
    acts["payee"][row] = account
    changed = msgspec.structs.replace(day, acts=acts)
    found = honesty(decided(changed, [(row, "payer_hold")]), names=POLICIES)
    assert (found.disturbed, found.beside_fraud) == (1, 1)
    plain = honesty(decided(day, [(honest[0], "payer_hold")]), names=POLICIES)
    assert plain.beside_fraud <= plain.disturbed == 1
