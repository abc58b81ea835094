"""Fold events into the streams and cells of their keys and read what policies ask: the heart of the
engine.

Events are folded strictly one after another, key by key, so a block of 64 gives what 64 blocks of
one give. What is done for the whole block at once is only what has no effect on values, such as
fetching into the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import (
    KEY_COUNT,
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
from haitang.data.features.cells import fold_cells
from haitang.data.features.columns import LANES
from haitang.data.features.fetch import (
    AHEAD,
    fetch_blocks,
    fetch_rings,
)
from haitang.data.features.layout import (
    B_LENGTH,
    B_RING,
    C_COLUMNS,
    D_COLUMNS,
    G_COLUMNS,
    N_COLUMNS,
    N_DIRECTORY,
    N_RECORD_WORDS,
    N_RETENTION,
    N_STREAM_START,
    N_STREAM_STOP,
    Q_ENTRIES,
    Q_LENGTH,
    R_COLUMNS,
    S_COLUMNS,
    S_DELAY,
    S_ENTRY_WORDS,
    S_FACTOR,
    S_HASH,
    S_LAZY,
    S_MAX,
    S_MIN,
    S_OFFSET,
    S_SOURCE,
    S_TABLE,
    S_WORDS,
    V_COLUMNS,
    V_HOME,
    V_HOME_START,
    V_HOME_STOP,
    V_PRIOR,
    V_SLOT,
    V_STOP,
    V_WITH,
)
from haitang.data.features.reads import read_nothing, read_windows, scaled
from haitang.data.features.ring import enter_due, insert
from haitang.data.features.visits import ASKS, COUNTS, ROW_SHIFT, is_at, list_visits
from haitang.kernel.pointers import (
    Int,
    as_halves,
    pointer_to,
    table_of,
)


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
def _new_block(arena: Any, streams: Any, s: Int, place: Int) -> Int:
    """Make the block of a stream that a key visits for the first time, and tell it at `place`."""
    block = allocate(arena, streams[s, S_WORDS])
    clear(arena, block, streams[s, S_WORDS])
    arena[place] = block
    return block


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _enter_event(
    arena: Any, streams: Any, edges: Any, hashes: Any, event_count: Int, s: Int, block: Int,
    instant: Int, now: Int, event: Int, lane: Int, values: Any,
) -> None:  # fmt: skip
    """Let an event into a stream."""
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


@njit(cache=True, nogil=True, error_model="numpy")
def _read_apart(
    arena: Any, streams: Any, edges: Any, reads: Any, shares: Any, scratch: Any, first: Int,
    behind: Int, s: Int, block: Int, now: Int, values: Any, lane: Int,
) -> None:  # fmt: skip
    """Do as `read_windows` in a function apart, for what is rare: its code is long."""
    read_windows(
        arena, streams, edges, reads, shares, scratch, first, behind, s, block, now, values, lane
    )


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _fold_stream(
    arena: Any, streams: Any, edges: Any, reads: Any, rows: Any, shares: Any, scratch: Any,
    hashes: Any, event_count: Int, i: Int, s: Int, spot: Int, counts: bool, asks: bool,
    instant: Int, now: Int, event: Int, lane: Int, values: Any,
) -> None:  # fmt: skip
    """Read a stream of a key, let an event in that counts, and read again, as row `i` says."""
    block = spot
    start = rows[i, V_PRIOR]
    if spot < 0:
        block = arena[-spot]
        if block == 0:
            if not counts:
                read_nothing(reads, start, rows[i, V_STOP], values, lane)
                return
            block = _new_block(arena, streams, s, -spot)
    if streams[s, S_DELAY] > 0:
        enter_due(arena, streams, edges, s, block, now)
    if counts:
        if asks and start != rows[i, V_WITH]:
            read_windows(
                arena, streams, edges, reads, shares, scratch, start, rows[i, V_WITH], s, block,
                now, values, lane,
            )  # fmt: skip
        start = rows[i, V_WITH]
        _enter_event(
            arena, streams, edges, hashes, event_count, s, block, instant, now, event, lane, values
        )
    if asks:
        read_windows(
            arena, streams, edges, reads, shares, scratch, start, rows[i, V_STOP], s, block, now,
            values, lane,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _fold_twin(
    arena: Any, streams: Any, edges: Any, reads: Any, rows: Any, shares: Any, scratch: Any,
    hashes: Any, event_count: Int, records: Any, counted: Any, asked: Any, first: Int, behind: Int,
    s: Int, spot: Int, record: Int, instant: Int, now: Int, event: Int, lane: Int, values: Any,
) -> None:  # fmt: skip
    """Do so for a key that stands in two slots of an event, whose rows are `first` to `behind`:
    it counts once, and is read at both.
    """
    counts = False
    for i in range(first, behind):
        counts = counts or is_at(counted, rows, i, records, record, lane)
    block = spot
    if spot < 0:
        block = arena[-spot]
        if block == 0:
            if not counts:
                for i in range(first, behind):
                    if is_at(asked, rows, i, records, record, lane):
                        read_nothing(reads, rows[i, V_PRIOR], rows[i, V_STOP], values, lane)
                return
            block = _new_block(arena, streams, s, -spot)
    if streams[s, S_DELAY] > 0:
        enter_due(arena, streams, edges, s, block, now)
    if counts:
        for i in range(first, behind):
            if is_at(asked, rows, i, records, record, lane):
                _read_apart(
                    arena, streams, edges, reads, shares, scratch,
                    rows[i, V_PRIOR], rows[i, V_WITH], s, block, now, values, lane,
                )  # fmt: skip
        _enter_event(
            arena, streams, edges, hashes, event_count, s, block, instant, now, event, lane, values
        )
    for i in range(first, behind):
        if is_at(asked, rows, i, records, record, lane):
            _read_apart(
                arena, streams, edges, reads, shares, scratch,
                rows[i, V_WITH if counts else V_PRIOR], rows[i, V_STOP], s, block, now, values,
                lane,
            )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _fold_visits(
    arena: Any, streams: Any, edges: Any, reads: Any, rows: Any, shares: Any, scratch: Any,
    instants: Any, hashes: Any, event_count: Int, first: Int, twins: Any, records: Any,
    clocks: Any, values: Any, counted: Any, asked: Any, visits: Any, spots: Any, start: Int,
    stop: Int,
) -> None:  # fmt: skip
    """Fold visits `start` to `stop`, all of streams."""
    for v in range(start, stop):
        visit = np.int64(visits[v])
        i = visit >> ROW_SHIFT
        j = visit & (LANES - 1)
        s = np.int64(rows[i, V_HOME])
        x = np.int64(rows[i, V_SLOT])
        now = clocks[x, j]
        event = first + j
        if (twins >> np.uint64(j)) & np.uint64(1) != 0:
            _fold_twin(
                arena, streams, edges, reads, rows, shares, scratch, hashes, event_count, records,
                counted, asked, np.int64(rows[i, V_HOME_START]), np.int64(rows[i, V_HOME_STOP]), s,
                spots[v], records[x, j], instants[event], now, event, j, values,
            )  # fmt: skip
        else:
            _fold_stream(
                arena, streams, edges, reads, rows, shares, scratch, hashes, event_count, i, s,
                spots[v], visit & COUNTS != 0, visit & ASKS != 0, instants[event], now, event, j,
                values,
            )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def fold_lanes(
    arena: Any, tables: Any, read_shares: Any, sketch: Any, instants: Any, hashes: Any,
    event_count: Int, first: Int, order: Any, start: Int, cells_start: Int, stop: Int, lanes: Any,
    twins: Any, present: Any, records: Any, clocks: Any, values: Any, masks: Any, wanted: Any,
    room: Any,
) -> None:  # fmt: skip
    """Fold some lanes of a block, in the streams and cells `start` to `stop` of an order, the cells
    from `cells_start` on: in steps, each fetching for the next.
    """
    streams = table_of(tables[2], S_COLUMNS)
    stream_count = tables[2].shape[0]
    edges = table_of(tables[3], G_COLUMNS)
    reads = table_of(tables[4], R_COLUMNS)
    rows = table_of(tables[11], V_COLUMNS)
    homes = table_of(tables[10], 2)
    cells = table_of(tables[6], C_COLUMNS)
    shares = pointer_to(read_shares)
    scratch = pointer_to(sketch)
    counted = pointer_to(room[0])
    asked = pointer_to(room[1])
    visits = pointer_to(room[2])
    spots = pointer_to(room[3])
    count = list_visits(
        arena, streams, stream_count, cells, homes, order, start, cells_start, rows, lanes, present,
        wanted, masks, twins, records, counted, asked, visits, spots,
    )  # fmt: skip
    for ahead in range(AHEAD, count + 3 * AHEAD, AHEAD):
        fetch_blocks(arena, spots, min(ahead - AHEAD, count), min(ahead, count))
        fetch_rings(
            arena, streams, rows, visits, spots,
            min(max(ahead - 2 * AHEAD, 0), count), min(ahead - AHEAD, count),
        )  # fmt: skip
        _fold_visits(
            arena, streams, edges, reads, rows, shares, scratch, instants, hashes, event_count,
            first, twins, records, clocks, values, counted, asked, visits, spots,
            min(max(ahead - 3 * AHEAD, 0), count), min(max(ahead - 2 * AHEAD, 0), count),
        )  # fmt: skip
    count = list_visits(
        arena, streams, stream_count, cells, homes, order, cells_start, stop, rows, lanes, present,
        wanted, masks, twins, records, counted, asked, visits, spots,
    )  # fmt: skip
    fold_cells(
        arena, stream_count, cells, pointer_to(tables[12]), table_of(tables[7], D_COLUMNS), rows,
        instants, first, twins, records, clocks, values, counted, asked, visits, spots, count,
    )  # fmt: skip
