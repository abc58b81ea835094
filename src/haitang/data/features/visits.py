"""Which streams and cells the events of a block visit: those of their keys that they count in or
ask for.

Most streams are no business of most events. The plan has one row for every slot at which a stream
or cell counts or is read; a row's predicate and its readers are masks of the whole block, so one
look at a row finds all events that concern it. What comes of it is a list, and everything behind
goes along this list only: stream by stream, and for each in the order of the events. What one
stream needs is then at hand for all events, and the processor guesses what comes next.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import prefetch
from haitang.data.features.columns import LANES, lowest_bit
from haitang.data.features.layout import C_OFFSET, S_LAZY, S_OFFSET, V_MASK, V_PLACE, V_SLOT
from haitang.kernel.pointers import Int, address_of

COUNTS, ASKS = 1 << 6, 1 << 7
ROW_SHIFT = 8
"""A visit is the number of its row above two bits, whether the event counts at this row and whether
it asks there, above the bits of its lane.
"""
GUARDS = 8
"""Words before a block's masks and wanted places: a row without a predicate reads the word before
the first mask, one that counts nothing the word before that, one that reads nothing the word
before the first place.
"""


@njit(nogil=True, error_model="numpy", inline="always")
def list_visits(
    arena: Any, streams: Any, stream_count: Int, cells: Any, homes: Any, order: Any, start: Int,
    stop: Int, rows: Any, lanes: Any, present: Any, wanted: Any, masks: Any, twins: Any,
    records: Any, counted: Any, asked: Any, visits: Any, spots: Any,
) -> Int:  # fmt: skip
    """List the visits of some lanes by stream or cell, then lane, and fetch their spots; return how
    many they are.

    The streams and cells are those from `start` to `stop` of an order; `homes` has the range of
    rows of each; `counted` and `asked` get each row's events. A visit's spot is where in the arena
    the stream or cell stands; for a stream that has a block of its own, minus where that is told.
    """
    base = address_of(arena)
    found = 0
    for k in range(start, stop):
        h = order[k]
        first = homes[h, 0]
        behind = homes[h, 1]
        together = np.uint64(0)
        for i in range(first, behind):
            here = present[rows[i, V_SLOT]] & lanes
            counted[i] = masks[rows[i, V_MASK]] & here
            asked[i] = wanted[rows[i, V_PLACE]] & here
            together |= counted[i] | asked[i]
        if together == np.uint64(0):
            continue
        sign = np.int64(1)
        if h < stream_count:
            offset = streams[h, S_OFFSET]
            if streams[h, S_LAZY] != 0:
                sign = np.int64(-1)
        else:
            offset = cells[h - stream_count, C_OFFSET]
        if behind - first == 1:
            # Most have one row; then nobody comes twice.
            at = np.int64(rows[first, V_SLOT])
            counts_here = counted[first]
            asks_here = asked[first]
            while together != np.uint64(0):
                j = lowest_bit(together)
                lane = np.uint64(j)
                together &= together - np.uint64(1)
                counts = np.int64((counts_here >> lane) & np.uint64(1))
                asks = np.int64((asks_here >> lane) & np.uint64(1))
                visits[found] = (first << ROW_SHIFT) | (asks * ASKS) | (counts * COUNTS) | j
                spot = records[at, j] + offset
                spots[found] = sign * spot
                prefetch(base + 8 * spot)
                found += 1
            continue
        while together != np.uint64(0):
            j = lowest_bit(together)
            lane = np.uint64(j)
            together &= together - np.uint64(1)
            for i in range(first, behind):
                counts = np.int64((counted[i] >> lane) & np.uint64(1))
                asks = np.int64((asked[i] >> lane) & np.uint64(1))
                if counts | asks == 0:
                    continue
                if (twins >> lane) & np.uint64(1) != 0 and _is_visited(
                    rows, first, i, counted, asked, records, j
                ):
                    continue
                spot = records[rows[i, V_SLOT], j] + offset
                visits[found] = (i << ROW_SHIFT) | (asks * ASKS) | (counts * COUNTS) | j
                spots[found] = sign * spot
                prefetch(base + 8 * spot)
                found += 1
    return found


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def is_at(events: Any, rows: Any, i: Int, records: Any, record: Int, lane: Int) -> bool:
    """Tell whether an event is among those of a row, and the row's key is this one."""
    here = (events[i] >> np.uint64(lane)) & np.uint64(1) != 0
    return bool(here and records[rows[i, V_SLOT], lane] == record)


@njit(cache=True, nogil=True, error_model="numpy")
def _is_visited(
    rows: Any, first: Int, row: Int, counted: Any, asked: Any, records: Any, j: Int
) -> bool:
    """Tell whether a key is visited from an earlier slot already: in two slots it is one key."""
    for i in range(first, row):
        if ((counted[i] | asked[i]) >> np.uint64(j)) & np.uint64(1) != 0 and (
            records[rows[i, V_SLOT], j] == records[rows[row, V_SLOT], j]
        ):
            return True
    return False


@njit(nogil=True, error_model="numpy", inline="always")
def find_twins(
    siblings: Any, ranges: Any, slot_count: Int, present: Any, records: Any, slots: Any,
) -> Any:  # fmt: skip
    """Write which slots each event's keys stand in, as bits; return the events in which one key
    stands in two slots.
    """
    for j in range(LANES):
        slots[j] = 0
    twins = np.uint64(0)
    for x in range(slot_count):
        events = present[x]
        while events != np.uint64(0):
            j = lowest_bit(events)
            events &= events - np.uint64(1)
            slots[j] |= np.int64(1) << x
        for i in range(ranges[x, 0], ranges[x, 1]):
            other = siblings[i]
            events = present[x] & present[other] if other < x else np.uint64(0)
            while events != np.uint64(0):
                j = lowest_bit(events)
                events &= events - np.uint64(1)
                if records[x, j] == records[other, j]:
                    twins |= np.uint64(1) << np.uint64(j)
    return twins
