"""A block of events in the order of its steps: the records of its keys, their clocks, then what the
keys have of streams and cells, in one stage or two.

Streams and cells do not know of each other, so they may be folded in any order; what those of a
first stage say may tell that of others nothing need be read.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import (
    NEVER_US,
    RECORD_HEADER_WORDS,
    RECORD_NOW,
    WATERMARK_US,
    clear,
)
from haitang.data.features.columns import LANES, ROW_STRIDE, lowest_bit
from haitang.data.features.fetch import find_records
from haitang.data.features.fold import fold_lanes, free_record
from haitang.data.features.layout import (
    D_COLUMNS,
    D_ROW,
    N_COLUMNS,
    N_RECORD_WORDS,
    N_RETENTION,
    P_COLUMNS,
    P_PRIOR,
    P_SLOT,
    P_STOP,
    R_COLUMNS,
    R_COUNT,
    R_RARE,
    S_COLUMNS,
    S_PLACE_STOP,
)
from haitang.data.features.visits import find_twins
from haitang.kernel.pointers import Int, pointer_to, table_of


@njit(nogil=True, error_model="numpy", inline="always")
def open_block(
    arena_words: Any, tables: Any, count: Int, block_keys: Any, block_records: Any, work: Any,
) -> Any:  # fmt: skip
    """Find or make the records of a block; return the events in which one key stands in two slots.

    `block_keys` holds the block's key per slot and lane (0 missing); `tables` the plan.
    """
    arena = pointer_to(arena_words)
    entities = table_of(tables[0], N_COLUMNS)
    slot_entities = pointer_to(tables[1])
    slot_count = tables[1].shape[0]
    keys = table_of(block_keys, LANES)
    records = table_of(block_records, LANES)
    present = pointer_to(work[1])
    finds = pointer_to(work[2])
    find_records(arena, entities, slot_entities, slot_count, keys, present, records, finds, count)
    return find_twins(
        pointer_to(tables[8]), table_of(tables[9], 2), slot_count, present, records,
        pointer_to(work[3]),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _came_before(
    siblings: Any, ranges: Any, records: Any, slot: Int, lane: Int, record: Int
) -> bool:
    """Tell whether a key stands in an event of the block before this lane."""
    for j in range(lane):
        if records[slot, j] == record:
            return True
        for i in range(ranges[slot, 0], ranges[slot, 1]):
            if records[siblings[i], j] == record:
                return True
    return False


@njit(nogil=True, error_model="numpy", inline="always")
def move_clocks(
    arena_words: Any, tables: Any, all_instants: Any, first: Int, start: Int, count: Int,
    block_records: Any, work: Any,
) -> Int:  # fmt: skip
    """Move the keys' clocks on from lane `start`; return the lane that it came to.

    It stops before an event that a key meets after so long that its past is forgotten, where
    events from `start` on still ask for that past: they are to be folded first.
    """
    arena = pointer_to(arena_words)
    entities = table_of(tables[0], N_COLUMNS)
    slot_entities = pointer_to(tables[1])
    streams = table_of(tables[2], S_COLUMNS)
    siblings = pointer_to(tables[8])
    sibling_ranges = table_of(tables[9], 2)
    instants = pointer_to(all_instants)
    records = table_of(block_records, LANES)
    slots = pointer_to(work[3])
    clocks = table_of(work[4], LANES)
    for j in range(start, count):
        instant = instants[first + j]
        arena[WATERMARK_US] = max(arena[WATERMARK_US], instant)
        left = np.uint64(slots[j])
        while left != np.uint64(0):
            x = lowest_bit(left)
            left &= left - np.uint64(1)
            record = records[x, j]
            now = arena[record + RECORD_NOW]
            if instant > now:
                entity = slot_entities[x]
                if now != NEVER_US and instant - now > entities[entity, N_RETENTION]:
                    if j > start and _came_before(siblings, sibling_ranges, records, x, j, record):
                        return j
                    free_record(arena, entities, streams, entity, record)
                    rest = entities[entity, N_RECORD_WORDS] - RECORD_HEADER_WORDS
                    clear(arena, record + RECORD_HEADER_WORDS, rest)
                arena[record + RECORD_NOW] = instant
                now = instant
            clocks[x, j] = now
    return count


@njit(nogil=True, error_model="numpy", inline="always")
def _miss(
    reads: Any, cell_reads: Any, places: Any, stream_places: Int, order: Any, start: Int, stop: Int,
    wanted: Any, present: Any, lanes: Any, values: Any,
) -> None:  # fmt: skip
    """Write for events without a key that nothing can be told of it: all that they ask is
    missing.
    """
    for k in range(start, stop):
        q = order[k]
        events = wanted[q] & ~present[places[q, P_SLOT]] & lanes
        while events != np.uint64(0):
            j = lowest_bit(events)
            events &= events - np.uint64(1)
            for r in range(places[q, P_PRIOR], places[q, P_STOP]):
                if q >= stream_places:
                    values[cell_reads[r, D_ROW], j] = math.nan
                    continue
                for column in range(R_COUNT, R_RARE):
                    if reads[r, column] >= 0:
                        values[reads[r, column], j] = math.nan


@njit(nogil=True, error_model="numpy", inline="always")
def fold_homes(
    arena_words: Any, tables: Any, read_shares: Any, sketch: Any, all_instants: Any,
    all_hashes: Any, first: Int, stage: Any, is_first: bool, lanes: Any, twins: Any,
    block_records: Any, block_values: Any, block_masks: Any, block_wanted: Any, work: Any,
) -> None:  # fmt: skip
    """Fold some lanes of the block that begins at event `first` into the streams and cells of one
    of two stages, and write the aggregate features that are wanted into `block_values`.

    `stage` has all streams and cells, and all places, those of the first stage before the others,
    how many there are of it, and where the cells of both begin; `block_masks` the predicates;
    `block_wanted` per place the events that ask for what is read there.
    """
    home_order, place_order, firsts = stage
    streams = table_of(tables[2], S_COLUMNS)
    stream_count = tables[2].shape[0]
    values = table_of(block_values, ROW_STRIDE)
    wanted = pointer_to(block_wanted)
    present = pointer_to(work[1])
    homes_start = np.int64(0) if is_first else firsts[0]
    homes_stop = firsts[0] if is_first else np.int64(home_order.shape[0])
    cells_start = firsts[2] if is_first else firsts[3]
    places_start = np.int64(0) if is_first else firsts[1]
    places_stop = firsts[1] if is_first else np.int64(place_order.shape[0])
    stream_places = np.int64(streams[stream_count - 1, S_PLACE_STOP]) if stream_count > 0 else 0
    _miss(
        table_of(tables[4], R_COLUMNS), table_of(tables[7], D_COLUMNS),
        table_of(tables[5], P_COLUMNS), stream_places, pointer_to(place_order), places_start,
        places_stop, wanted, present, lanes, values,
    )  # fmt: skip
    fold_lanes(
        pointer_to(arena_words), tables, read_shares, sketch, pointer_to(all_instants),
        pointer_to(all_hashes), all_instants.shape[0], first, pointer_to(home_order), homes_start,
        cells_start, homes_stop, lanes, twins, present, table_of(block_records, LANES),
        table_of(work[4], LANES), values, pointer_to(block_masks), wanted, work[5:],
    )  # fmt: skip
