"""Decisions to and from bytes: what the journal keeps beside the events, and what replay compares.

Everything is little-endian. A header of 16 bytes: version u8, mode u8, models u16, events u32, hits
u32, values u32. Then, event after event: action u8, tier u8, number of hits u16, scores 2 × u16,
further actions u32. Then numbers: raw scores and answers, model by model; then per hit, in the
order of the events, its policy u16 and the values it read. A number takes one byte where it is
missing or a small whole one, few where it is a whole one, and nine else. Equal decisions are equal
bytes: of a missing number nothing but its absence is kept.
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
from haitang.decision.engine.batches import DecisionBatch
from haitang.decision.engine.modes import MODE_NAMES
from haitang.decision.engine.program import EngineProgram
from haitang.kernel.errors import HaitangError

HEADER = struct.Struct("<BBHIII")
POLICIES_MAX = 1 << 16


class DecisionsRefused(HaitangError):
    """Recorded decisions that cannot be read: damaged, of another version, or of another pack."""


def pack_decisions(batch: DecisionBatch) -> bytes:
    """Return all columns of a batch but its features; equal decisions give equal bytes."""
    return _packed(batch, 0, batch.count)


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
    if version != VERSION:
        raise _refused(f"the version was {version}; expected {VERSION}")
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
    )  # fmt: skip


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
    return out[:size].tobytes()


def _refused(what: str) -> DecisionsRefused:
    return DecisionsRefused(
        code="decisions_unreadable",
        message=f"the recorded decisions could not be read: {what}",
        hint="read them with the version and the pack that wrote them",
    )
