"""Decisions to and from bytes: what the journal keeps beside the events, and what replay compares.

Everything is little-endian. A header of 16 bytes: version u8, mode u8, models u16, events u32, hits
u32, values u32. Then, event after event: action u8, tier u8, number of hits u16, scores 2 × u16,
further actions u32. Then numbers: raw scores and answers, model by model; then per hit, in the
order of the events, its policy u16 and the values it read. A number takes one byte where it is
missing or a small whole one, few where it is a whole one, and nine else. Equal decisions are equal
bytes: of a missing number nothing but its absence is kept.
"""

# Numba's decorators carry no types.
# mypy: allow-untyped-decorators
from __future__ import annotations

import hashlib
import struct
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haitang.data.events.batch import EventBatch
from haitang.data.features.pointers import Int
from haitang.decision.engine.actions import ACTIONS, PRIMARY
from haitang.decision.engine.batches import DecisionBatch
from haitang.decision.engine.modes import MODE_NAMES
from haitang.decision.engine.program import EngineProgram
from haitang.decision.rules.specs import TIERS
from haitang.kernel.errors import HaitangError

VERSION = 1
HEADER = struct.Struct("<BBHIII")
EVENT_BYTES = 12
NUMBER_BYTES_MAX = 9
HIT_BYTES = 2
POLICIES_MAX = 1 << 16

# What begins a number: missing, a whole one of that many bytes, a double, a negative whole one of
# that many bytes less `NEGATIVE`, or from `SMALL` on the number itself.
MISSING, DOUBLE, NEGATIVE, SMALL = 0, 8, 8, 16
WHOLE_MAX = float(1 << 53)

_RANKS = len(PRIMARY)
_TIERS = len(TIERS)
_FURTHER_MAX = 1 << len(ACTIONS)


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
    if count * EVENT_BYTES + hits * HIT_BYTES + values > len(data):
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
    if not _read(np.frombuffer(data, np.uint8), *out, _read_ranges(program), policies):
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
    size = _write(
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


@njit(nogil=True, error_model="numpy", inline="always")
def _put(out: Any, at: Int, number: Int, size: Int) -> Int:
    """Write the lower bytes of a number; return where the next one goes."""
    word = np.uint64(number)
    for i in range(size):
        out[at + i] = np.uint8(word & np.uint64(0xFF))
        word >>= np.uint64(8)
    return at + size


@njit(nogil=True, error_model="numpy", inline="always")
def _get(data: Any, at: Int, size: Int) -> Int:
    word = np.uint64(0)
    for i in range(size):
        word |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return np.int64(word)


@njit(cache=True, nogil=True, error_model="numpy")
def _put_number(out: Any, at: Int, value: float, bits: Int) -> Int:
    """Write a number in the fewest bytes that give it back; `bits` are its own."""
    if value != value:
        out[at] = MISSING
        return at + 1
    magnitude = abs(value)
    # A negative zero is no whole number here: it would come back as another.
    if (
        magnitude > WHOLE_MAX
        or magnitude != np.floor(magnitude)
        or np.uint64(bits) == (np.uint64(1) << np.uint64(63))
    ):
        out[at] = DOUBLE
        return _put(out, at + 1, bits, 8)
    whole = np.int64(magnitude)
    if value >= 0.0 and whole < 256 - SMALL:
        out[at] = SMALL + whole
        return at + 1
    size = 1
    while whole >> (8 * size) != 0:
        size += 1
    out[at] = size if value > 0.0 else NEGATIVE + size
    return _put(out, at + 1, whole, size)


@njit(cache=True, nogil=True, error_model="numpy")
def _number_size(head: Int) -> Int:
    """Return how many bytes follow the one that begins a number."""
    if head == MISSING or head >= SMALL:
        return 0
    return head if head <= DOUBLE else head - NEGATIVE


@njit(cache=True, nogil=True, error_model="numpy")
def _get_number(data: Any, at: Int, double: Any) -> float:
    """Return the number that begins at a place; `double` is room for one."""
    head = np.int64(data[at])
    if head == MISSING:
        return np.nan
    if head >= SMALL:
        return float(head - SMALL)
    word = _get(data, at + 1, _number_size(head))
    if head == DOUBLE:
        double.view(np.int64)[0] = word
        return float(double[0])
    return float(word) if head < DOUBLE else -float(word)


@njit(cache=True, nogil=True, error_model="numpy")
def _write(
    actions: Any, further: Any, tiers: Any, scores: Any, raw_scores: Any, answers: Any,
    hit_starts: Any, hit_policies: Any, value_starts: Any, hit_values: Any, read_ranges: Any,
    mode: Int, first: Int, count: Int, out: Any,
) -> Int:  # fmt: skip
    """Write events `first` to `first + count`; return the size."""
    at = 16
    for j in range(first, first + count):
        out[at] = actions[j]
        out[at + 1] = tiers[j]
        at = _put(out, at + 2, hit_starts[j + 1] - hit_starts[j], 2)
        at = _put(out, at, scores[0, j], 2)
        at = _put(out, at, scores[1, j], 2)
        at = _put(out, at, further[j], 4)
    models = raw_scores.shape[0]
    raw_bits = raw_scores.view(np.int64)
    answer_bits = answers.view(np.int64)
    for m in range(models):
        for j in range(first, first + count):
            at = _put_number(out, at, raw_scores[m, j], raw_bits[m, j])
            at = _put_number(out, at, answers[m, j], answer_bits[m, j])
    value_bits = hit_values.view(np.int64)
    values = 0
    for h in range(hit_starts[first], hit_starts[first + count]):
        p = hit_policies[h]
        at = _put(out, at, p, 2)
        start = value_starts[h]
        size = read_ranges[p, 1] - read_ranges[p, 0]
        for v in range(start, start + size):
            at = _put_number(out, at, hit_values[v], value_bits[v])
        values += size
    out[0] = VERSION
    out[1] = mode
    _put(out, 2, models, 2)
    _put(out, 4, count, 4)
    _put(out, 8, hit_starts[first + count] - hit_starts[first], 4)
    _put(out, 12, values, 4)
    return at


@njit(cache=True, nogil=True, error_model="numpy")
def _read(
    data: Any, actions: Any, further: Any, tiers: Any, scores: Any, raw_scores: Any, answers: Any,
    hit_starts: Any, hit_policies: Any, value_starts: Any, hit_values: Any, read_ranges: Any,
    policies: Int,
) -> bool:  # fmt: skip
    """Fill the columns; tell whether the bytes were as they must be."""
    size = data.shape[0]
    at = 16
    for j in range(actions.shape[0]):
        actions[j] = data[at]
        tiers[j] = data[at + 1]
        hit_starts[j + 1] = hit_starts[j] + _get(data, at + 2, 2)
        scores[0, j] = _get(data, at + 4, 2)
        scores[1, j] = _get(data, at + 6, 2)
        further[j] = _get(data, at + 8, 4)
        if actions[j] >= _RANKS or tiers[j] >= _TIERS or further[j] >= _FURTHER_MAX:
            return False
        at += EVENT_BYTES
    if hit_starts[actions.shape[0]] != hit_policies.shape[0]:
        return False
    double = np.zeros(1, np.float64)
    for m in range(raw_scores.shape[0]):
        for j in range(actions.shape[0]):
            for which in range(2):
                if at >= size or at + _number_size(np.int64(data[at])) >= size:
                    return False
                number = _get_number(data, at, double)
                at += 1 + _number_size(np.int64(data[at]))
                if which == 0:
                    raw_scores[m, j] = number
                else:
                    answers[m, j] = number
    cursor = 0
    for h in range(hit_policies.shape[0]):
        if at + HIT_BYTES > size:
            return False
        p = _get(data, at, 2)
        at += HIT_BYTES
        if p >= policies or cursor + read_ranges[p, 1] - read_ranges[p, 0] > hit_values.shape[0]:
            return False
        hit_policies[h] = p
        value_starts[h] = cursor
        for _ in range(read_ranges[p, 0], read_ranges[p, 1]):
            if at >= size or at + _number_size(np.int64(data[at])) >= size:
                return False
            hit_values[cursor] = _get_number(data, at, double)
            at += 1 + _number_size(np.int64(data[at]))
            cursor += 1
    return cursor == hit_values.shape[0] and at == size
