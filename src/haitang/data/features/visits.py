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

from haitang.data.features.columns import LANES, lowest_bit
from haitang.data.features.layout import V_MASK, V_PLACE, V_SLOT
from haitang.data.features.pointers import Int

LANE_BITS = 6
"""A visit is the number of its row above this many bits of its lane."""


@njit(nogil=True, error_model="numpy", inline="always")
def list_visits(
    homes: Any, home_count: Int, rows: Any, lanes: Any, present: Any, wanted: Any, masks: Any,
    twins: Any, records: Any, concerned: Any, visits: Any,
) -> Int:  # fmt: skip
    """List the visits of some lanes by stream or cell, then lane; return how many there are.

    `homes` has the range of rows of each stream and cell; `concerned` gets each row's events.
    """
    found = 0
    for h in range(home_count):
        first = homes[h, 0]
        behind = homes[h, 1]
        together = np.uint64(0)
        for i in range(first, behind):
            events = np.uint64(0)
            if rows[i, V_MASK] >= 0:
                events = masks[rows[i, V_MASK]]
            elif rows[i, V_MASK] == -1:
                events = ~np.uint64(0)
            if rows[i, V_PLACE] >= 0:
                events |= wanted[rows[i, V_PLACE]]
            events &= present[rows[i, V_SLOT]] & lanes
            concerned[i] = events
            together |= events
        while together != np.uint64(0):
            j = lowest_bit(together)
            together &= together - np.uint64(1)
            for i in range(first, behind):
                if (concerned[i] >> np.uint64(j)) & np.uint64(1) != 0:
                    if (twins >> np.uint64(j)) & np.uint64(1) != 0 and _is_visited(
                        rows, first, i, concerned, records, j
                    ):
                        continue
                    visits[found] = (i << LANE_BITS) | j
                    found += 1
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _is_visited(rows: Any, first: Int, row: Int, concerned: Any, records: Any, j: Int) -> bool:
    """Tell whether a key is visited from an earlier slot already: in two slots it is one key."""
    for i in range(first, row):
        if (concerned[i] >> np.uint64(j)) & np.uint64(1) != 0 and (
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
