"""Rings of thousands of entries: the stream of a key on which very much happens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from haitang.data.events.batch import EventBatch
from haitang.data.features.ring import LARGE_ENTRIES
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from tests.unit.decision.engine.engine_packs import DAY_US, START_US, read_pack

EVENTS = 5 * LARGE_ENTRIES
STREAMS = 12


def hot_card(program: EngineProgram, instants: npt.NDArray[np.int64]) -> EventBatch:
    """Events of one customer, each of 100 to 10,000 units."""
    drawn = np.random.default_rng(7)
    count = len(instants)
    texts = program.fields.texts
    hashes = np.zeros((len(texts), count), np.uint64)
    hashes[texts.index("payer_customer_id")] = 12_345
    numbers = drawn.integers(100, 10_001, (len(program.fields.numbers), count))
    return EventBatch(
        occurred_at_us=instants,
        fields=program.fields,
        numbers=numbers.astype(np.float64),
        hashes=hashes,
        remarks=(),
        event_ids=["E"] * count,
        texts=(),
    )


def test_windows_over_large_rings_hold_what_happened_within_them() -> None:
    """With windows that most entries leave again, so that rings are cleared as well as grown."""
    windows = {"2h": DAY_US // 12, "1d": DAY_US, "7d": 7 * DAY_US}
    features = {
        f"{name}_{window}": {"key": "customer", "aggregate": name, "window": window, **given}
        for window in windows
        for name, given in (("count", {}), ("sum", {"of": "amount_minor"}))
    }
    # A stream for each window: what is counted differs.
    for place, (window, _) in enumerate(windows.items()):
        for name in ("count", "sum"):
            features[f"{name}_{window}"]["where"] = f"amount_minor >= {place}"
    program = compile_pack(read_pack(features=features))
    gaps = np.random.default_rng(3).integers(1, 60_000_000, EVENTS)
    instants = START_US + np.cumsum(gaps)
    events = hot_card(program, instants)
    state = EngineState.create(program, limit_bytes=256 << 20)
    names = list(program.feature_names)
    amounts = events.numbers[program.fields.numbers.index("amount_minor")]
    totals = np.concatenate([[0], np.cumsum(amounts)])
    for start in range(0, EVENTS, 1_000):
        stop = min(start + 1_000, EVENTS)
        kept = evaluate(
            events.slice(start, stop), state, first_position=start, keep_features=True
        ).features
        assert kept is not None
        for window, length_us in windows.items():
            own = np.arange(start, stop)
            first = np.searchsorted(instants, instants[own] - length_us, "right")
            assert kept[names.index(f"count_{window}")].tolist() == (own + 1 - first).tolist()
            sums = totals[own + 1] - totals[first]
            assert kept[names.index(f"sum_{window}")].tolist() == sums.tolist()


def test_large_rings_of_one_key_do_not_grow_at_the_same_event() -> None:
    features = {
        f"count_{number}": {
            "key": "customer",
            "aggregate": "count",
            "window": "7d",
            "where": f"amount_minor >= {number}",
        }
        for number in range(STREAMS)
    }
    program = compile_pack(read_pack(features=features))
    events = hot_card(program, START_US + np.arange(EVENTS) * 1_000)
    state = EngineState.create(program, limit_bytes=256 << 20)
    sizes = {}
    for start in range(0, EVENTS, 16):
        evaluate(events.slice(start, start + 16), state, first_position=start)
        sizes[start] = state.features.size_bytes
    grown = np.diff([size for start, size in sizes.items() if start >= LARGE_ENTRIES // 2])
    # Every ring has a word an entry and doubles three times, from 4,096 entries on.
    doubled = [2 * LARGE_ENTRIES * 8 << time for time in range(3)]
    assert grown[grown > 0].tolist() == [size for size in doubled for _ in range(STREAMS)]
