"""Looking back along payments from one account, level by level, within a bound of visits.

A payment is eligible where it came before the one that it leads to (in the journal) and lies in the
window (by its own instant). Every result is either what a search without bounds would find, or
missing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import LINE_WORDS, prefetch
from haitang.data.graph.layout import (
    DISORDER,
    E_AMOUNT,
    E_DRAWN,
    E_INSTANT,
    E_SOURCE,
    N_BORN,
    N_COUNT,
    N_FLAGS,
    N_KEY,
    N_LOST,
    N_RING,
    Q_CYCLE_STEPS,
    Q_DRAWN,
    Q_HOPS_STEPS,
    Q_LIST_START,
    Q_LIST_STOP,
    Q_VISITS,
    SPOKEN_OF,
)
from haitang.data.lists.table import list_key, lookup
from haitang.kernel.pointers import Int, address_of, as_floats

LOW_HALF = 0xFFFFFFFF
LENGTH, SHARE, HOPS = 0, 1, 2
"""Places of what a search finds."""
W_TOTAL, W_FULL, W_CROWDED, W_LISTED, W_HIT_AGE, W_HIT_ENTRY = 0, 1, 2, 3, 4, 5
"""Words of what the expansion of one level tells."""


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def age_of(word: Int, position: Int) -> Int:
    """Return how many payments before `position` an entry's payment was made."""
    return (position - (word & LOW_HALF)) & LOW_HALF


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def source_of(word: Int) -> Int:
    """Return the record of an entry's payer."""
    return (word >> 32) * LINE_WORDS


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def is_ordered(arena: Any, record: Int, neighbours: Int) -> bool:
    """Tell whether a record's payments, latest first, also stand in the order of their instants, so
    that behind the first one that is too old all are.
    """
    return bool(arena[record + N_COUNT] - (arena[record + N_FLAGS] >> DISORDER) >= neighbours)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def is_same(arena: Any, record: Int, age: Int, position: Int) -> bool:
    """Tell whether a record still is that of the account which paid at an age."""
    return bool(position - arena[record + N_BORN] >= age)


@njit(cache=True, nogil=True, error_model="numpy")
def is_listed(lists: Any, list_hashes: Any, start: Int, stop: Int, key: Int, instant: Int) -> bool:
    """Tell whether a key is on one of some lists; `lists` is what `list_view` returns."""
    for i in range(start, stop):
        if lookup(lists, list_key(np.uint64(list_hashes[i]), np.uint64(key)), instant):
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _place_of(reached: Any, ages: Any, high: Int, total: Int, record: Int, age: Int) -> Int:
    """Return where an account belongs that was reached: its place in the new level (from `high`),
    `total` when it is new there, or -1 when it was reached at least as late before.
    """
    for i in range(total - 1, -1, -1):
        if reached[i] == record:
            if ages[i] <= age:
                return np.int64(-1)
            return np.int64(i) if i >= high else np.int64(total)
    return np.int64(total)


@njit(cache=True, nogil=True, error_model="numpy")
def _fetch(
    arena: Any, neighbours: Int, entry_words: Int, low: Int, high: Int, floor: Int, reached: Any
) -> None:
    """Ask for the records of all who paid the accounts of one level."""
    for i in range(low, high):
        record = reached[i]
        ordered = is_ordered(arena, record, neighbours)
        for k in range(min(arena[record + N_COUNT], neighbours)):
            entry = record + N_RING + k * entry_words
            if arena[entry + E_INSTANT] >= floor:
                source = source_of(arena[entry + E_SOURCE])
                prefetch(address_of(arena) + 8 * source)
                prefetch(address_of(arena) + 8 * (source + N_RING))
            elif ordered:
                break


@njit(cache=True, nogil=True, error_model="numpy")
def _expand(
    arena: Any, plan: Any, row: Int, neighbours: Int, entry_words: Int, low: Int, high: Int,
    target: Int, seeks_hops: Any, goes_on: Any, position: Int, floor: Int, instant: Int,
    lists: Any, list_hashes: Any, reached: Any, ages: Any, told: Any,
) -> None:  # fmt: skip
    """Look at who paid the accounts of one level: gather the next one, and find the latest payment
    of `target` and any of a listed account among them.
    """
    total = high
    told[W_FULL] = 0
    told[W_CROWDED] = 0
    told[W_LISTED] = 0
    told[W_HIT_AGE] = -1
    if seeks_hops or goes_on:
        _fetch(arena, neighbours, entry_words, low, high, floor, reached)
    for i in range(low, high):
        record = reached[i]
        if not is_same(arena, record, ages[i], position):
            continue
        if arena[record + N_LOST] >= floor:
            told[W_CROWDED] = 1
        ordered = is_ordered(arena, record, neighbours)
        for k in range(min(arena[record + N_COUNT], neighbours)):
            entry = record + N_RING + k * entry_words
            if arena[entry + E_INSTANT] < floor:
                if ordered:
                    break
                continue
            age = age_of(arena[entry + E_SOURCE], position)
            if age <= ages[i]:
                continue
            source = source_of(arena[entry + E_SOURCE])
            if source == target and is_same(arena, source, age, position):
                drawn = plan[row, Q_DRAWN] == 0 or arena[entry + E_DRAWN] >= floor
                if drawn and (told[W_HIT_AGE] < 0 or age < told[W_HIT_AGE]):
                    told[W_HIT_AGE] = age
                    told[W_HIT_ENTRY] = entry
            if seeks_hops and arena[source + N_FLAGS] & SPOKEN_OF != 0:
                first, last = plan[row, Q_LIST_START], plan[row, Q_LIST_STOP]
                key = arena[source + N_KEY]
                if is_same(arena, source, age, position) and is_listed(
                    lists, list_hashes, first, last, key, instant
                ):
                    told[W_LISTED] = 1
            if not goes_on:
                continue
            place = _place_of(reached, ages, high, total, source, age)
            if place < 0:
                continue
            if place == total:
                if total == plan[row, Q_VISITS]:
                    told[W_FULL] = 1
                    continue
                reached[total] = source
                total += 1
            ages[place] = age
    told[W_TOTAL] = total


@njit(cache=True, nogil=True, error_model="numpy")
def search(
    arena: Any, plan: Any, row: Int, neighbours: Int, entry_words: Int, start: Int, target: Int,
    position: Int, floor: Int, instant: Int, amount: float, lists: Any, list_hashes: Any,
    reached: Any, ages: Any, told: Any, found: Any,
) -> None:  # fmt: skip
    """Look back from `start`; write the length of the shortest cycle that a payment from it to
    `target` closes (0: none), the share of that cycle's first payment that comes back, and the
    hops from the nearest listed account; the caller knows that `start` is not listed.
    """
    cycle_steps = plan[row, Q_CYCLE_STEPS] if target != 0 else np.int64(0)
    hops_steps = plan[row, Q_HOPS_STEPS]
    seeks_cycle = cycle_steps >= 2
    seeks_hops = hops_steps > 0 and found[HOPS] != 0.0
    found[LENGTH] = 0.0
    found[SHARE] = 0.0
    reached[0] = start
    ages[0] = 0
    low, high, level = np.int64(0), np.int64(1), np.int64(0)
    while low < high and (seeks_cycle or seeks_hops):
        cycle_goes_on = seeks_cycle and level + 3 <= cycle_steps
        hops_go_on = seeks_hops and level + 2 <= hops_steps
        _expand(
            arena, plan, row, neighbours, entry_words, low, high,
            target if seeks_cycle else np.int64(0), seeks_hops, cycle_goes_on or hops_go_on,
            position, floor, instant, lists, list_hashes, reached, ages, told,
        )  # fmt: skip
        full, crowded = told[W_FULL] != 0, told[W_CROWDED] != 0
        if seeks_cycle and told[W_HIT_AGE] >= 0:
            first = as_floats(arena)[told[W_HIT_ENTRY] + E_AMOUNT]
            found[LENGTH] = level + 2.0
            found[SHARE] = amount / first if first > 0.0 and not crowded else math.nan
            seeks_cycle = False
        elif seeks_cycle and (crowded or (full and cycle_goes_on)):
            found[LENGTH] = math.nan
            found[SHARE] = math.nan
            seeks_cycle = False
        if seeks_hops and told[W_LISTED] != 0:
            found[HOPS] = level + 1.0
            seeks_hops = False
        elif seeks_hops and (crowded or (full and hops_go_on)):
            found[HOPS] = math.nan
            seeks_hops = False
        seeks_cycle = seeks_cycle and cycle_goes_on
        seeks_hops = seeks_hops and hops_go_on
        low, high = high, told[W_TOTAL]
        level += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _distinct(values: Any, count: Int) -> Int:
    """Return `count` plus 1 when the value at `count` does not stand before it."""
    for i in range(count):
        if values[i] == values[count]:
            return np.int64(count)
    return np.int64(count + 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _count_sources(
    arena: Any, neighbours: Int, entry_words: Int, middle: Int, position: Int, floor: Int,
    latest_age: Int, sources: Any, counts: Any, source_count: Int,
) -> None:  # fmt: skip
    """Count one account in between for each source that paid it before it paid on."""
    for s in range(source_count):
        for k in range(min(arena[middle + N_COUNT], neighbours)):
            entry = middle + N_RING + k * entry_words
            if (
                source_of(arena[entry + E_SOURCE]) == sources[s]
                and arena[entry + E_INSTANT] >= floor
                and age_of(arena[entry + E_SOURCE], position) > latest_age
            ):
                counts[s] += 1
                break


@njit(cache=True, nogil=True, error_model="numpy")
def scatter_gather(
    arena: Any, neighbours: Int, entry_words: Int, payer: Int, payee: Int, position: Int,
    floor: Int, sources: Any, counts: Any, between: Any, ages: Any,
) -> float:  # fmt: skip
    """Return the most accounts, the payer among them, through which money of one source reached the
    payee; 0 when the payer passes on nobody's money.
    """
    if arena[payer + N_LOST] >= floor:
        return math.nan
    source_count = np.int64(0)
    for k in range(min(arena[payer + N_COUNT], neighbours)):
        entry = payer + N_RING + k * entry_words
        source = source_of(arena[entry + E_SOURCE])
        if arena[entry + E_INSTANT] >= floor and source != payee:
            sources[source_count] = source
            source_count = _distinct(sources, source_count)
    if source_count == 0:
        return 0.0
    if arena[payee + N_LOST] >= floor:
        return math.nan
    for s in range(source_count):
        counts[s] = 1
    between_count = np.int64(0)
    for k in range(min(arena[payee + N_COUNT], neighbours)):
        entry = payee + N_RING + k * entry_words
        source = source_of(arena[entry + E_SOURCE])
        if arena[entry + E_INSTANT] < floor or source == payer:
            continue
        age = age_of(arena[entry + E_SOURCE], position)
        place = _place_of(between, ages, np.int64(0), between_count, source, age)
        if place < 0:
            continue
        if place == between_count:
            between[place] = source
            between_count += 1
            prefetch(address_of(arena) + 8 * source)
        ages[place] = age
    for i in range(between_count):
        middle = between[i]
        if not is_same(arena, middle, ages[i], position):
            continue
        if arena[middle + N_LOST] >= floor:
            return math.nan
        _count_sources(
            arena, neighbours, entry_words, middle, position, floor, ages[i], sources, counts,
            source_count,
        )  # fmt: skip
    most = counts[0]
    for s in range(1, source_count):
        most = max(most, counts[s])
    return np.float64(most)
