"""Bring a block of events into the kernel's rows: what the event says, its keys, its kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.pointers import Int, pointer_to
from haitang.data.lists.table import is_strange, lookup
from haitang.kernel.hashing import combine

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
UNIX_DAY_1990 = 7305
"""Days from 1970-01-01 to 1990-01-01, the first entry of the table of days."""
NIGHT_FROM, NIGHT_TO = 22, 6


@njit(nogil=True, error_model="numpy", inline="always")
def _fill_calendar(calendar: Any, instants: Any, first: Int, count: Int, values: Any) -> None:
    rows, starts, offsets, ranges, days = calendar
    for i in range(rows.shape[0]):
        row = rows[i, 0]
        kind = rows[i, 1]
        low = ranges[rows[i, 2], 0]
        high = ranges[rows[i, 2], 1]
        at = high - 1
        for j in range(count):
            instant = instants[first + j]
            if instant < starts[at] or (at + 1 < high and instant >= starts[at + 1]):
                at = low + np.searchsorted(starts[low:high], instant, side="right") - 1
            local = instant + offsets[at]
            day = local // DAY_US
            hour = (local - day * DAY_US) // HOUR_US
            weekday = (day + 3) % 7
            if kind == 0:
                values[row, j] = hour
            elif kind == 1:
                values[row, j] = weekday
            elif kind == 2:
                values[row, j] = 1.0 if hour >= NIGHT_FROM or hour < NIGHT_TO else 0.0
            else:
                of_day = days[day - UNIX_DAY_1990]
                values[row, j] = 1.0 if of_day == 1 or (weekday >= 5 and of_day != 2) else 0.0


@njit(nogil=True, error_model="numpy", inline="always")
def fill_inputs(
    inputs: Any,
    calendar: Any,
    lists: Any,
    instants: Any,
    numbers: Any,
    hashes: Any,
    words: Any,
    first: Int,
    count: Int,
    values: Any,
) -> None:
    """Copy what the event says into the block's rows."""
    number_rows, codes, listed, contains = inputs
    for i in range(number_rows.shape[0]):
        row = number_rows[i]
        for j in range(count):
            values[row, j] = numbers[i, first + j]
    for i in range(codes.shape[0]):
        row = codes[i, 0]
        source = codes[i, 1]
        for j in range(count):
            word = hashes[source, first + j]
            values[row, j] = np.float64(word >> np.uint64(12)) if word != 0 else math.nan
    slots = pointer_to(lists[0])
    capacity = lists[0].shape[0]
    for i in range(listed.shape[0]):
        list_hash = np.uint64(listed[i, 1])
        for j in range(count):
            word = hashes[listed[i, 2], first + j]
            found = False
            if not is_strange(slots, capacity, list_hash, word):
                found = lookup(lists, list_hash, word, instants[first + j])
            values[listed[i, 0], j] = 1.0 if found else 0.0
    for i in range(contains.shape[0]):
        for j in range(count):
            bit = (words[i // 64, first + j] >> np.uint64(i % 64)) & np.uint64(1)
            values[contains[i], j] = np.float64(bit)
    _fill_calendar(calendar, instants, first, count, values)


@njit(nogil=True, error_model="numpy", inline="always")
def fill_keys(key_parts: Any, hashes: Any, first: Int, count: Int, keys: Any) -> None:
    """Compute the block's key per slot: each part's first alternative present, combined."""
    keys[:, :count] = 0
    row_count = key_parts.shape[0]
    i = 0
    while i < row_count:
        slot = key_parts[i, 0]
        part = key_parts[i, 1]
        stop = i
        while stop < row_count and key_parts[stop, 0] == slot and key_parts[stop, 1] == part:
            stop += 1
        for j in range(count):
            word = np.uint64(0)
            for k in range(i, stop):
                if word == np.uint64(0):
                    word = hashes[key_parts[k, 2], first + j]
            if part == 0:
                keys[slot, j] = np.int64(word)
            else:
                keys[slot, j] = np.int64(combine(np.uint64(keys[slot, j]), word))
        i = stop


@njit(nogil=True, error_model="numpy", inline="always")
def fill_kinds(
    demands: Any, hashes: Any, ask_all: bool, first: Int, count: Int, kinds: Any
) -> None:
    """Look up which row of the demand each event has: its event type's, or row 0, which asks for
    everything.
    """
    kind_row, kind_hashes = demands[0], demands[1]
    size = kind_hashes.shape[0]
    for j in range(count):
        kinds[j] = 0
        if kind_row >= 0 and not ask_all:
            word = hashes[kind_row, first + j]
            i = np.int64(word) & (size - 1)
            while kind_hashes[i, 0] != 0 and kind_hashes[i, 0] != word:
                i = (i + 1) & (size - 1)
            kinds[j] = np.int64(kind_hashes[i, 1])
