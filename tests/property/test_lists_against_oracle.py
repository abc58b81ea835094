"""Lists, asked at any instant, against an oracle of a few lines; and in any number of calls."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from haitang.data.lists import ListTable
from haitang.data.lists.table import OPEN_END_US, list_key, list_view, lookup
from haitang.kernel.hashing import hash_text, hash_texts

VALUES = 4
LATEST = 14
WATCHED = np.uint64(hash_text("watched"))
HASHES = hash_texts([f"B{value}" for value in range(800)])

# Value, from when, until when; an end not after the beginning takes the value off the list.
CHANGES = st.lists(
    st.tuples(
        st.integers(1, VALUES),
        st.integers(0, LATEST - 2),
        st.one_of(st.integers(0, LATEST), st.just(OPEN_END_US)),
    ),
    max_size=60,
)


@njit
def look_up(lists: Any, list_hash: Any, value_hash: Any, instant: Any) -> Any:
    return lookup(list_view(lists), list_key(list_hash, value_hash), instant)


def oracle(changes: list[tuple[int, int, int]]) -> list[list[int]]:
    """By value and instant, who said last that it is listed then; −1 where nobody did."""
    listed = [[-1] * LATEST for _ in range(VALUES + 1)]
    for position, (value, begin, end) in enumerate(changes):
        for instant in range(begin, LATEST):
            listed[value][instant] = position if instant < end else -1
    return listed


def change(table: ListTable, changes: list[tuple[int, int, int]], *, first: int) -> None:
    rows = np.array(changes, dtype=np.int64).reshape(len(changes), 3)
    table.change(
        np.full(len(rows), WATCHED),
        HASHES[rows[:, 0]],
        begins_us=rows[:, 1],
        ends_us=rows[:, 2],
        positions=first + np.arange(len(rows)),
    )


@settings(max_examples=300)
@given(CHANGES)
def test_any_changes_in_any_order_are_answered_as_of_any_instant(
    changes: list[tuple[int, int, int]],
) -> None:
    table = ListTable()
    change(table, changes, first=0)
    for value, expected in enumerate(oracle(changes)[1:], start=1):
        for instant in range(LATEST):
            found = look_up(table.arrays, WATCHED, HASHES[value], instant)
            assert bool(found) == (expected[instant] >= 0)
            entry = table.entry("watched", f"B{value}", at_us=instant)
            assert entry.listed == bool(found)
            if found:
                assert entry.position == expected[instant]


@given(st.integers(0, 2**32 - 1), st.integers(1, 900))
def test_the_bytes_do_not_depend_on_how_changes_are_cut_into_calls(seed: int, size: int) -> None:
    source = np.random.default_rng(seed)
    begins = source.integers(0, 50, 1_500)
    ends = begins + source.integers(-5, 40, 1_500)
    values = source.integers(1, 700, 1_500)
    changes = list(zip(values.tolist(), begins.tolist(), ends.tolist(), strict=True))
    whole, parts = ListTable(), ListTable()
    change(whole, changes, first=0)
    for start in range(0, len(changes), size):
        change(parts, changes[start : start + size], first=start)
    assert parts.content() == whole.content()
    again = ListTable()
    again.restore(whole.content())
    change(whole, changes[::-1], first=0)
    change(again, changes[::-1], first=0)
    assert again.content() == whole.content()
