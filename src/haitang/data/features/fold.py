"""Fold a block of events into the state of their keys and read what policies ask: the heart of the
engine.

Events are folded strictly one after another, key by key, so a block of 64 gives what 64 blocks of
one give. What is done for the whole block at once is only what has no effect on values: finding
records and fetching them into the cache.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import (
    KEY_COUNT,
    NEVER_US,
    RECORD_HEADER_WORDS,
    RECORD_NOW,
    SUBTABLES,
    SWEEP_POSITION,
    TAG_BITS,
    WATERMARK_US,
    allocate,
    clear,
    release,
    resize,
)
from haitang.data.features.columns import LANES, ROW_STRIDE
from haitang.data.features.fetch import fetch_streams, find_records
from haitang.data.features.layout import (
    B_LENGTH,
    B_RING,
    C_COLUMNS,
    C_MASK,
    C_OFFSET,
    C_PLACE_START,
    C_PLACE_STOP,
    C_SEEN,
    C_SOURCE,
    CELL_FIRST,
    CELL_LAST,
    CELL_LATEST,
    CELL_TOTAL,
    D_COLUMNS,
    G_COLUMNS,
    N_COLUMNS,
    N_DIRECTORY,
    N_RECORD_WORDS,
    N_RETENTION,
    N_STREAM_START,
    N_STREAM_STOP,
    P_COLUMNS,
    P_PRIOR,
    P_SLOT,
    P_STOP,
    P_WITH,
    Q_ENTRIES,
    Q_LENGTH,
    R_COLUMNS,
    S_COLUMNS,
    S_DELAY,
    S_ENTRY_WORDS,
    S_FACTOR,
    S_HASH,
    S_LAZY,
    S_MASK,
    S_MAX,
    S_MIN,
    S_OFFSET,
    S_PLACE_START,
    S_PLACE_STOP,
    S_SEEN,
    S_SOURCE,
    S_TABLE,
    S_WORDS,
)
from haitang.data.features.pointers import (
    Int,
    as_floats,
    as_halves,
    pointer_to,
    table_of,
)
from haitang.data.features.reads import read_cell, read_nothing, read_windows, scaled
from haitang.data.features.ring import enter_due, insert


@njit(cache=True, nogil=True, error_model="numpy")
def free_record(arena: Any, entities: Any, streams: Any, entity: Int, record: Int) -> None:
    """Give back everything that hangs on a record, but not the record."""
    halves = as_halves(arena)
    for s in range(entities[entity, N_STREAM_START], entities[entity, N_STREAM_STOP]):
        block = record + streams[s, S_OFFSET]
        if streams[s, S_LAZY]:
            block = arena[block]
            if block == 0:
                continue
        capacity = np.int64(halves[2 * (block + B_LENGTH) + 1])
        release(arena, arena[block + B_RING], capacity * streams[s, S_ENTRY_WORDS])
        if streams[s, S_TABLE] > 0:
            table = block + streams[s, S_TABLE]
            release(arena, arena[table], (arena[table + 1] >> 32) * 2)
        for queue_offset in (streams[s, S_MAX], streams[s, S_MIN]):
            if queue_offset > 0:
                queue = block + queue_offset
                capacity = np.int64(halves[2 * (queue + Q_LENGTH) + 1])
                release(arena, arena[queue + Q_ENTRIES], capacity * 2)
        if streams[s, S_LAZY]:
            release(arena, block, streams[s, S_WORDS])


@njit(cache=True, nogil=True, error_model="numpy")
def empty_record(words: Any, tables: Any, entity: Int, record: Int) -> None:
    """Give back everything that hangs on a record, for callers outside the kernels."""
    entities = table_of(tables[0], N_COLUMNS)
    streams = table_of(tables[2], S_COLUMNS)
    free_record(pointer_to(words), entities, streams, entity, record)


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(words: Any, tables: Any) -> None:
    """Release the keys of one sub-table an entity that have been idle beyond their retention."""
    arena = pointer_to(words)
    entities = table_of(tables[0], N_COLUMNS)
    streams = table_of(tables[2], S_COLUMNS)
    position = arena[SWEEP_POSITION]
    arena[SWEEP_POSITION] = (position + 1) % SUBTABLES
    for entity in range(tables[0].shape[0]):
        entry = entities[entity, N_DIRECTORY] + 2 * position
        slots = arena[entry]
        if slots == 0:
            continue
        oldest = arena[WATERMARK_US] - entities[entity, N_RETENTION]
        capacity = arena[entry + 1] >> 32
        released = np.int64(0)
        for i in range(capacity):
            record = arena[slots + i] >> TAG_BITS
            if record != 0 and arena[record + RECORD_NOW] < oldest:
                free_record(arena, entities, streams, entity, record)
                release(arena, record, entities[entity, N_RECORD_WORDS])
                arena[slots + i] = 0
                released += 1
        if released > 0:
            arena[entry + 1] -= released
            arena[KEY_COUNT] -= released
            # Removing keys breaks probe chains, so the table is laid out anew (and smaller if it
            # can be).
            keys = arena[entry + 1] & 0xFFFFFFFF
            target = np.int64(4)
            while keys * 2 > target:
                target *= 2
            resize(arena, entry, target)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _is_asked(places: Any, wanted: Any, start: Int, stop: Int, standing: Int, bit: Any) -> bool:
    """Tell whether an event asks for a read at any of these places, in a slot where the key
    stands.
    """
    for q in range(start, stop):
        if (standing >> places[q, P_SLOT]) & 1 and (wanted[q] >> bit) & np.uint64(1) != 0:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def mark_touched(
    rows: Any, row_count: Int, mask_column: Int, start_column: Int, wanted: Any, masks: Any,
    touched: Any,
) -> None:  # fmt: skip
    """Write per stream (or cell) which events of the block count in it or may ask for it."""
    for s in range(row_count):
        mask = rows[s, mask_column]
        events = ~np.uint64(0) if mask < 0 else masks[mask]
        for q in range(rows[s, start_column], rows[s, start_column + 1]):
            events |= wanted[q]
        touched[s] = events


@njit(cache=True, nogil=True, error_model="numpy")
def _fold_streams(
    arena: Any, streams: Any, edges: Any, reads: Any, places: Any, shares: Any, scratch: Any,
    hashes: Any, wanted: Any, touched: Any, event_count: Int,
    active: Any, start: Int, stop: Int, record: Int, standing: Int, instant: Int, now: Int,
    event: Int, lane: Int, values: Any, masks: Any,
) -> None:  # fmt: skip
    bit = np.uint64(lane)
    for i in range(start, stop):
        s = active[i]
        if (touched[s] >> bit) & np.uint64(1) == 0:
            continue
        mask = streams[s, S_MASK]
        counts = (streams[s, S_SEEN] & standing) != 0 and (
            mask < 0 or ((masks[mask] >> bit) & np.uint64(1)) != 0
        )
        first_place = streams[s, S_PLACE_START]
        behind = streams[s, S_PLACE_STOP]
        asked = _is_asked(places, wanted, first_place, behind, standing, bit)
        if not (counts or asked):
            continue
        block = record + streams[s, S_OFFSET]
        if streams[s, S_LAZY]:
            place = block
            block = arena[place]
            if block == 0:
                if not counts:
                    for q in range(first_place, behind):
                        if (standing >> places[q, P_SLOT]) & 1 and (wanted[q] >> bit) & np.uint64(
                            1
                        ) != 0:
                            read_nothing(reads, places[q, P_PRIOR], places[q, P_STOP], values, lane)
                    continue
                block = allocate(arena, streams[s, S_WORDS])
                clear(arena, block, streams[s, S_WORDS])
                arena[place] = block
        if streams[s, S_DELAY] > 0:
            enter_due(arena, streams, edges, s, block, now)
        if counts:
            if asked:
                for q in range(first_place, behind):
                    if (
                        places[q, P_PRIOR] != places[q, P_WITH]
                        and (standing >> places[q, P_SLOT]) & 1
                        and (wanted[q] >> bit) & np.uint64(1) != 0
                    ):
                        read_windows(
                            arena, streams, edges, reads, shares, scratch,
                            places[q, P_PRIOR], places[q, P_WITH], s, block, now, values, lane,
                        )  # fmt: skip
            value = np.int64(0)
            if streams[s, S_SOURCE] >= 0:
                value = scaled(values[streams[s, S_SOURCE], lane], streams[s, S_FACTOR])
            value_hash = np.int64(0)
            if streams[s, S_HASH] >= 0:
                value_hash = np.int64(hashes[streams[s, S_HASH] * event_count + event])
            elif streams[s, S_HASH] == -2:
                # The multiplier spreads neighbouring numbers over the table; it is odd, so nothing
                # collides.
                value_hash = (value * np.int64(-7046029254386353131)) << 1
            insert(arena, streams, edges, s, block, instant, value, value_hash, now)
        if asked:
            for q in range(first_place, behind):
                if (standing >> places[q, P_SLOT]) & 1 and (wanted[q] >> bit) & np.uint64(1) != 0:
                    read_windows(
                        arena, streams, edges, reads, shares, scratch,
                        places[q, P_WITH if counts else P_PRIOR], places[q, P_STOP],
                        s, block, now, values, lane,
                    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _fold_cells(
    arena: Any, cells: Any, cell_reads: Any, places: Any, wanted: Any, touched: Any, active: Any,
    start: Int, stop: Int, record: Int, standing: Int, instant: Int, now: Int, lane: Int,
    values: Any, masks: Any,
) -> None:  # fmt: skip
    bit = np.uint64(lane)
    for i in range(start, stop):
        c = active[i]
        if (touched[c] >> bit) & np.uint64(1) == 0:
            continue
        cell = record + cells[c, C_OFFSET]
        mask = cells[c, C_MASK]
        counts = (cells[c, C_SEEN] & standing) != 0 and (
            mask < 0 or ((masks[mask] >> bit) & np.uint64(1)) != 0
        )
        for when in range(2):
            if when == 1 and counts:
                total = arena[cell + CELL_TOTAL]
                if total == 0 or instant < arena[cell + CELL_FIRST]:
                    arena[cell + CELL_FIRST] = instant
                if total == 0 or instant >= arena[cell + CELL_LAST]:
                    arena[cell + CELL_LAST] = instant
                    if cells[c, C_SOURCE] >= 0:
                        as_floats(arena)[cell + CELL_LATEST] = values[cells[c, C_SOURCE], lane]
                arena[cell + CELL_TOTAL] = total + 1
            for q in range(cells[c, C_PLACE_START], cells[c, C_PLACE_STOP]):
                if (standing >> places[q, P_SLOT]) & 1 and (wanted[q] >> bit) & np.uint64(1) != 0:
                    for d in range(places[q, P_PRIOR + when], places[q, P_WITH + when]):
                        read_cell(arena, cell_reads, d, cell, now, values, lane)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _standing(siblings: Any, ranges: Any, records: Any, slot: Int, lane: Int, record: Int) -> Int:
    """Return the set of slots in which the key of one slot stands in this event."""
    standing = np.int64(1) << slot
    for i in range(ranges[slot, 0], ranges[slot, 1]):
        other = siblings[i]
        if records[other, lane] == record:
            standing |= np.int64(1) << other
    return standing


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _move_clock(
    arena: Any, entities: Any, streams: Any, entity: Int, record: Int, instant: Int
) -> Int:
    """Return the key's `now` with this event; a key back after its retention starts anew."""
    now = arena[record + RECORD_NOW]
    if instant <= now:
        return now
    if now != NEVER_US and instant - now > entities[entity, N_RETENTION]:
        free_record(arena, entities, streams, entity, record)
        rest = entities[entity, N_RECORD_WORDS] - RECORD_HEADER_WORDS
        clear(arena, record + RECORD_HEADER_WORDS, rest)
    arena[record + RECORD_NOW] = instant
    return instant


@njit(nogil=True, error_model="numpy", inline="always")
def fold_block(
    arena_words: Any, tables: Any, read_shares: Any, active: Any, kinds: Any, sketch: Any,
    all_instants: Any, all_hashes: Any, first: Int, count: Int, block_keys: Any, block_records: Any,
    block_values: Any, block_masks: Any, block_wanted: Any, block_touched: Any,
) -> None:  # fmt: skip
    """Fold events `first` to `first + count` and write the aggregate features that are wanted into
    `block_values`.

    `block_keys` holds the block's key per slot and lane (0 missing); `block_masks` the predicates;
    `block_wanted` per place the events that ask for what is read there; `tables` the plan.
    """
    arena = pointer_to(arena_words)
    entities = table_of(tables[0], N_COLUMNS)
    slot_entities = pointer_to(tables[1])
    slot_count = tables[1].shape[0]
    streams = table_of(tables[2], S_COLUMNS)
    stream_count = tables[2].shape[0]
    edges = table_of(tables[3], G_COLUMNS)
    reads = table_of(tables[4], R_COLUMNS)
    places = table_of(tables[5], P_COLUMNS)
    cells = table_of(tables[6], C_COLUMNS)
    cell_reads = table_of(tables[7], D_COLUMNS)
    siblings = pointer_to(tables[8])
    sibling_ranges = table_of(tables[9], 2)
    missing_ranges = table_of(active[0], 2)
    missing_rows = pointer_to(active[1])
    stream_ranges = table_of(active[2], 2)
    active_streams = pointer_to(active[3])
    cell_ranges = table_of(active[4], 2)
    active_cells = pointer_to(active[5])
    shares = pointer_to(read_shares)
    scratch = pointer_to(sketch)
    instants = pointer_to(all_instants)
    hashes = pointer_to(all_hashes)
    event_count = all_instants.shape[0]
    keys = table_of(block_keys, LANES)
    records = table_of(block_records, LANES)
    values = table_of(block_values, ROW_STRIDE)
    masks = pointer_to(block_masks)
    wanted = pointer_to(block_wanted)
    touched = pointer_to(block_touched)
    touched_cells = pointer_to(block_touched[stream_count:])
    entity_count = tables[0].shape[0]
    mark_touched(streams, stream_count, S_MASK, S_PLACE_START, wanted, masks, touched)
    mark_touched(cells, tables[6].shape[0], C_MASK, C_PLACE_START, wanted, masks, touched_cells)
    find_records(arena, entities, slot_entities, slot_count, keys, records, count)
    if count > 4:
        fetch_streams(
            arena, entities, slot_entities, slot_count, streams, records, count, kinds,
            entity_count, stream_ranges, active_streams, touched,
            cells, cell_ranges, active_cells, touched_cells,
        )  # fmt: skip
    for j in range(count):
        kind = kinds[j]
        instant = instants[first + j]
        arena[WATERMARK_US] = max(arena[WATERMARK_US], instant)
        for x in range(slot_count):
            record = records[x, j]
            if record == 0:
                # Without the key nothing can be told: every feature of the slot is missing.
                at = kind * slot_count + x
                for i in range(missing_ranges[at, 0], missing_ranges[at, 1]):
                    values[missing_rows[i], j] = math.nan
                continue
            entity = slot_entities[x]
            standing = _standing(siblings, sibling_ranges, records, x, j, record)
            if standing & ((np.int64(1) << x) - 1):
                # One key in two slots is one key: it was folded at the first of them.
                continue
            at = kind * entity_count + entity
            now = _move_clock(arena, entities, streams, entity, record, instant)
            if stream_ranges[at, 0] < stream_ranges[at, 1]:
                _fold_streams(
                    arena, streams, edges, reads, places, shares, scratch, hashes, wanted, touched,
                    event_count, active_streams, stream_ranges[at, 0], stream_ranges[at, 1],
                    record, standing, instant, now, first + j, j, values, masks,
                )  # fmt: skip
            if cell_ranges[at, 0] < cell_ranges[at, 1]:
                _fold_cells(
                    arena, cells, cell_reads, places, wanted, touched_cells,
                    active_cells, cell_ranges[at, 0], cell_ranges[at, 1],
                    record, standing, instant, now, j, values, masks,
                )  # fmt: skip
