"""Instances in the engine: each is a policy of its own, and says what its policy says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import Decision, EngineState, compile_pack, evaluate
from haitang.decision.engine.brief import brief_answers
from haitang.kernel.instants import parse_instant
from tests.unit.decision.rules.standard_packs import POLICY, load_standard, with_change

NAME = "c14_break_and_send"
MARCH_US = parse_instant("2026-03-02T10:00:00+08:00")


def transfer(**fields: Any) -> dict[str, Any]:
    return {
        "event_type": "TXN_REQUEST",
        "event_id": "E1",
        "occurred_at_us": MARCH_US,
        "txn_type": "TRANSFER_INTER",
        "amount_minor": 10_000_000,
        "amount_base_minor": 10_000_000,
        "currency": "CNY",
        "payer_customer_id": "C1",
        "payer_account": "A1",
        "payee_account": "B1",
        "channel": "MOBILE",
        **fields,
    }


def decide(policy: str, row: dict[str, Any]) -> tuple[Decision, bytes]:
    program = compile_pack(load_standard(policy).pack)
    out = evaluate(batch_events([decode_row(row)], program.fields), EngineState.create(program))
    return out.decision(0), brief_answers(out, positions=[0])[0]


@pytest.mark.parametrize(
    ("fields", "instance"),
    [
        ({}, "ordinary"),
        ({"customer_segment": "MINOR"}, "ordinary"),
        ({"customer_segment": "ELDER"}, "elder"),
        ({"customer_segment": "ELDER", "channel": "COUNTER"}, "elder"),
        ({"customer_segment": "MINOR", "channel": "COUNTER"}, "counter"),
        ({"channel": "COUNTER"}, "counter"),
        ({"channel": "ATM"}, None),
        ({"channel": "ATM", "customer_segment": "ELDER"}, None),
    ],
)
def test_an_event_is_judged_by_the_instance_that_it_is_in(
    fields: dict[str, Any], instance: str | None
) -> None:
    decision, _ = decide(POLICY, transfer(**fields))
    expected = [] if instance is None else [f"{NAME}.{instance}"]
    assert [hit.policy for hit in decision.hits] == expected


def test_a_hit_has_the_full_name_and_says_what_the_policy_says() -> None:
    decision, answer = decide(POLICY, transfer(customer_segment="ELDER"))
    (hit,) = decision.hits
    assert (hit.policy, hit.score, hit.action, hit.basis) == (
        f"{NAME}.elder", 560, "HOLD", "REG-05",
    )  # fmt: skip
    assert hit.title.zh == "支取后转出"
    assert [value.name for value in hit.values] == ["is_payment", "paid_sum_1h", "paid_ratio"]
    assert {value.name: value.baseline for value in hit.values}["paid_sum_1h"] == 1_000_000.0
    assert msgspec.json.decode(answer)["hits"][0]["policy"] == f"{NAME}.elder"


def test_a_reason_may_name_the_numbers_of_the_instance() -> None:
    policy = with_change('en: "{paid_sum_1h} left"', 'en: "{paid_sum_1h}, {least_sum} or more"')
    policy = with_change('zh: "转出{paid_sum_1h}"', 'zh: "{paid_sum_1h}，达{least_sum}"', policy)
    decision, _ = decide(policy, transfer(customer_segment="ELDER"))
    assert decision.hits[0].reason.en == "CNY 100,000.00, CNY 10,000.00 or more"
    law = with_change("value: 30000", "regulation: REG-40.cash_day", policy)
    decision, _ = decide(law, transfer())
    assert decision.hits[0].reason.en == "CNY 100,000.00, CNY 50,000.00 or more"


@pytest.mark.parametrize(
    ("day", "bound_minor"),
    [("2026-01-01", 5_000_000), ("2026-06-30", 5_000_000), ("2026-07-01", 10_000_000)],
)
def test_a_number_of_the_law_holds_as_of_the_day_of_the_event(day: str, bound_minor: int) -> None:
    policy = with_change("unit: money, value: 30000", "unit: money, regulation: REG-40.cash_day")
    occurred_at_us = parse_instant(f"{day}T00:00:00+08:00")
    for amount_minor, fires in ((bound_minor, True), (bound_minor - 1, False)):
        decision, _ = decide(
            policy,
            transfer(
                occurred_at_us=occurred_at_us,
                amount_minor=amount_minor,
                amount_base_minor=amount_minor,
            ),
        )
        assert bool(decision.hits) is fires
        for hit in decision.hits:
            values = {value.name: value.baseline for value in hit.values}
            assert values["paid_sum_1h"] == float(bound_minor)


def test_before_the_law_said_anything_nothing_reaches_its_number() -> None:
    policy = with_change("unit: money, value: 30000", "unit: money, regulation: REG-40.cash_day")
    before_us = parse_instant("2025-12-31T23:59:59+08:00")
    decision, _ = decide(policy, transfer(occurred_at_us=before_us))
    assert decision.hits == ()
