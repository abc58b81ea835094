"""The worked cases: valid events, every invention documented, criteria judged with evidence."""

from __future__ import annotations

import msgspec
import pytest

from haitang.app.programs import OpenedPack, open_pack
from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import EngineState, evaluate
from haitang.decision.engine.decisions import Decision
from haitang.lab.scenarios import (
    SCENARIOS,
    Scenario,
    judge,
    scenario,
    scenarios,
    unexplained_fields,
)
from tests.conftest import ROOT

NAMES = sorted(SCENARIOS)


@pytest.fixture(scope="module")
def bank() -> OpenedPack:
    return open_pack(ROOT / "packs" / "bank")


def _decided(case: Scenario, bank: OpenedPack) -> list[Decision]:
    batch = batch_events([decode_row(row) for row in case.events], bank.program.fields)
    out = evaluate(batch, EngineState.create(bank.program))
    return [out.decision(position) for position in range(out.count)]


@pytest.mark.parametrize("name", NAMES)
def test_every_event_is_valid_and_in_order(name: str) -> None:
    case = scenario(name)
    instants = [decode_row(row).occurred_at_us for row in case.events]
    assert instants == sorted(instants)
    assert len({row["event_id"] for row in case.events}) == len(case.events)


@pytest.mark.parametrize("name", NAMES)
def test_every_invented_field_is_listed_as_assumed(name: str) -> None:
    assert unexplained_fields(scenario(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_case_can_be_moved_by_days_and_changes_nothing_else(name: str) -> None:
    at_home, moved = scenario(name), scenario(name, shift_days=14)
    for before, after in zip(at_home.events, moved.events, strict=True):
        assert after["occurred_at_us"] - before["occurred_at_us"] == 14 * 86_400_000_000
        instants = {"occurred_at_us", "received_at_us", "subject_occurred_at_us"}
        assert {k: v for k, v in after.items() if k not in instants} == {
            k: v for k, v in before.items() if k not in instants
        }


def test_the_money_of_the_cases_is_as_published() -> None:
    amounts = {name: _amounts(scenario(name)) for name in NAMES}
    for variant in ("AS-2", "AS-2/other-banks"):
        told = amounts[variant]
        assert (
            told["credit-0901"] == told["cash-0901-first"] + told["cash-0901-second"] == 12_000_000
        )
        assert told["credit-70"] + told["credit-50"] == 12_000_000
        assert told["cash-0909"] == 5_000_000
        assert told["asked-fengmen"] == told["asked-shuangyu"] == 7_000_000
    assert amounts["AS-3"]["remittance"] == 198_000_000
    assert amounts["AS-3/recalled"]["recovered"] == 168_000_000


def _amounts(case: Scenario) -> dict[str, int]:
    rows = {row["event_id"]: row for row in case.events}
    return {name: rows[event_id].get("amount_minor", 0) for name, event_id in case.names.items()}


def test_the_savings_were_never_in_foreign_currency_for_four_hundred_days() -> None:
    case = scenario("AS-1")
    bought = [row for row in case.events if row.get("txn_type") == "FX_BUY"]
    assert [row["event_id"] for row in bought] == [case.names["fx-convert"]]
    row = bought[0]
    assert row["amount_minor"] / row["payer_balance_before_minor"] >= 0.95
    span_us = case.story_begins_us - case.events[0]["occurred_at_us"]
    assert span_us >= 399 * 86_400_000_000


def test_the_company_paid_suppliers_for_a_year_and_never_so_much() -> None:
    paid = [
        row["amount_minor"]
        for row in scenario("AS-3").events
        if row.get("payee_account", "").startswith("AS3-supplier")
    ]
    assert len(paid) > 100
    assert max(paid) < 60_000_000


def test_every_criterion_is_either_checked_or_waits_for_a_named_room() -> None:
    for case in scenarios():
        for criterion in case.criteria:
            assert bool(criterion.expects) != bool(criterion.needs), criterion.id
            assert {expectation.event for expectation in criterion.expects} <= set(case.names)


def test_without_decisions_nothing_is_met() -> None:
    verdicts = [result.verdict for case in scenarios() for result in judge(case, [])]
    assert "met" not in verdicts
    assert {"not met", "not yet checked"} == set(verdicts)


def test_a_criterion_that_waits_is_named_as_not_yet_checked(bank: OpenedPack) -> None:
    case = scenario("AS-2")
    waiting = {
        r.id: r.needs for r in judge(case, _decided(case, bank)) if r.verdict == "not yet checked"
    }
    assert waiting["AS-2(g)"] == "response/cases"
    assert set(waiting) == {criterion.id for criterion in case.criteria if criterion.needs}


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_pack_meets_every_criterion_that_decisions_can_meet(
    name: str, bank: OpenedPack
) -> None:
    case = scenario(name)
    failed = [r.evidence.en for r in judge(case, _decided(case, bank)) if r.verdict == "not met"]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("name", NAMES)
def test_the_history_before_a_case_disturbs_nobody(name: str, bank: OpenedPack) -> None:
    case = scenario(name)
    story = set(case.names.values())
    disturbed = [
        decision.event_id
        for decision in _decided(case, bank)
        if decision.event_id not in story and decision.action != "PASS"
    ]
    assert disturbed == []


def test_evidence_says_what_is_lacking(bank: OpenedPack) -> None:
    case = scenario("AS-3")
    mild = [
        _softened(decision) if decision.event_id == case.names["remittance"] else decision
        for decision in _decided(case, bank)
    ]
    result = next(result for result in judge(case, mild) if result.id == "AS-3(2)")
    assert result.verdict == "not met"
    assert "lacks >= HOLD" in result.evidence.en
    assert "缺少 >= HOLD" in result.evidence.zh


def _softened(decision: Decision) -> Decision:
    return msgspec.structs.replace(decision, action="TIP", actions=("TIP",))
