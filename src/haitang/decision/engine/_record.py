"""The walk over a record of decisions, compiled; `columns` says what stands in it."""

# Numba's decorators carry no types.
# mypy: allow-untyped-decorators
from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.decision.engine.actions import ACTIONS, PRIMARY
from haitang.decision.rules.specs import TIERS
from haitang.kernel.pointers import Int, pointer_to

VERSION = 1
EVENT_BYTES = 12
NUMBER_BYTES_MAX = 9
HIT_BYTES = 2

MISSING, DOUBLE, NEGATIVE, SMALL = 0, 8, 8, 16
"""What begins a number: a missing one; up to 7, a whole one of that many bytes; a double; beyond,
a negative whole one of that many bytes less `NEGATIVE`; from `SMALL` on, `SMALL` more than itself.
"""
WHOLE_MAX = float(1 << 53)

_RANKS = len(PRIMARY)
_TIERS = len(TIERS)
_FURTHER_MAX = 1 << len(ACTIONS)


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


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _put_number(out: Any, at: Int, value: float, bits: Int) -> Int:
    """Write a number in the fewest bytes that give it back; `bits` are its own."""
    if value != value:
        out[at] = MISSING
        return at + 1
    magnitude = abs(value)
    # A negative zero is no whole number here: it would come back as another.
    negative_zero = value == 0.0 and bits != 0
    if magnitude > WHOLE_MAX or magnitude != np.floor(magnitude) or negative_zero:
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
def write_record(
    actions: Any, further: Any, tiers: Any, scores: Any, raw_scores: Any, answers: Any,
    hit_starts: Any, hit_policies: Any, value_starts: Any, hit_values: Any, read_ranges: Any,
    mode: Int, first: Int, count: Int, data: Any,
) -> Int:  # fmt: skip
    """Write events `first` to `first + count`; return the size."""
    out = pointer_to(data)
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
def read_record(
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
    return bool(cursor == hit_values.shape[0] and at == size)
