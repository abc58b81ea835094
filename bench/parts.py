"""The parts of the benchmark, each run in a process of its own: `python -m bench.parts NAME FOLDER [N]`.

A part prints one JSON object. Clocks start after the code is compiled and the events are laid out as columns
(`prepare` says what that costs); they stop when the decisions are in memory.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from bench import pack as generated
from bench import peers, stream
from bench.measures import Measured, resident_bytes, timed
from haitang.data.events.batch import EventBatch
from haitang.data.events.columnar import batch_table
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.rules.specs import Pack, PolicySpec

block_events = 4_096
"""Events a call, as `haitang replay` makes it."""
sample_events = 50_000
training_events = 60_000
tree_count = 200
leaf_count = 31
warm_events = 20_000


def _events(folder: Path, program: EngineProgram, count: int = 0) -> EventBatch:
    table = stream.read(folder / "stream.arrow")
    return batch_table(table.slice(0, count or table.num_rows), program.fields)


def _blocks(events: EventBatch, size: int = block_events) -> list[EventBatch]:
    return [events.slice(at, min(at + size, len(events))) for at in range(0, len(events), size)]


def _policies(folder: Path) -> tuple[PolicySpec, ...]:
    return msgspec.json.decode((folder / "policies.json").read_bytes(), type=tuple[PolicySpec, ...])


def _whole_pack(folder: Path) -> Pack:
    program = generated.pack()
    names = [feature.name for feature in program.catalogue.features]
    trees = generated.model((folder / "trees.txt").read_text(), names)
    return generated.pack(chosen=_policies(folder), models=(trees,))


def _warm(program: EngineProgram, events: EventBatch) -> None:
    """Compile and load everything that the clock must not see."""
    state = EngineState.create(program)
    for block in _blocks(events.slice(0, warm_events)):
        evaluate(block, state)


def prepare(folder: Path, events: int) -> Measured:
    """Write the stream, draw the policies from a sample of feature values and train the trees."""
    import lightgbm

    stream.write(folder / "stream.arrow", events)
    program = compile_pack(generated.pack())
    batch, lay_cpu, _ = timed(lambda: _events(folder, program))
    taken = min(sample_events + training_events, events)
    kept = evaluate(batch.slice(0, taken), EngineState.create(program), keep_features=True).features
    assert kept is not None
    names = list(program.feature_names)
    sample = kept[:, taken - min(sample_events, taken) :]
    (folder / "policies.json").write_bytes(msgspec.json.encode(generated.policies(sample, names)))
    rows = kept[:, :training_events].T
    source = np.random.default_rng(stream.seed + 2)
    # A made-up target that depends on many features; what it means does not matter to the clock.
    weights = source.normal(size=rows.shape[1]) * (source.random(rows.shape[1]) < 0.3)
    spread = np.nan_to_num((rows - np.nanmean(rows, 0)) / (np.nanstd(rows, 0) + 1e-9))
    target = (spread @ weights + source.normal(size=len(rows)) > 1.0).astype(np.int32)
    trained = lightgbm.train(
        {
            "objective": "binary",
            "num_leaves": leaf_count,
            "verbosity": -1,
            "num_threads": 1,
            "seed": 1,
            "deterministic": True,
        },
        lightgbm.Dataset(rows, target),
        num_boost_round=tree_count,
    )
    (folder / "trees.txt").write_text(trained.model_to_string())
    return {"events": events, "columns_cpu_us_per_event": lay_cpu / events * 1e6}


def engine(folder: Path, _: int) -> Measured:
    """Events per second of the whole engine: features, policies, trees, combination."""
    program = compile_pack(_whole_pack(folder))
    events = _events(folder, program)
    _warm(program, events)
    blocks = _blocks(events)
    state = EngineState.create(program)
    gc.collect()

    def work() -> tuple[int, int]:
        hits = values = 0
        for block in blocks:
            out = evaluate(block, state)
            hits += len(out.hit_policies)
            values += len(out.hit_values)
        return hits, values

    (hits, values), cpu, wall = timed(work)
    count = len(events)
    return {
        "events": count,
        "cpu_s": cpu,
        "wall_s": wall,
        "cpu_us_per_event": cpu / count * 1e6,
        "events_per_second_cpu": count / cpu,
        "events_per_second_wall": count / wall,
        "hits_per_event": hits / count,
        "values_per_event": values / count,
        "keys": state.features.key_count,
    }


def single(folder: Path, calls: int) -> Measured:
    """Latency of one event a call, in a state that has seen the stream's first part."""
    program = compile_pack(_whole_pack(folder))
    table = stream.read(folder / "stream.arrow")
    events = _events(folder, program)
    state = EngineState.create(program)
    before = len(events) - calls
    for block in _blocks(events.slice(0, before)):
        evaluate(block, state)
    ones = [events.slice(at, at + 1) for at in range(before, len(events))]
    took = np.empty(calls, np.int64)
    gc.collect()
    gc.freeze()
    gc.disable()
    for place, one in enumerate(ones):
        start = time.perf_counter_ns()
        evaluate(one, state)
        took[place] = time.perf_counter_ns() - start
    gc.enable()
    p50, p99, p999 = np.quantile(took, [0.5, 0.99, 0.999]) / 1e3
    return {
        "calls": calls,
        "p50_us": p50,
        "p99_us": p99,
        "p999_us": p999,
        **_decoded(table.slice(before, min(calls, 2_000)).to_pylist(), program, state),
    }


def _decoded(rows: list[dict[str, object]], program: EngineProgram, state: EngineState) -> Measured:
    """The same from JSON bytes: decode, lay out, evaluate, render the decision."""
    from haitang.data.events.batch import batch_events
    from haitang.data.events.codec import decode_event

    lines = [json.dumps(row).encode() for row in rows]
    took = np.empty(len(lines), np.int64)
    for place, line in enumerate(lines):
        start = time.perf_counter_ns()
        out = evaluate(batch_events([decode_event(line)], program.fields), state)
        out.decision(0)
        took[place] = time.perf_counter_ns() - start
    p50, p99 = np.quantile(took, [0.5, 0.99]) / 1e3
    return {"json_to_rendered_p50_us": p50, "json_to_rendered_p99_us": p99}


def workers(folder: Path, _: int) -> Measured:
    """Throughput of two processes, each with half of the cards, against one with the whole stream.

    Each worker sees its own half of the events, so keys that both halves share (merchants) are counted apart:
    this measures the machine and the code, it is not a partitioned engine.
    """
    program = compile_pack(_whole_pack(folder))
    events = _events(folder, program)
    _warm(program, events)
    whole = _blocks(events)
    halves = [_blocks(_every_other(events, part)) for part in range(2)]
    gc.freeze()
    one_s = _in_workers(program, [whole])
    two_s = _in_workers(program, halves)
    return {"one_wall_s": one_s, "two_wall_s": two_s, "speedup": one_s / two_s}


def _every_other(events: EventBatch, part: int) -> EventBatch:
    row = events.fields.texts.index("card_id")
    chosen = np.flatnonzero((events.hashes[row] >> np.uint64(7)) % np.uint64(2) == part)
    return EventBatch(
        occurred_at_us=events.occurred_at_us[chosen],
        fields=events.fields,
        numbers=np.ascontiguousarray(events.numbers[:, chosen]),
        hashes=np.ascontiguousarray(events.hashes[:, chosen]),
        remarks=events.remarks,
        event_ids=[events.event_ids[place] for place in chosen],
        texts=(),
    )


def _in_workers(program: EngineProgram, shares: list[list[EventBatch]]) -> float:
    """Fork one worker a share; wall seconds from the starting signal to the last one's end."""
    ready, go = os.pipe(), os.pipe()
    children = []
    for share in shares:
        child = os.fork()
        if child == 0:
            state = EngineState.create(program)
            os.write(ready[1], b"r")
            os.read(go[0], 1)
            for block in share:
                evaluate(block, state)
            os._exit(0)
        children.append(child)
    for _ in shares:
        os.read(ready[0], 1)
    start = time.perf_counter()
    os.write(go[1], b"g" * len(shares))
    codes = [os.waitpid(child, 0)[1] for child in children]
    wall = time.perf_counter() - start
    assert not any(codes), f"a worker ended with {codes}"
    return wall


def publish(folder: Path, _: int) -> Measured:
    """Time from 600 changed policies, checked and in memory, until the running engine decides with them."""
    whole = _whole_pack(folder)
    program = compile_pack(whole)
    events = _events(folder, program, warm_events)
    state = EngineState.create(program)
    evaluate(events.slice(0, block_events), state)
    times = []
    for turn in range(7):
        changed = msgspec.structs.replace(
            whole,
            policies=tuple(
                msgspec.structs.replace(policy, score=(policy.score + turn) % 40 + 1)
                for policy in whole.policies
            ),
        )

        def work(changed: Pack = changed) -> None:
            state.publish(compile_pack(changed))
            evaluate(events.slice(block_events, block_events + 1), state)

        times.append(timed(work)[1:])
    cpu, wall = (sorted(column)[len(times) // 2] for column in zip(*times, strict=True))
    return {"policies": len(whole.policies), "cpu_ms": cpu * 1e3, "wall_ms": wall * 1e3}


def memory(folder: Path, _: int) -> Measured:
    """Bytes a key of the 120 base features (all windows), by the state's own count and by the process."""
    program = compile_pack(generated.pack())
    events = _events(folder, program)
    _warm(program, events)
    blocks = _blocks(events)
    gc.collect()
    before = resident_bytes()
    state = EngineState.create(program)
    for block in blocks:
        evaluate(block, state)
    keys = state.features.key_count
    return {
        "keys": keys,
        "events": len(events),
        "bytes_per_key": state.features.size_bytes / keys,
        "resident_bytes_per_key": (resident_bytes() - before) / keys,
    }


def _beside(folder: Path, events: int, make: Callable[[peers.Columns], peers.Peer]) -> Measured:
    """Our 192 features and a peer's 120 over the same events, one after the other in this process."""
    program = compile_pack(generated.pack())
    batch = _events(folder, program, events)
    _warm(program, batch)
    blocks = _blocks(batch)
    state = EngineState.create(program)
    gc.collect()

    def ours() -> list[np.ndarray]:
        kept = []
        for block in blocks:
            features = evaluate(block, state, keep_features=True).features
            assert features is not None
            kept.append(features)
        return kept

    kept, our_cpu, our_wall = timed(ours)
    columns = peers.columns(stream.read(folder / "stream.arrow").slice(0, len(batch)))
    peer = make(columns)
    gc.collect()
    found, peer_cpu, peer_wall = timed(peer.compute)
    wanted = peers.names()
    places = [program.feature_names.index(name) for name in wanted]
    base = np.concatenate([part[places] for part in kept], axis=1)
    agreed = peers.agreement(base, peer.matrix(found))
    count = len(batch)
    return {
        "events": count,
        "ours_cpu_us_per_event": our_cpu / count * 1e6,
        "ours_wall_us_per_event": our_wall / count * 1e6,
        "peer_cpu_us_per_event": peer_cpu / count * 1e6,
        "peer_wall_us_per_event": peer_wall / count * 1e6,
        "ratio_cpu": peer_cpu / our_cpu,
        "ratio_wall": peer_wall / our_wall,
        "values": agreed.values,
        "unequal": agreed.unequal,
        "largest_relative_difference": agreed.largest,
    }


def duckdb(folder: Path, events: int) -> Measured:
    """DuckDB on one thread."""
    return _beside(folder, events, peers.duckdb)


def polars(folder: Path, events: int) -> Measured:
    """Polars on one thread, its results left in its own order while the clock runs."""
    measured = _beside(folder, events, lambda given: peers.polars(given, restore_order=True))
    columns = peers.columns(stream.read(folder / "stream.arrow").slice(0, measured["events"]))
    _, cpu, _ = timed(peers.polars(columns, restore_order=False).compute)
    ours_us = measured["ours_cpu_us_per_event"]
    unordered_us = cpu / measured["events"] * 1e6
    return {
        **measured,
        "peer_unordered_cpu_us_per_event": unordered_us,
        "ratio_unordered_cpu": unordered_us / ours_us,
    }


def python(folder: Path, events: int) -> Measured:
    """Plain Python."""
    return _beside(folder, events, peers.python)


def mismatches(_: Path, values: int) -> Measured:
    """Values that differ from the brute-force oracle of law 3, over random journals."""
    from tests.property import window_cases
    from tests.property.test_windows_against_oracle import differences

    compared, found, seed = 0, 0, 1_000
    while compared < values:
        catalogue = window_cases.catalogue(seed, features_per_aggregate=5)
        rows = window_cases.journal(seed, events=800, names=60)
        more, differing = differences(catalogue, rows)
        compared, found, seed = compared + more, found + len(differing), seed + 1
    return {"values": compared, "mismatches": found}


PARTS: dict[str, Callable[[Path, int], Measured]] = {
    part.__name__: part
    for part in (
        prepare, engine, single, workers, publish, memory, duckdb, polars, python, mismatches,
    )
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run one part and print what it measured."""
    name, folder, *number = arguments
    measured = PARTS[name](Path(folder), int(number[0]) if number else 0)
    sys.stdout.write(json.dumps(measured) + "\n")
    return 0


def lines(text: str) -> Iterator[Measured]:
    """Read back what parts printed."""
    for line in text.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
