"""Ways into columns agree: events, a table of them, and a table with bad rows among the good."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from haitang.data.events.batch import EventBatch, batch_events, batch_table, fields_by_kind
from haitang.data.events.catalogue import FIELDS, Event
from haitang.data.events.codec import decode_row
from haitang.data.events.errors import EventRefused
from haitang.data.events.table import ARROW_TYPES, check_table, table_of_events
from haitang.kernel.errors import Place
from haitang.kernel.instants import format_instant
from tests.property.event_rows import BASE_CURRENCY, damaged_rows, event_rows

EVERYTHING = fields_by_kind(tuple(FIELDS))


def assert_same(left: EventBatch, right: EventBatch) -> None:
    assert left.fields == right.fields
    assert left.event_ids == right.event_ids
    assert left.texts == right.texts
    assert left.remarks == right.remarks
    assert np.array_equal(left.occurred_at_us, right.occurred_at_us)
    assert np.array_equal(left.numbers, right.numbers, equal_nan=True)
    assert np.array_equal(left.hashes, right.hashes)
    assert left.numbers.dtype == right.numbers.dtype == np.float64
    assert left.hashes.dtype == right.hashes.dtype == np.uint64
    assert left.numbers.flags.c_contiguous
    assert right.hashes.flags.c_contiguous


@given(st.lists(event_rows(), max_size=6))
def test_a_table_of_events_batches_as_the_events_do(rows: list[dict[str, Any]]) -> None:
    events = [decode_row(row, base_currency=BASE_CURRENCY) for row in rows]
    table = table_of_events(events, tuple(FIELDS))
    assert_same(batch_events(events, EVERYTHING), batch_table(table, EVERYTHING))


@given(st.lists(event_rows(), min_size=1, max_size=6), st.data())
def test_a_slice_of_a_batch_is_the_batch_of_the_slice(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    events = [decode_row(row) for row in rows]
    start = data.draw(st.integers(0, len(events)))
    stop = data.draw(st.integers(start, len(events)))
    whole = batch_events(events, EVERYTHING)
    assert_same(whole.slice(start, stop), batch_events(events[start:stop], EVERYTHING))


def fits(name: str, value: object) -> bool:
    """Tell whether a value can stand in an Arrow column of the field's type at all."""
    try:
        array = pa.array([value], ARROW_TYPES[name])
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError):
        return False
    back = array[0].as_py()
    return type(back) is type(value) or value is None


def by_row(rows: list[dict[str, Any]]) -> tuple[list[Event], list[tuple[int, str]]]:
    events: list[Event] = []
    refusals: list[tuple[int, str]] = []
    for index, row in enumerate(rows):
        try:
            place = Place(path="x.parquet", line=index + 1)
            events.append(decode_row(row, place=place, base_currency=BASE_CURRENCY))
        except EventRefused as error:
            refusals.append((index, str(error)))
    return events, refusals


@given(st.lists(damaged_rows(), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_a_table_refuses_the_rows_that_the_row_path_refuses_in_the_same_words(
    drawn: list[dict[str, Any]], as_dictionaries: bool, as_texts: bool
) -> None:
    rows = [{name: cell for name, cell in row.items() if fits(name, cell)} for row in drawn]
    names = list(dict.fromkeys(name for row in rows for name in row))
    # A row from a table stands in the table's column order.
    rows = [{name: row[name] for name in names if row.get(name) is not None} for row in rows]
    columns = {name: pa.array([row.get(name) for row in rows], ARROW_TYPES[name]) for name in names}
    if as_dictionaries:
        columns = {
            name: column.dictionary_encode() if pa.types.is_string(column.type) else column
            for name, column in columns.items()
        }
    if as_texts and "occurred_at_us" in columns:
        written = [
            format_instant(row["occurred_at_us"])
            if abs(row.get("occurred_at_us", 10**18)) < 10**16
            else None
            for row in rows
        ]
        del columns["occurred_at_us"]
        columns["occurred_at"] = pa.array(written, pa.string())
        for row, text in zip(rows, written, strict=True):
            row.pop("occurred_at_us", None)
            if text is not None:
                row["occurred_at"] = text
    events, refusals = by_row(rows)
    checked = check_table(
        pa.table(columns), place=Place(path="x.parquet"), base_currency=BASE_CURRENCY
    )
    assert [(index, str(error)) for index, error in checked.refusals()] == refusals
    assert checked.rows.tolist() == [
        index for index in range(len(rows)) if index not in dict(refusals)
    ]
    if events:
        assert_same(batch_events(events, EVERYTHING), batch_table(checked, EVERYTHING))
