"""Streams and cells of a plan: which events count together, and how what is kept of them is laid
out.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.features import layout as at
from haitang.data.features.grouping import Group


class Stream(msgspec.Struct, kw_only=True, eq=False):  # told apart by identity
    """Events of one entity's keys that satisfy one condition, with one value of each."""

    group: Group
    aggregates: set[str]
    edges: dict[tuple[int, int], int]
    """Where windows begin (or end): how long ago and to which tile, and the edge's number."""
    reads: dict[tuple[int, int, int, int, float], dict[str, int]]
    """By slot, edge of the end (-1: now), edge of the beginning, prior and share: what goes where.
    """
    exact_us: int = 0


class Cell(msgspec.Struct, kw_only=True, eq=False):  # told apart by identity
    """What is kept over a key's life of the events that satisfy one condition."""

    entity: int
    mask: int
    seen: int
    sources: list[int]
    """Value rows whose latest is kept."""
    reads: dict[tuple[int, int, int, int], int]
    """By slot, prior, kind and place among the sources (0 where none is read): the row it goes to.
    """


def stream_row(stream: Stream, *, edge_start: int) -> NDArray[np.int64]:
    """Lay out one stream's block and entries."""
    row = np.zeros(at.S_COLUMNS, dtype=np.int64)
    group = stream.group
    row[at.S_SOURCE] = group.source
    row[at.S_FACTOR] = group.factor
    row[at.S_HASH] = group.hashed
    row[at.S_DELAY] = group.delay_us
    row[at.S_TILE] = group.tile_us
    row[at.S_EXACT] = stream.exact_us + group.delay_us
    row[at.S_EDGE_START] = edge_start
    row[at.S_EDGE_STOP] = edge_start + len(stream.edges)
    words = 1
    block = at.B_FIXED_WORDS
    wide = stream.aggregates
    if wide - {"count", "distinct"}:
        row[at.S_ENTRY_SUM], row[at.S_TOTAL_SUM] = words, block
        words, block = words + 1, block + 1
    if "std" in wide:
        row[at.S_ENTRY_SQUARE], row[at.S_TOTAL_SQUARE] = words, block
        words, block = words + 2, block + 2
    if group.tile_us:
        row[at.S_ENTRY_COUNT], row[at.S_TOTAL_COUNT] = words, block
        words, block = words + 1, block + 1
    cursor_words = (len(stream.edges) + 1) // 2
    row[at.S_CURSORS] = block
    block += cursor_words
    if "distinct" in wide:
        row[at.S_ENTRY_HASH], row[at.S_DISTINCT] = words, block
        row[at.S_TABLE] = block + cursor_words
        words, block = words + 1, block + cursor_words + 2
    for aggregate, column in (("max", at.S_MAX), ("min", at.S_MIN)):
        if aggregate in wide:
            row[column] = block
            block += at.Q_CURSORS + cursor_words
    row[at.S_ENTRY_WORDS] = words
    row[at.S_WORDS] = block
    return row


def visit_tables(
    homes: Sequence[Stream | Cell],
    placed: Sequence[tuple[int, int]],
    places: NDArray[np.int32],
    slot_count: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return, per stream and then cell, the range of the slots where it counts or is read, and
    these.

    `placed` has the range of places of each.
    """
    ranges: list[tuple[int, int]] = []
    rows: list[list[int]] = []
    for h, (home, (first, behind)) in enumerate(zip(homes, placed, strict=True)):
        start = len(rows)
        for slot in range(slot_count):
            read = [q for q in range(first, behind) if places[q, at.P_SLOT] == slot]
            mask, seen = _counted_at(home)
            counts = (seen >> slot) & 1
            if counts or read:
                place = [read[0], *places[read[0], at.P_PRIOR :].tolist()] if read else [-1] * 4
                rows.append([h, slot, mask if counts else -2, *place])
        for row in rows[start:]:
            row.extend((start, len(rows)))
        ranges.append((start, len(rows)))
    return (
        np.array(ranges, dtype=np.int64).reshape(len(ranges), 2),
        np.array(rows, dtype=np.int32).reshape(len(rows), at.V_COLUMNS),
    )


def _counted_at(home: Stream | Cell) -> tuple[int, int]:
    """Return the mask of what counts, and at which slots."""
    if isinstance(home, Stream):
        return home.group.mask, home.group.seen
    return home.mask, home.seen
