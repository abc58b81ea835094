"""Columns of exactly the fields that a plan reads: the form in which events enter the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from haitang.data.events._packed import pack_numbers
from haitang.data.events.catalogue import FIELDS
from haitang.data.events.envelope import Envelope
from haitang.data.events.remarks import Remarks
from haitang.data.events.table import CheckedTable, check_table
from haitang.kernel.hashing import hash_texts

Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]
UInt64Array = npt.NDArray[np.uint64]

GETTERS_MAX = 64
"""Field sets whose compiled getter is kept."""

_NUMBER_KINDS = ("number", "flag", "instant")
_TEXT_KINDS = ("id", "text")


class FieldSet(Struct, frozen=True, kw_only=True, cache_hash=True):
    """Which fields a plan reads: the rows of an `EventBatch`, in this order.

    `numbers` holds fields of kind number, flag and instant; `texts` id and text; `remarks` remark.
    """

    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for names, kinds in (
            (self.numbers, _NUMBER_KINDS),
            (self.texts, _TEXT_KINDS),
            (self.remarks, ("remark",)),
        ):
            assert len(set(names)) == len(names), f"{names} names a field twice"
            for name in names:
                assert name in FIELDS, f"{name} is no field of the catalogue"
                assert FIELDS[name].kind in kinds, f"{name} is of kind {FIELDS[name].kind}"


class EventBatch(Struct, frozen=True, kw_only=True, eq=False):
    """Events as columns, in journal order; all columns are as long as `event_ids`.

    A missing number is NaN, a missing text has hash 0, a missing remark is None; flags are 0 and 1,
    instants microseconds. `texts` may be empty when the words are not asked for.
    """

    occurred_at_us: Int64Array
    fields: FieldSet
    numbers: Float64Array
    hashes: UInt64Array
    remarks: tuple[Remarks, ...]
    event_ids: list[str]
    texts: tuple[list[str | None], ...]

    def __len__(self) -> int:
        return len(self.event_ids)

    def slice(self, start: int, stop: int) -> EventBatch:
        """Return events `start` to `stop`; the columns are C-ordered copies."""
        return EventBatch(
            occurred_at_us=self.occurred_at_us[start:stop],
            fields=self.fields,
            numbers=np.ascontiguousarray(self.numbers[:, start:stop]),
            hashes=np.ascontiguousarray(self.hashes[:, start:stop]),
            remarks=tuple(column[start:stop] for column in self.remarks),
            event_ids=self.event_ids[start:stop],
            texts=tuple(column[start:stop] for column in self.texts),
        )

    def take(self, rows: Int64Array) -> EventBatch:
        """Return the events at these positions, in this order."""
        return EventBatch(
            occurred_at_us=self.occurred_at_us[rows],
            fields=self.fields,
            numbers=np.ascontiguousarray(self.numbers[:, rows]),
            hashes=np.ascontiguousarray(self.hashes[:, rows]),
            remarks=tuple(column.take(rows) for column in self.remarks),
            event_ids=[self.event_ids[row] for row in rows],
            texts=tuple([column[row] for row in rows] for column in self.texts),
        )


def join_batches(batches: Sequence[EventBatch]) -> EventBatch:
    """Return batches of the same fields as one, without their words."""
    first = batches[0]
    return EventBatch(
        occurred_at_us=np.concatenate([one.occurred_at_us for one in batches]),
        fields=first.fields,
        numbers=np.concatenate([one.numbers for one in batches], axis=1),
        hashes=np.concatenate([one.hashes for one in batches], axis=1),
        remarks=tuple(
            Remarks.joined(one.remarks[row] for one in batches) for row in range(len(first.remarks))
        ),
        event_ids=[event_id for one in batches for event_id in one.event_ids],
        texts=(),
    )


def fields_by_kind(names: Sequence[str]) -> FieldSet:
    """Sort field names into a `FieldSet` by their kind, keeping their order."""
    return FieldSet(
        numbers=tuple(name for name in names if FIELDS[name].kind in _NUMBER_KINDS),
        texts=tuple(name for name in names if FIELDS[name].kind in _TEXT_KINDS),
        remarks=tuple(name for name in names if FIELDS[name].kind == "remark"),
    )


@lru_cache(maxsize=GETTERS_MAX)
def _getter(fields: FieldSet) -> Callable[[Envelope], tuple[Any, ...]]:
    names = (*fields.numbers, *fields.texts, *fields.remarks)
    return attrgetter("event_id", "occurred_at_us", *names)


def batch_events(events: Sequence[Envelope], fields: FieldSet) -> EventBatch:
    """Lay events out as columns; a field that an event's type does not carry is missing."""
    count = len(events)
    if count == 1:
        return _batch_one(events[0], fields)
    number_count, text_count = len(fields.numbers), len(fields.texts)
    # Every event answers to every field name (see `catalogue`), so one getter serves all types.
    columns: list[tuple[Any, ...]] = list(zip(*map(_getter(fields), events), strict=False))
    if not columns:
        columns = [()] * (2 + number_count + text_count + len(fields.remarks))
    text_start = 2 + number_count
    remark_start = text_start + text_count
    numbers = pack_numbers(list(chain.from_iterable(columns[2:text_start])))
    texts = columns[text_start:remark_start]
    hashes = hash_texts(list(chain.from_iterable(texts)))
    return EventBatch(
        occurred_at_us=np.array(columns[1], np.int64),
        fields=fields,
        numbers=numbers.reshape(number_count, count),
        hashes=hashes.reshape(text_count, count),
        remarks=tuple(map(Remarks.of, columns[remark_start:])),
        event_ids=list(columns[0]),
        texts=tuple(map(list, texts)),
    )


def _batch_one(event: Envelope, fields: FieldSet) -> EventBatch:
    """Do the same for a single event, whose row is its columns: half of the work falls away."""
    row = _getter(fields)(event)
    text_start = 2 + len(fields.numbers)
    remark_start = text_start + len(fields.texts)
    texts = row[text_start:remark_start]
    return EventBatch(
        occurred_at_us=np.array((row[1],), np.int64),
        fields=fields,
        numbers=pack_numbers(row[2:text_start]).reshape(-1, 1),
        hashes=hash_texts(texts).reshape(-1, 1),
        remarks=(*[Remarks.of((remark,)) for remark in row[remark_start:]],),
        event_ids=[row[0]],
        # A list comprehension, because a generator takes twice its time.
        texts=(*[[text] for text in texts],),
    )


def batch_table(
    table: pa.Table | CheckedTable,
    fields: FieldSet,
    *,
    base_currency: str = "",
    words: bool = True,
) -> EventBatch:
    """Lay a table in event columns out as a batch, equal to `batch_events` of its rows' events.

    A plain table is checked first and refused at its first bad row; a caller that wants the good
    rows calls `check_table` and passes its result. Without `words` there are hashes and no texts.
    """
    if not isinstance(table, CheckedTable):
        table = check_table(table, base_currency=base_currency)
        for _, refusal in table.refusals():
            raise refusal
    rows = table.table
    count = rows.num_rows
    if count == 0:
        # Such a table may lack every column.
        return batch_events((), fields)
    numbers = np.full((len(fields.numbers), count), np.nan)
    for row, name in enumerate(fields.numbers):
        if name in rows.column_names:
            numbers[row] = _float_column(rows.column(name))
        if name == "schema_version":
            numbers[row, np.isnan(numbers[row])] = 1.0
    hashes = np.zeros((len(fields.texts), count), np.uint64)
    for row, name in enumerate(fields.texts):
        if name in rows.column_names:
            hashes[row] = hash_texts(_one_array(rows.column(name)))
    names_of_words = fields.texts if words else ()
    return EventBatch(
        occurred_at_us=_one_array(rows.column("occurred_at_us")).to_numpy(zero_copy_only=False),
        fields=fields,
        numbers=numbers,
        hashes=hashes,
        remarks=tuple(_remarks(rows, name) for name in fields.remarks),
        event_ids=rows.column("event_id").to_pylist(),
        texts=tuple(_words(rows, name) for name in names_of_words),
    )


def _words(rows: pa.Table, name: str) -> list[str | None]:
    if name in rows.column_names:
        words: list[str | None] = rows.column(name).to_pylist()
        return words
    return [None] * rows.num_rows


def _remarks(rows: pa.Table, name: str) -> Remarks:
    if name in rows.column_names:
        return Remarks.of_arrow(_one_array(rows.column(name)))
    return Remarks(np.full(rows.num_rows, -1, np.int32), ())


def _float_column(column: pa.ChunkedArray) -> Float64Array:
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.uint8())
    floats: Float64Array = pc.cast(column, pa.float64(), safe=False).to_numpy()
    return floats


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
