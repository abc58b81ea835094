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
from haitang.data.features.columns import LANES
from haitang.data.features.layout import (
    B_LENGTH,
    B_RING,
    C_OFFSET,
    N_DIRECTORY,
    N_RECORD_WORDS,
    Q_ENTRIES,
    Q_LENGTH,
    S_CURSORS,
    S_EDGE_START,
    S_EDGE_STOP,
    S_ENTRY_WORDS,
    S_LAZY,
    S_MAX,
    S_OFFSET,
    S_TABLE,
    S_WORDS,
    V_HOME,
    V_SLOT,
)
from haitang.data.features.pointers import Int, address_of, as_halves
from haitang.data.features.visits import LANE_BITS

LINE_BYTES = 64
LINE_WORDS = 8
STEPS = 3
"""Steps of `fetch_visit`."""
AHEAD = 16
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
    found = 0
    for x in range(slot_count):
        directory = entities[slot_entities[x], N_DIRECTORY]
        here = np.uint64(0)
        for j in range(count):
            key = keys[x, j]
            records[x, j] = 0
            if key != 0:
                here |= np.uint64(1) << np.uint64(j)
                finds[found] = x * LANES + j
                found += 1
                entry = subtable_of(directory, key)
                capacity = arena[entry + 1] >> 32
                if capacity > 0:
                    prefetch(base + 8 * (arena[entry] + first_slot(key, capacity)))
        present[x] = here
    for i in range(found):
        x = finds[i] // LANES
        j = finds[i] % LANES
        key = keys[x, j]
        entry = subtable_of(entities[slot_entities[x], N_DIRECTORY], key)
        capacity = arena[entry + 1] >> 32
        if capacity > 0:
            # Mostly the right one; a wrong guess costs a line of the cache, nothing else.
            slot = arena[arena[entry] + first_slot(key, capacity)]
            prefetch(base + 8 * (slot >> TAG_BITS))
    for i in range(found):
        x = finds[i] // LANES
        j = finds[i] % LANES
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
    if length == 0:
        return
    words = streams[s, S_ENTRY_WORDS]
    ring = base + 8 * arena[block + B_RING]
    tail = ring + 8 * length * words
    prefetch(tail)
    if tail - ring <= LINE_BYTES:
        prefetch(ring)
    elif streams[s, S_TABLE] > 0 and arena[block + streams[s, S_TABLE]] == 0:
        # A new value is looked for in all of a short ring.
        for line in range(ring, tail, LINE_BYTES):
            prefetch(line)
    else:
        prefetch(tail - LINE_BYTES)
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


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _fetch_words(base: Int, start: Int, words: Int) -> None:
    """Fetch the lines of a few words."""
    prefetch(base + 8 * start)
    prefetch(base + 8 * (start + words - 1))
    if words > LINE_WORDS:
        for word in range(start + LINE_WORDS, start + words - 1, LINE_WORDS):
            prefetch(base + 8 * word)


@njit(nogil=True, error_model="numpy", inline="always")
def fetch_visit(
    arena: Any, streams: Any, cells: Any, stream_count: Int, rows: Any, records: Any, visit: Int,
    step: Int,
) -> None:  # fmt: skip
    """Fetch what a visit needs: first the place in the record, then the stream's block where it has
    one of its own, then what hangs on it.
    """
    base = address_of(arena)
    row = visit >> LANE_BITS
    s = np.int64(rows[row, V_HOME])
    record = records[rows[row, V_SLOT], visit & (LANES - 1)]
    if s >= stream_count:
        if step == 0:
            prefetch(base + 8 * (record + cells[s - stream_count, C_OFFSET]))
        return
    block = record + streams[s, S_OFFSET]
    if streams[s, S_LAZY] == 0:
        if step == 0:
            _fetch_words(base, block, streams[s, S_WORDS])
        elif step == 2:
            _fetch_ring(arena, streams, s, block)
    elif step == 0:
        prefetch(base + 8 * block)
    else:
        block = arena[block]
        if block != 0:
            if step == 1:
                _fetch_words(base, block, streams[s, S_WORDS])
            else:
                _fetch_ring(arena, streams, s, block)
