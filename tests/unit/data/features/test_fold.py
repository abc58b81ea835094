"""Keys come and go: retention, sweeps, and memory that is used again."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from haitang.data.events.batch import EventBatch
from haitang.data.features.arena import SUBTABLES
from haitang.data.features.fold import sweep
from haitang.data.features.state import StateRefused
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.kernel.hashing import hash_text
from tests.unit.decision.engine.engine_packs import DAY_US, START_US, payment, read_pack, run

SECOND_US = 1_000_000
RETENTION_US = 30 * DAY_US


def windowed(aggregate: str, window: str = "7d", **fields: Any) -> dict[str, Any]:
    return {
        "key": "customer",
        "aggregate": aggregate,
        "of": "amount_minor",
        "window": window,
        **fields,
    }


FEATURES = {
    "spread": windowed("std"),
    "largest": windowed("max"),
    "smallest": windowed("min"),
    "different": windowed("distinct"),
    "sum_long": windowed("sum", "30d", tile="1d"),
    "delayed": windowed("sum", delay="1h"),
    "events": {"key": "customer", "aggregate": "total"},
    "since_first": {"key": "customer", "aggregate": "first_seen"},
}


@pytest.fixture(scope="module", params=["lazy", "inline"])
def program(request: pytest.FixtureRequest) -> EngineProgram:
    few = {name: FEATURES[name] for name in ("largest", "different", "events", "since_first")}
    return compile_pack(read_pack(features=FEATURES if request.param == "lazy" else few))


def generation(program: EngineProgram, number: int, *, keys: int, events: int) -> EventBatch:
    """Events of keys that no other generation has, within a day, 40 days after the one before."""
    drawn = np.random.default_rng(number)
    names = drawn.integers(1, 2**64 - 1, keys, dtype=np.uint64)
    texts = program.fields.texts
    hashes = np.zeros((len(texts), events), np.uint64)
    hashes[texts.index("payer_customer_id")] = names[np.arange(events) % keys]
    numbers = drawn.integers(0, 1_000_000, (len(program.fields.numbers), events))
    return EventBatch(
        occurred_at_us=START_US + number * 40 * DAY_US + np.arange(events) * SECOND_US,
        fields=program.fields,
        numbers=numbers.astype(np.float64),
        hashes=hashes,
        remarks=(),
        event_ids=["E"] * events,
        texts=(),
    )


def later(batch: EventBatch, days: int) -> EventBatch:
    """The same events so many days later."""
    return msgspec.structs.replace(batch, occurred_at_us=batch.occurred_at_us + days * DAY_US)


def sweep_all(state: EngineState) -> None:
    for _ in range(SUBTABLES):
        sweep(state.features.arena, state.features.plan.tables)


def test_idle_keys_disappear_and_their_memory_is_used_again(program: EngineProgram) -> None:
    state = EngineState.create(program, limit_bytes=64 << 20)
    # Few keys with rings, tables and queues of a hundred entries, and many with one event.
    busy = generation(program, 0, keys=30, events=3_000)
    idle = generation(program, 1, keys=700, events=700)
    sizes = []
    for number in range(12):
        evaluate(later(busy, number * 80), state)
        evaluate(later(idle, number * 80), state)
        sweep_all(state)
        assert state.features.keys("customer") == sorted(names_of(program, idle))
        assert state.features.key_count == 700
        sizes.append(state.features.size_bytes)
    assert sizes[1:] == [sizes[1]] * 11


def test_keys_that_were_never_seen_before_use_the_memory_of_those_gone(
    program: EngineProgram,
) -> None:
    state = EngineState.create(program, limit_bytes=64 << 20)
    sizes = []
    for number in range(12):
        evaluate(generation(program, number, keys=1_000, events=3_000), state)
        sweep_all(state)
        assert state.features.key_count == 1_000
        sizes.append(state.features.size_bytes)
    # Blocks are not split, so a chance most of one size may still be one more than before.
    assert sizes[-1] <= sizes[2] * 1.02


def test_a_sweep_releases_only_what_is_idle_beyond_its_retention(program: EngineProgram) -> None:
    state = EngineState.create(program, limit_bytes=64 << 20)
    first = payment(0, payer_customer_id="old")
    exactly = payment(0, payer_customer_id="new", occurred_at_us=START_US + RETENTION_US)
    run(program, [first, exactly], state)
    sweep_all(state)
    assert state.features.key_count >= 2
    assert hash_text("old") in state.features.keys("customer")
    late = payment(0, payer_customer_id="new", occurred_at_us=START_US + RETENTION_US + 1)
    run(program, [late], state)
    sweep_all(state)
    assert state.features.keys("customer") == [hash_text("new")]
    assert state.features.export_key("customer", hash_text("old")) is None


def test_keys_are_found_after_sweeps(program: EngineProgram) -> None:
    state = EngineState.create(program, limit_bytes=64 << 20)
    old, new = (generation(program, number, keys=3_000, events=3_000) for number in (0, 1))
    evaluate(old, state)
    evaluate(new, state)
    before = {key: state.features.export_key("customer", key) for key in names_of(program, new)}
    sweep_all(state)
    assert state.features.keys("customer") == sorted(before)
    after = {key: state.features.export_key("customer", key) for key in before}
    assert after == before
    assert not any(state.features.export_key("customer", key) for key in names_of(program, old))


def names_of(program: EngineProgram, batch: EventBatch) -> list[int]:
    row = program.fields.texts.index("payer_customer_id")
    return [int(name) for name in batch.hashes[row]]


def values(program: EngineProgram, rows: list[dict[str, Any]], *, swept: bool) -> dict[str, float]:
    """Feature values of the last row, with every key looked at by a sweep before it or not."""
    state = EngineState.create(program, limit_bytes=64 << 20)
    run(program, rows[:-1], state)
    if swept:
        sweep_all(state)
    out = run(program, rows[-1:], state, keep_features=True)
    assert out.features is not None
    return dict(zip(program.feature_names, out.features[:, 0].tolist(), strict=True))


@pytest.mark.parametrize("swept", [False, True])
def test_a_key_that_returns_after_its_retention_starts_anew(
    program: EngineProgram, swept: bool
) -> None:
    last_us = START_US + 50 * 1_000 * SECOND_US
    history = [
        payment(0, amount_minor=number, occurred_at_us=START_US + number * 1_000 * SECOND_US)
        for number in range(51)
    ]
    other = payment(0, payer_customer_id="C2", occurred_at_us=last_us + RETENTION_US + 1)
    at_the_bound = payment(0, occurred_at_us=last_us + RETENTION_US)
    beyond = payment(0, occurred_at_us=last_us + RETENTION_US + 1)
    kept = values(program, [*history, at_the_bound], swept=swept)
    assert kept["events"] == 52
    assert kept["since_first"] == 50_000 + 30 * 86_400
    anew = values(program, [*history, other, beyond], swept=swept)
    alone = values(program, [beyond], swept=False)
    assert anew["events"] == 1
    assert {name: value.hex() for name, value in anew.items()} == {
        name: value.hex() for name, value in alone.items()
    }


def test_keys_that_return_within_a_block_are_cut_where_they_return(program: EngineProgram) -> None:
    """What a key had is read by the events before its return, whatever the block holds."""
    batch = generation(program, 0, keys=3, events=300)
    drawn = np.random.default_rng(5)
    gaps = drawn.choice([1, RETENTION_US // 2, RETENTION_US + 1], 300, p=[0.7, 0.2, 0.1])
    texts = program.fields.texts
    row = texts.index("payer_customer_id")
    hashes = batch.hashes.copy()
    hashes[row] = drawn.permutation(hashes[row])
    batch = msgspec.structs.replace(
        batch, hashes=hashes, occurred_at_us=START_US + np.cumsum(gaps) - drawn.choice([0, 7], 300)
    )
    kept = []
    for size in (1, 7, 64, 300):
        state = EngineState.create(program, limit_bytes=64 << 20)
        parts = [
            evaluate(batch.slice(at, min(at + size, 300)), state, keep_features=True).features
            for at in range(0, 300, size)
        ]
        kept.append(np.concatenate([part for part in parts if part is not None], axis=1))
    for other in kept[1:]:
        np.testing.assert_array_equal(kept[0], other)
    events = kept[0][program.feature_names.index("events")]
    assert 10 < np.count_nonzero(events == 1) < 100


def test_a_returning_key_leaves_nothing_behind(program: EngineProgram) -> None:
    """Starting anew gives blocks back: no matter how often a key returns, the state stays small."""
    state = EngineState.create(program, limit_bytes=64 << 20)
    batch = generation(program, 0, keys=20, events=2_000)
    sizes = []
    for number in range(10):
        evaluate(later(batch, number * 40), state)
        sizes.append(state.features.size_bytes)
    assert state.features.key_count == 20
    assert sizes[-1] == sizes[1]


def test_a_hundred_thousand_keys_are_held_and_counted(program: EngineProgram) -> None:
    state = EngineState.create(program, limit_bytes=512 << 20)
    batch = generation(program, 0, keys=100_000, events=100_000)
    try:
        evaluate(batch, state)
    except StateRefused:
        pytest.fail("the state was full")
    assert state.features.key_count == 100_000
    assert state.features.keys("customer") == sorted(names_of(program, batch))


def test_what_has_no_value_adds_nothing_to_a_sum_and_is_counted() -> None:
    seconds = windowed("sum", of="call_seconds")
    features = {
        "calls": {"key": "customer", "aggregate": "count", "window": "7d"},
        "before": windowed("sum", of="call_seconds", prior=True),
        "spoken": seconds,
        "usual": windowed("mean", of="call_seconds"),
        "an_hour_ago": seconds | {"delay": "1h"},
    }
    program = compile_pack(read_pack(features=features))
    told = [40, None, 20, None]
    kept = run(
        program,
        [payment(30 * i, call_seconds=value) for i, value in enumerate(told)],
        keep_features=True,
    ).features
    assert kept is not None
    found = {name: row.tolist() for name, row in zip(program.feature_names, kept, strict=True)}
    assert found["calls"] == [1, 2, 3, 4]
    assert found["spoken"] == [40, 40, 60, 60]
    assert found["before"] == [0, 40, 40, 60]
    assert found["usual"] == [40, 40, 30, 30]
    # At 0:30 the payment of 0:00 is not an hour old; at 1:30 that of 0:30 is, without seconds.
    assert found["an_hour_ago"] == [0, 0, 40, 40]


def test_a_value_that_comes_again_takes_one_entry_and_is_counted_where_it_had_left() -> None:
    features = {
        "hour": windowed("distinct", "1h", of="device_id"),
        "day": windowed("distinct", "1d", of="device_id"),
    }
    program = compile_pack(read_pack(features=features))
    state = EngineState.create(program, limit_bytes=64 << 20)
    # Every 20 minutes; D1 comes again when D2 and D3 stand behind it, and after the hour.
    devices = ["D1", "D2", "D3", "D1", "D1", "D1", "D1", "D2"]
    rows = [payment(20 * i, device_id=device) for i, device in enumerate(devices)]
    kept = run(program, rows, state, keep_features=True).features
    assert kept is not None
    assert kept[list(program.feature_names).index("hour")].tolist() == [1, 2, 3, 3, 2, 1, 1, 2]
    assert kept[list(program.feature_names).index("day")].tolist() == [1, 2, 3, 3, 3, 3, 3, 3]
    # Late news of one that came again later changes nothing; that of another one counts.
    late = [payment(-50, device_id="D1"), payment(-50, device_id="D4")]
    kept = run(program, late, state, keep_features=True).features
    assert kept is not None
    assert kept[list(program.feature_names).index("day")].tolist() == [3, 4]
