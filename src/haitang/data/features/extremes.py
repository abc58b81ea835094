"""Minima and maxima of all windows of a stream: one monotone queue, with a cursor for every window.

An entry stays only while nothing later is at least as large, so the first entry that a window can
see is its maximum. A minimum is kept as the largest negated value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import allocate, release
from haitang.data.features.layout import (
    G_TILE,
    G_WINDOW,
    Q_CURSORS,
    Q_ENTRIES,
    Q_LENGTH,
    S_DELAY,
    S_EDGE_START,
    S_EDGE_STOP,
)
from haitang.kernel.pointers import Int, as_halves

FIRST_ENTRIES = 2


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def edge_bound(edges: Any, edge: Int, now: Int, delay: Int) -> Int:
    """Return the instant up to which (inclusive) entries have left a window."""
    bound = now - delay - edges[edge, G_WINDOW]
    tile = edges[edge, G_TILE]
    if tile > 0:
        bound = (bound // tile) * tile
    return np.int64(bound)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def advance_queue(
    arena: Any, streams: Any, edges: Any, s: Int, queue: Int, e: Int, now: Int
) -> Int:
    """Move one edge's cursor past what left its window; return the cursor."""
    halves = as_halves(arena)
    entries = arena[queue + Q_ENTRIES]
    length = np.int64(halves[2 * (queue + Q_LENGTH)])
    place = 2 * (queue + Q_CURSORS) + e
    cursor = np.int64(halves[place])
    if cursor < length:
        bound = edge_bound(edges, streams[s, S_EDGE_START] + e, now, streams[s, S_DELAY])
        while cursor < length and arena[entries + 2 * cursor] <= bound:
            cursor += 1
        halves[place] = np.uint32(cursor)
    return cursor


@njit(cache=True, nogil=True, error_model="numpy")
def _reserve_queue(arena: Any, streams: Any, edges: Any, s: Int, queue: Int, now: Int) -> None:
    halves = as_halves(arena)
    length = np.int64(halves[2 * (queue + Q_LENGTH)])
    capacity = np.int64(halves[2 * (queue + Q_LENGTH) + 1])
    if length < capacity:
        return
    edge_count = streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]
    dead: Int = length
    for e in range(edge_count):
        dead = min(dead, advance_queue(arena, streams, edges, s, queue, e, now))
    entries = arena[queue + Q_ENTRIES]
    live = length - dead
    target = entries
    if live * 4 > capacity * 3 or capacity == 0:
        bigger = max(FIRST_ENTRIES, int(capacity) * 2)
        target = allocate(arena, bigger * 2)
        halves[2 * (queue + Q_LENGTH) + 1] = np.uint32(bigger)
    for i in range(live * 2):
        arena[target + i] = arena[entries + dead * 2 + i]
    if target != entries:
        release(arena, entries, capacity * 2)
        arena[queue + Q_ENTRIES] = target
    halves[2 * (queue + Q_LENGTH)] = np.uint32(live)
    for e in range(edge_count):
        halves[2 * (queue + Q_CURSORS) + e] -= np.uint32(np.int64(dead))


@njit(cache=True, nogil=True, error_model="numpy")
def push_queue(
    arena: Any,
    streams: Any,
    edges: Any,
    s: Int,
    queue: Int,
    instant: Int,
    value: Int,
    now: Int,
) -> None:
    """Add a value to a monotone queue of largest values; a minimum is kept negated."""
    halves = as_halves(arena)
    length: Int = np.int64(halves[2 * (queue + Q_LENGTH)])
    entries = arena[queue + Q_ENTRIES]
    behind: Int = length
    while behind > 0 and arena[entries + 2 * (behind - 1)] > instant:
        behind -= 1
    if behind < length and arena[entries + 2 * behind + 1] >= value:
        return
    start: Int = behind
    while start > 0 and arena[entries + 2 * (start - 1) + 1] <= value:
        start -= 1
    removed = behind - start
    if removed == 0:
        _reserve_queue(arena, streams, edges, s, queue, now)
        moved = length - np.int64(halves[2 * (queue + Q_LENGTH)])
        length -= moved
        start -= moved
        behind -= moved
        entries = arena[queue + Q_ENTRIES]
        if start < 0:
            # All entries before were dropped as dead; the late value stands before the first live
            # one.
            start = 0
            behind = 0
    shift = 1 - removed
    if shift > 0:
        i = length - 1
        while i >= behind:
            arena[entries + 2 * (i + 1)] = arena[entries + 2 * i]
            arena[entries + 2 * (i + 1) + 1] = arena[entries + 2 * i + 1]
            i -= 1
    elif shift < 0:
        for i in range(behind, length):
            arena[entries + 2 * (i + shift)] = arena[entries + 2 * i]
            arena[entries + 2 * (i + shift) + 1] = arena[entries + 2 * i + 1]
    arena[entries + 2 * start] = instant
    arena[entries + 2 * start + 1] = value
    halves[2 * (queue + Q_LENGTH)] = np.uint32(length + shift)
    for e in range(streams[s, S_EDGE_STOP] - streams[s, S_EDGE_START]):
        place = 2 * (queue + Q_CURSORS) + e
        if np.int64(halves[place]) > start:
            # Its window may hold the new entry or not: `advance_queue` decides at the next read.
            halves[place] = np.uint32(start)
