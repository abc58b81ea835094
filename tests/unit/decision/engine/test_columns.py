"""Decisions as bytes: nothing is lost, equal is equal, and what is not a record is refused."""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.decision.engine import (
    FAIL_POLICY,
    RULES_ONLY,
    DecisionBatch,
    EngineProgram,
    EngineState,
    compile_pack,
    decision_digest,
    evaluate,
    pack_decisions,
    unpack_decisions,
)
from haitang.decision.engine.columns import HEADER, DecisionsRefused
from tests.conftest import CheckOutput
from tests.model_texts import small_model
from tests.unit.decision.engine.engine_packs import columns, payment, policy, read_pack, run

LIMIT_BYTES = 64 << 20
MODEL = {
    "version": "1",
    "title": {"en": "Small", "zh": "小"},
    "party": "payer",
    "where": "is_payment",
    "inputs": ["amount_minor", "paid_sum_1h", "fee_minor"],
    "bounds": {"medium": 0.001},
}


@cache
def deciding() -> EngineProgram:
    return compile_pack(
        read_pack(
            [
                policy("large", "is_payment and paid_sum_1h > 400000", shows=["fee_minor"]),
                policy("shadow", "amount_minor > 5000", status="shadow", action="HOLD"),
                policy("call", "amount_minor > 800000", action="OTP", also=["CALL", "STR"]),
                policy("payee", "known(fee_minor) and channel == 'WEB'", party="payee"),
            ],
            models={"small": (MODEL, small_model())},
            table=[{"tier": "high", "action": "VID"}],
        )
    )


def rows(count: int) -> list[dict[str, Any]]:
    source = random.Random(3)
    return [
        payment(
            number,
            event_type=source.choice(("TXN_REQUEST", "TXN_REVERSED")),
            amount_minor=source.choice((0, 7, 300, 70_000, 1_000_000, 10**15)),
            fee_minor=source.choice((None, 0, 12)),
            channel=source.choice(("WEB", "MOBILE")),
            payer_customer_id=f"C{source.randrange(4)}",
        )
        for number in range(count)
    ]


@cache
def decided() -> DecisionBatch:
    out = run(deciding(), rows(300))
    assert out.hit_count.max() > 2
    assert out.further.any()
    assert np.isnan(out.hit_values).any()
    return out


@pytest.fixture
def program() -> EngineProgram:
    return deciding()


@pytest.fixture
def batch() -> DecisionBatch:
    return decided()


def test_what_is_read_back_is_what_was_written(
    batch: DecisionBatch, program: EngineProgram
) -> None:
    data = pack_decisions(batch)
    again = unpack_decisions(data, program, batch.events)
    assert columns(again) == columns(batch)
    assert pack_decisions(again) == data
    for name in ("actions", "further", "tiers", "scores", "hit_starts", "hit_policies"):
        assert getattr(again, name).dtype == getattr(batch, name).dtype
    for place in range(batch.count):
        assert again.decision(place) == batch.decision(place)


@pytest.mark.parametrize("mode", [RULES_ONLY, FAIL_POLICY])
def test_modes_and_actions_of_the_fail_policy_are_kept(
    mode: int, batch: DecisionBatch, program: EngineProgram
) -> None:
    out = evaluate(batch.events, EngineState.create(program, limit_bytes=LIMIT_BYTES), mode=mode)
    if mode == FAIL_POLICY:
        out = out.with_fail_actions([place % 3 for place in range(out.count)])
    again = unpack_decisions(pack_decisions(out), program, out.events)
    assert again.mode == mode
    assert columns(again) == columns(out)


def test_an_event_has_one_digest_however_its_stream_is_cut(
    batch: DecisionBatch, program: EngineProgram
) -> None:
    state = EngineState.create(program, limit_bytes=LIMIT_BYTES)
    digests = [decision_digest(batch, place) for place in range(batch.count)]
    assert len(set(digests)) > 20
    for place in range(60):
        one = evaluate(batch.events.slice(place, place + 1), state)
        assert decision_digest(one, 0) == digests[place]
    again = unpack_decisions(pack_decisions(batch), program, batch.events)
    assert [decision_digest(again, place) for place in range(batch.count)] == digests


@pytest.mark.parametrize("cuts", [(0, 1, 2, 5, 64, 300), (0, 150, 300), (0, 299, 300)])
def test_a_part_is_packed_like_a_batch_of_its_own(
    cuts: tuple[int, ...], batch: DecisionBatch, program: EngineProgram
) -> None:
    state = EngineState.create(program, limit_bytes=LIMIT_BYTES)
    for first, stop in pairwise(cuts):
        part = evaluate(batch.events.slice(first, stop), state)
        packed = pack_decisions(batch, first=first, count=stop - first)
        assert packed == pack_decisions(part)


def test_a_change_of_any_column_changes_the_bytes(batch: DecisionBatch) -> None:
    data = pack_decisions(batch)
    for name in ("actions", "further", "tiers", "scores", "raw_scores", "hit_values"):
        column = getattr(batch, name).copy()
        last = column.reshape(-1)
        last[-1] = 1 if last[-1] != 1 else 2
        changed = msgspec.structs.replace(batch, **{name: column})
        assert pack_decisions(changed) != data, name


def test_an_empty_batch_is_a_header(program: EngineProgram) -> None:
    out = run(program, [])
    data = pack_decisions(out)
    assert len(data) == HEADER.size
    assert unpack_decisions(data, program, out.events).count == 0


def bits(value: float) -> int:
    return int(np.float64(value).view(np.int64))


@given(value=st.floats(width=64) | st.integers(-(1 << 60), 1 << 60).map(float))
def test_every_number_comes_back_to_the_bit(value: float) -> None:
    batch = decided()
    values = batch.hit_values.copy()
    values[0] = value
    changed = msgspec.structs.replace(batch, hit_values=values)
    again = unpack_decisions(pack_decisions(changed), batch.program, batch.events)
    start = int(batch.value_starts.tolist().index(0))
    found = float(again.hit_values[int(again.value_starts[start])])
    assert bits(found) == bits(np.nan if np.isnan(value) else value)


def test_a_missing_number_is_one_byte_pattern(batch: DecisionBatch) -> None:
    """Another machine may make a missing value of another sign: it is missing all the same."""
    values = batch.hit_values.copy()
    words = values.view(np.int64)
    words[np.isnan(values)] = -1
    assert pack_decisions(msgspec.structs.replace(batch, hit_values=values)) == pack_decisions(
        batch
    )


def test_what_is_no_record_is_refused(
    batch: DecisionBatch, program: EngineProgram, check_output: CheckOutput
) -> None:
    whole = pack_decisions(batch)
    other = compile_pack(read_pack([policy("one", "is_payment")]))
    faults = {
        "empty": b"",
        "cut_short": whole[:-1],
        "cut_in_its_columns": whole[:100],
        "more_behind": whole + b"\x00",
        "another_version": b"\x63" + whole[1:],
        "another_mode": whole[:1] + b"\x09" + whole[2:],
        "an_action_unknown": whole[:16] + b"\xff" + whole[17:],
    }
    for name, fault in faults.items():
        with pytest.raises(DecisionsRefused) as refused:
            unpack_decisions(fault, program, batch.events)
        check_output(refused.value.render(), name)
    with pytest.raises(DecisionsRefused):
        unpack_decisions(whole, other, batch.events)
    with pytest.raises(DecisionsRefused):
        unpack_decisions(whole, program, batch.events.slice(0, 299))


def test_no_damage_reads_beyond_the_record(batch: DecisionBatch, program: EngineProgram) -> None:
    whole = bytearray(pack_decisions(batch))
    source = random.Random(9)
    refused = 0
    for _ in range(3_000):
        place = source.randrange(len(whole))
        damaged = bytes(whole[:place]) + source.randbytes(1) + bytes(whole[place + 1 :])
        try:
            unpack_decisions(damaged[: source.randrange(len(whole)) or None], program, batch.events)
        except DecisionsRefused:
            refused += 1
    assert refused > 2_000
