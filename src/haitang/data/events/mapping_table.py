"""A mapping applied to a whole Arrow table, with the result that `map_row` has row by row.

Numbers, texts and templates go through Arrow and NumPy; whatever needs reading (times, value
maps, decimal texts) goes through the row-wise functions once for each different cell. Rows with a
cell that cannot be converted are refused with the message of the row-wise path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from haitang.data.events.catalogue import FIELDS
from haitang.data.events.errors import EventRefused, MappingRefused
from haitang.data.events.mapping import (
    ROW_COLUMN,
    TEMPLATE_COLUMN,
    UNIT_NS,
    Condition,
    EventMapping,
    FieldMapping,
    MappingSpec,
    cell_text,
    convert,
    holds,
    map_row,
)
from haitang.data.events.table import ARROW_TYPES
from haitang.kernel.errors import NOWHERE, HaitangError, Place, did_you_mean, symbol

BoolArray = npt.NDArray[np.bool_]
Int64Array = npt.NDArray[np.int64]

_FLAG_TEXTS = ("true", "false")


class MappedTable(Struct, frozen=True, kw_only=True, eq=False):
    """Events in event columns, in the order of their source rows and, within one, of the mapping.

    Not yet checked: pass `table` to `check_table`. `rows[i]` is the source row (from 0) of event i.
    """

    table: pa.Table
    rows: Int64Array
    refused_rows: Int64Array
    refusal: Callable[[int], EventRefused]

    def refusals(self) -> Iterator[tuple[int, EventRefused]]:
        """Yield source row (from 0) and refusal, in order."""
        for row in self.refused_rows.tolist():
            yield row, self.refusal(row)


def map_table(
    table: pa.Table, mapping: MappingSpec, *, first_row: int = 1, place: Place = NOWHERE
) -> MappedTable:
    """Return the events of a table's rows; `first_row` is the number (`$row`) of its first row."""
    _refuse_absent_columns(table, mapping)
    columns = {name: _one(name, table.column(name), place) for name in mapping.columns()}
    count = table.num_rows
    columns[ROW_COLUMN] = pa.array(np.arange(first_row, first_row + count, dtype=np.int64))
    wanted = np.ones(count, np.bool_)
    for condition in mapping.skip:
        wanted &= ~_holds(condition, columns[condition.column])
    parts: list[pa.Table] = []
    part_rows: list[Int64Array] = []
    bad = np.zeros(count, np.bool_)
    for event in mapping.events:
        chosen = wanted.copy()
        for condition in event.when:
            chosen &= _holds(condition, columns[condition.column])
        rows = np.flatnonzero(chosen)
        taken = (
            columns
            if len(rows) == count
            else {name: column.take(pa.array(rows)) for name, column in columns.items()}
        )
        part, faults = _map_event(event, taken, len(rows))
        parts.append(part)
        part_rows.append(rows)
        bad[rows[faults]] = True

    def refusal(row: int) -> EventRefused:
        cells = {name: column[row].as_py() for name, column in columns.items()}
        number = cells.pop(ROW_COLUMN)
        try:
            map_row(cells, mapping, row_number=number, place=Place(path=place.path, line=number))
        except EventRefused as error:
            return error
        raise AssertionError(f"row {row} was refused in bulk and accepted alone")

    events, rows = _interleave(parts, part_rows, bad)
    return MappedTable(table=events, rows=rows, refused_rows=np.flatnonzero(bad), refusal=refusal)


def _refuse_absent_columns(table: pa.Table, mapping: MappingSpec) -> None:
    for name in mapping.columns():
        if name not in table.column_names:
            raise MappingRefused(
                code="mapping_column_absent",
                message=f"the file had no column {symbol(name)}, which the mapping "
                f"{symbol(mapping.name)} reads",
                place=Place(path=mapping.path),
                hint=did_you_mean(name, table.column_names),
            )


def _interleave(
    parts: list[pa.Table], part_rows: list[Int64Array], bad: BoolArray
) -> tuple[pa.Table, Int64Array]:
    rows = np.concatenate(part_rows)
    events = pa.concat_tables(parts, promote_options="default")
    keep = np.argsort(rows, kind="stable")
    keep = keep[~bad[rows[keep]]]
    if len(keep) < len(rows) or len(parts) > 1:
        events = events.take(pa.array(keep))
    return events.combine_chunks(), rows[keep]


def _map_event(
    event: EventMapping, columns: dict[str, pa.Array], count: int
) -> tuple[pa.Table, BoolArray]:
    faults = np.zeros(count, np.bool_)
    event_type = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(count, np.int8)), pa.array([event.event_type])
    )
    mapped: dict[str, pa.Array] = {"event_type": event_type.cast(pa.string())}
    for field in event.fields:
        array, wrong = _map_field(field, columns, count)
        mapped[field.field] = array
        faults |= wrong
    return pa.table(mapped), faults


def _map_field(
    field: FieldMapping, columns: dict[str, pa.Array], count: int
) -> tuple[pa.Array, BoolArray]:
    if field.template or field.column:
        column = _fill(field, columns, count) if field.template else columns[field.column]
        direct = _direct(field, column)
        return direct if direct is not None else _each(field, column)
    value = convert(field, field.constant, NOWHERE)
    wanted = ARROW_TYPES[field.field]
    constant = pa.array([value], wanted).take(pa.array(np.zeros(count, np.int64)))
    return constant, np.zeros(count, np.bool_)


def _direct(field: FieldMapping, column: pa.Array) -> tuple[pa.Array, BoolArray] | None:
    """Map a column without looking at each cell, or return None where that would not be exact."""
    spec = FIELDS[field.field]
    if field.values is not None:
        return None
    none = np.zeros(len(column), np.bool_)
    if spec.type == "text":
        if not (pa.types.is_string(column.type) or pa.types.is_integer(column.type)):
            return None
        texts = column.cast(pa.string())
        absent = pc.is_in(texts, pa.array(["", *field.missing], pa.string()))
        texts = pc.if_else(absent, pa.scalar(None, pa.string()), texts)
        if field.default is not None:
            texts = pc.fill_null(texts, pa.scalar(field.default, pa.string()))
        return texts, none
    if field.default is not None or any(_may_be_number(text) for text in field.missing):
        return None
    if spec.kind == "flag":
        return (column, none) if pa.types.is_boolean(column.type) else None
    if field.time is not None:
        return _direct_instant(field, column)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _direct_number(field, column)
    return None


def _may_be_number(text: str) -> bool:
    return any(character.isdigit() for character in text) or text in _FLAG_TEXTS


def _direct_instant(field: FieldMapping, column: pa.Array) -> tuple[pa.Array, BoolArray] | None:
    time = field.time
    assert time is not None
    none = np.zeros(len(column), np.bool_)
    if pa.types.is_timestamp(column.type) and (column.type.tz or time.zone in ("", "UTC")):
        micro = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
        return pc.add(micro, time.later_us), none
    if not pa.types.is_integer(column.type) or time.format:
        return None
    bounds = pc.min_max(column).as_py()
    low, high = bounds["min"] or 0, bounds["max"] or 0
    step_ns = UNIT_NS[time.unit] if time.unit is not None else time.step_us * 1000
    if max(abs(low), abs(high)) * max(step_ns, 1) >= 2**62 or (step_ns < 1000 and low < 0):
        return None
    count = column.cast(pa.int64())
    if step_ns >= 1000:
        shifted = pc.multiply(count, step_ns // 1000)
    else:
        shifted = pc.divide(count, 1000 // step_ns)
    return pc.add(shifted, time.origin_us + time.later_us), none


def _direct_number(field: FieldMapping, column: pa.Array) -> tuple[pa.Array, BoolArray] | None:
    scale = field.scale if field.scale is not None else Decimal(1)
    wanted = ARROW_TYPES[field.field]
    if scale != scale.to_integral_value() or not 1 <= scale <= 10**6:
        return None
    factor = int(scale)
    if not FIELDS[field.field].integer:
        # A float times a factor is rounded once in binary, a decimal once more: only 1 is the same.
        if factor != 1 or not pa.types.is_floating(column.type):
            return None
        array = column.cast(wanted)
        array = pc.if_else(pc.is_nan(array), None, array)
        infinite = _true(pc.is_inf(array))
        return (pc.abs(array) if field.absolute else array), infinite
    if pa.types.is_integer(column.type):
        bounds = pc.min_max(column).as_py()
        if max(abs(bounds["min"] or 0), abs(bounds["max"] or 0)) * factor >= 2**62:
            return None
        array = pc.multiply(column.cast(pa.int64()), factor)
        return (pc.abs(array) if field.absolute else array), np.zeros(len(array), np.bool_)
    return _scaled_floats(field, column.cast(pa.float64()), factor)


def _scaled_floats(
    field: FieldMapping, column: pa.Array, factor: int
) -> tuple[pa.Array, BoolArray]:
    """Scale floats to integers as their shortest decimals would be scaled.

    A float that is the one nearest to `whole / factor` is spelt so; whatever is not goes through
    decimals by itself, so that a half is rounded as the decimal says.
    """
    floats = column.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore", over="ignore"):
        whole = np.rint(floats * factor)
        exact = (whole / factor == floats) & (np.abs(whole) < 10**15)
    present = ~np.isnan(floats)
    numbers = np.where(exact, whole, 0).astype(np.int64)
    if field.absolute:
        numbers = np.abs(numbers)
    faults = np.zeros(len(floats), np.bool_)
    too_large: list[int] = []
    for row in np.flatnonzero(present & ~exact).tolist():
        try:
            value = convert(field, float(floats[row]), NOWHERE)
            assert isinstance(value, int)
            if abs(value) >= 2**63:
                too_large.append(row)
            else:
                numbers[row] = value
        except HaitangError:
            faults[row] = True
    # Beyond int64 every bound is broken anyway, and the largest integer breaks it too.
    numbers[too_large] = 2**63 - 1
    return pa.array(numbers, mask=~present | faults), faults


def _each(field: FieldMapping, column: pa.Array) -> tuple[pa.Array, BoolArray]:
    """Convert each different cell once, as the row-wise path does."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    wanted = ARROW_TYPES[field.field]
    values: list[object] = []
    wrong: list[bool] = []
    # The last place stands for the cells that are null.
    for cell in [*encoded.dictionary.to_pylist(), None]:
        try:
            value: Any = convert(field, cell, NOWHERE)
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                value = 2**63 - 1
            if value is not None and pa.types.is_floating(wanted):
                value = float(value)
            values.append(value)
            wrong.append(False)
        except HaitangError:
            values.append(None)
            wrong.append(True)
    codes = pc.fill_null(encoded.indices.cast(pa.int64()), len(values) - 1)
    mapped = pa.array(values, wanted).take(codes)
    return mapped, np.array(wrong, np.bool_)[np.asarray(codes)]


def _holds(condition: Condition, column: pa.Array) -> BoolArray:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    answers = [holds(condition, cell) for cell in [*encoded.dictionary.to_pylist(), None]]
    codes = pc.fill_null(encoded.indices.cast(pa.int64()), len(answers) - 1)
    held: BoolArray = np.array(answers, np.bool_)[np.asarray(codes)]
    return held


def _fill(field: FieldMapping, columns: dict[str, pa.Array], count: int) -> pa.Array:
    """Return the filled template, null where one of its columns is absent."""
    pieces: list[Any] = []
    position = 0
    for match in TEMPLATE_COLUMN.finditer(field.template):
        pieces.append(pa.scalar(field.template[position : match.start()], pa.string()))
        pieces.append(_spelt(columns[match[1]], match[1], field.missing))
        position = match.end()
    pieces.append(pa.scalar(field.template[position:], pa.string()))
    # The last argument is the separator.
    joined = pc.binary_join_element_wise(*pieces, "", null_handling="emit_null")
    return joined if isinstance(joined, pa.Array) else pa.array([joined.as_py()] * count)


def _spelt(column: pa.Array, name: str, missing: tuple[str, ...]) -> pa.Array:
    if pa.types.is_integer(column.type):
        texts = column.cast(pa.string())
    elif pa.types.is_string(column.type):
        texts = column
    else:
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        words = [cell_text(cell, name, NOWHERE) for cell in encoded.dictionary.to_pylist()]
        texts = pa.array(words, pa.string()).take(encoded.indices)
    return pc.if_else(pc.is_in(texts, pa.array(["", *missing])), None, texts)


def _one(name: str, column: pa.ChunkedArray, place: Place) -> pa.Array:
    """Return a column as one array of a type that a cell may have."""
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise MappingRefused(
            code="mapping_column_type",
            message=f"column {symbol(name)} was of type {symbol(kind)}; "
            "expected text, a number, a flag or a timestamp",
            place=place,
        )
    if pa.types.is_large_string(kind) or kind == pa.string_view() or pa.types.is_null(kind):
        column = column.cast(pa.string())
    elif pa.types.is_timestamp(kind) and kind.unit == "ns":
        # What is finer than a microsecond is dropped, downwards also before 1970.
        floored = pc.floor_temporal(column, unit="microsecond")
        column = floored.cast(pa.timestamp("us", kind.tz))
    elif pa.types.is_dictionary(kind):
        column = column.unify_dictionaries()
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _true(mask: Any) -> BoolArray:
    answers: BoolArray = np.asarray(pc.fill_null(mask, False))
    return answers
