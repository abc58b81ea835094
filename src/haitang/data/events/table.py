"""Arrow tables whose columns are event fields: checked in bulk, row for row as `decode_row` would.

Masks over whole columns find the rows at fault; only those are decoded one by one, so that a
refusal reads the same whichever way an event came in. `Place.line` of a refusal is the row
counted from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from haitang.data.events.catalogue import FIELDS, FieldSpec
from haitang.data.events.codec import AHEAD_US_MAX, decode_row
from haitang.data.events.diagnosis import FORBIDDEN
from haitang.data.events.envelope import Envelope
from haitang.data.events.errors import EventRefused, TableRefused
from haitang.kernel.errors import NOWHERE, HaitangError, Place, Refusals, did_you_mean, symbol
from haitang.kernel.instants import format_instant, parse_instant

BoolArray = npt.NDArray[np.bool_]
Int64Array = npt.NDArray[np.int64]

ARROW_TYPES: dict[str, pa.DataType] = {
    name: pa.bool_()
    if spec.kind == "flag"
    else pa.string()
    if spec.type == "text"
    else pa.int64()
    if spec.integer
    else pa.float64()
    for name, spec in FIELDS.items()
}
"""The Arrow type in which a field stands in a table."""


class CheckedTable(Struct, frozen=True, kw_only=True, eq=False):
    """A table whose every row is an event, and which rows of the source are not.

    `table` has the types of `ARROW_TYPES` (texts may be dictionaries), one chunk a column, and
    `amount_base_minor` filled in. `rows[i]` is the source row of row i; `refused_rows` the others.
    """

    table: pa.Table
    rows: Int64Array
    refused_rows: Int64Array
    refusal: Callable[[int], EventRefused]
    """What was wrong with a source row of `refused_rows`."""

    def refusals(self) -> Iterator[tuple[int, EventRefused]]:
        """Yield source row (from 0) and refusal, in order; each is worked out when asked for."""
        for row in self.refused_rows.tolist():
            yield row, self.refusal(row)


def check_table(
    table: pa.Table, *, place: Place = NOWHERE, base_currency: str = ""
) -> CheckedTable:
    """Check a table in event columns; `TableRefused` when its columns cannot be event fields.

    `occurred_at` may stand for `occurred_at_us`, as RFC 3339 text or as a timestamp with a zone; a
    timestamp with a zone may stand in any instant column.
    """
    columns, bad = _typed_columns(table, place)
    if "event_type" not in columns or "event_id" not in columns:
        bad[:] = True
    else:
        event_types = _texts_of(columns["event_type"])
        for name, column in columns.items():
            bad |= _value_faults(FIELDS[name], column) | _misplaced(name, column, event_types)
        bad |= _missing(columns, event_types)
        bad |= _instants_ahead(columns, len(bad))
        bad |= _money_faults(columns, event_types, base_currency)
    whole = pa.table(columns)

    def refusal(row: int) -> EventRefused:
        values = _row(whole, table, row)
        try:
            decode_row(
                values, place=Place(path=place.path, line=row + 1), base_currency=base_currency
            )
        except EventRefused as error:
            return error
        raise AssertionError(f"row {row} was refused in bulk and accepted alone")

    good = whole.filter(pa.array(~bad)) if bad.any() else whole
    return CheckedTable(
        table=_with_base_amount(good, base_currency).combine_chunks(),
        rows=np.flatnonzero(~bad),
        refused_rows=np.flatnonzero(bad),
        refusal=refusal,
    )


def table_of_events(events: Sequence[Envelope], names: Sequence[str] = ()) -> pa.Table:
    """Return events as a table in event columns; by default every column that any of them fills."""
    wanted = tuple(names) or tuple(FIELDS)
    rows = list(map(attrgetter(*wanted, "event_id"), events))
    columns = list(zip(*rows, strict=True)) or [()] * len(wanted)
    return pa.table(
        {
            name: pa.array(values, ARROW_TYPES[name])
            for name, values in zip(wanted, columns, strict=False)
            if names or any(value is not None for value in values)
        }
    )


def _typed_columns(table: pa.Table, place: Place) -> tuple[dict[str, pa.Array], BoolArray]:
    """Return each column as one array of its field's type, and the rows whose instant is at fault.

    What no row could mend is refused as a whole, all columns at once.
    """
    problems: list[HaitangError] = []
    columns: dict[str, pa.Array] = {}
    names = table.column_names
    problems += [_repeated(name, place) for name in FIELDS if names.count(name) > 1]
    for name in names if not problems else []:
        if name in FIELDS:
            try:
                columns[name] = _typed(name, table.column(name), place)
            except TableRefused as error:
                problems.append(error)
        elif name != "occurred_at":
            problems.append(_unknown(name, place))
    bad = np.zeros(table.num_rows, np.bool_)
    if "occurred_at" in names and not problems:
        try:
            columns["occurred_at_us"], bad = _occurred_at(table, columns, place)
        except TableRefused as error:
            problems.append(error)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Refusals(problems)
    return columns, bad


def _unknown(name: str, place: Place) -> TableRefused:
    return TableRefused(
        code="column_unknown",
        message=f"unknown column {symbol(name)}",
        place=place,
        hint=did_you_mean(name, (*FIELDS, "occurred_at"))
        or "map it with a mapping file, or see docs/reference/events.md",
    )


def _repeated(name: str, place: Place) -> TableRefused:
    return TableRefused(
        code="column_repeated",
        message=f"column {symbol(name)} stood twice; expected each column once",
        place=place,
    )


def _occurred_at(
    table: pa.Table, columns: dict[str, pa.Array], place: Place
) -> tuple[pa.Array, BoolArray]:
    """Return `occurred_at_us` from both spellings, and the rows with both or an unreadable one."""
    written = table.column("occurred_at")
    read = _instant_texts(written, place)
    said = np.asarray(written.is_valid())
    faults = said & ~np.asarray(read.is_valid())
    if "occurred_at_us" not in columns:
        return read, faults
    numbers = columns["occurred_at_us"]
    return pc.coalesce(read, numbers), faults | (said & np.asarray(numbers.is_valid()))


def _typed(name: str, column: pa.ChunkedArray, place: Place) -> pa.Array:
    wanted = ARROW_TYPES[name]
    found = column.type
    if pa.types.is_null(found):
        return pa.nulls(len(column), wanted)
    if pa.types.is_dictionary(found) and pa.types.is_string(wanted):
        if not (pa.types.is_string(found.value_type) or pa.types.is_large_string(found.value_type)):
            raise _column_type(name, found, place)
        single = _single(column.unify_dictionaries())
    elif pa.types.is_string(wanted):
        if not _is_text(found):
            raise _column_type(name, found, place)
        single = _single(column.cast(pa.string()) if found == pa.string_view() else column)
    elif FIELDS[name].kind == "instant" and pa.types.is_timestamp(found) and found.tz:
        single = _single(column.cast(pa.timestamp("us", found.tz), safe=False).cast(pa.int64()))
    elif pa.types.is_boolean(wanted):
        if not pa.types.is_boolean(found):
            raise _column_type(name, found, place)
        single = _single(column)
    elif pa.types.is_integer(found) or (
        pa.types.is_floating(found) and pa.types.is_floating(wanted)
    ):
        single = _numbers(_single(column), wanted)
    else:
        raise _column_type(name, found, place)
    _refuse_broken_text(name, single, place)
    return single


def _numbers(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_uint64(array.type):
        # Beyond int64 every bound is broken anyway; clipped values stay refused.
        array = pc.min_element_wise(array, pa.scalar(2**63 - 1, pa.uint64()), skip_nulls=False)
        array = array.cast(pa.int64())
    return array.cast(wanted, safe=False)


def _is_text(found: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(found) or pa.types.is_large_string(found) or found == pa.string_view()
    )


def _single(column: pa.ChunkedArray) -> pa.Array:
    """Return one array; texts of more than 2 GB need 64-bit offsets for that."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_string(column.type) and column.nbytes >= 2**31:
        column = column.cast(pa.large_string())
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def _column_type(name: str, found: pa.DataType, place: Place) -> TableRefused:
    wanted = ARROW_TYPES[name]
    return TableRefused(
        code="column_type",
        message=f"column `{name}` was of type {symbol(found)}; expected {symbol(wanted)}",
        place=place,
        hint="cast the column, or describe the table in a mapping file",
    )


def _refuse_broken_text(name: str, array: pa.Array, place: Place) -> None:
    if not (_is_text(array.type) or pa.types.is_dictionary(array.type)):
        return
    words = array.dictionary if pa.types.is_dictionary(array.type) else array
    try:
        words.validate(full=True)
    except pa.ArrowInvalid:
        raise TableRefused(
            code="column_not_utf8",
            message=f"column `{name}` was not UTF-8",
            place=place,
            hint="write texts as UTF-8; GBK and GB18030 must be converted before",
        ) from None


def _instant_texts(column: pa.ChunkedArray, place: Place) -> pa.Array:
    """Return microseconds for `occurred_at`; what is no instant is missing, and refused by row."""
    if pa.types.is_timestamp(column.type) and column.type.tz:
        return _typed("occurred_at_us", column, place)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _is_text(column.type):
        raise TableRefused(
            code="column_type",
            message=f"column `occurred_at` was of type {symbol(column.type)}; "
            "expected `string` or a timestamp with a zone",
            place=place,
        )
    return pa.array([_instant_or_none(text) for text in column.to_pylist()], pa.int64())


def _instant_or_none(text: str | None) -> int | None:
    try:
        return None if text is None else parse_instant(text)
    except HaitangError:
        return None


def _row(typed: pa.Table, table: pa.Table, row: int) -> dict[str, Any]:
    """Return one row as `decode_row` takes it: typed values, but the instant as it was written."""
    values: dict[str, Any] = {name: typed.column(name)[row].as_py() for name in typed.column_names}
    if "occurred_at" in table.column_names:
        written = table.column("occurred_at")[row].as_py()
        if written is not None:
            read = values.pop("occurred_at_us")
            values["occurred_at"] = written if isinstance(written, str) else format_instant(read)
            if "occurred_at_us" in table.column_names:
                values["occurred_at_us"] = table.column("occurred_at_us")[row].as_py()
    return {name: value for name, value in values.items() if value is not None}


def _texts_of(array: pa.Array) -> pa.Array:
    return array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array


def _true(mask: Any) -> BoolArray:
    """Return an Arrow mask as NumPy; a missing answer is no fault."""
    return np.asarray(pc.fill_null(mask, False))


def _value_faults(spec: FieldSpec, array: pa.Array) -> BoolArray:
    if spec.kind == "flag":
        return np.zeros(len(array), np.bool_)
    if spec.type == "number":
        return _number_faults(spec, array)
    if pa.types.is_dictionary(array.type):
        words = _text_faults(spec, array.dictionary)
        if not words.any():
            return np.zeros(len(array), np.bool_)
        return _true(pc.take(pa.array(words), array.indices))
    return _text_faults(spec, array)


def _number_faults(spec: FieldSpec, array: pa.Array) -> BoolArray:
    faults = _true(pc.or_(pc.less(array, spec.minimum), pc.greater(array, spec.maximum)))
    if pa.types.is_floating(array.type):
        faults |= _true(pc.is_nan(array))
    return faults


def _text_faults(spec: FieldSpec, array: pa.Array) -> BoolArray:
    if spec.allowed:
        allowed = pa.array(spec.allowed, array.type)
        return _true(pc.and_(array.is_valid(), pc.invert(pc.is_in(array, allowed))))
    lengths = pc.utf8_length(array)
    faults = _true(
        pc.or_(pc.less(lengths, spec.characters_min), pc.greater(lengths, spec.characters_max))
    )
    if _may_hold_forbidden(array):
        search = FORBIDDEN[spec.kind].search
        faults |= np.fromiter(
            (text is not None and search(text) is not None for text in array.to_pylist()),
            np.bool_,
            len(array),
        )
    return faults


def _may_hold_forbidden(array: pa.Array) -> bool:
    """Tell cheaply, from all texts' bytes together, if any may hold a forbidden character."""
    data = array.buffers()[2]
    if data is None:
        return False
    present = np.zeros(256, np.bool_)
    present[np.frombuffer(data, np.uint8)] = True
    return bool(present[:0x20].any() or present[[0x7F, 0xC2, 0xE2, 0xEF]].any())


def _misplaced(name: str, array: pa.Array, event_types: pa.Array) -> BoolArray:
    """Mark values of a field that the row's event type does not carry; an unknown one has none."""
    carriers = FIELDS[name].event_types
    present = set(pc.unique(event_types).to_pylist())
    if present <= set(carriers):
        return np.zeros(len(array), np.bool_)
    carried = pc.is_in(event_types, pa.array(carriers, event_types.type))
    return _true(pc.and_(array.is_valid(), pc.invert(carried)))


def _missing(columns: dict[str, pa.Array], event_types: pa.Array) -> BoolArray:
    faults = np.asarray(event_types.is_null()).copy()
    for name, spec in FIELDS.items():
        if not spec.required:
            continue
        concerned = _true(pc.is_in(event_types, pa.array(spec.event_types, event_types.type)))
        if name in columns:
            concerned = concerned & np.asarray(columns[name].is_null())
        faults |= concerned
    return faults


def _instants_ahead(columns: dict[str, pa.Array], count: int) -> BoolArray:
    if not {"received_at_us", "occurred_at_us"} <= columns.keys():
        return np.zeros(count, np.bool_)
    latest = pc.add(columns["received_at_us"], AHEAD_US_MAX)
    return _true(pc.greater(columns["occurred_at_us"], latest))


def _money_faults(
    columns: dict[str, pa.Array], event_types: pa.Array, base_currency: str
) -> BoolArray:
    if "amount_minor" not in columns:
        return np.zeros(len(event_types), np.bool_)
    amount = columns["amount_minor"]
    currency = _texts_of(columns.get("currency", pa.nulls(len(amount), pa.string())))
    priced = pc.is_in(event_types, pa.array(FIELDS["currency"].event_types, event_types.type))
    faults = _true(pc.and_(priced, pc.and_(amount.is_valid(), currency.is_null())))
    if base_currency and "amount_base_minor" in columns:
        differs = pc.not_equal(columns["amount_base_minor"], amount)
        faults |= _true(pc.and_(differs, pc.equal(currency, base_currency)))
    return faults


def _with_base_amount(table: pa.Table, base_currency: str) -> pa.Table:
    """Fill `amount_base_minor` of money movements where the currency is the base currency."""
    if not base_currency or not {"amount_minor", "currency"} <= set(table.column_names):
        return table
    event_types = table.column("event_type")
    carriers = pa.array(FIELDS["amount_base_minor"].event_types)
    movements = pc.is_in(_plain(event_types), carriers)
    same = pc.fill_null(pc.equal(_plain(table.column("currency")), base_currency), False)
    filled = pc.if_else(
        pc.and_(movements, same), table.column("amount_minor"), pa.scalar(None, pa.int64())
    )
    name = "amount_base_minor"
    if name not in table.column_names:
        return table.append_column(name, filled)
    index = table.column_names.index(name)
    return table.set_column(index, name, pc.coalesce(table.column(name), filled))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if column.type != pa.string() else column
