"""The state after a journal does not depend on the modes in which its events were decided.

The bytes of two states are equal only if their events came in the same calls: where a record lies
in the arena depends on which others were new in the same block. What customers were asked depends
on what was decided, and so on the mode; it is left out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from haitang.data.events.batch import batch_events
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_row
from haitang.decision.engine import (
    FULL,
    MODE_NAMES,
    EngineProgram,
    EngineState,
    compile_pack,
    evaluate,
)
from haitang.lab.day import generate
from tests.packs.bank import bank_pack
from tests.parity.test_replay import deciding_pack
from tests.property import window_cases as cases

LIMIT_BYTES = 64 << 20
EVENTS = 300

Runs = Sequence[tuple[int, int]]
runs = st.lists(st.tuples(st.integers(0, len(MODE_NAMES) - 1), st.integers(1, 90)), max_size=12)


def folded(program: EngineProgram, events: Sequence[Event], mixed: Runs) -> bytes:
    """The state after the events, of which each run is decided in its mode and the rest in full."""
    state = EngineState.create(program, limit_bytes=LIMIT_BYTES)
    start = 0
    for mode, count in (*mixed, (FULL, len(events))):
        chosen = events[start : start + count]
        evaluate(batch_events(chosen, program.fields), state, mode=mode, with_friction=False)
        start += count
    return state.dump()


@cache
def drawn() -> tuple[EngineProgram, list[Event]]:
    program = compile_pack(deciding_pack())
    return program, [decode_row(row) for row in cases.journal(8, events=EVENTS, names=12)]


@settings(max_examples=40)
@given(mixed=runs)
def test_any_mix_of_modes_leaves_the_same_bytes(mixed: Runs) -> None:
    program, events = drawn()
    in_full = [(FULL, count) for _, count in mixed]
    assert folded(program, events, mixed) == folded(program, events, in_full)


def test_a_day_of_the_lab_leaves_the_same_bytes_in_every_mode() -> None:
    pack = bank_pack().pack
    program = compile_pack(pack)
    rows = generate(5, customers=200, days=2).table().slice(0, 1_500).to_pylist()
    events = [decode_row(row, base_currency=pack.base_currency) for row in rows]
    expected = folded(program, events, [])
    for mode in range(1, len(MODE_NAMES)):
        assert folded(program, events, [(mode, len(events))]) == expected
