"""A column of remarks is what a list of them would be."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.data.events.remarks import Remarks

COLUMNS = st.lists(st.none() | st.sampled_from(["", "货款", "转账", "a"]), max_size=8)


@given(COLUMNS)
def test_a_column_holds_what_it_was_made_of(column: list[str | None]) -> None:
    remarks = Remarks.of(column)
    assert list(remarks) == column
    assert len(remarks) == len(column)
    assert sorted(remarks.texts) == sorted(set(column) - {None})  # type: ignore[type-var]
    assert remarks == Remarks.of(tuple(column))
    assert [remarks[place] for place in range(-len(column), 0)] == column


@given(COLUMNS, st.sampled_from([pa.string(), pa.large_string()]), st.booleans())
def test_an_arrow_array_gives_the_same(
    column: list[str | None], kind: pa.DataType, encoded: bool
) -> None:
    array = pa.array(column, kind)
    assert Remarks.of_arrow(array.dictionary_encode() if encoded else array) == Remarks.of(column)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.uint32(), pa.int64()])
def test_places_in_a_dictionary_may_be_any_whole_numbers(kind: pa.DataType) -> None:
    places = pa.array([1, None, 0], kind)
    array = pa.DictionaryArray.from_arrays(places, pa.array(["货款", "转账"]))
    remarks = Remarks.of_arrow(array)
    assert list(remarks) == ["转账", None, "货款"]
    assert remarks.codes.dtype == np.int32


def test_a_missing_text_of_a_dictionary_is_none() -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["货款", None]))
    assert list(Remarks.of_arrow(array)) == ["货款", None, None]
    assert list(Remarks.of_arrow(pa.nulls(2, pa.string()))) == [None, None]


@given(st.lists(COLUMNS, max_size=4))
def test_columns_are_joined_in_their_order(columns: list[list[str | None]]) -> None:
    joined = Remarks.joined(Remarks.of(column) for column in columns)
    assert list(joined) == [text for column in columns for text in column]
    assert joined.codes.dtype == np.int32


@given(COLUMNS, st.data())
def test_slices_and_chosen_rows_share_the_texts(
    column: list[str | None], data: st.DataObject
) -> None:
    remarks = Remarks.of(column)
    start = data.draw(st.integers(0, len(column)))
    stop = data.draw(st.integers(start, len(column)))
    part = remarks[start:stop]
    assert list(part) == column[start:stop]
    assert part.texts is remarks.texts
    rows = np.array(data.draw(st.permutations(range(len(column)))), np.int64)
    assert list(remarks.take(rows)) == [column[row] for row in rows]


def test_the_picture_of_a_column_shows_no_remark() -> None:
    assert "货款" not in repr(Remarks.of(["货款", None]))


def test_remarks_are_no_list() -> None:
    assert Remarks.of(["货款"]) != ["货款"]
    with pytest.raises(TypeError):
        hash(Remarks.of(["货款"]))
