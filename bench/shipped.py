"""What is shipped for a bank, as it is, on days of the lab's bank: parts of `bench.parts`."""

from __future__ import annotations

import gc
import hashlib
import time
from pathlib import Path

import msgspec
import numpy as np

from bench.blocks import in_blocks, touched_bytes, warm
from bench.measures import Measured, timed
from haitang.data.events.batch import EventBatch, batch_table
from haitang.data.features.columns import LANES
from haitang.decision.engine import EngineProgram, EngineState, evaluate

lab_days = 14
gate_turns = 5


def retail(_: Path, customers: int) -> Measured:
    """All that is shipped for a bank, as it is, on days of the lab's bank."""
    program, blocks, refused = _shipped_bank(customers)
    count = sum(len(block) for block in blocks)
    state = _created(program)
    gc.collect()
    hits, cpu, wall = timed(
        lambda: sum(len(evaluate(block, state).hit_policies) for block in blocks)
    )
    return {
        "events": count,
        "refused": refused,
        "features": len(program.feature_names),
        "policies": len(program.policies),
        "cpu_us_per_event": cpu / count * 1e6,
        "events_per_second_cpu": count / cpu,
        "events_per_second_wall": count / wall,
        "hits_per_event": hits / count,
    }


def gates(_: Path, customers: int) -> Measured:
    """The same, with gates and without them in turns: every feature is read for every event."""
    program, blocks, _refused = _shipped_bank(customers)
    always, *stages = program.demands
    nobody = [(np.zeros_like(ranges), members) for ranges, members in stages]
    ungated = (always | ~np.uint64(0), *nobody)
    before = msgspec.structs.replace(program, demands=ungated)
    spent: dict[bool, list[float]] = {True: [], False: []}
    wanted: list[float] = []
    digests: set[str] = set()
    for turn in range(2 * gate_turns):
        gated = turn % 2 == 0
        state = _created(program if gated else before)
        digest = hashlib.sha256()
        gc.collect()
        begun = time.process_time()
        for block in blocks:
            out = evaluate(block, state)
            for column in (out.actions, out.scores, out.hit_policies, out.hit_values):
                digest.update(np.ascontiguousarray(column).tobytes())
            if gated:
                wanted.append(float(np.bitwise_count(state.prepared.wanted).mean()) / LANES)
        spent[gated].append(time.process_time() - begun)
        digests.add(digest.hexdigest())
    assert len(digests) == 1, "gates changed decisions"
    count = sum(len(block) for block in blocks)
    medians = {gated: float(np.median(times)) for gated, times in spent.items()}
    return {
        "events": count,
        "cpu_us_per_event": medians[True] / count * 1e6,
        "cpu_us_per_event_before": medians[False] / count * 1e6,
        "ratio_cpu": medians[False] / medians[True],
        "share_of_places_wanted": float(np.mean(wanted)),
    }


def _created(program: EngineProgram) -> EngineState:
    """Return an empty state whose memory the system has given already, as a service's has."""
    state = EngineState.create(program, touched_bytes=touched_bytes)
    while state.touch_ahead():
        pass
    return state


def _shipped_bank(customers: int) -> tuple[EngineProgram, list[EventBatch], int]:
    """The shipped bank's program, warm, lab days in blocks, and how many events were refused."""
    from haitang.app.programs import open_pack
    from haitang.app.shipped import BANK, shipped_pack
    from haitang.data.events.table import check_table
    from haitang.lab.day import generate

    opened = open_pack(shipped_pack(BANK))
    day = generate(7, customers=customers, days=lab_days)
    checked = check_table(day.table(), base_currency=opened.pack.base_currency)
    events = batch_table(checked, opened.program.fields, words=False)
    warm(opened.program, events)
    return opened.program, in_blocks(events), len(checked.refused_rows)
