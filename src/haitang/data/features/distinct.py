"""Exact distinct counts: the latest entry of each value is flagged, and every window counts its
flags.

A window holds a value exactly when it holds the value's latest entry, so an entry that leaves or
enters changes a count by its flag. Short rings find the latest entry by a scan, longer ones through
a hash table of their own.
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
    S_CURSORS,
    S_DISTINCT,
    S_EDGE_START,
    S_EDGE_STOP,
    S_ENTRY_HASH,
    S_ENTRY_WORDS,
    S_TABLE,
)
from haitang.kernel.pointers import Int, as_halves

NEAR = 8
"""Entries from the end among which the last of a value is looked for, to be moved."""
TABLE_FROM = 32
"""Rings longer than this find the latest entry of a value through a hash table instead of a scan.
"""


@njit(cache=True, nogil=True, error_model="numpy")
def upper_bound(arena: Any, ring: Int, words: Int, length: Int, instant: Int) -> Int:
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


@njit(cache=True, nogil=True, error_model="numpy")
def _table_slot(arena: Any, table: Int, capacity: Int, value: Int) -> Int:
    i = np.int64((np.uint64(value) >> np.uint64(7)) & np.uint64(capacity - 1))
    while arena[table + 2 * i] != 0 and arena[table + 2 * i] != value:
        i = (i + 1) & (capacity - 1)
    return np.int64(i)


@njit(cache=True, nogil=True, error_model="numpy")
def table_put(arena: Any, block: Int, value: Int, instant: Int) -> None:
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


@njit(cache=True, nogil=True, error_model="numpy")
def table_drop(arena: Any, block: Int, value: Int) -> None:
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


@njit(cache=True, nogil=True, error_model="numpy")
def _latest_of(arena: Any, streams: Any, s: Int, block: Int, value: Int) -> Int:
    """Return the index of the flagged entry of a value (its last bit cleared) among those entered,
    or -1.
    """
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


@njit(cache=True, nogil=True, error_model="numpy")
def renew(arena: Any, streams: Any, s: Int, block: Int, instant: Int, value_hash: Int) -> bool:
    """Move the latest entry of a value to the end and to a new instant, where it stands near the
    end and nothing is later; else return False, with nothing done.

    Windows that end now ask when a value came last, and never when it came before that. What comes
    again and again (a device, a region) then takes one entry, however often it comes.
    """
    halves = as_halves(arena)
    length = np.int64(halves[2 * (block + B_LENGTH)])
    words = streams[s, S_ENTRY_WORDS]
    hash_word = streams[s, S_ENTRY_HASH]
    ring = arena[block + B_RING]
    last = ring + (length - 1) * words
    if length == 0 or arena[last] > instant:
        return False
    flagged = value_hash | 1
    lowest: Int = max(length - NEAR, 0)
    index = length - 1
    while index >= lowest and arena[ring + index * words + hash_word] != flagged:
        index -= 1
    if index < lowest:
        return False
    for i in range(ring + index * words, last):
        arena[i] = arena[i + words]
    arena[last] = instant
    arena[last + hash_word] = flagged
    if arena[block + streams[s, S_TABLE]] != 0:
        table_put(arena, block + streams[s, S_TABLE], flagged, instant)
    cursors = 2 * (block + streams[s, S_CURSORS])
    counts = 2 * (block + streams[s, S_DISTINCT])
    for e in range(streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]):
        if np.int64(halves[cursors + e]) > index:
            # The window had left it behind, and holds it again.
            halves[cursors + e] -= np.uint32(1)
            halves[counts + e] += np.uint32(1)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def build_table(arena: Any, streams: Any, s: Int, block: Int) -> None:
    """Give a ring its hash table of latest entries, from the flags of those that have entered."""
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
            table_put(arena, table_block, value, arena[ring + i * words])


@njit(cache=True, nogil=True, error_model="numpy")
def enter_distinct(arena: Any, streams: Any, s: Int, block: Int, index: Int) -> None:
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
        table_put(arena, block + streams[s, S_TABLE], value | 1, arena[place])
    cursors = 2 * (block + streams[s, S_CURSORS])
    counts = 2 * (block + streams[s, S_DISTINCT])
    for e in range(streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]):
        cursor = np.int64(halves[cursors + e])
        if previous < cursor <= index:
            halves[counts + e] += np.uint32(1)
