"""Lists: what is on them, when, and after which change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from haitang.data.lists import Entry, ListTable
from haitang.data.lists.errors import ListsRefused
from haitang.data.lists.table import (
    FIRST_CAPACITY,
    OPEN_END_US,
    is_strange,
    list_key,
    list_view,
    lookup,
)
from haitang.kernel.hashing import hash_text

LIST, OTHER, VALUE = hash_text("case_accounts"), hash_text("grey"), hash_text("B1")


@njit
def strange_of(lists: Any, names: Any, values: Any) -> Any:
    view, told = list_view(lists), np.int64(0)
    for i in range(names.shape[0]):
        told += np.int64(is_strange(view, list_key(names[i], values[i])))
    return told


@njit
def look_up(lists: Any, list_hash: Any, value_hash: Any, instant: Any) -> Any:
    return lookup(list_view(lists), list_key(list_hash, value_hash), instant)


def listed(table: ListTable, list_hash: int, value_hash: int, instant: int) -> bool:
    return bool(look_up(table.arrays, np.uint64(list_hash), np.uint64(value_hash), instant))


def listed_at(table: ListTable, *instants: int) -> list[bool]:
    return [listed(table, LIST, VALUE, instant) for instant in instants]


def load(
    table: ListTable, values: np.ndarray, *, begin: int = 5, end: int = OPEN_END_US, first: int = 0
) -> None:
    count = len(values)
    table.change(
        np.full(count, LIST, np.uint64),
        values.astype(np.uint64),
        begins_us=np.full(count, begin, np.int64),
        ends_us=np.full(count, end, np.int64),
        positions=first + np.arange(count, dtype=np.int64),
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
    assert listed_at(table, 9, 10, 10**18) == [False, True, True]


def test_nothing_is_on_an_empty_list_and_no_missing_value_on_any() -> None:
    table = ListTable()
    assert listed_at(table, 5) == [False]
    table.upsert(LIST, 0)
    assert table.used == 0
    assert not listed(table, LIST, 0, 5)


def test_lists_do_not_share_their_values() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE)
    assert listed(table, LIST, VALUE, 5)
    assert not listed(table, OTHER, VALUE, 5)
    assert not listed(table, VALUE, LIST, 5)


def test_a_later_entry_leaves_what_was_said_of_earlier_instants() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE, effective_at_us=10, expires_at_us=20)
    table.upsert(LIST, VALUE, effective_at_us=30, expires_at_us=40)
    assert listed_at(table, 9, 10, 19, 20, 29, 30, 39, 40) == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip
    assert table.used == 1


def test_an_earlier_entry_replaces_what_was_said_from_there_on() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE, effective_at_us=30)
    table.upsert(LIST, VALUE, effective_at_us=10, expires_at_us=20)
    assert listed_at(table, 9, 10, 20, 30, 10**18) == [False, True, False, False, False]


def test_an_entry_that_ends_sooner_cuts_short_the_one_it_begins_in() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE, effective_at_us=10)
    table.upsert(LIST, VALUE, effective_at_us=20, expires_at_us=25)
    assert listed_at(table, 10, 24, 25, 10**18) == [True, True, False, False]


def test_a_removal_ends_the_entry_from_its_instant_on_and_a_value_may_come_back() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE)
    table.upsert(OTHER, VALUE)
    table.remove(LIST, VALUE, effective_at_us=7)
    table.remove(LIST, hash_text("never listed"))
    assert listed_at(table, 6, 7, 10**18) == [True, False, False]
    assert listed(table, OTHER, VALUE, 7)
    table.upsert(LIST, VALUE, effective_at_us=9)
    assert listed_at(table, 6, 7, 8, 9) == [True, False, False, True]
    assert table.used == 2


def test_every_answer_knows_who_said_it() -> None:
    table = ListTable()
    table.upsert(LIST, VALUE, effective_at_us=10, expires_at_us=20)
    table.upsert(LIST, VALUE, effective_at_us=30, position=4)
    table.remove(LIST, VALUE, effective_at_us=40, position=9)
    assert [table.entry("case_accounts", "B1", at_us=at) for at in (9, 10, 25, 30, 40)] == [
        Entry(False, -1, 0, 0),
        Entry(True, -1, 10, 20),
        Entry(False, -1, 10, 20),
        Entry(True, 4, 30, 0),
        Entry(False, 9, 40, 40),
    ]
    assert table.entry("case_accounts", "B2", at_us=30) == Entry(False, -1, 0, 0)
    assert table.entry("", "B1", at_us=30).listed is False


def test_removing_again_what_is_removed_takes_no_room() -> None:
    table = ListTable()
    load(table, np.arange(1, 300))
    for repeat in range(50):
        load(table, np.arange(1, 300), begin=20 + repeat, end=0)
    size = table.size_bytes
    for repeat in range(50):
        load(table, np.arange(1, 300), begin=90 + repeat, end=0)
    assert table.size_bytes == size


def test_loading_the_same_entries_again_takes_no_room() -> None:
    table = ListTable()
    load(table, np.arange(1, 3_000))
    load(table, np.array([VALUE], dtype=np.uint64), first=6)
    size, found = table.size_bytes, table.entry("case_accounts", "B1", at_us=5)
    load(table, np.arange(1, 3_000), first=10_000)
    load(table, np.array([VALUE], dtype=np.uint64), first=10_006)
    assert table.size_bytes == size
    assert found == Entry(True, 6, 5, 0)
    assert table.entry("case_accounts", "B1", at_us=5) == Entry(True, 10_006, 5, 0)


def test_statements_that_were_replaced_give_their_room_back() -> None:
    table = ListTable()
    for repeat in range(200):
        for begin in (10, 20, 30, 40):
            load(table, np.arange(1, 100), begin=begin, first=repeat)
    assert len(table.arrays[3]) <= 100 * 4 * 2


def test_texts_are_listed_by_their_hash() -> None:
    table = ListTable()
    table.upsert_texts("case_accounts", [("B1", 0, 0), ("B2", 5, 6)])
    assert listed(table, LIST, VALUE, 0)
    assert [listed(table, LIST, hash_text("B2"), at) for at in (4, 5, 6)] == [False, True, False]
    table.upsert_texts("case_accounts", [])
    assert table.used == 2


def test_what_a_new_pack_brings_does_not_undo_what_events_said() -> None:
    table = ListTable()
    table.upsert_texts("case_accounts", [("B1", 0, 0)])
    table.remove(LIST, VALUE, effective_at_us=10, position=3)
    table.upsert_texts("case_accounts", [("B1", 0, 0), ("B2", 5, 0)], only_unknown=True)
    assert listed_at(table, 9, 10) == [True, False]
    assert listed(table, LIST, hash_text("B2"), 5)


def test_a_table_of_a_hundred_thousand_entries_finds_each_and_no_other() -> None:
    table = ListTable()
    count = 100_000
    values = np.arange(1, count + 1)
    table.change(
        np.full(count, LIST, np.uint64),
        values.astype(np.uint64),
        begins_us=values,
        ends_us=values + 10,
        positions=values,
    )
    assert table.used == count
    assert len(table.arrays[0]) > FIRST_CAPACITY
    assert all(listed(table, LIST, value, value) for value in range(1, count + 1, 7))
    assert not any(listed(table, LIST, value, value + 10) for value in range(1, count + 1, 7))
    assert not any(listed(table, LIST, value, value) for value in range(count + 1, 2 * count, 7))


def test_a_plain_entry_takes_at_most_48_bytes() -> None:
    table = ListTable()
    for first in range(1, 200_001, 8_000):
        load(table, np.arange(first, first + 8_000))
        assert table.size_bytes <= 48.1 * table.used + 4_096, table.used


def test_the_arrays_stay_of_the_kind_that_the_kernel_was_compiled_for() -> None:
    table = ListTable()
    before = [(array.dtype, array.ndim) for array in table.arrays]
    load(table, np.arange(1, 5_000))
    load(table, np.arange(1, 5_000), begin=9)
    again = ListTable()
    again.restore(table.content())
    for held in (table, again):
        assert [(array.dtype, array.ndim) for array in held.arrays] == before
        assert all(array.flags.c_contiguous and array.flags.writeable for array in held.arrays)


def test_arrays_that_may_not_be_written_can_be_loaded() -> None:
    table = ListTable()
    values = np.arange(1, 50, dtype=np.uint64)
    values.flags.writeable = False
    load(table, values)
    assert table.used == 49


def test_a_table_read_back_is_the_table_that_was_written() -> None:
    table = ListTable()
    for value in range(1, 500):
        table.upsert(LIST, value, effective_at_us=value, expires_at_us=2 * value)
    table.remove(LIST, 7, effective_at_us=9)
    again = ListTable()
    again.upsert(OTHER, VALUE)
    again.restore(memoryview(table.content()))
    assert again.content() == table.content()
    assert not listed(again, OTHER, VALUE, 5)
    assert listed(again, LIST, 8, 8)
    assert [listed(again, LIST, 7, at) for at in (7, 8, 9)] == [True, True, False]
    again.upsert(LIST, 1_000)
    assert listed(again, LIST, 1_000, 5)
    assert not listed(table, LIST, 1_000, 5)


def test_an_empty_table_is_written_and_read_back() -> None:
    again = ListTable()
    again.upsert(LIST, VALUE)
    again.restore(ListTable().content())
    assert again.used == 0
    assert not listed(again, LIST, VALUE, 5)


@pytest.mark.parametrize("cut", [0, 20, 48, 100, -1])
def test_a_damaged_table_is_refused(cut: int) -> None:
    with pytest.raises(ListsRefused, match="the lists were"):
        ListTable().restore(ListTable().content()[:cut])


def test_a_table_of_another_kind_is_refused() -> None:
    with pytest.raises(ListsRefused, match="the lists were"):
        ListTable().restore(b"x" * 4_096)


def test_a_value_that_a_list_spoke_of_is_never_strange() -> None:
    chance = np.random.default_rng(11)
    names = chance.integers(1, 2**63, size=5).astype(np.uint64)
    table, said = ListTable(), set[tuple[int, int]]()
    for _ in range(40):
        lists = chance.choice(names, size=200)
        values = chance.integers(1, 2**63, size=200).astype(np.uint64)
        begins = chance.integers(1, 1_000, size=200)
        # A third take off what was never listed: of these, nothing has to be known.
        ends = np.where(chance.random(200) < 0.33, begins, OPEN_END_US)
        table.change(
            lists, values, begins_us=begins, ends_us=ends, positions=np.zeros(200, np.int64)
        )
        listed = ends > begins
        said |= set(zip(lists[listed].tolist(), values[listed].tolist(), strict=True))
        for name, value in list(said)[:20]:
            table.remove(name, value, effective_at_us=2_000)
    restored = ListTable()
    restored.restore(table.content())
    for each in (table, restored):
        spoken = np.array(sorted(said), dtype=np.uint64)
        assert strange_of(each.arrays, spoken[:, 0].copy(), spoken[:, 1].copy()) == 0
        others = chance.integers(1, 2**63, size=2_000).astype(np.uint64)
        assert strange_of(each.arrays, np.full(2_000, names[0]), others) > 1_500
