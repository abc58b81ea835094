"""Engines beside each other, programs prepared ahead, and states written out piece by piece."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from haitang.data.features.state import StateRefused
from haitang.decision.engine import EngineProgram, EngineState, Prepared, compile_pack
from haitang.decision.rules.specs import ListEntry
from tests.conftest import CheckOutput
from tests.unit.decision.engine.engine_packs import (
    FEATURES,
    START_US,
    columns,
    payment,
    policy,
    read_pack,
    run,
)

LIMIT_BYTES = 64 << 20
OTHER_FEATURES = {**FEATURES, "paid_sum_1h": {**FEATURES["paid_sum_1h"], "window": "2h"}}
ON_LIST = "listed('watched', payee_account)"


WATCHED = {"watched": {"title": {"en": "Watched", "zh": "关注"}}}


def program_of(when: str = "is_payment and paid_sum_1h > 0", **pack: Any) -> EngineProgram:
    return compile_pack(read_pack([policy("one", when)], **pack))


def watching(*values: str) -> EngineProgram:
    """A program that asks a list, which its pack ships with these values."""
    pack = read_pack([policy("one", ON_LIST)], lists=WATCHED)
    entries = tuple(ListEntry(value=value) for value in values)
    shipped = msgspec.structs.replace(pack.lists[0], entries=entries)
    return compile_pack(msgspec.structs.replace(pack, lists=(shipped,)))


def rows(first: int, behind: int) -> list[dict[str, Any]]:
    return [
        payment(number, payer_customer_id=f"C{number % 7}", amount_minor=number * 1_000)
        for number in range(first, behind)
    ]


def new_state(program: EngineProgram, **options: Any) -> EngineState:
    return EngineState.create(program, limit_bytes=LIMIT_BYTES, **options)


def list_event(number: int, value: str, kind: str = "LIST_UPSERT") -> dict[str, Any]:
    return {
        "event_type": kind,
        "event_id": f"L-{number}",
        "occurred_at_us": START_US + number,
        "list_name": "watched",
        "list_value": value,
    }


# -- beside --------------------------------------------------------------------------------------


def test_two_programs_take_turns_over_one_memory() -> None:
    """As if each had decided alone in a state that the other's events went into too."""
    first, second = program_of(), program_of("paid_sum_1h > 90000 and channel == 'MOBILE'")
    whole, alone, alone_too = (new_state(program) for program in (first, first, second))
    beside = whole.beside(second)
    for start in range(0, 120, 20):
        here, there = rows(start, start + 10), rows(start + 10, start + 20)
        ours, theirs = run(first, here, whole), run(second, there, beside)
        assert columns(ours) == columns(run(first, here, alone))
        run(first, there, alone)
        run(second, here, alone_too)
        assert columns(theirs) == columns(run(second, there, alone_too))
        assert theirs.program is second
    assert whole.dump() == beside.dump() == alone.dump()


def test_a_list_that_grows_on_one_side_has_grown_on_the_other() -> None:
    program = watching()
    state = new_state(program)
    beside = state.beside(program)
    values = [f"V{number}" for number in range(500)]
    run(program, [list_event(number, value) for number, value in enumerate(values)], beside)
    payments = [payment(number, payee_account=value) for number, value in enumerate(values)]
    assert run(program, payments, state).hit_count.tolist() == [1] * len(values)
    run(program, [list_event(9_999, "V3", "LIST_REMOVE")], state)
    assert run(program, payments[2:5], beside).hit_count.tolist() == [1, 0, 1]


def test_beside_enters_no_list_entries() -> None:
    state = new_state(watching())
    program = watching("B1")
    assert run(program, [payment()], state.beside(program)).hit_count.tolist() == [0]


def test_no_engine_of_another_plan_stands_beside() -> None:
    with pytest.raises(AssertionError, match="plans differ"):
        new_state(program_of()).beside(program_of(features=OTHER_FEATURES))


# -- prepared ------------------------------------------------------------------------------------


def test_a_program_prepared_in_another_thread_is_adopted_between_two_events() -> None:
    first, second = program_of(), program_of("paid_sum_1h > 20000", tiers={"medium": 1})
    state, published = new_state(first), new_state(first)
    made: list[Prepared] = []
    thread = threading.Thread(target=lambda: made.append(state.prepare(second)))
    thread.start()
    run(first, rows(0, 50), state)
    thread.join()
    before = state.dump()
    replaced = state.adopt(made[0])
    assert replaced.program is first
    assert state.dump() == before
    run(first, rows(0, 50), published)
    published.publish(second)
    here, there = (run(second, rows(50, 90), one) for one in (state, published))
    assert columns(here) == columns(there)
    assert here.program is second


def test_preparing_changes_nothing() -> None:
    program = watching()
    state, untouched = new_state(program), new_state(program)
    state.prepare(watching("B1"))
    assert state.dump() == untouched.dump()
    assert columns(run(program, rows(0, 9), state)) == columns(run(program, rows(0, 9), untouched))


def test_a_program_prepared_over_another_state_is_not_adopted() -> None:
    program = program_of()
    with pytest.raises(AssertionError):
        new_state(program).adopt(new_state(program).prepare(program))
    with pytest.raises(AssertionError, match="plans differ"):
        new_state(program).prepare(program_of(features=OTHER_FEATURES))


# -- lists ---------------------------------------------------------------------------------------


def test_adopting_enters_new_list_entries_and_overwrites_none() -> None:
    old = watching("B1", "B2")
    new = watching("B1", "B2", "B3")
    state = new_state(old)
    run(old, [list_event(0, "B1", "LIST_REMOVE")], state)
    state.publish(new)
    payments = [payment(number, payee_account=f"B{number}") for number in range(1, 5)]
    assert run(new, payments, state).hit_count.tolist() == [0, 1, 1, 0]


def test_a_state_may_begin_without_the_lists_of_its_pack() -> None:
    program = watching("B1")
    state = new_state(program, enter_lists=False)
    assert run(program, [payment()], state).hit_count.tolist() == [0]
    state.enter_lists(program.pack.lists)
    assert run(program, [payment(1)], state).hit_count.tolist() == [1]


# -- sections ------------------------------------------------------------------------------------


class Held:
    """Sections in memory, as a snapshot would hold them."""

    def __init__(self, state: EngineState, replaced: Mapping[str, bytes] | None = None) -> None:
        self.parts = {
            name: b"".join(bytes(buffer) for buffer in buffers)
            for name, buffers in state.sections().items()
        }
        self.parts.update(replaced or {})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.parts)

    def size(self, name: str) -> int:
        return len(self.parts[name])

    def read(self, name: str) -> bytes:
        return self.parts[name]

    def read_into(self, name: str, buffer: memoryview, /) -> None:
        buffer[:] = self.parts[name]


@pytest.fixture
def used() -> EngineState:
    state = new_state(watching("B1"))
    run(state.program, [list_event(0, "B7"), *rows(0, 150)], state)
    return state


def test_a_state_read_from_sections_is_the_state_that_was_written(used: EngineState) -> None:
    again = EngineState.from_sections(used.program, Held(used), limit_bytes=LIMIT_BYTES)
    assert again.dump() == used.dump()
    later = [payment(300, payee_account="B7"), *rows(301, 320)]
    assert columns(run(used.program, later, again)) == columns(run(used.program, later, used))
    assert again.dump() == used.dump()


def test_sections_show_the_arena_itself(used: EngineState) -> None:
    (words,) = used.sections()["features"]
    assert words.nbytes == used.features.size_bytes
    assert words.readonly
    before = bytes(words)
    run(used.program, rows(400, 402), used)
    assert bytes(words) != before


def test_sections_that_cannot_be_used_say_why(used: EngineState, check_output: CheckOutput) -> None:
    whole = Held(used).parts["features"]
    header = msgspec.json.decode(Held(used).parts["state"])
    faults: dict[str, tuple[dict[str, bytes], int]] = {
        "cut_short": ({"features": whole[:-8]}, LIMIT_BYTES),
        "more_behind": ({"features": whole + bytes(8)}, LIMIT_BYTES),
        "no_header": ({"state": b"{}"}, LIMIT_BYTES),
        "other_format": (
            {"state": msgspec.json.encode({**header, "format": 99})},
            LIMIT_BYTES,
        ),
        "too_large": ({}, 1 << 12),
        "header_of_another": ({"features": bytes(len(whole))}, LIMIT_BYTES),
    }
    for name, (replaced, limit_bytes) in faults.items():
        with pytest.raises(StateRefused) as refused:
            EngineState.from_sections(
                used.program, Held(used, replaced), limit_bytes=limit_bytes, path="a.snap"
            )
        check_output(f"{refused.value.code}\n{refused.value.render()}", name)
    with pytest.raises(StateRefused) as refused:
        EngineState.from_sections(program_of(features=OTHER_FEATURES), Held(used))
    assert refused.value.code == "state_other_plan"
