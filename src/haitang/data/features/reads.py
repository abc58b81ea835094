"""Read the aggregates of one stream of one key into the value rows of one lane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.extremes import advance_queue, edge_bound
from haitang.data.features.layout import (
    B_ENTERED,
    B_LENGTH,
    B_RING,
    Q_ENTRIES,
    Q_LENGTH,
    R_COUNT,
    R_DISTINCT,
    R_EDGE,
    R_LAST,
    R_MAX,
    R_MEAN,
    R_MIN,
    R_MORE,
    R_QUANTILE,
    R_RANK,
    R_RARE,
    R_STD,
    R_SUM,
    R_UNTIL,
    S_CURSORS,
    S_DELAY,
    S_DISTINCT,
    S_EDGE_START,
    S_ENTRY_COUNT,
    S_ENTRY_SQUARE,
    S_ENTRY_SUM,
    S_ENTRY_WORDS,
    S_FACTOR,
    S_MAX,
    S_MIN,
    S_SOURCE,
    S_TOTAL_COUNT,
    S_TOTAL_SQUARE,
    S_TOTAL_SUM,
)
from haitang.data.features.ring import advance_edge, entry_value, multiply_square, take_wide
from haitang.kernel.pointers import Int, as_halves

CANCELLATION = 1e-6
"""Below this share of the mean square, a variance from rounded sums is not trusted and computed in
128 bits.
"""

SKETCH_GROWTH = 1.0198
"""Ratio of neighbouring bucket bounds: the middle of a bucket is within 1 % of every value in it.
"""
SKETCH_BUCKETS = 2304
"""Buckets for values up to 2^63; bucket 0 holds zero and below."""
_LOG_GROWTH = math.log(SKETCH_GROWTH)

TWO_TO_64 = 18446744073709551616.0


@njit(cache=True, nogil=True, error_model="numpy")
def bucket_of(value: Int) -> Int:
    """Return the log bucket of a value; Source: Masson, Rim, Lee, "DDSketch", VLDB 2019."""
    if value <= 0:
        return np.int64(0)
    return np.int64(1 + math.ceil(math.log(np.float64(value)) / _LOG_GROWTH - 1e-9))


@njit(cache=True, nogil=True, error_model="numpy")
def bucket_middle(bucket: Int) -> float:
    """Return the value that stands for a bucket: within 1 % of each member."""
    if bucket == 0:
        return 0.0
    upper = math.exp((bucket - 1) * _LOG_GROWTH)
    return 2.0 * upper / (1.0 + SKETCH_GROWTH)


@njit(cache=True, nogil=True, error_model="numpy")
def _scale_wide(low: Int, high: Int, factor: Int) -> Any:
    """Return a 128-bit number times a factor from 0 to 2^31, modulo 2^128, as unsigned (low, high)
    words.
    """
    mask = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    times = np.uint64(factor)
    first = (np.uint64(low) & mask) * times
    second = (np.uint64(low) >> half) * times + (first >> half)
    out_low = (first & mask) | (second << half)
    out_high = np.uint64(high) * times + (second >> half)
    return out_low, out_high


@njit(cache=True, nogil=True, error_model="numpy")
def exact_spread(count: Int, total: Int, low: Int, high: Int) -> float:
    """Return the sum of squared deviations from the mean, from the sum and the 128-bit sum of
    squares.

    With m the mean rounded down and r = S - n m, the sum of (x - m)² is Q - n m² - 2 m r. It is
    formed in 128-bit integers, where nothing cancels; the mean's fraction is taken off at the end.
    Counts are below 2^31.
    """
    mean = total // count
    rest = total - mean * count
    out_low = np.uint64(low)
    out_high = np.uint64(high)
    square_low, square_high = multiply_square(mean)
    part_low, part_high = _scale_wide(square_low, square_high, count)
    borrow = np.uint64(1) if out_low < part_low else np.uint64(0)
    out_low = out_low - part_low
    out_high = out_high - part_high - borrow
    # rest < count < 2^31, so twice it is a valid factor; the sign of the mean decides which way it
    # goes.
    part_low, part_high = _scale_wide(abs(mean), 0, 2 * rest)
    if mean < 0:
        before = out_low
        out_low = out_low + part_low
        out_high = out_high + part_high + (np.uint64(1) if out_low < before else np.uint64(0))
    else:
        borrow = np.uint64(1) if out_low < part_low else np.uint64(0)
        out_low = out_low - part_low
        out_high = out_high - part_high - borrow
    spread = np.float64(out_high) * TWO_TO_64 + np.float64(out_low)
    return spread - np.float64(rest) * np.float64(rest) / np.float64(count)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _deviation(count: Int, total: Int, low: Int, high: Int) -> float:
    """Return the sample standard deviation, in units of the scaled integers."""
    n = float(count)
    if high == 0 and low >= 0:
        square = float(low)
    else:
        square = float(high) * TWO_TO_64 + float(np.uint64(low))
    mean: float = float(total) / n
    mean_square: float = square / n
    variance = mean_square - mean * mean
    if variance > CANCELLATION * mean_square:
        spread = variance * n
    else:
        spread = max(float(exact_spread(count, total, low, high)), 0.0)
    return math.sqrt(spread / (n - 1.0))


@njit(cache=True, nogil=True, error_model="numpy")
def _read_sketch(
    arena: Any,
    streams: Any,
    s: Int,
    block: Int,
    start: Int,
    stop: Int,
    share: float,
    scratch: Any,
) -> float:
    """Return the quantile of the entries from `start` to `stop`: the value of rank ceil(q n) in its
    bucket.
    """
    lowest = np.int64(SKETCH_BUCKETS)
    highest = np.int64(-1)
    for i in range(start, stop):
        bucket = bucket_of(entry_value(arena, streams, s, block, i))
        scratch[bucket] += 1
        lowest = min(lowest, bucket)
        highest = max(highest, bucket)
    rank = max(np.int64(1), np.int64(math.ceil(share * (stop - start) - 1e-9)))
    found = highest
    seen = np.int64(0)
    for bucket in range(lowest, highest + 1):
        seen += scratch[bucket]
        scratch[bucket] = 0
        if seen >= rank and found == highest:
            found = np.int64(bucket)
            rank = np.int64(1) << 62
    return bucket_middle(found)


@njit(cache=True, nogil=True, error_model="numpy")
def _read_rank(
    arena: Any, streams: Any, s: Int, block: Int, start: Int, stop: Int, value: Int
) -> float:
    """Return the share of the entries whose bucket is below the value's."""
    bucket = bucket_of(value)
    below = 0
    for i in range(start, stop):
        if bucket_of(entry_value(arena, streams, s, block, i)) < bucket:
            below += 1
    return float(below / (stop - start))


@njit(cache=True, nogil=True, error_model="numpy")
def scaled(value: float, factor: Int) -> Int:
    """Return a value as an integer of the stream's scale, held within ±2^62; 0 when missing."""
    number = value * factor
    if number != number:
        return np.int64(0)
    if number >= 4.6e18:
        return np.int64(4600000000000000000)
    if number <= -4.6e18:
        return np.int64(-4600000000000000000)
    return np.int64(np.rint(number))


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _unscaled(number: float, factor: Int) -> float:
    """Bring a scaled number back; money has factor 1, and needs no division."""
    return number if factor == 1 else number / factor


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _read_extreme(
    arena: Any, streams: Any, edges: Any, s: Int, queue: Int, e: Int, now: Int
) -> float:
    halves = as_halves(arena)
    cursor = advance_queue(arena, streams, edges, s, queue, e, now)
    if cursor >= np.int64(halves[2 * (queue + Q_LENGTH)]):
        return math.nan
    return np.float64(arena[arena[queue + Q_ENTRIES] + 2 * cursor + 1])


@njit(cache=True, nogil=True, error_model="numpy")
def _read_rare(
    arena: Any,
    streams: Any,
    reads: Any,
    shares: Any,
    scratch: Any,
    r: Int,
    s: Int,
    block: Int,
    e: Int,
    start: Int,
    stop: Int,
    values: Any,
    lane: Int,
) -> None:
    """Read what few features ask: last, distinct, quantile, rank."""
    factor = streams[s, S_FACTOR]
    if reads[r, R_LAST] >= 0:
        last = math.nan
        if stop > start:
            last = np.float64(entry_value(arena, streams, s, block, stop - 1))
        values[reads[r, R_LAST], lane] = _unscaled(last, factor)
    if reads[r, R_DISTINCT] >= 0:
        counts = 2 * (block + streams[s, S_DISTINCT])
        values[reads[r, R_DISTINCT], lane] = as_halves(arena)[counts + e]
    if reads[r, R_QUANTILE] >= 0:
        quantile = math.nan
        if stop > start:
            quantile = _read_sketch(arena, streams, s, block, start, stop, shares[r], scratch)
        values[reads[r, R_QUANTILE], lane] = _unscaled(quantile, factor)
    if reads[r, R_RANK] >= 0:
        rank = math.nan
        current = values[streams[s, S_SOURCE], lane]
        if stop > start and current == current:
            rank = _read_rank(arena, streams, s, block, start, stop, scaled(current, factor))
        values[reads[r, R_RANK], lane] = rank


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _totals_behind(arena: Any, streams: Any, s: Int, block: Int, stop: Int) -> Any:
    """Return count and sum before entry `stop`, and where the sum of squares before it stands."""
    after = arena[block + B_RING] + stop * streams[s, S_ENTRY_WORDS]
    whole = stop >= np.int64(as_halves(arena)[2 * (block + B_LENGTH)])
    column = streams[s, S_ENTRY_COUNT]
    count = np.int64(0)
    if column > 0:
        count = arena[block + streams[s, S_TOTAL_COUNT] if whole else after + column]
    column = streams[s, S_ENTRY_SUM]
    total = np.int64(0)
    if column > 0:
        total = arena[block + streams[s, S_TOTAL_SUM] if whole else after + column]
    square = block + streams[s, S_TOTAL_SQUARE] if whole else after + streams[s, S_ENTRY_SQUARE]
    return count, total, square


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _totals_from(
    arena: Any, streams: Any, s: Int, place: Int, entries: Int, counted: Int, summed: Int
) -> Any:
    """Return count and sum from the entry at `place` on; `entries` are as many as remain."""
    count = entries
    total = np.int64(0)
    if entries > 0:
        if streams[s, S_ENTRY_COUNT] > 0:
            count = counted - arena[place + streams[s, S_ENTRY_COUNT]]
        if streams[s, S_ENTRY_SUM] > 0:
            total = summed - arena[place + streams[s, S_ENTRY_SUM]]
    return count, total


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _deviation_from(
    arena: Any, count: Int, total: Int, square_after: Int, place: Int, factor: Int
) -> float:
    """Return the deviation of entries between two sums of squares; of one entry there is none."""
    if count <= 1:
        return math.nan
    low, high = take_wide(arena, square_after, place)
    return _unscaled(_deviation(count, total, low, high), factor)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _in_units(count: Int, total: Int, factor: Int) -> Any:
    """Return sum and mean in units of the feature; without entries there is no mean."""
    mean = np.float64(total) / np.float64(count) if count > 0 else math.nan
    return _unscaled(np.float64(total), factor), _unscaled(mean, factor)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _write_totals(
    reads: Any, r: Int, count: Int, whole: float, mean: float, values: Any, lane: Int
) -> None:
    """Write count, sum and mean where they are asked."""
    if reads[r, R_COUNT] >= 0:
        values[reads[r, R_COUNT], lane] = count
    if reads[r, R_SUM] >= 0:
        values[reads[r, R_SUM], lane] = whole
    if reads[r, R_MEAN] >= 0:
        values[reads[r, R_MEAN], lane] = mean


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _end_of(arena: Any, streams: Any, edges: Any, s: Int, block: Int, until: Int, now: Int) -> Int:
    """Return behind which entry a window ends: one that ends now behind all that have entered."""
    if until < 0:
        return np.int64(as_halves(arena)[2 * (block + B_ENTERED)])
    edge_start = streams[s, S_EDGE_START]
    return np.int64(advance_edge(arena, streams, edges, s, block, until - edge_start, now))


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def read_windows(
    arena: Any, streams: Any, edges: Any, reads: Any, shares: Any, scratch: Any, first: Int,
    behind: Int, s: Int, block: Int, now: Int, values: Any, lane: Int,
) -> None:  # fmt: skip
    """Do the reads from `first` to `behind` of one stream as of `now`.

    Windows that begin at the same entry hold the same entries, and most keys have few, so what was
    computed for one window serves the next. The arena and the values are written through bare
    pointers; what does not change within a call is therefore kept in variables of its own.
    """
    halves = as_halves(arena)
    words = streams[s, S_ENTRY_WORDS]
    square_column = streams[s, S_ENTRY_SQUARE]
    factor = streams[s, S_FACTOR]
    edge_start = streams[s, S_EDGE_START]
    cursors = 2 * (block + streams[s, S_CURSORS])
    latest = now - streams[s, S_DELAY]
    ring = arena[block + B_RING]
    until = np.int64(-2)
    stop = counted = summed = square_after = np.int64(0)
    seen = np.int64(-1)
    count = np.int64(0)
    total = np.int64(0)
    whole = mean = deviation = largest = smallest = math.nan
    has_deviation = has_largest = has_smallest = False
    for r in range(first, behind):
        if reads[r, R_UNTIL] != until:
            until = np.int64(reads[r, R_UNTIL])
            stop = _end_of(arena, streams, edges, s, block, until, now)
            counted, summed, square_after = _totals_behind(arena, streams, s, block, stop)
            seen = np.int64(-1)
        edge = reads[r, R_EDGE]
        e = edge - edge_start
        start = np.int64(halves[cursors + e])
        if start < stop and arena[ring + start * words] <= edge_bound(edges, edge, latest, 0):
            start = advance_edge(arena, streams, edges, s, block, e, now)
        if start != seen:
            seen = start
            place = ring + start * words
            count, total = _totals_from(arena, streams, s, place, stop - start, counted, summed)
            whole, mean = _in_units(count, total, factor)
            has_deviation = has_largest = has_smallest = False
        _write_totals(reads, r, count, whole, mean, values, lane)
        if reads[r, R_MORE] == 0:
            continue
        if reads[r, R_STD] >= 0:
            if not has_deviation:
                has_deviation = True
                place = ring + start * words + square_column
                deviation = _deviation_from(arena, count, total, square_after, place, factor)
            values[reads[r, R_STD], lane] = deviation
        if reads[r, R_MAX] >= 0:
            if not has_largest:
                has_largest = True
                queue = block + streams[s, S_MAX]
                largest = _unscaled(_read_extreme(arena, streams, edges, s, queue, e, now), factor)
            values[reads[r, R_MAX], lane] = largest
        if reads[r, R_MIN] >= 0:
            if not has_smallest:
                has_smallest = True
                queue = block + streams[s, S_MIN]
                # A queue of minima holds negated values.
                extreme = _read_extreme(arena, streams, edges, s, queue, e, now)
                smallest = -_unscaled(extreme, factor)
            values[reads[r, R_MIN], lane] = smallest
        if reads[r, R_RARE] != 0:
            _read_rare(
                arena, streams, reads, shares, scratch, r, s, block, e, start, stop, values, lane
            )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def read_nothing(reads: Any, first: Int, behind: Int, values: Any, lane: Int) -> None:
    """Do the reads from `first` to `behind` of a stream of which the key has no entry yet: what
    `read_windows` writes for an empty ring.
    """
    for r in range(first, behind):
        for column in range(R_COUNT, R_RARE):
            row = reads[r, column]
            if row >= 0:
                is_counted = column == R_COUNT or column == R_SUM or column == R_DISTINCT
                values[row, lane] = 0.0 if is_counted else math.nan
