"""The parts of the benchmark, each run in a process of its own: `python -m bench.parts NAME FOLDER
[N]`.

A part prints one JSON object. Clocks start after the code is compiled and the events are laid out
as columns (`prepare` says what that costs); they stop when the decisions are in memory.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from bench import pack as generated
from bench import peers, shipped, stream
from bench.blocks import block_events, in_blocks, touched_bytes, warm, warm_events
from bench.measures import Measured, resident_bytes, timed
from haitang.data.events.batch import EventBatch, batch_table
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.rules.specs import Pack, PolicySpec

sample_events = 100_000
sample_events_brief = 10_000
tree_count = 200
leaf_count = 31
positive_share = 0.02
tree_events = 6_400


def _events(folder: Path, program: EngineProgram, count: int = 0) -> EventBatch:
    table = stream.read(folder / "stream.arrow")
    return batch_table(table.slice(0, count or table.num_rows), program.fields, words=False)


def _policies(folder: Path) -> tuple[PolicySpec, ...]:
    policies: tuple[PolicySpec, ...] = pickle.loads((folder / "policies.pickle").read_bytes())
    return policies


def _whole_pack(folder: Path) -> Pack:
    program = generated.pack()
    names = [feature.name for feature in program.catalogue.features]
    trees = generated.model((folder / "trees.txt").read_text(), names)
    return generated.pack(chosen=_policies(folder), models=(trees,))


def prepare(folder: Path, events: int) -> Measured:
    """Write the stream, draw the policies from a sample of feature values and train the trees."""
    return _prepare(folder, events, samples=sample_events)


def prepare_briefly(folder: Path, events: int) -> Measured:
    """The same from fewer samples, for trying out: training takes most of the time."""
    return _prepare(folder, events, samples=sample_events_brief)


def _prepare(folder: Path, events: int, *, samples: int) -> Measured:
    import lightgbm

    stream.write(folder / "stream.arrow", events)
    program = compile_pack(generated.pack())
    batch, lay_cpu, _ = timed(lambda: _events(folder, program))
    names = list(program.feature_names)
    # Every so many events of the whole stream: windows that are still filling are not typical.
    kept = _sampled(program, batch, every=max(1, events // samples))
    (folder / "policies.pickle").write_bytes(pickle.dumps(generated.policies(kept, names)))
    rows = np.ascontiguousarray(kept.T)
    source = np.random.default_rng(stream.seed + 2)
    # A made-up target that depends on many features; what it means does not matter to the clock.
    weights = source.normal(size=rows.shape[1]) * (source.random(rows.shape[1]) < 0.3)
    spread = np.nan_to_num((rows - np.nanmean(rows, 0)) / (np.nanstd(rows, 0) + 1e-9))
    latent = spread @ weights + source.normal(size=len(rows))
    target = (latent > np.quantile(latent, 1 - positive_share)).astype(np.int32)
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


def _sampled(program: EngineProgram, events: EventBatch, *, every: int) -> np.ndarray:
    state, parts, passed = EngineState.create(program), [], 0
    for block in in_blocks(events):
        features = evaluate(block, state, keep_features=True).features
        assert features is not None
        parts.append(features[:, -passed % every :: every].copy())
        passed += len(block)
    return np.concatenate(parts, axis=1)


def engine(folder: Path, _: int) -> Measured:
    """Events per second of the whole engine: features, policies, trees, combination."""
    program = compile_pack(_whole_pack(folder))
    events = _events(folder, program)
    warm(program, events)
    blocks = in_blocks(events)
    state = EngineState.create(program, touched_bytes=touched_bytes)
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
    for block in in_blocks(events.slice(0, before)):
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

    Each worker sees its own half of the events, so keys that both halves share (merchants) are
    counted apart: this measures the machine and the code, it is not a partitioned engine.
    """
    program = compile_pack(_whole_pack(folder))
    events = _events(folder, program)
    warm(program, events)
    whole = in_blocks(events)
    halves = [in_blocks(_every_other(events, part)) for part in range(2)]
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
    """Time from 600 changed policies, checked and in memory, until the running engine decides with
    them.
    """
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
    """Bytes a key of all windows, by the state's own count and by what the process took."""
    program = compile_pack(generated.base_pack())
    events = _events(folder, program)
    warm(program, events)
    blocks = in_blocks(events)
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
    """The same 120 features by us and by a peer over the same events, one after the other.

    Ours are handed out block by block in one array while the clock runs, and the memory of the
    state is taken before, as in a service that runs; a second pass, not timed, keeps them all for
    the comparison. A peer makes its whole result while the clock runs, for it has no other way.
    """
    program = compile_pack(generated.base_pack())
    batch = _events(folder, program, events)
    warm(program, batch)
    blocks = in_blocks(batch)
    state = EngineState.create(program, touched_bytes=touched_bytes)
    buffer = np.zeros((len(program.feature_names), block_events))
    gc.collect()

    def ours() -> int:
        values = 0
        for block in blocks:
            features = evaluate(block, state, keep_features=True, features_into=buffer).features
            assert features is not None
            values += features.size
        return values

    values, our_cpu, our_wall = timed(ours)
    columns = peers.columns(stream.read(folder / "stream.arrow").slice(0, len(batch)))
    peer = make(columns)
    gc.collect()
    found, peer_cpu, peer_wall = timed(peer.compute)
    assert list(program.feature_names) == peers.names()
    kept = evaluate(batch, EngineState.create(program), keep_features=True).features
    assert kept is not None
    assert kept.size == values
    agreed = peers.agreement(kept, peer.matrix(found))
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
    """Polars on one thread, with and without bringing its results back to the order of events."""
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


def trees(folder: Path, _: int) -> Measured:
    """The generated pack's own model beside LightGBM, on rows of the same features."""
    from bench.trees import measure_trees

    program = compile_pack(generated.pack())
    events = _events(folder, program)
    kept = _sampled(program, events, every=max(1, len(events) // tree_events))
    rows = np.ascontiguousarray(kept.T[:tree_events])
    return measure_trees((folder / "trees.txt").read_text(), rows)


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
        prepare, prepare_briefly, engine, single, workers, publish, memory, duckdb, polars, python,
        trees, shipped.retail, shipped.gates, mismatches,
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
