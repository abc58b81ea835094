"""Bring a block's keys into the cache before they are folded: tables, records, and what hangs on
them. Nothing here changes a value; only records that are new are made.

Memory answers many requests in the time of one, so each step asks for the whole block what the next
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
)
from haitang.data.features.pointers import Int, address_of, as_halves

LINE_BYTES = 64
WHOLE_WORDS = 64
"""Records up to this size are fetched whole."""


@njit(nogil=True, error_model="numpy", inline="always")
def find_records(
    arena: Any,
    entities: Any,
    slot_entities: Any,
    slot_count: Int,
    keys: Any,
    records: Any,
    count: Int,
) -> None:
    """Find or make the records of a block, fetching ahead: table, then record, then all of it."""
    base = address_of(arena)
    for x in range(slot_count):
        directory = entities[slot_entities[x], N_DIRECTORY]
        for j in range(count):
            key = keys[x, j]
            if key != 0:
                entry = subtable_of(directory, key)
                capacity = arena[entry + 1] >> 32
                if capacity > 0:
                    prefetch(base + 8 * (arena[entry] + first_slot(key, capacity)))
    for x in range(slot_count):
        directory = entities[slot_entities[x], N_DIRECTORY]
        for j in range(count):
            key = keys[x, j]
            if key != 0:
                entry = subtable_of(directory, key)
                capacity = arena[entry + 1] >> 32
                if capacity > 0:
                    # Mostly the right one; a wrong guess costs a line of the cache, nothing else.
                    slot = arena[arena[entry] + first_slot(key, capacity)]
                    prefetch(base + 8 * (slot >> TAG_BITS))
    for x in range(slot_count):
        entity = slot_entities[x]
        directory = entities[entity, N_DIRECTORY]
        for j in range(count):
            record = np.int64(0)
            if keys[x, j] != 0:
                record = find_or_create(
                    arena, directory, keys[x, j], entities[entity, N_RECORD_WORDS]
                )
                if entities[entity, N_RECORD_WORDS] <= WHOLE_WORDS:
                    for line in range(0, entities[entity, N_RECORD_WORDS], 8):
                        prefetch(base + 8 * (record + line))
                else:
                    # What is needed of a large record is fetched with what hangs on it.
                    prefetch(base + 8 * record)
            records[x, j] = record


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


@njit(nogil=True, error_model="numpy", inline="always")
def fetch_streams(
    arena: Any,
    entities: Any,
    slot_entities: Any,
    slot_count: Int,
    streams: Any,
    records: Any,
    count: Int,
    kinds: Any,
    entity_count: Int,
    stream_ranges: Any,
    active_streams: Any,
    touched: Any,
    cells: Any,
    cell_ranges: Any,
    active_cells: Any,
    touched_cells: Any,
) -> None:
    """Fetch what the events of a block touch: first the place in a large record, then what it
    points at; what hangs on blocks of their own comes a step later, when these are there.
    """
    base = address_of(arena)
    for step in range(3):
        for x in range(slot_count):
            entity = slot_entities[x]
            if step == 0 and entities[entity, N_RECORD_WORDS] <= WHOLE_WORDS:
                continue
            for j in range(count):
                record = records[x, j]
                if record == 0:
                    continue
                at = kinds[j] * entity_count + entity
                bit = np.uint64(j)
                if step == 0:
                    for i in range(cell_ranges[at, 0], cell_ranges[at, 1]):
                        c = active_cells[i]
                        if (touched_cells[c] >> bit) & np.uint64(1) != 0:
                            prefetch(base + 8 * (record + cells[c, C_OFFSET]))
                for i in range(stream_ranges[at, 0], stream_ranges[at, 1]):
                    s = active_streams[i]
                    if (touched[s] >> bit) & np.uint64(1) == 0:
                        continue
                    block = record + streams[s, S_OFFSET]
                    if step == 0:
                        prefetch(base + 8 * block)
                        continue
                    if streams[s, S_LAZY]:
                        block = arena[block]
                        if block == 0:
                            continue
                        if step == 1:
                            prefetch(base + 8 * block)
                            prefetch(base + 8 * (block + streams[s, S_WORDS] - 1))
                            continue
                    elif step == 2:
                        # All streams of an entity are kept in one way.
                        break
                    _fetch_ring(arena, streams, s, block)
