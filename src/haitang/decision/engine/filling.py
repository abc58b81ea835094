"""Bring a block of events into the kernel's rows: what the event says, its keys, its kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import prefetch
from haitang.data.features.columns import LANES, ROW_STRIDE, lowest_bit, nonzero_lanes
from haitang.data.features.fetch import LINE_BYTES
from haitang.data.features.program import CODE_SHIFT
from haitang.data.lists.table import is_strange, list_salt, list_view, lookup, salted_key
from haitang.kernel.hashing import combine_present
from haitang.kernel.pointers import Int, address_of, as_words, pointer_to, table_of

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
UNIX_DAY_1990 = 7305
"""Days from 1970-01-01 to 1990-01-01, the first entry of the table of days."""
NIGHT_FROM, NIGHT_TO = 22, 6
TWO_TO_52 = 4503599627370496.0
TWO_TO_52_BITS = np.uint64(0x4330000000000000)


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


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _fetch_row(address: Int, stop: Int) -> None:
    """Fetch a column of the next block, which lies far from the columns beside it."""
    for line in range(0, LANES * 8, LINE_BYTES):
        if address + line < stop:
            prefetch(address + line)


@njit(nogil=True, error_model="numpy", inline="always")
def _fill_listed(
    listed: Any,
    view: Any,
    instants: Any,
    texts: Any,
    first: Int,
    count: Int,
    event_count: Int,
    rows: Any,
) -> None:
    """Write whether values of a field are on a list, field after field."""
    before = np.int64(-1)
    some = np.uint64(0)
    for i in range(listed.shape[0]):
        row = listed[i, 0]
        salt = list_salt(listed[i, 1])
        at = listed[i, 2] * event_count + first
        if at != before:
            before = at
            some = nonzero_lanes(texts, at, count)
        for j in range(count):
            rows[row, j] = 0.0
        # Few events carry a field of many, and of most values most lists have never said anything.
        left = some
        known = np.uint64(0)
        while left != np.uint64(0):
            j = lowest_bit(left)
            told = np.uint64(not is_strange(view, salted_key(salt, texts[at + j])))
            known |= told << np.uint64(j)
            left &= left - np.uint64(1)
        while known != np.uint64(0):
            j = lowest_bit(known)
            known &= known - np.uint64(1)
            key = salted_key(salt, texts[at + j])
            rows[row, j] = 1.0 if lookup(view, key, instants[first + j]) else 0.0


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
    rows = table_of(values, ROW_STRIDE)
    bits = as_words(rows)
    event_count = instants.shape[0]
    column = pointer_to(numbers)
    start = address_of(column)
    stop = start + 8 * event_count * numbers.shape[0]
    for i in range(number_rows.shape[0]):
        row = number_rows[i]
        at = i * event_count + first
        for j in range(count):
            rows[row, j] = column[at + j]
        _fetch_row(start + 8 * (at + LANES), stop)
    texts = pointer_to(hashes)
    start = address_of(texts)
    stop = start + 8 * event_count * hashes.shape[0]
    for i in range(codes.shape[0]):
        row = codes[i, 0]
        at = codes[i, 1] * event_count + first
        for j in range(count):
            # A double between 2^52 and 2^53 has the integer's bits for its fraction: four lanes are
            # brought over at once, where converting takes them one by one.
            bits[row * ROW_STRIDE + j] = (texts[at + j] >> np.uint64(CODE_SHIFT)) | TWO_TO_52_BITS
        for j in range(count):
            code = rows[row, j] - TWO_TO_52
            rows[row, j] = code if texts[at + j] != np.uint64(0) else math.nan
        _fetch_row(start + 8 * (at + LANES), stop)
    _fill_listed(listed, list_view(lists), instants, texts, first, count, event_count, rows)
    for i in range(contains.shape[0]):
        for j in range(count):
            bit = (words[i // 64, first + j] >> np.uint64(i % 64)) & np.uint64(1)
            rows[contains[i], j] = np.float64(bit)
    _fill_calendar(calendar, instants, first, count, values)


@njit(nogil=True, error_model="numpy", inline="always")
def fill_keys(
    key_parts: Any, hashes: Any, first: Int, count: Int, block_keys: Any, room: Any
) -> None:
    """Compute the block's key per slot: each part's first alternative present, combined.

    `room` is for a word a lane.
    """
    keys = table_of(block_keys, LANES)
    texts = pointer_to(hashes)
    event_count = hashes.shape[1]
    row_count = key_parts.shape[0]
    i = 0
    while i < row_count:
        slot = key_parts[i, 0]
        part = key_parts[i, 1]
        stop = i + 1
        while stop < row_count and key_parts[stop, 0] == slot and key_parts[stop, 1] == part:
            stop += 1
        at = key_parts[i, 2] * event_count + first
        if part == 0:
            for j in range(count):
                keys[slot, j] = np.int64(texts[at + j])
            for k in range(i + 1, stop):
                at = key_parts[k, 2] * event_count + first
                for j in range(count):
                    key = keys[slot, j]
                    keys[slot, j] = key if key != 0 else np.int64(texts[at + j])
        else:
            # The words first, then all lanes' keys, several at once.
            words = pointer_to(room)
            for j in range(count):
                words[j] = texts[at + j]
            for k in range(i + 1, stop):
                at = key_parts[k, 2] * event_count + first
                for j in range(count):
                    words[j] = words[j] if words[j] != np.uint64(0) else texts[at + j]
            for j in range(count):
                left = np.uint64(keys[slot, j])
                key = np.int64(combine_present(left, words[j]))
                is_whole = (left != np.uint64(0)) & (words[j] != np.uint64(0))
                keys[slot, j] = key if is_whole else 0
        i = stop
