"""Lists: what is on them, when, and after which change."""

from __future__ import annotations

import random

import numpy as np
import pytest

from haitang.data.lists import ListTable
from haitang.data.lists.table import FIRST_CAPACITY, lookup
from haitang.kernel.hashing import hash_text

LIST, OTHER, VALUE = hash_text("case_accounts"), hash_text("grey"), hash_text("B1")
DAY_US = 86_400_000_000


def listed(table: ListTable, list_hash: int, value_hash: int, instant: int) -> bool:
    return bool(
        lookup(table.keys, table.spans, np.uint64(list_hash), np.uint64(value_hash), instant)
    )


@pytest.mark.parametrize(
    ("instant", "expected"),
    [(9, False), (10, True), (11, True), (19, True), (20, False), (10**15, False)],
)
def test_a_value_is_listed_from_its_first_instant_to_before_its_last(
    instant: int, expected: bool
) -> None:
    table = ListTable()
    table.upsert(LIST, VALUE, effective_at_us=10, expires_at_us=20)
    assert listed(table, LIST, VALUE, instant) is expected


def test_an_entry_without_an_end_is_open() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE, effective_at_us=10)
    assert not listed(table, LIST, VALUE, 9)
    assert listed(table, LIST, VALUE, 10**18)


def test_nothing_is_on_an_empty_list_and_no_missing_value_on_any() -> None:
    table = ListTable()
    assert not listed(table, LIST, VALUE, 5)
    table.upsert(LIST, 0)
    assert table.used == 0
    assert not listed(table, LIST, 0, 5)


def test_lists_do_not_share_their_values() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE)
    assert listed(table, LIST, VALUE, 5)
    assert not listed(table, OTHER, VALUE, 5)
    assert not listed(table, VALUE, LIST, 5)


def test_an_upsert_replaces_the_entry() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE, effective_at_us=10, expires_at_us=20)
    table.upsert(LIST, VALUE, effective_at_us=30, expires_at_us=40)
    assert [listed(table, LIST, VALUE, at) for at in (15, 29, 30, 39, 40)] == [
        False, False, True, True, False,
    ]  # fmt: skip
    assert table.used == 1


def test_a_removal_ends_the_entry_and_a_value_may_come_back() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE)
    table.upsert(OTHER, VALUE)
    table.remove(LIST, VALUE)
    table.remove(LIST, hash_text("never listed"))
    assert not listed(table, LIST, VALUE, 5)
    assert listed(table, OTHER, VALUE, 5)
    table.upsert(LIST, VALUE, effective_at_us=3)
    assert listed(table, LIST, VALUE, 5)
    assert table.used == 2


def test_texts_are_listed_by_their_hash() -> None:
    table = ListTable()
    table.upsert_texts("case_accounts", [("B1", 0, 0), ("B2", 5, 6)])
    assert listed(table, LIST, VALUE, 0)
    assert [listed(table, LIST, hash_text("B2"), at) for at in (4, 5, 6)] == [False, True, False]


def test_a_table_of_a_hundred_thousand_entries_finds_each_and_no_other() -> None:
    table = ListTable()
    count = 100_000
    for value in range(1, count + 1):
        table.upsert(LIST, value, effective_at_us=value, expires_at_us=value + 10)
    assert table.used == count
    assert table.keys.size >= 2 * count > FIRST_CAPACITY
    assert all(listed(table, LIST, value, value) for value in range(1, count + 1, 7))
    assert not any(listed(table, LIST, value, value + 10) for value in range(1, count + 1, 7))
    assert not any(listed(table, LIST, value, value) for value in range(count + 1, 2 * count, 7))


def test_a_table_agrees_with_a_dictionary_whatever_is_done_to_it() -> None:
    source = random.Random(9)
    table = ListTable()
    known: dict[tuple[int, int], tuple[int, int]] = {}
    for _ in range(5_000):
        entry = (source.choice((LIST, OTHER)), source.randrange(1, 400))
        if source.random() < 0.7:
            start = source.randrange(100)
            end = source.choice((0, start + source.randrange(1, 50)))
            table.upsert(*entry, effective_at_us=start, expires_at_us=end)
            known[entry] = (start, end or 10**18)
        else:
            table.remove(*entry)
            known.pop(entry, None)
        asked = (source.choice((LIST, OTHER)), source.randrange(1, 400))
        start, end = known.get(asked, (1, 0))
        instant = source.randrange(150)
        assert listed(table, *asked, instant) == (start <= instant < end)


def test_a_table_read_back_is_the_table_that_was_written() -> None:
    table = ListTable()
    for value in range(1, 500):
        table.upsert(LIST, value, effective_at_us=value, expires_at_us=2 * value)
    table.remove(LIST, 7)
    again = ListTable()
    again.upsert(OTHER, VALUE)
    again.restore(table.content())
    assert again.content() == table.content()
    assert not listed(again, OTHER, VALUE, 5)
    assert listed(again, LIST, 8, 8)
    assert not listed(again, LIST, 7, 7)
    again.upsert(LIST, 1_000)
    assert listed(again, LIST, 1_000, 5)
    assert not listed(table, LIST, 1_000, 5)
