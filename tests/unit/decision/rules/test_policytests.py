from __future__ import annotations

from haitang.decision.rules.policytests import TEST_START_US, PolicyTest
from haitang.kernel.instants import SECOND_US
from tests.unit.decision.rules.standard_packs import POLICY, load_standard, with_change

FIRST = "events: [{event_type: TXN_REQUEST, amount_minor: =least_sum}]"


def filled(text: str) -> dict[tuple[str, str], PolicyTest]:
    return {(test.policy.partition(".")[2], test.name): test for test in load_standard(text).tests}


def test_every_instance_has_every_test_with_its_own_numbers_and_scope() -> None:
    last = {
        instance: test.rows[-1]
        for (instance, name), test in filled(POLICY).items()
        if name == "leaves alone a cent below"
    }
    assert {
        instance: (row["amount_minor"], row["channel"], row["customer_segment"])
        for instance, row in last.items()
    } == {
        "ordinary": (2_999_999, "MOBILE", "ORDINARY"),
        "elder": (999_999, "MOBILE", "ELDER"),
        "counter": (4_999_999, "COUNTER", "ORDINARY"),
    }
    assert all(row["amount_base_minor"] == row["amount_minor"] for row in last.values())


def test_a_test_is_only_for_the_instances_that_it_names() -> None:
    extra = (
        "  - name: only for elders\n    fires: true\n    for: [elder]\n"
        "    events: [{event_type: TXN_REQUEST, amount_minor: 1000000}]\n"
    )
    names = [instance for instance, name in filled(POLICY + extra) if name == "only for elders"]
    assert names == ["elder"]


def test_what_a_test_states_is_kept() -> None:
    text = with_change(
        FIRST,
        "events: [{event_type: LOGIN, channel: ATM, customer_segment: MINOR}, "
        "{event_type: TXN_REQUEST, amount_minor: =least_sum, currency: USD}]",
    )
    first, second = filled(text)["elder", "fires at the bound"].rows
    assert (first["channel"], first["customer_segment"]) == ("ATM", "MINOR")
    assert "amount_base_minor" not in second


def test_offsets_and_repetitions_may_be_calculated() -> None:
    text = with_change(
        FIRST,
        "events: [{event_type: TXN_REQUEST, amount_minor: 1, "
        "repeat: {times: =least_sum / 500000, every: '=min_gap(1)'}}, "
        "{at: =least_sum / 1000 + minutes(1), event_type: TXN_REQUEST, amount_minor: =least_sum}]",
    ).replace("'=min_gap(1)'", "=seconds(30)")
    rows = filled(text)["elder", "fires at the bound"].rows
    offsets = [(int(row["occurred_at_us"]) - TEST_START_US) // SECOND_US for row in rows]
    assert offsets == [0, 30, 1_060]
    assert [row["event_id"] for row in rows] == ["E1", "E2", "E3"]


def test_events_of_no_repetition_leave_nothing_behind() -> None:
    text = with_change(
        FIRST,
        "events: [{event_type: TXN_REQUEST, amount_minor: 1, "
        "repeat: {times: =least_sum - least_sum, every: 1h}}, "
        "{event_type: TXN_REQUEST, amount_minor: =least_sum}]",
    )
    (row,) = filled(text)["counter", "fires at the bound"].rows
    assert row["occurred_at_us"] == TEST_START_US


def test_whole_numbers_are_rounded() -> None:
    text = with_change(FIRST, FIRST.replace("=least_sum", "=least_sum * 1.00000005"))
    row = filled(text)["counter", "fires at the bound"].rows[-1]
    assert row["amount_minor"] == 5_000_000
