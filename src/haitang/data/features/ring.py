"""One stream of one key: entries in order of time, running totals, and a cursor for every window.

An entry holds its instant and the totals *before* it, so a window's sum is a difference of two
totals, exact in wrapping integers, and a cursor an edge is all the state a window needs. Extremes
are kept in monotone queues shared by all windows (each with a cursor of its own); distinct counts
by flagging the latest entry of each value. A late event is inserted at its place and everything
behind it is corrected.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import allocate, release
from haitang.data.features.distinct import (
    TABLE_FROM,
    build_table,
    enter_distinct,
    renew,
    table_drop,
    upper_bound,
)
from haitang.data.features.extremes import edge_bound, push_queue
from haitang.data.features.layout import (
    B_ENTERED,
    B_LENGTH,
    B_RING,
    S_CURSORS,
    S_DELAY,
    S_DISTINCT,
    S_EDGE_START,
    S_EDGE_STOP,
    S_ENTRY_COUNT,
    S_ENTRY_HASH,
    S_ENTRY_SQUARE,
    S_ENTRY_SUM,
    S_ENTRY_WORDS,
    S_EXACT,
    S_MAX,
    S_MIN,
    S_TABLE,
    S_TILE,
    S_TOTAL_COUNT,
    S_TOTAL_SQUARE,
    S_TOTAL_SUM,
)
from haitang.kernel.pointers import Int, as_halves

FIRST_ENTRIES = 2
LARGE_ENTRIES = 4_096
"""From so many entries on, a ring makes room before it is full: how long before, differs."""


@njit(cache=True, nogil=True, error_model="numpy")
def multiply_square(value: Int) -> Any:
    """Return the square of a 64-bit integer as (low, high) words of 128 bits."""
    magnitude = np.uint64(abs(value))
    mask = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    low = magnitude & mask
    high = magnitude >> half
    cross = low * high
    low_square = low * low
    middle = (low_square >> half) + ((cross & mask) << np.uint64(1))
    out_low = (low_square & mask) | (middle << half)
    out_high = high * high + ((cross >> half) << np.uint64(1)) + (middle >> half)
    return np.int64(out_low), np.int64(out_high)


@njit(cache=True, nogil=True, error_model="numpy")
def add_wide(arena: Any, offset: Int, low: Int, high: Int) -> None:
    """Add a 128-bit number to the two words at `offset`."""
    before = np.uint64(arena[offset])
    after = before + np.uint64(low)
    carry = np.int64(1) if after < before else np.int64(0)
    arena[offset] = np.int64(after)
    arena[offset + 1] = arena[offset + 1] + high + carry


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def take_wide(arena: Any, offset: Int, taken: Int) -> Any:
    """Return the 128-bit number at `offset` less the one at `taken`, as (low, high) words."""
    low = np.uint64(arena[offset])
    less = np.uint64(arena[taken])
    borrow = np.int64(1) if low < less else np.int64(0)
    return np.int64(low - less), arena[offset + 1] - arena[taken + 1] - borrow


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def entry_value(arena: Any, streams: Any, s: Int, block: Int, index: Int) -> Int:
    """Return the value of an entry: the difference of the totals around it."""
    halves = as_halves(arena)
    words = streams[s, S_ENTRY_WORDS]
    column = streams[s, S_ENTRY_SUM]
    place = arena[block + B_RING] + index * words + column
    if index + 1 < np.int64(halves[2 * (block + B_LENGTH)]):
        return np.int64(arena[place + words] - arena[place])
    return np.int64(arena[block + streams[s, S_TOTAL_SUM]] - arena[place])


@njit(cache=True, nogil=True, error_model="numpy")
def _enter(arena: Any, streams: Any, edges: Any, s: Int, block: Int, index: Int, now: Int) -> None:
    if streams[s, S_DISTINCT] > 0:
        enter_distinct(arena, streams, s, block, index)
    if streams[s, S_MAX] > 0 or streams[s, S_MIN] > 0:
        value = entry_value(arena, streams, s, block, index)
        instant = arena[arena[block + B_RING] + index * streams[s, S_ENTRY_WORDS]]
        if streams[s, S_MAX] > 0:
            queue = block + streams[s, S_MAX]
            push_queue(arena, streams, edges, s, queue, instant, value, now)
        if streams[s, S_MIN] > 0:
            queue = block + streams[s, S_MIN]
            push_queue(arena, streams, edges, s, queue, instant, -value, now)


@njit(cache=True, nogil=True, error_model="numpy")
def enter_due(arena: Any, streams: Any, edges: Any, s: Int, block: Int, now: Int) -> None:
    """Let entries in whose delay has passed."""
    halves = as_halves(arena)
    length = np.int64(halves[2 * (block + B_LENGTH)])
    place = 2 * (block + B_ENTERED)
    words = streams[s, S_ENTRY_WORDS]
    due = now - streams[s, S_DELAY]
    while (
        np.int64(halves[place]) < length
        and arena[arena[block + B_RING] + np.int64(halves[place]) * words] <= due
    ):
        index = np.int64(halves[place])
        _enter(arena, streams, edges, s, block, index, now)
        halves[place] = np.uint32(index + 1)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def advance_edge(arena: Any, streams: Any, edges: Any, s: Int, block: Int, e: Int, now: Int) -> Int:
    """Move one edge's cursor past what left its window; return the cursor."""
    halves = as_halves(arena)
    place = 2 * (block + streams[s, S_CURSORS]) + e
    cursor = np.int64(halves[place])
    entered = np.int64(halves[2 * (block + B_ENTERED)])
    if cursor >= entered:
        return cursor
    bound = edge_bound(edges, streams[s, S_EDGE_START] + e, now, streams[s, S_DELAY])
    ring = arena[block + B_RING]
    words = streams[s, S_ENTRY_WORDS]
    start = cursor
    if streams[s, S_DISTINCT] > 0:
        counts = 2 * (block + streams[s, S_DISTINCT]) + e
        hash_word = streams[s, S_ENTRY_HASH]
        while cursor < entered and arena[ring + cursor * words] <= bound:
            halves[counts] -= np.uint32(arena[ring + cursor * words + hash_word] & 1)
            cursor += 1
    else:
        while cursor < entered and arena[ring + cursor * words] <= bound:
            cursor += 1
    if cursor != start:
        halves[place] = np.uint32(cursor)
    return cursor


@njit(cache=True, nogil=True, error_model="numpy")
def _coalesced_length(arena: Any, streams: Any, s: Int, block: Int, dead: Int, now: Int) -> Int:
    """Keep the first entry of each tile among entries that only tiled windows can see; return the
    new length.

    Cursors of tiled windows stand on the first entry of a tile, cursors of exact ones behind the
    region, so each is moved by the number of entries dropped before it. The last entry stays,
    because `last` reads it whole.
    """
    halves = as_halves(arena)
    ring = arena[block + B_RING]
    words = streams[s, S_ENTRY_WORDS]
    length = np.int64(halves[2 * (block + B_LENGTH)])
    tile = streams[s, S_TILE]
    horizon = now - streams[s, S_EXACT]
    cursors = 2 * (block + streams[s, S_CURSORS])
    edge_count = streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]
    kept = dead
    previous_tile = np.int64(0)
    dropped = 0
    for i in range(dead, length):
        instant = arena[ring + i * words]
        this_tile = (instant - 1) // tile
        if i > dead and i < length - 1 and instant <= horizon and this_tile == previous_tile:
            for e in range(edge_count):
                # A cursor at or before the kept part has been settled; one behind the entry moves
                # up by one.
                if np.int64(halves[cursors + e]) > kept:
                    halves[cursors + e] -= np.uint32(1)
            dropped += 1
        else:
            if kept != i:
                for w in range(words):
                    arena[ring + kept * words + w] = arena[ring + i * words + w]
            kept += 1
        previous_tile = this_tile
    if dropped > 0:
        halves[2 * (block + B_LENGTH)] = np.uint32(kept)
        halves[2 * (block + B_ENTERED)] -= np.uint32(dropped)
    return kept


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _limit(capacity: Int, s: Int) -> Int:
    """Return at how many entries a ring makes room.

    The streams of a key have equally many entries, and would all be full at the same event. Large
    ones make room at different lengths, so that no event waits for more than a few of them.
    """
    return capacity - (capacity // LARGE_ENTRIES) * (s % 16) * (LARGE_ENTRIES // 128)


@njit(cache=True, nogil=True, error_model="numpy")
def _make_room(arena: Any, streams: Any, edges: Any, s: Int, block: Int, now: Int) -> None:
    """Make room for one more entry: drop what no window can see, coalesce what tiles allow, else
    grow.
    """
    halves = as_halves(arena)
    length = np.int64(halves[2 * (block + B_LENGTH)])
    capacity = np.int64(halves[2 * (block + B_LENGTH) + 1])
    limit = _limit(capacity, s)
    words = streams[s, S_ENTRY_WORDS]
    ring = arena[block + B_RING]
    edge_count = streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]
    dead: Int = length
    for e in range(edge_count):
        dead = min(dead, advance_edge(arena, streams, edges, s, block, e, now))
    table = streams[s, S_TABLE]
    if table > 0 and arena[block + table] != 0:
        for i in range(dead):
            value = arena[ring + i * words + streams[s, S_ENTRY_HASH]]
            if value & 1:
                table_drop(arena, block + table, value)
    if streams[s, S_TILE] > 0 and length > dead:
        length = _coalesced_length(arena, streams, s, block, dead, now)
    live = length - dead
    target = ring
    if live * 4 > limit * 3 or capacity == 0:
        bigger = max(FIRST_ENTRIES, int(capacity) * 2)
        target = allocate(arena, bigger * words)
        halves[2 * (block + B_LENGTH) + 1] = np.uint32(bigger)
    if target != ring or dead > 0:
        for i in range(live * words):
            arena[target + i] = arena[ring + dead * words + i]
    if target != ring:
        release(arena, ring, capacity * words)
        arena[block + B_RING] = target
    halves[2 * (block + B_LENGTH)] = np.uint32(live)
    halves[2 * (block + B_ENTERED)] -= np.uint32(np.int64(dead))
    for e in range(edge_count):
        halves[2 * (block + streams[s, S_CURSORS]) + e] -= np.uint32(np.int64(dead))
    if table > 0 and arena[block + table] == 0 and live > TABLE_FROM:
        build_table(arena, streams, s, block)


@njit(cache=True, nogil=True, error_model="numpy")
def _open_place(arena: Any, streams: Any, s: Int, block: Int, instant: Int) -> Int:
    """Move the entries of a ring that are later than an instant up by one; return the place that
    is free.
    """
    halves = as_halves(arena)
    words = streams[s, S_ENTRY_WORDS]
    ring = arena[block + B_RING]
    length = np.int64(halves[2 * (block + B_LENGTH)])
    index = upper_bound(arena, ring, words, length, instant)
    i = (length - index) * words - 1
    while i >= 0:
        arena[ring + (index + 1) * words + i] = arena[ring + index * words + i]
        i -= 1
    cursors = 2 * (block + streams[s, S_CURSORS])
    for e in range(streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]):
        if np.int64(halves[cursors + e]) > index:
            halves[cursors + e] += np.uint32(1)
    return index


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def insert(
    arena: Any,
    streams: Any,
    edges: Any,
    s: Int,
    block: Int,
    instant: Int,
    value: Int,
    value_hash: Int,
    now: Int,
) -> None:
    """Add one event at its place in time (behind those of the same instant).

    Nearly all come last and find room; what the others need stands apart.
    """
    is_distinct = streams[s, S_DISTINCT] > 0
    if (
        is_distinct
        and streams[s, S_DELAY] == 0
        and renew(arena, streams, s, block, instant, value_hash)
    ):
        return
    halves = as_halves(arena)
    if np.int64(halves[2 * (block + B_LENGTH)]) >= _limit(
        np.int64(halves[2 * (block + B_LENGTH) + 1]), s
    ):
        _make_room(arena, streams, edges, s, block, now)
    words = streams[s, S_ENTRY_WORDS]
    ring = arena[block + B_RING]
    length = np.int64(halves[2 * (block + B_LENGTH)])
    index = length
    place = ring + length * words
    if length > 0 and arena[place - words] > instant:
        index = _open_place(arena, streams, s, block, instant)
        place = ring + index * words
        _write_between(arena, streams, s, block, place, length - index, value)
    else:
        _write_last(arena, streams, s, block, place, value)
    halves[2 * (block + B_LENGTH)] = np.uint32(length + 1)
    arena[place] = instant
    if streams[s, S_ENTRY_HASH] > 0:
        arena[place + streams[s, S_ENTRY_HASH]] = value_hash & ~np.int64(1)
    entered = np.int64(halves[2 * (block + B_ENTERED)])
    if index < entered or instant <= now - streams[s, S_DELAY]:
        # A late entry of the part that has entered; `enter_due` before this call let all earlier
        # ones in.
        halves[2 * (block + B_ENTERED)] = np.uint32(entered + 1)
        if is_distinct or streams[s, S_MAX] > 0 or streams[s, S_MIN] > 0:
            _enter(arena, streams, edges, s, block, index, now)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _write_last(arena: Any, streams: Any, s: Int, block: Int, place: Int, value: Int) -> None:
    """Give the last entry, at `place`, the totals before it and add it to the whole."""
    column = streams[s, S_ENTRY_SUM]
    if column > 0:
        total = block + streams[s, S_TOTAL_SUM]
        before = arena[total]
        arena[place + column] = before
        arena[total] = before + value
    column = streams[s, S_ENTRY_COUNT]
    if column > 0:
        total = block + streams[s, S_TOTAL_COUNT]
        before = arena[total]
        arena[place + column] = before
        arena[total] = before + 1
    column = streams[s, S_ENTRY_SQUARE]
    if column > 0:
        low, high = multiply_square(value)
        total = block + streams[s, S_TOTAL_SQUARE]
        arena[place + column] = arena[total]
        arena[place + column + 1] = arena[total + 1]
        add_wide(arena, total, low, high)


@njit(cache=True, nogil=True, error_model="numpy")
def _write_between(
    arena: Any, streams: Any, s: Int, block: Int, place: Int, behind: Int, value: Int
) -> None:
    """Give the entry at `place` the totals before it, which those of the next were, and add it to
    the `behind` entries behind it and to the whole.
    """
    words = streams[s, S_ENTRY_WORDS]
    column = streams[s, S_ENTRY_SUM]
    if column > 0:
        arena[place + column] = arena[place + words + column]
        arena[block + streams[s, S_TOTAL_SUM]] += value
        for i in range(1, behind + 1):
            arena[place + i * words + column] += value
    column = streams[s, S_ENTRY_COUNT]
    if column > 0:
        arena[place + column] = arena[place + words + column]
        arena[block + streams[s, S_TOTAL_COUNT]] += 1
        for i in range(1, behind + 1):
            arena[place + i * words + column] += 1
    column = streams[s, S_ENTRY_SQUARE]
    if column > 0:
        low, high = multiply_square(value)
        source = place + words + column
        arena[place + column] = arena[source]
        arena[place + column + 1] = arena[source + 1]
        add_wide(arena, block + streams[s, S_TOTAL_SQUARE], low, high)
        for i in range(1, behind + 1):
            add_wide(arena, place + i * words + column, low, high)
