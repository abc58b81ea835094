"""Decisions to and from bytes: what the journal keeps beside the events, and what replay compares.

Everything is little-endian. A header of 16 bytes: version u8, mode u8, models u16, events u32, hits
u32, values u32. Then, event after event: action u8, tier u8, number of hits u16, scores 2 × u16,
further actions u32. Then numbers: raw scores and answers, model by model; then per hit, in the
order of the events, its policy u16 and the values it read. A number takes one byte where it is
missing or a small whole one, few where it is a whole one, and nine else. Equal decisions are equal
bytes: of a missing number nothing but its absence is kept.

A record in which a challenge was spared has version 2 and more behind: per such event its place in
the record u32, the challenge u8, and when the customer was asked before i64; at the very end how
many these are, u32. Without one, the record is of version 1, whatever the pack says.
"""

from __future__ import annotations

import hashlib
import struct

import numpy as np
from numpy.typing import NDArray

from haitang.data.events.batch import EventBatch
from haitang.decision.engine._record import (
    EVENT_BYTES,
    HIT_BYTES,
    NUMBER_BYTES_MAX,
    VERSION,
    read_record,
    write_record,
)
from haitang.decision.engine.actions import PRIMARY
from haitang.decision.engine.batches import DecisionBatch
from haitang.decision.engine.friction import Softened
from haitang.decision.engine.modes import MODE_NAMES
from haitang.decision.engine.program import EngineProgram
from haitang.kernel.errors import HaitangError

HEADER = struct.Struct("<BBHIII")
SOFTENED_VERSION = 2
_SOFTENED, _COUNT = struct.Struct("<IBq"), struct.Struct("<I")
POLICIES_MAX = 1 << 16


class DecisionsRefused(HaitangError):
    """Recorded decisions that cannot be read: damaged, of another version, or of another pack."""


def pack_decisions(batch: DecisionBatch, *, first: int = 0, count: int | None = None) -> bytes:
    """Return all columns of a batch but its features; equal decisions give equal bytes.

    Of a part of the batch, the bytes are those of a batch that is just this part.
    """
    return _packed(batch, first, batch.count if count is None else count)


def decision_digest(batch: DecisionBatch, index: int) -> str:
    """Return the SHA-256 of one event's decision; it does not depend on what else is in the
    batch.
    """
    return hashlib.sha256(_packed(batch, index, 1)).hexdigest()


def unpack_decisions(data: bytes, program: EngineProgram, events: EventBatch) -> DecisionBatch:
    """Return the batch that `pack_decisions` wrote, of the same program and events.

    Hits have the same order; their values stand one after the other in that of the hits.
    """
    if len(data) < HEADER.size:
        raise _refused(f"the record was {len(data)} bytes")
    version, mode, models, count, hits, values = HEADER.unpack_from(data)
    if version not in (VERSION, SOFTENED_VERSION):
        raise _refused(f"the version was {version}; expected at most {SOFTENED_VERSION}")
    softened = None
    if version == SOFTENED_VERSION:
        data, softened = _read_softened(data, count=min(count, len(events)))
    if mode >= len(MODE_NAMES) or models != len(program.models) or count != len(events):
        raise _refused(f"it was of {count} events and {models} models in mode {mode}")
    if HEADER.size + count * EVENT_BYTES + hits * HIT_BYTES + values > len(data):
        raise _refused(f"the record was {len(data)} bytes")
    out = (
        np.zeros(count, dtype=np.uint8),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.uint8),
        np.zeros((2, count), dtype=np.int32),
        np.zeros((models, count), dtype=np.float64),
        np.zeros((models, count), dtype=np.float64),
        np.zeros(count + 1, dtype=np.int64),
        np.zeros(hits, dtype=np.int32),
        np.zeros(hits, dtype=np.int64),
        np.zeros(values, dtype=np.float64),
    )
    policies = len(program.policy_reads)
    if not read_record(np.frombuffer(data, np.uint8), *out, _read_ranges(program), policies):
        raise _refused("its columns did not fit each other")
    actions, further, tiers, scores, raw_scores, answers, *hit_columns = out
    hit_starts, hit_policies, value_starts, hit_values = hit_columns
    return DecisionBatch(
        program=program, events=events, mode=mode, actions=actions, further=further, tiers=tiers,
        scores=scores, raw_scores=raw_scores, answers=answers, hit_starts=hit_starts,
        hit_policies=hit_policies, value_starts=value_starts, hit_values=hit_values,
        softened=softened,
    )  # fmt: skip


def _read_softened(data: bytes, *, count: int) -> tuple[bytes, Softened]:
    """Return the record without what stands behind it, and that as columns."""
    size = _COUNT.unpack_from(data, len(data) - _COUNT.size)[0]
    stop = len(data) - _COUNT.size
    start = stop - size * _SOFTENED.size
    if start < HEADER.size or size == 0:
        raise _refused(f"it spared {size} challenges in {len(data)} bytes")
    spared, asked_at_us = np.zeros(count, np.uint8), np.zeros(count, np.int64)
    last = -1
    for place, rank, at_us in _SOFTENED.iter_unpack(data[start:stop]):
        if not last < place < count or not 0 < rank < len(PRIMARY):
            raise _refused(f"it spared challenge {rank} of event {place}")
        spared[place], asked_at_us[place] = rank, at_us
        last = place
    return data[:start], Softened(spared, asked_at_us)


def _softened(batch: DecisionBatch, first: int, count: int) -> bytes:
    """Return what stands behind the record of some events; nothing where nothing was spared."""
    if batch.softened is None:
        return b""
    spared, asked_at_us = batch.softened
    rows = np.flatnonzero(spared[first : first + count]).tolist()
    if not rows:
        return b""
    parts = [
        _SOFTENED.pack(row, int(spared[first + row]), int(asked_at_us[first + row])) for row in rows
    ]
    return b"".join((*parts, _COUNT.pack(len(rows))))


def _read_ranges(program: EngineProgram) -> NDArray[np.int64]:
    """Return per policy and model the range of the values that a hit records."""
    ranges: NDArray[np.int64] = program.tables[3][3]
    return ranges


def _packed(batch: DecisionBatch, first: int, count: int) -> bytes:
    program = batch.program
    assert len(program.policy_reads) < POLICIES_MAX, "a policy's index takes two bytes"
    models = len(program.models)
    numbers = 2 * models * count + len(batch.hit_values)
    room = EVENT_BYTES * count + HIT_BYTES * len(batch.hit_policies) + NUMBER_BYTES_MAX * numbers
    out = np.empty(HEADER.size + room, dtype=np.uint8)
    size = write_record(
        batch.actions, batch.further, batch.tiers, batch.scores, batch.raw_scores, batch.answers,
        batch.hit_starts, batch.hit_policies, batch.value_starts, batch.hit_values,
        _read_ranges(program), batch.mode, first, count, out,
    )  # fmt: skip
    behind = _softened(batch, first, count)
    if not behind:
        return out[:size].tobytes()
    out[0] = SOFTENED_VERSION
    return out[:size].tobytes() + behind


def _refused(what: str) -> DecisionsRefused:
    return DecisionsRefused(
        code="decisions_unreadable",
        message=f"the recorded decisions could not be read: {what}",
        hint="read them with the version and the pack that wrote them",
    )
