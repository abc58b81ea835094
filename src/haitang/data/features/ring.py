"""One stream of one key: entries in order of time, running totals, and a cursor for every window.

An entry holds its instant and the totals *before* it, so a window's sum is a difference of two totals, exact in
wrapping integers, and a cursor an edge is all the state a window needs. Extremes are kept in monotone queues shared by all
windows (each with a cursor of its own); distinct counts by flagging the latest entry of each value.
A late event is inserted at its place and everything behind it is corrected.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import allocate, clear, release
from haitang.data.features.layout import (
    B_ENTERED,
    B_LENGTH,
    B_RING,
    G_TILE,
    G_WINDOW,
    Q_CURSORS,
    Q_ENTRIES,
    Q_LENGTH,
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
from haitang.data.features.pointers import as_halves

FIRST_ENTRIES = 2
TABLE_FROM = 32
"""Rings longer than this find the latest entry of a value through a hash table instead of a scan."""


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)  # type: ignore[untyped-decorator]
def edge_bound(edges: Any, edge: int, now: int, delay: int) -> int:
    """Return the instant up to which (inclusive) entries have left a window."""
    bound = now - delay - edges[edge, G_WINDOW]
    tile = edges[edge, G_TILE]
    if tile > 0:
        bound = (bound // tile) * tile
    return np.int64(bound)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def multiply_square(value: int) -> Any:
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


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def add_wide(arena: Any, offset: int, low: int, high: int) -> None:
    """Add a 128-bit number to the two words at `offset`."""
    before = np.uint64(arena[offset])
    after = before + np.uint64(low)
    carry = np.int64(1) if after < before else np.int64(0)
    arena[offset] = np.int64(after)
    arena[offset + 1] = arena[offset + 1] + high + carry


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def upper_bound(arena: Any, ring: int, words: int, length: int, instant: int) -> int:
    """Return the index of the first entry later than `instant`."""
    low = 0
    high = length
    while low < high:
        middle = (low + high) // 2
        if arena[ring + middle * words] <= instant:
            low = middle + 1
        else:
            high = middle
    return low


# -- the latest entry of each value ------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _table_slot(arena: Any, table: int, capacity: int, value: int) -> int:
    i = np.int64((np.uint64(value) >> np.uint64(7)) & np.uint64(capacity - 1))
    while arena[table + 2 * i] != 0 and arena[table + 2 * i] != value:
        i = (i + 1) & (capacity - 1)
    return np.int64(i)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _table_put(arena: Any, block: int, value: int, instant: int) -> None:
    """Remember that the latest entry of `value` stands at `instant`."""
    table = arena[block]
    capacity = arena[block + 1] >> 32
    used = arena[block + 1] & 0xFFFFFFFF
    if (used + 1) * 2 > capacity:
        bigger = allocate(arena, capacity * 4)
        clear(arena, bigger, capacity * 4)
        for i in range(capacity):
            if arena[table + 2 * i] != 0:
                slot = _table_slot(arena, bigger, capacity * 2, arena[table + 2 * i])
                arena[bigger + 2 * slot] = arena[table + 2 * i]
                arena[bigger + 2 * slot + 1] = arena[table + 2 * i + 1]
        release(arena, table, capacity * 2)
        table = bigger
        capacity = capacity * 2
        arena[block] = table
    slot = _table_slot(arena, table, capacity, value)
    if arena[table + 2 * slot] == 0:
        arena[table + 2 * slot] = value
        used += 1
    arena[table + 2 * slot + 1] = instant
    arena[block + 1] = (capacity << 32) | used


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _table_drop(arena: Any, block: int, value: int) -> None:
    """Forget a value; the entries behind it are moved up (no tombstones)."""
    table = arena[block]
    capacity = arena[block + 1] >> 32
    i = _table_slot(arena, table, capacity, value)
    if arena[table + 2 * i] == 0:
        return
    arena[block + 1] -= 1
    hole = i
    i = (i + 1) & (capacity - 1)
    while arena[table + 2 * i] != 0:
        other = arena[table + 2 * i]
        home = np.int64((np.uint64(other) >> np.uint64(7)) & np.uint64(capacity - 1))
        if ((i - home) & (capacity - 1)) >= ((i - hole) & (capacity - 1)):
            arena[table + 2 * hole] = other
            arena[table + 2 * hole + 1] = arena[table + 2 * i + 1]
            hole = i
        i = (i + 1) & (capacity - 1)
    arena[table + 2 * hole] = 0


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _latest_of(arena: Any, streams: Any, s: int, block: int, value: int) -> int:
    """Return the index of the flagged entry of a value (its last bit cleared) among those entered, or -1."""
    halves = as_halves(arena)
    ring = arena[block + B_RING]
    words = streams[s, S_ENTRY_WORDS]
    hash_word = streams[s, S_ENTRY_HASH]
    entered = np.int64(halves[2 * (block + B_ENTERED)])
    table_block = block + streams[s, S_TABLE]
    flagged = value | 1
    if arena[table_block] == 0:
        i = entered - 1
        while i >= 0:
            if arena[ring + i * words + hash_word] == flagged:
                return i
            i -= 1
        return np.int64(-1)
    table = arena[table_block]
    slot = _table_slot(arena, table, arena[table_block + 1] >> 32, flagged)
    if arena[table + 2 * slot] == 0:
        return np.int64(-1)
    i = upper_bound(arena, ring, words, entered, arena[table + 2 * slot + 1]) - 1
    while arena[ring + i * words + hash_word] != flagged:
        i -= 1
    return np.int64(i)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _build_table(arena: Any, streams: Any, s: int, block: int) -> None:
    halves = as_halves(arena)
    table_block = block + streams[s, S_TABLE]
    capacity = 4 * TABLE_FROM
    table = allocate(arena, capacity * 2)
    clear(arena, table, capacity * 2)
    arena[table_block] = table
    arena[table_block + 1] = capacity << 32
    ring = arena[block + B_RING]
    words = streams[s, S_ENTRY_WORDS]
    hash_word = streams[s, S_ENTRY_HASH]
    for i in range(np.int64(halves[2 * (block + B_ENTERED)])):
        value = arena[ring + i * words + hash_word]
        if value & 1:
            _table_put(arena, table_block, value, arena[ring + i * words])


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _enter_distinct(arena: Any, streams: Any, s: int, block: int, index: int) -> None:
    """Count entry `index` in every window that did not hold its value yet.

    When called for a late entry, entries behind it have entered before.
    """
    halves = as_halves(arena)
    ring = arena[block + B_RING]
    words = streams[s, S_ENTRY_WORDS]
    hash_word = streams[s, S_ENTRY_HASH]
    place = ring + index * words
    value = arena[place + hash_word] & ~np.int64(1)
    previous = _latest_of(arena, streams, s, block, value)
    if previous > index:
        return
    if previous >= 0:
        arena[ring + previous * words + hash_word] = value
    arena[place + hash_word] = value | 1
    if arena[block + streams[s, S_TABLE]] != 0:
        _table_put(arena, block + streams[s, S_TABLE], value | 1, arena[place])
    cursors = 2 * (block + streams[s, S_CURSORS])
    counts = 2 * (block + streams[s, S_DISTINCT])
    for e in range(streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]):
        cursor = np.int64(halves[cursors + e])
        if previous < cursor <= index:
            halves[counts + e] += np.uint32(1)


# -- extremes ----------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)  # type: ignore[untyped-decorator]
def advance_queue(
    arena: Any, streams: Any, edges: Any, s: int, queue: int, e: int, now: int
) -> int:
    """Move one edge's cursor past what left its window; return the cursor."""
    halves = as_halves(arena)
    entries = arena[queue + Q_ENTRIES]
    length = np.int64(halves[2 * (queue + Q_LENGTH)])
    place = 2 * (queue + Q_CURSORS) + e
    cursor = np.int64(halves[place])
    if cursor < length:
        bound = edge_bound(edges, streams[s, S_EDGE_START] + e, now, streams[s, S_DELAY])
        while cursor < length and arena[entries + 2 * cursor] <= bound:
            cursor += 1
        halves[place] = np.uint32(cursor)
    return cursor


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _reserve_queue(
    arena: Any, streams: Any, edges: Any, s: int, queue: int, now: int
) -> None:
    halves = as_halves(arena)
    length = np.int64(halves[2 * (queue + Q_LENGTH)])
    capacity = np.int64(halves[2 * (queue + Q_LENGTH) + 1])
    if length < capacity:
        return
    edge_count = streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]
    dead = length
    for e in range(edge_count):
        dead = min(dead, advance_queue(arena, streams, edges, s, queue, e, now))
    entries = arena[queue + Q_ENTRIES]
    live = length - dead
    target = entries
    if live * 4 > capacity * 3 or capacity == 0:
        bigger = max(FIRST_ENTRIES, capacity * 2)
        target = allocate(arena, bigger * 2)
        halves[2 * (queue + Q_LENGTH) + 1] = np.uint32(bigger)
    for i in range(live * 2):
        arena[target + i] = arena[entries + dead * 2 + i]
    if target != entries:
        release(arena, entries, capacity * 2)
        arena[queue + Q_ENTRIES] = target
    halves[2 * (queue + Q_LENGTH)] = np.uint32(live)
    for e in range(edge_count):
        halves[2 * (queue + Q_CURSORS) + e] -= np.uint32(dead)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _push_queue(
    arena: Any,
    
    streams: Any,
    edges: Any,
    s: int,
    queue: int,
    instant: int,
    value: int,
    now: int,
) -> None:
    """Add a value to a monotone queue of largest values; a minimum is kept as the largest negative."""
    halves = as_halves(arena)
    length = np.int64(halves[2 * (queue + Q_LENGTH)])
    entries = arena[queue + Q_ENTRIES]
    behind = length
    while behind > 0 and arena[entries + 2 * (behind - 1)] > instant:
        behind -= 1
    if behind < length and arena[entries + 2 * behind + 1] >= value:
        return
    start = behind
    while start > 0 and arena[entries + 2 * (start - 1) + 1] <= value:
        start -= 1
    removed = behind - start
    if removed == 0:
        _reserve_queue(arena, streams, edges, s, queue, now)
        moved = length - np.int64(halves[2 * (queue + Q_LENGTH)])
        length -= moved
        start -= moved
        behind -= moved
        entries = arena[queue + Q_ENTRIES]
        if start < 0:
            # All entries before were dropped as dead; the late value stands before the first live one.
            start = 0
            behind = 0
    shift = 1 - removed
    if shift > 0:
        i = length - 1
        while i >= behind:
            arena[entries + 2 * (i + 1)] = arena[entries + 2 * i]
            arena[entries + 2 * (i + 1) + 1] = arena[entries + 2 * i + 1]
            i -= 1
    elif shift < 0:
        for i in range(behind, length):
            arena[entries + 2 * (i + shift)] = arena[entries + 2 * i]
            arena[entries + 2 * (i + shift) + 1] = arena[entries + 2 * i + 1]
    arena[entries + 2 * start] = instant
    arena[entries + 2 * start + 1] = value
    halves[2 * (queue + Q_LENGTH)] = np.uint32(length + shift)
    for e in range(streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]):
        place = 2 * (queue + Q_CURSORS) + e
        if np.int64(halves[place]) > start:
            # Its window may hold the new entry or not: `advance_queue` decides at the next read.
            halves[place] = np.uint32(start)


# -- the ring ----------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)  # type: ignore[untyped-decorator]
def entry_value(arena: Any, streams: Any, s: int, block: int, index: int) -> int:
    """Return the value of an entry: the difference of the totals around it."""
    halves = as_halves(arena)
    words = streams[s, S_ENTRY_WORDS]
    column = streams[s, S_ENTRY_SUM]
    place = arena[block + B_RING] + index * words + column
    if index + 1 < np.int64(halves[2 * (block + B_LENGTH)]):
        return np.int64(arena[place + words] - arena[place])
    return np.int64(arena[block + streams[s, S_TOTAL_SUM]] - arena[place])


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _enter(
    arena: Any, streams: Any, edges: Any, s: int, block: int, index: int, now: int
) -> None:
    if streams[s, S_DISTINCT] > 0:
        _enter_distinct(arena, streams, s, block, index)
    if streams[s, S_MAX] > 0 or streams[s, S_MIN] > 0:
        value = entry_value(arena, streams, s, block, index)
        instant = arena[arena[block + B_RING] + index * streams[s, S_ENTRY_WORDS]]
        if streams[s, S_MAX] > 0:
            queue = block + streams[s, S_MAX]
            _push_queue(arena, streams, edges, s, queue, instant, value, now)
        if streams[s, S_MIN] > 0:
            queue = block + streams[s, S_MIN]
            _push_queue(arena, streams, edges, s, queue, instant, -value, now)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def enter_due(
    arena: Any, streams: Any, edges: Any, s: int, block: int, now: int
) -> None:
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


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)  # type: ignore[untyped-decorator]
def advance_edge(
    arena: Any, streams: Any, edges: Any, s: int, block: int, e: int, now: int
) -> int:
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


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _coalesced_length(
    arena: Any, streams: Any, s: int, block: int, dead: int, now: int
) -> int:
    """Keep the first entry of each tile among entries that only tiled windows can see; return the new length.

    Cursors of tiled windows stand on the first entry of a tile, cursors of exact ones behind the region, so each
    is moved by the number of entries dropped before it. The last entry stays, because `last` reads it whole.
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
                # A cursor at or before the kept part has been settled; one behind the entry moves up by one.
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


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _reserve(
    arena: Any, streams: Any, edges: Any, s: int, block: int, now: int
) -> None:
    """Make room for one more entry: drop what no window can see, coalesce what tiles allow, else grow."""
    halves = as_halves(arena)
    length = np.int64(halves[2 * (block + B_LENGTH)])
    capacity = np.int64(halves[2 * (block + B_LENGTH) + 1])
    if length < capacity:
        return
    words = streams[s, S_ENTRY_WORDS]
    ring = arena[block + B_RING]
    edge_count = streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]
    dead = length
    for e in range(edge_count):
        dead = min(dead, advance_edge(arena, streams, edges, s, block, e, now))
    table = streams[s, S_TABLE]
    if table > 0 and arena[block + table] != 0:
        for i in range(dead):
            value = arena[ring + i * words + streams[s, S_ENTRY_HASH]]
            if value & 1:
                _table_drop(arena, block + table, value)
    if streams[s, S_TILE] > 0 and length > dead:
        length = _coalesced_length(arena, streams, s, block, dead, now)
    live = length - dead
    target = ring
    if live * 4 > capacity * 3 or capacity == 0:
        bigger = max(FIRST_ENTRIES, capacity * 2)
        target = allocate(arena, bigger * words)
        halves[2 * (block + B_LENGTH) + 1] = np.uint32(bigger)
    if target != ring or dead > 0:
        for i in range(live * words):
            arena[target + i] = arena[ring + dead * words + i]
    if target != ring:
        release(arena, ring, capacity * words)
        arena[block + B_RING] = target
    halves[2 * (block + B_LENGTH)] = np.uint32(live)
    halves[2 * (block + B_ENTERED)] -= np.uint32(dead)
    for e in range(edge_count):
        halves[2 * (block + streams[s, S_CURSORS]) + e] -= np.uint32(dead)
    if table > 0 and arena[block + table] == 0 and live > TABLE_FROM:
        _build_table(arena, streams, s, block)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def insert(
    arena: Any,
    
    streams: Any,
    edges: Any,
    s: int,
    block: int,
    instant: int,
    value: int,
    value_hash: int,
    now: int,
) -> None:
    """Add one event at its place in time (behind those of the same instant)."""
    halves = as_halves(arena)
    _reserve(arena, streams, edges, s, block, now)
    words = streams[s, S_ENTRY_WORDS]
    ring = arena[block + B_RING]
    length = np.int64(halves[2 * (block + B_LENGTH)])
    index = length
    if length > 0 and arena[ring + (length - 1) * words] > instant:
        index = upper_bound(arena, ring, words, length, instant)
        i = (length - index) * words - 1
        while i >= 0:
            arena[ring + (index + 1) * words + i] = arena[ring + index * words + i]
            i -= 1
        cursors = 2 * (block + streams[s, S_CURSORS])
        for e in range(streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]):
            if np.int64(halves[cursors + e]) > index:
                halves[cursors + e] += np.uint32(1)
    halves[2 * (block + B_LENGTH)] = np.uint32(length + 1)
    place = ring + index * words
    arena[place] = instant
    _write_totals(arena, streams, s, block, place, index == length, length - index, value)
    if streams[s, S_ENTRY_HASH] > 0:
        arena[place + streams[s, S_ENTRY_HASH]] = value_hash & ~np.int64(1)
    entered = np.int64(halves[2 * (block + B_ENTERED)])
    if index < entered or instant <= now - streams[s, S_DELAY]:
        # A late entry of the part that has entered; `enter_due` before this call let all earlier ones in.
        halves[2 * (block + B_ENTERED)] = np.uint32(entered + 1)
        _enter(arena, streams, edges, s, block, index, now)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _write_totals(
    arena: Any,
    streams: Any,
    s: int,
    block: int,
    place: int,
    is_last: bool,
    behind: int,
    value: int,
) -> None:
    """Give the entry at `place` the totals before it and add it to those behind it and to the whole."""
    words = streams[s, S_ENTRY_WORDS]
    column = streams[s, S_ENTRY_SUM]
    if column > 0:
        total = block + streams[s, S_TOTAL_SUM]
        arena[place + column] = arena[total] if is_last else arena[place + words + column]
        arena[total] += value
        for i in range(1, behind + 1):
            arena[place + i * words + column] += value
    column = streams[s, S_ENTRY_COUNT]
    if column > 0:
        total = block + streams[s, S_TOTAL_COUNT]
        arena[place + column] = arena[total] if is_last else arena[place + words + column]
        arena[total] += 1
        for i in range(1, behind + 1):
            arena[place + i * words + column] += 1
    column = streams[s, S_ENTRY_SQUARE]
    if column > 0:
        low, high = multiply_square(value)
        total = block + streams[s, S_TOTAL_SQUARE]
        source = total if is_last else place + words + column
        arena[place + column] = arena[source]
        arena[place + column + 1] = arena[source + 1]
        add_wide(arena, total, low, high)
        for i in range(1, behind + 1):
            add_wide(arena, place + i * words + column, low, high)
