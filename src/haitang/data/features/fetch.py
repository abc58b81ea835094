"""Bring a block's keys into the cache before they are folded: tables, records, and what hangs on
them. Nothing here changes a value; only records that are new are made.

Memory answers many requests in the time of one, so each step asks for many events what the next
one reads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import (
    TAG_BITS,
    find_or_create,
    first_slot,
    prefetch,
    subtable_of,
)
from haitang.data.features.columns import LANE_SHIFT, LANES, lowest_bit, nonzero_lanes
from haitang.data.features.layout import (
    B_LENGTH,
    B_RING,
    N_DIRECTORY,
    N_RECORD_WORDS,
    Q_ENTRIES,
    Q_LENGTH,
    S_CURSORS,
    S_EDGE_START,
    S_EDGE_STOP,
    S_ENTRY_WORDS,
    S_MAX,
    S_TABLE,
    V_HOME,
)
from haitang.data.features.visits import ROW_SHIFT
from haitang.kernel.pointers import Int, address_of, as_halves, as_words

LINE_BYTES = 64
LINE_WORDS = 8
AHEAD = 32
"""Visits from one step to the next: memory has answered by then, and what it brought is near."""


@njit(nogil=True, error_model="numpy", inline="always")
def find_records(
    arena: Any, entities: Any, slot_entities: Any, slot_count: Int, keys: Any, present: Any,
    records: Any, finds: Any, count: Int,
) -> None:  # fmt: skip
    """Find or make the records of a block, fetching ahead: table, then record.

    `present` gets the events that have each slot; `finds` is room for a slot and lane of each.
    """
    base = address_of(arena)
    words = as_words(keys)
    found = 0
    for x in range(slot_count):
        directory = entities[slot_entities[x], N_DIRECTORY]
        for j in range(count):
            records[x, j] = 0
        here = nonzero_lanes(words, x * LANES, count)
        present[x] = here
        while here != np.uint64(0):
            j = lowest_bit(here)
            here &= here - np.uint64(1)
            key = keys[x, j]
            finds[found] = x * LANES + j
            found += 1
            entry = subtable_of(directory, key)
            capacity = arena[entry + 1] >> 32
            if capacity > 0:
                prefetch(base + 8 * (arena[entry] + first_slot(key, capacity)))
    for i in range(found):
        x = finds[i] >> LANE_SHIFT
        j = finds[i] & (LANES - 1)
        key = keys[x, j]
        entry = subtable_of(entities[slot_entities[x], N_DIRECTORY], key)
        capacity = arena[entry + 1] >> 32
        if capacity > 0:
            # Mostly the right one; a wrong guess costs a line of the cache, nothing else.
            slot = arena[arena[entry] + first_slot(key, capacity)]
            prefetch(base + 8 * (slot >> TAG_BITS))
    for i in range(found):
        x = finds[i] >> LANE_SHIFT
        j = finds[i] & (LANES - 1)
        entity = slot_entities[x]
        records[x, j] = find_or_create(
            arena, entities[entity, N_DIRECTORY], keys[x, j], entities[entity, N_RECORD_WORDS]
        )


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _fetch_ring(arena: Any, streams: Any, s: Int, block: Int) -> None:
    """Fetch where the next entry of a stream goes and where its windows begin."""
    halves = as_halves(arena)
    base = address_of(arena)
    length = np.int64(halves[2 * (block + B_LENGTH)])
    words = streams[s, S_ENTRY_WORDS]
    ring = base + 8 * arena[block + B_RING]
    tail = ring + 8 * length * words
    # To ask for a line for nothing costs less than to guess wrongly whether it is wanted.
    prefetch(tail)
    prefetch(tail - LINE_BYTES)
    prefetch(ring)
    if tail - ring > 2 * LINE_BYTES:
        if streams[s, S_TABLE] > 0 and arena[block + streams[s, S_TABLE]] == 0:
            # A new value is looked for in all of a short ring.
            for line in range(ring + LINE_BYTES, tail - LINE_BYTES, LINE_BYTES):
                prefetch(line)
        else:
            # Where each window begins: in a long ring every one is a line of its own.
            before = np.int64(-1)
            cursors = 2 * (block + streams[s, S_CURSORS])
            for e in range(streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]):
                line = (8 * words * np.int64(halves[cursors + e])) >> 6
                if line != before:
                    prefetch(ring + (line << 6))
                    prefetch(ring + (line << 6) + LINE_BYTES)
                    before = line
    if streams[s, S_MAX] > 0:
        queue = block + streams[s, S_MAX]
        end = 16 * np.int64(halves[2 * (queue + Q_LENGTH)])
        prefetch(base + 8 * arena[queue + Q_ENTRIES] + end)
        prefetch(base + 8 * arena[queue + Q_ENTRIES] + end - 16)


@njit(cache=True, nogil=True, error_model="numpy")
def fetch_blocks(arena: Any, spots: Any, first: Int, behind: Int) -> None:
    """Find the blocks of visits `first` to `behind` and fetch them; where there is none yet, the
    spot stays what it was.
    """
    base = address_of(arena)
    for v in range(first, behind):
        spot = spots[v]
        if spot < 0:
            block = arena[-spot]
            if block == 0:
                continue
            spots[v] = block
            prefetch(base + 8 * block)
            spot = block
        prefetch(base + 8 * (spot + LINE_WORDS))


@njit(cache=True, nogil=True, error_model="numpy")
def fetch_rings(
    arena: Any, streams: Any, rows: Any, visits: Any, spots: Any, first: Int, behind: Int
) -> None:
    """Fetch what hangs on the blocks of visits `first` to `behind`."""
    for v in range(first, behind):
        if spots[v] > 0:
            _fetch_ring(arena, streams, np.int64(rows[visits[v] >> ROW_SHIFT, V_HOME]), spots[v])
