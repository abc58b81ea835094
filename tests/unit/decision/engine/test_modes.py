"""What is left out in each mode, and that nothing else is."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import (
    FAIL_POLICY,
    FULL,
    LISTS_ONLY,
    MODE_NAMES,
    RANK,
    RULES_ONLY,
    DecisionBatch,
    EngineProgram,
    EngineState,
    compile_pack,
    evaluate,
)
from haitang.decision.rules.specs import ListEntry
from tests.model_texts import small_model
from tests.unit.decision.engine.engine_packs import FEATURES, columns, payment, policy, read_pack

EXPRESSIONS = {
    "listed": "listed('watched', payee_account)",
    "listed_payment": "is_payment and listed('watched', payee_account) and amount_minor > 0",
    "listed_by_name": "on_watch or is_night('Asia/Shanghai') and not is_night('Asia/Shanghai')",
    "listed_and_window": "listed('watched', payee_account) and paid_sum_1h > 0",
    "listed_and_window_by_name": "on_watch and spent > 0",
    "field": "amount_minor > 0",
    "window": "is_payment and paid_sum_1h > 0",
}
BY_LISTS = {"listed", "listed_payment", "listed_by_name"}
MODEL = {
    "version": "1",
    "title": {"en": "Small", "zh": "小"},
    "party": "payer",
    "inputs": ["amount_minor", "paid_sum_1h", "fee_minor"],
    "bounds": {"high": 0.001},
}


@pytest.fixture(scope="module")
def program() -> EngineProgram:
    pack = read_pack(
        [
            policy(name, when, shows=["paid_sum_1h"] if name == "listed" else [])
            for name, when in EXPRESSIONS.items()
        ],
        features={
            **FEATURES,
            "on_watch": {"value": "listed('watched', payee_account)"},
            "spent": {"value": "paid_sum_1h / 100", "unit": "money"},
        },
        models={"small": (MODEL, small_model())},
        table=[{"tier": "high", "action": "HOLD"}, {"action": "TIP"}],
        lists={"watched": {"title": {"en": "Watched", "zh": "关注"}}},
    )
    watched = msgspec.structs.replace(pack.lists[0], entries=(ListEntry(value="B1"),))
    return compile_pack(msgspec.structs.replace(pack, lists=(watched,)))


def decided(program: EngineProgram, mode: int, *rows: dict[str, Any]) -> DecisionBatch:
    events = [decode_row(row, base_currency="CNY") for row in rows or (payment(),)]
    state = EngineState.create(program, limit_bytes=64 << 20)
    return evaluate(batch_events(events, program.fields), state, mode=mode)


def fired(batch: DecisionBatch) -> set[str]:
    return {hit.policy for hit in batch.decision(0).hits}


def test_everything_is_decided_in_full(program: EngineProgram) -> None:
    batch = decided(program, FULL)
    decision = batch.decision(0)
    assert fired(batch) == set(EXPRESSIONS)
    assert len(decision.models) == 1
    assert decision.action == "HOLD"
    assert decision.degraded == ""


def test_rules_only_leaves_out_the_models_and_nothing_else(program: EngineProgram) -> None:
    batch, full = decided(program, RULES_ONLY), decided(program, FULL)
    decision = batch.decision(0)
    assert fired(batch) == set(EXPRESSIONS)
    assert decision.models == ()
    assert np.isnan(batch.raw_scores).all()
    assert np.isnan(batch.answers).all()
    assert full.decision(0).tier == "high"
    assert (decision.tier, decision.action) == ("medium", "TIP")
    assert decision.hits == full.decision(0).hits
    assert decision.degraded == "rules_only"


def test_lists_only_asks_what_reads_lists_and_the_event(program: EngineProgram) -> None:
    batch, full = decided(program, LISTS_ONLY), decided(program, FULL)
    decision = batch.decision(0)
    assert fired(batch) == BY_LISTS
    assert decision.score_payer == 271
    assert decision.models == ()
    assert decision.degraded == "lists_only"
    # What they show is there: features are read in every mode.
    kept = [hit for hit in full.decision(0).hits if hit.policy in BY_LISTS]
    assert list(decision.hits) == kept
    assert any(value.name == "paid_sum_1h" for hit in kept for value in hit.values)


def test_the_fail_policy_decides_nothing_and_takes_actions_from_outside(
    program: EngineProgram,
) -> None:
    batch = decided(program, FAIL_POLICY, payment(), payment(1))
    assert batch.action_names == ["PASS", "PASS"]
    assert batch.hit_starts.tolist() == [0, 0, 0]
    assert batch.scores.tolist() == [[0, 0], [0, 0]]
    assert batch.further.tolist() == [0, 0]
    assert np.isnan(batch.answers).all()
    given = batch.with_fail_actions(bytes([RANK["HOLD"], RANK["PASS"]]))
    assert given.action_names == ["HOLD", "PASS"]
    assert batch.action_names == ["PASS", "PASS"]
    decision = given.decision(0)
    assert (decision.action, decision.actions) == ("HOLD", ("HOLD",))
    assert decision.measures[0].action == "HOLD"
    assert decision.degraded == "fail_policy"


def test_only_the_fail_policy_takes_actions_from_outside(program: EngineProgram) -> None:
    with pytest.raises(AssertionError):
        decided(program, RULES_ONLY).with_fail_actions([1])
    for ranks in ([], [RANK["CALL"]], [1, 1]):
        with pytest.raises(AssertionError):
            decided(program, FAIL_POLICY).with_fail_actions(ranks)


def test_kept_features_are_whole_in_every_mode(program: EngineProgram) -> None:
    rows = [payment(number, amount_minor=100 * number) for number in range(100)]
    events = [decode_row(row, base_currency="CNY") for row in rows]
    kept = []
    for mode in range(len(MODE_NAMES)):
        state = EngineState.create(program, limit_bytes=64 << 20)
        batch = batch_events(events, program.fields)
        features = evaluate(batch, state, mode=mode, keep_features=True).features
        assert features is not None
        kept.append(features)
    assert all(np.array_equal(kept[0], other, equal_nan=True) for other in kept[1:])


def test_a_mode_does_not_depend_on_how_events_are_cut(program: EngineProgram) -> None:
    rows = [
        payment(number, payee_account=f"B{number % 3}", amount_minor=number) for number in range(90)
    ]
    events = [decode_row(row, base_currency="CNY") for row in rows]
    for mode in range(len(MODE_NAMES)):
        state = EngineState.create(program, limit_bytes=64 << 20)
        ones = [
            evaluate(batch_events([event], program.fields), state, mode=mode).decision(0)
            for event in events
        ]
        whole = decided(program, mode, *rows)
        assert [whole.decision(place) for place in range(90)] == ones


def test_an_empty_batch_is_decided_in_every_mode(program: EngineProgram) -> None:
    state = EngineState.create(program, limit_bytes=64 << 20)
    for mode in range(len(MODE_NAMES)):
        batch = evaluate(batch_events([], program.fields), state, mode=mode)
        assert columns(batch)["actions"] == []
        assert batch.mode == mode


def test_a_missing_score_is_missing_and_not_zero(program: EngineProgram) -> None:
    assert all(math.isnan(score) for score in decided(program, RULES_ONLY).raw_scores[:, 0])
