"""Cells: what is kept over a key's life, in its record: the first and the last instant of events
that satisfy a condition, their number, and the latest of some values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.columns import LANES
from haitang.data.features.layout import (
    C_SOURCE_START,
    C_SOURCE_STOP,
    CELL_FIRST,
    CELL_LAST,
    CELL_LATEST,
    CELL_TOTAL,
    D_KIND,
    D_ROW,
    D_WORD,
    KIND_FIRST,
    KIND_SINCE,
    KIND_TOTAL,
    V_HOME,
    V_HOME_START,
    V_HOME_STOP,
    V_PRIOR,
    V_SLOT,
    V_STOP,
    V_WITH,
)
from haitang.data.features.visits import ASKS, COUNTS, ROW_SHIFT, is_at
from haitang.kernel.pointers import Int, as_floats

MICROSECONDS = 1e6


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _read(
    arena: Any, reads: Any, first: Int, behind: Int, cell: Int, now: Int, values: Any, lane: Int
) -> None:
    """Do the reads from `first` to `behind` of a cell as of `now`."""
    for d in range(first, behind):
        kind = reads[d, D_KIND]
        total = arena[cell + CELL_TOTAL]
        result = math.nan
        if kind == KIND_TOTAL:
            result = np.float64(total)
        elif total > 0:
            if kind == KIND_FIRST:
                result = (now - arena[cell + CELL_FIRST]) / MICROSECONDS
            elif kind == KIND_SINCE:
                result = (now - arena[cell + CELL_LAST]) / MICROSECONDS
            else:
                result = as_floats(arena)[cell + reads[d, D_WORD]]
        values[reads[d, D_ROW], lane] = result


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _count(
    arena: Any, cells: Any, sources: Any, c: Int, cell: Int, instant: Int, values: Any, lane: Int
) -> None:
    """Let an event into a cell."""
    total = arena[cell + CELL_TOTAL]
    if total == 0 or instant < arena[cell + CELL_FIRST]:
        arena[cell + CELL_FIRST] = instant
    if total == 0 or instant >= arena[cell + CELL_LAST]:
        arena[cell + CELL_LAST] = instant
        start = cells[c, C_SOURCE_START]
        for k in range(start, cells[c, C_SOURCE_STOP]):
            as_floats(arena)[cell + CELL_LATEST + k - start] = values[sources[k], lane]
    arena[cell + CELL_TOTAL] = total + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _fold_twin(
    arena: Any, cells: Any, sources: Any, reads: Any, rows: Any, records: Any, counted: Any,
    asked: Any, i: Int, c: Int, cell: Int, record: Int, instant: Int, now: Int, lane: Int,
    values: Any,
) -> None:  # fmt: skip
    """Fold an event into a cell whose key stands in two slots of it: it counts once, and is read at
    both.
    """
    first = np.int64(rows[i, V_HOME_START])
    behind = np.int64(rows[i, V_HOME_STOP])
    counts = False
    for r in range(first, behind):
        counts = counts or is_at(counted, rows, r, records, record, lane)
        if is_at(asked, rows, r, records, record, lane):
            _read(arena, reads, rows[r, V_PRIOR], rows[r, V_WITH], cell, now, values, lane)
    if counts:
        _count(arena, cells, sources, c, cell, instant, values, lane)
    for r in range(first, behind):
        if is_at(asked, rows, r, records, record, lane):
            _read(arena, reads, rows[r, V_WITH], rows[r, V_STOP], cell, now, values, lane)


@njit(cache=True, nogil=True, error_model="numpy")
def fold_cells(
    arena: Any, stream_count: Int, cells: Any, sources: Any, reads: Any, rows: Any, instants: Any,
    first: Int, twins: Any, records: Any, clocks: Any, values: Any, counted: Any, asked: Any,
    visits: Any, spots: Any, stop: Int,
) -> None:  # fmt: skip
    """Fold the first `stop` visits, all of cells, of a block that begins at event `first`."""
    for v in range(stop):
        visit = np.int64(visits[v])
        i = visit >> ROW_SHIFT
        j = visit & (LANES - 1)
        c = np.int64(rows[i, V_HOME]) - stream_count
        x = np.int64(rows[i, V_SLOT])
        cell = spots[v]
        if (twins >> np.uint64(j)) & np.uint64(1) != 0:
            _fold_twin(
                arena, cells, sources, reads, rows, records, counted, asked, i, c, cell,
                records[x, j], instants[first + j], clocks[x, j], j, values,
            )  # fmt: skip
            continue
        if visit & ASKS != 0:
            _read(arena, reads, rows[i, V_PRIOR], rows[i, V_WITH], cell, clocks[x, j], values, j)
        if visit & COUNTS != 0:
            _count(arena, cells, sources, c, cell, instants[first + j], values, j)
        if visit & ASKS != 0:
            _read(arena, reads, rows[i, V_WITH], rows[i, V_STOP], cell, clocks[x, j], values, j)
