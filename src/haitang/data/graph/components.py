"""Components: accounts that share a device, a phone, an address, directly or through others.

A union–find forest in the arena, with the number of members and of confirmed members at each root.
Nothing expires: what was once shared stays shared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import find
from haitang.data.graph.layout import (
    FLAG_CONFIRMED,
    FLAG_MEMBER,
    P_CONFIRMED,
    P_FLAGS,
    P_KEY,
    P_MEMBERS,
    P_PARENT,
    PART_WORDS,
    U_DIRECTORY,
    U_LIST_START,
    U_LIST_STOP,
)
from haitang.data.graph.nodes import node_of
from haitang.data.graph.search import is_listed
from haitang.data.lists.table import list_view
from haitang.kernel.pointers import Int, pointer_to


@njit(cache=True, nogil=True, error_model="numpy")
def root_of(arena: Any, record: Int) -> Int:
    """Return the root of a record's component, halving the way on the way."""
    while arena[record + P_PARENT] != 0:
        parent = arena[record + P_PARENT]
        above = arena[parent + P_PARENT]
        if above == 0:
            return np.int64(parent)
        arena[record + P_PARENT] = above
        record = above
    return np.int64(record)


@njit(cache=True, nogil=True, error_model="numpy")
def member_of(
    arena: Any, families: Any, family: Int, key: Int, instant: Int, lists: Any, list_hashes: Any
) -> Int:
    """Return a member's record; a new one is confirmed when it is listed at this instant."""
    record = node_of(arena, families[family, U_DIRECTORY], 0, PART_WORDS, key, 0)
    if arena[record + P_FLAGS] & FLAG_MEMBER == 0:
        arena[record + P_FLAGS] = FLAG_MEMBER
        arena[record + P_MEMBERS] = 1
        start, stop = families[family, U_LIST_START], families[family, U_LIST_STOP]
        if is_listed(lists, list_hashes, start, stop, key, instant):
            arena[record + P_FLAGS] = FLAG_MEMBER | FLAG_CONFIRMED
            arena[record + P_CONFIRMED] = 1
    return record


@njit(cache=True, nogil=True, error_model="numpy")
def join(arena: Any, first: Int, second: Int) -> None:
    """Make one component of two records' components; the larger one's root stays."""
    larger = root_of(arena, first)
    smaller = root_of(arena, second)
    if larger == smaller:
        return
    if arena[larger + P_MEMBERS] < arena[smaller + P_MEMBERS]:
        larger, smaller = smaller, larger
    arena[smaller + P_PARENT] = larger
    arena[larger + P_MEMBERS] += arena[smaller + P_MEMBERS]
    arena[larger + P_CONFIRMED] += arena[smaller + P_CONFIRMED]


@njit(cache=True, nogil=True, error_model="numpy")
def measure(
    arena: Any, families: Any, family: Int, key: Int, instant: Int, lists: Any, list_hashes: Any
) -> tuple[float, float]:
    """Return how many members are in a member's component, and how many of them are confirmed; one
    to which nothing was bound is alone.
    """
    record = find(arena, families[family, U_DIRECTORY], key)
    if record != 0 and arena[record + P_FLAGS] & FLAG_MEMBER != 0:
        root = root_of(arena, record)
        return np.float64(arena[root + P_MEMBERS]), np.float64(arena[root + P_CONFIRMED])
    start, stop = families[family, U_LIST_START], families[family, U_LIST_STOP]
    is_confirmed = is_listed(lists, list_hashes, start, stop, key, instant)
    return 1.0, 1.0 if is_confirmed else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def confirm_again(
    words: Any, families: Any, lists: Any, list_hashes: Any, changed: Any, keys: Any, instants: Any
) -> None:
    """Look up again whether members are confirmed: each of `keys`, of which a list (`changed`, by
    hash) has said something new, at an instant.
    """
    arena = pointer_to(words)
    view = list_view(lists)
    for family in range(families.shape[0]):
        start, stop = families[family, U_LIST_START], families[family, U_LIST_STOP]
        for i in range(keys.shape[0]):
            if not _concerns(list_hashes, start, stop, changed[i]):
                continue
            record = find(arena, families[family, U_DIRECTORY], np.int64(keys[i]))
            if record == 0 or arena[record + P_FLAGS] & FLAG_MEMBER == 0:
                continue
            before = arena[record + P_FLAGS] & FLAG_CONFIRMED != 0
            now = is_listed(view, list_hashes, start, stop, arena[record + P_KEY], instants[i])
            if now != before:
                arena[record + P_FLAGS] ^= FLAG_CONFIRMED
                arena[root_of(arena, record) + P_CONFIRMED] += 1 if now else -1


@njit(cache=True, nogil=True, error_model="numpy")
def _concerns(list_hashes: Any, start: Int, stop: Int, changed: Int) -> bool:
    for i in range(start, stop):  # noqa: SIM110 - Numba has no generators in `any`
        if np.uint64(list_hashes[i]) == np.uint64(changed):
            return True
    return False
