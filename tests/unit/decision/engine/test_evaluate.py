"""One call of `evaluate` against many, and what may happen in the middle of one."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from haitang.data.events.batch import EventBatch, batch_events
from haitang.data.events.codec import decode_row
from haitang.data.features.arena import SWEEP_POSITION
from haitang.data.features.state import StateRefused
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.engine.evaluate import SWEEP_EVERY
from haitang.kernel.hashing import hash_text
from tests.conftest import CheckOutput
from tests.unit.decision.engine.engine_packs import (
    MINUTE_US,
    START_US,
    columns,
    payment,
    policy,
    read_pack,
    run,
)

LOUD = 40
"""Policies that fire at every event: a call of more than four blocks overflows their buffers."""


def hashed_batch(program: EngineProgram, customers: Any, *, start_us: int = START_US) -> EventBatch:
    """A payment by each customer of a list of hashes, a minute apart, without decoding."""
    count = len(customers)
    texts = program.fields.texts
    hashes = np.zeros((len(texts), count), np.uint64)
    hashes[texts.index("event_type")] = hash_text("TXN_REQUEST")
    hashes[texts.index("payer_customer_id")] = customers
    return EventBatch(
        occurred_at_us=start_us + np.arange(count, dtype=np.int64) * MINUTE_US,
        fields=program.fields,
        numbers=np.full((len(program.fields.numbers), count), 100.0),
        hashes=hashes,
        remarks=(),
        event_ids=["E"] * count,
        texts=(),
    )


def names(seed: int, count: int) -> Any:
    return np.random.default_rng(seed).integers(1, 2**64 - 1, count, dtype=np.uint64)


@pytest.fixture(scope="module")
def loud() -> EngineProgram:
    return compile_pack(
        read_pack(
            [
                policy(f"loud_{number}", "paid_sum_1h >= 0", score=number, shows=["channel"])
                for number in range(LOUD)
            ]
        )
    )


@pytest.mark.parametrize("keep_features", [False, True])
def test_more_hits_than_the_buffers_hold_are_all_kept(
    loud: EngineProgram, keep_features: bool
) -> None:
    rows = [payment(number) for number in range(600)]
    whole = run(loud, rows, keep_features=keep_features)
    state = EngineState.create(loud)
    assert len(whole.hit_policies) == LOUD * len(rows) > 2 * len(state.prepared.hit_policies)
    place = 0
    for start in range(0, len(rows), 50):
        part = run(loud, rows[start : start + 50], state, keep_features=keep_features)
        for index in range(part.count):
            assert part.decision(index) == whole.decision(place)
            place += 1
        if keep_features:
            assert part.features is not None
            assert whole.features is not None
            assert np.array_equal(part.features, whole.features[:, start : start + 50])


def test_hits_stand_in_the_order_of_the_policies(loud: EngineProgram) -> None:
    out = run(loud, [payment(0), payment(1)])
    assert out.hit_policies.tolist() == [*range(LOUD)] * 2
    assert out.hit_starts.tolist() == [0, LOUD, 2 * LOUD]


def test_no_events_give_no_decisions(loud: EngineProgram) -> None:
    out = run(loud, [])
    assert out.count == 0
    assert out.hit_starts.tolist() == [0]
    assert out.features is None


def test_a_batch_of_another_program_is_a_programmer_error(loud: EngineProgram) -> None:
    other = compile_pack(read_pack([policy("a", "proxy and emulator")]))
    with pytest.raises(AssertionError, match="another program"):
        evaluate(hashed_batch(other, names(1, 3)), EngineState.create(loud))


# -- lists in the stream -------------------------------------------------------------------------


def change(number: int, kind: str, value: str, **fields: Any) -> dict[str, Any]:
    return {
        "event_type": f"LIST_{kind}",
        "event_id": f"L-{number}",
        "occurred_at_us": START_US + number * MINUTE_US,
        "list_name": "watched",
        "list_value": value,
        **fields,
    }


WATCHED = {"watched": {"title": {"en": "Watched", "zh": "关注"}}}


def listing_program(when: str = "listed('watched', payee_account)") -> EngineProgram:
    return compile_pack(read_pack([policy("listed", when)], lists=WATCHED))


LISTED_ROWS = [
    (payment(0), False),
    (change(1, "UPSERT", "B1"), False),
    (payment(2), True),
    (payment(3, payee_account="B2"), False),
    # An entry that begins and ends later.
    (change(4, "UPSERT", "B2", effective_at_us=START_US + 6 * MINUTE_US,
            expires_at_us=START_US + 8 * MINUTE_US), False),
    (payment(5, payee_account="B2"), False),
    (payment(6, payee_account="B2"), True),
    (payment(7, payee_account="B2"), True),
    (payment(8, payee_account="B2"), False),
    (change(9, "REMOVE", "B1"), False),
    (payment(10), False),
    (change(11, "REMOVE", "B9"), False),
    (change(12, "UPSERT", "B1"), False),
    # A late event is judged by its own instant: the entry begins with the event that made it.
    (payment(13, occurred_at_us=START_US + 11 * MINUTE_US), False),
    (payment(14), True),
]  # fmt: skip


@pytest.mark.parametrize("block", [100, 1, 4])
def test_list_events_take_effect_from_themselves_on(block: int) -> None:
    program = listing_program()
    state = EngineState.create(program, limit_bytes=64 << 20)
    fired: list[bool] = []
    for start in range(0, len(LISTED_ROWS), block):
        rows = [row for row, _ in LISTED_ROWS[start : start + block]]
        fired += [bool(count) for count in run(program, rows, state).hit_count]
    assert fired == [expected for _, expected in LISTED_ROWS]


def test_a_list_event_sees_its_own_change() -> None:
    program = listing_program("listed('watched', list_value)")
    rows = [change(0, "UPSERT", "B1"), change(1, "REMOVE", "B1"), change(2, "UPSERT", "B1")]
    assert run(program, rows).hit_count.tolist() == [1, 0, 1]


def test_a_run_of_list_events_changes_the_lists_as_it_would_one_by_one() -> None:
    together = listing_program()
    apart = msgspec.structs.replace(together, list_runs=False)
    source = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for number in range(400):
        value = f"B{source.integers(5)}"
        kind = source.choice(["UPSERT", "UPSERT", "REMOVE", "PAYMENT"])
        start = START_US + int(source.integers(400)) * MINUTE_US
        times: dict[str, Any] = {}
        if source.random() < 0.5:
            times = {"effective_at_us": start, "expires_at_us": start + 90 * MINUTE_US}
        if kind == "PAYMENT":
            rows.append(payment(number, payee_account=value))
        else:
            rows.append(change(number, str(kind), value, **times))
    states = [EngineState.create(program, limit_bytes=64 << 20) for program in (together, apart)]
    assert columns(run(together, rows, states[0])) == columns(run(apart, rows, states[1]))
    assert states[0].dump() == states[1].dump()
    assert any(run(together, rows).hit_count)


@pytest.mark.parametrize(
    ("when", "together"),
    [
        ("listed('watched', payee_account)", True),
        ("proxy", True),
        ("listed('watched', list_value)", False),
        # Every event carries these, list events too.
        ("listed('watched', branch_code) or listed('watched', payee_account)", False),
    ],
)
def test_list_events_are_taken_together_only_where_they_do_not_ask_a_list(
    when: str, together: bool
) -> None:
    assert listing_program(when).list_runs is together


def test_a_pack_without_lists_keeps_list_events_for_one_with() -> None:
    deaf, hearing = (
        compile_pack(read_pack([policy("a", when)], lists=WATCHED))
        for when in ("proxy", "listed('watched', payee_account)")
    )
    state = EngineState.create(deaf, limit_bytes=64 << 20)
    run(deaf, [change(0, "UPSERT", "B1"), payment(1)], state)
    other = EngineState.create(hearing, limit_bytes=64 << 20)
    other.lists.restore(state.lists.content())
    assert run(hearing, [payment(2), payment(3, payee_account="B2")], other).hit_count.tolist() == [
        1,
        0,
    ]


def test_list_entries_remember_the_position_of_the_event_that_said_them() -> None:
    program = listing_program()
    state = EngineState.create(program, limit_bytes=64 << 20)
    rows = [payment(0), change(1, "UPSERT", "B1"), change(2, "UPSERT", "B2"), payment(3)]
    rows += [change(4, "REMOVE", "B1")]
    batch = batch_events([decode_row(row) for row in rows], program.fields)
    evaluate(batch, state, first_position=100)
    said = [
        state.lists.entry("watched", value, at_us=START_US + minute * MINUTE_US)
        for value, minute in (("B1", 3), ("B2", 3), ("B1", 4))
    ]
    assert [(one.position, one.listed) for one in said] == [
        (101, True),
        (102, True),
        (104, False),
    ]


# -- bounds --------------------------------------------------------------------------------------


def firing_program() -> EngineProgram:
    return compile_pack(read_pack([policy("often", "is_payment and paid_sum_1h > 0")]))


def test_a_state_at_its_bound_refuses_between_blocks(check_output: CheckOutput) -> None:
    """What was folded is whole blocks; a caller that keeps its place goes on with another state."""
    # Nothing fires, so that nothing but the bound ends the run of blocks.
    program = compile_pack(read_pack([policy("never", "is_payment and paid_sum_1h < 0")]))
    limit_bytes = 1 << 18
    customers = names(2, 12_000)
    batch = hashed_batch(program, customers)
    state = EngineState.create(program, limit_bytes=limit_bytes)
    with pytest.raises(StateRefused) as refused:
        evaluate(batch, state)
    folded = state.features.event_count
    assert 0 < folded < len(customers)
    assert folded % 64 == 0
    assert state.features.key_count == folded
    # One block more is the most by which the bound is passed.
    assert limit_bytes < state.features.size_bytes < limit_bytes + (1 << 14)
    roomy = EngineState.create(program, limit_bytes=64 << 20)
    evaluate(batch.slice(0, folded), roomy)
    assert roomy.features.content() == state.features.content()
    check_output(refused.value.render().replace(str(state.features.size_bytes), "264000"))


def test_a_full_state_decides_nothing_more() -> None:
    program = firing_program()
    state = EngineState.create(program, limit_bytes=1 << 12)
    with pytest.raises(StateRefused):
        evaluate(hashed_batch(program, names(2, 10)), state)
    assert state.features.event_count == 0


def test_the_bound_holds_for_records_that_are_new_in_one_block() -> None:
    """Sixty-four unknown keys are more than this bound allows; they are decided and no more."""
    program = firing_program()
    state = EngineState.create(program, limit_bytes=program.plan.header_words * 8)
    batch = hashed_batch(program, names(4, 200))
    with pytest.raises(StateRefused):
        evaluate(batch, state)
    assert state.features.event_count == 64


def test_a_sweep_comes_with_the_count_of_events_however_they_are_cut() -> None:
    program = firing_program()
    batch = hashed_batch(program, names(5, 300)[np.arange(SWEEP_EVERY + 100) % 300])
    whole = EngineState.create(program, limit_bytes=64 << 20)
    cut = EngineState.create(program, limit_bytes=64 << 20)
    out = evaluate(batch, whole)
    parts = [
        columns(evaluate(batch.slice(start, min(start + 5_000, len(batch))), cut))
        for start in range(0, len(batch), 5_000)
    ]
    assert whole.features.arena[SWEEP_POSITION] == cut.features.arena[SWEEP_POSITION] == 1
    assert [hit for part in parts for hit in part["hits"]] == columns(out)["hits"]
    assert whole.features.content() == cut.features.content()
