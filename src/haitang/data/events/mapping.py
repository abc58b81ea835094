"""What a mapping says: how the columns of somebody's file become events.

`mapping_reader` reads it from YAML; `map_row` applies it to one row, `mapping_table.map_table` to
a whole Arrow table with the same result. A row may become several events, each where its `when`
holds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Literal

from msgspec import Struct

from haitang.data.events.catalogue import FIELDS
from haitang.data.events.errors import EventRefused, refused
from haitang.kernel.errors import NOWHERE, HaitangError, Place, symbol
from haitang.kernel.instants import load_zone, parse_instant

Cell = object
"""What stands in a row under a column: text, number, flag, timestamp or None."""

Value = str | int | float | bool
Rounding = Literal["refuse", "half_up", "half_even", "down"]
TimeUnit = Literal["d", "h", "m", "s", "ms", "us", "ns"]

ROW_COLUMN = "$row"
"""A column that every file has: the number of the row, from 1."""

RFC3339 = "rfc3339"
UNIT_NS: dict[TimeUnit, int] = {
    "d": 86_400 * 10**9,
    "h": 3_600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}

_ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}
# A float may be written out with 309 digits; that it is far out of bounds is said later.
_DECIMAL = re.compile(r"[+-]?([0-9]{1,320}(\.[0-9]{0,64})?|\.[0-9]{1,64})([eE][+-]?[0-9]{1,3})?")
_EXACT = Context(prec=1_000)
_ISO_LIKE = {
    "%Y-%m-%d %H:%M:%S": re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    "%Y-%m-%dT%H:%M:%S": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    "%Y-%m-%d": re.compile(r"\d{4}-\d\d-\d\d"),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


class TimeSpec(Struct, frozen=True, kw_only=True):
    """How an instant is written. Exactly one of `format`, `unit` and `step_us` is set.

    `format` is `rfc3339` or strptime directives, read as local time of `zone` unless it has `%z`;
    the earlier instant where the clock was put back. `unit` counts since 1970, `step_us` since
    `origin_us`.
    """

    format: str = ""
    zone: str = ""
    unit: TimeUnit | None = None
    step_us: int = 0
    origin_us: int = 0
    later_us: int = 0
    """Added to the result: a label that arrives 7 days after its transaction."""


class FieldMapping(Struct, frozen=True, kw_only=True):
    """Where one field comes from (`column`, `template` or `constant`), and what is done to it."""

    field: str
    column: str = ""
    template: str = ""
    """Text with `{column}` in it; absent when one of its columns is."""
    columns: tuple[str, ...] = ()
    """The columns that `template` names."""
    constant: Value | None = None
    missing: tuple[str, ...] = ()
    """Cells that mean nothing is there, beside the empty one."""
    values: dict[str, Value] | None = None
    """What a cell's text stands for."""
    otherwise: Value | None = None
    """For a text that `values` does not have; without it such a row is refused."""
    default: Value | None = None
    """For an absent cell."""
    scale: Decimal | None = None
    """Multiplies the number, exactly: 100 makes fen of yuan."""
    round: Rounding = "refuse"
    absolute: bool = False
    time: TimeSpec | None = None


class Condition(Struct, frozen=True, kw_only=True):
    """One question to a row; of `among`, `excluded` and `empty` exactly one is set."""

    column: str
    among: tuple[str, ...] | None = None
    excluded: tuple[str, ...] | None = None
    empty: bool | None = None


class EventMapping(Struct, frozen=True, kw_only=True):
    """One event that a row may become; it does where every condition of `when` holds."""

    event_type: str
    when: tuple[Condition, ...] = ()
    fields: tuple[FieldMapping, ...]


class MappingSpec(Struct, frozen=True, kw_only=True):
    """A whole mapping. A row for which any condition of `skip` holds is passed over."""

    name: str
    path: str = ""
    skip: tuple[Condition, ...] = ()
    events: tuple[EventMapping, ...]

    def columns(self) -> tuple[str, ...]:
        """Return every column that the mapping reads, in order of first mention, without `$row`."""
        names: dict[str, None] = {}
        for condition in self.skip:
            names[condition.column] = None
        for event in self.events:
            names.update((condition.column, None) for condition in event.when)
            for field in event.fields:
                names.update((name, None) for name in (field.column, *field.columns) if name)
        names.pop(ROW_COLUMN, None)
        return tuple(names)


def map_row(
    row: Mapping[str, Cell], mapping: MappingSpec, *, row_number: int, place: Place = NOWHERE
) -> list[dict[str, object]]:
    """Return the rows in event fields, for `decode_row`, that one row becomes; none when skipped.

    Raises `EventRefused` for a cell that cannot be converted; a field's bounds are `decode_row`'s.
    """
    cells = {**row, ROW_COLUMN: row_number}
    if any(holds(condition, cells.get(condition.column)) for condition in mapping.skip):
        return []
    return [
        _map_event(event, cells, place)
        for event in mapping.events
        if all(holds(condition, cells.get(condition.column)) for condition in event.when)
    ]


def _map_event(event: EventMapping, cells: Mapping[str, Cell], place: Place) -> dict[str, object]:
    values: dict[str, object] = {"event_type": event.event_type}
    for field in event.fields:
        value = map_field(field, cells, place)
        if value is not None:
            values[field.field] = value
    return values


def map_field(field: FieldMapping, cells: Mapping[str, Cell], place: Place) -> Value | None:
    """Return the value of one field of one row, None where it is absent."""
    if field.template:
        parts = {name: cell_text(cells.get(name), name, place) for name in field.columns}
        absent = any(part is None or part in field.missing for part in parts.values())
        return convert(field, None if absent else fill(field.template, parts), place)
    if field.column:
        return convert(field, cells.get(field.column), place)
    return convert(field, field.constant, place)


def fill(template: str, parts: Mapping[str, str | None]) -> str:
    """Return the template with each `{column}` replaced."""
    return TEMPLATE_COLUMN.sub(lambda match: parts[match[1]] or "", template)


TEMPLATE_COLUMN = re.compile(r"\{([^{}]{1,128})\}")


def holds(condition: Condition, cell: Cell) -> bool:
    """Tell whether a condition holds for a cell; an empty cell is neither among nor excluded."""
    text = cell_text(cell, condition.column, NOWHERE)
    if condition.empty is not None:
        return (text is None) == condition.empty
    if text is None:
        return False
    if condition.among is not None:
        return text in condition.among
    assert condition.excluded is not None
    return text not in condition.excluded


def cell_text(cell: Cell, column: str, place: Place) -> str | None:
    """Return how a cell is spelt in conditions, templates and texts; None when it is empty.

    A whole number is spelt without a point, also where the column is one of floats.
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if math.isnan(cell):
            return None
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, (int, Decimal)):
        return str(cell)
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    raise refused(
        "mapping_value",
        f"column {symbol(column)} held a value of type {symbol(type(cell).__name__)}; "
        "expected text, a number, a flag or a timestamp",
        place=place,
    )


def convert(field: FieldMapping, cell: Cell, place: Place) -> Value | None:
    """Return what a cell means for a field."""
    text = cell_text(cell, field.column or field.template, place)
    if text is None or text in field.missing:
        return field.default
    if field.values is not None:
        value = field.values.get(text, field.otherwise)
        if value is None:
            raise _refuse(field, text, "one of the mapping's `values`", place)
        return value
    spec = FIELDS[field.field]
    if field.time is not None:
        return instant(field, cell, place)
    if spec.kind == "flag":
        if text.lower() not in _FLAGS:
            raise _refuse(field, text, "true, false, 1 or 0", place)
        return _FLAGS[text.lower()]
    if spec.type == "number":
        return number(field, text, place)
    return text


def number(field: FieldMapping, text: str, place: Place) -> int | float:
    """Return the scaled number: exact and whole for integer fields, else a float."""
    stripped = text.strip()
    if not _DECIMAL.fullmatch(stripped):
        raise _refuse(field, text, "a decimal number", place)
    exact = Decimal(stripped)
    if field.scale is not None:
        exact = _EXACT.multiply(exact, field.scale)
    if field.absolute:
        exact = abs(exact)
    if not FIELDS[field.field].integer:
        return float(exact)
    whole = exact.to_integral_value(_ROUNDINGS.get(field.round, ROUND_DOWN), _EXACT)
    if field.round == "refuse" and whole != exact:
        raise _refuse(field, text, "a whole number after scaling", place, _ROUND_HINT)
    return int(whole)


def instant(field: FieldMapping, cell: Cell, place: Place) -> int:
    """Return the microseconds UTC that a cell means."""
    time = field.time
    assert time is not None
    if isinstance(cell, datetime):
        return _of_datetime(field, cell, time.zone, place) + time.later_us
    text = (cell_text(cell, field.column, place) or "").strip()
    if time.format:
        return _parsed(field, time, text, place) + time.later_us
    if not _DECIMAL.fullmatch(text):
        raise _refuse(field, text, "a number", place)
    if time.unit is not None:
        count_ns = _EXACT.multiply(Decimal(text), Decimal(UNIT_NS[time.unit]))
        return int(count_ns.to_integral_value(ROUND_FLOOR, _EXACT)) // 1000 + time.later_us
    steps_us = _EXACT.multiply(Decimal(text), Decimal(time.step_us))
    past_us = int(steps_us.to_integral_value(ROUND_FLOOR, _EXACT))
    return time.origin_us + past_us + time.later_us


def _parsed(field: FieldMapping, time: TimeSpec, text: str, place: Place) -> int:
    try:
        if time.format == RFC3339:
            return parse_instant(text)
        shape = _ISO_LIKE.get(time.format)
        if shape is None:
            moment = datetime.strptime(text, time.format)  # noqa: DTZ007 - the zone follows
        elif shape.fullmatch(text):
            moment = datetime.fromisoformat(text)
        else:
            raise ValueError(text)
    except (HaitangError, ValueError):
        raise _refuse(field, text, f"a time like {symbol(time.format)}", place) from None
    return _of_datetime(field, moment, time.zone, place)


def _of_datetime(field: FieldMapping, moment: datetime, zone: str, place: Place) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=load_zone(zone or "UTC"))
    try:
        return (moment - _EPOCH) // _MICROSECOND
    except OverflowError:
        text = moment.replace(tzinfo=None).isoformat()
        raise _refuse(field, text, "an instant from 1990 to 2100", place) from None


_ROUND_HINT = "say `round: half_up` in the mapping where the source has more digits"


def _refuse(
    field: FieldMapping, text: str, what: str, place: Place, hint: str = ""
) -> EventRefused:
    source = f"column {symbol(field.column)}" if field.column else "the template"
    # What becomes an id or a remark may be personal and is not quoted.
    shown = symbol(text) if FIELDS[field.field].kind not in ("id", "remark") else "something else"
    return refused(
        "mapping_value",
        f"{source} for field `{field.field}` was {shown}; expected {what}",
        place=place,
        field=field.field,
        hint=hint,
    )
