"""Say what is wrong with an event that was refused: the slow second reading.

Never called for a good event. A refusal names the first fault in this order: the bytes, the event
type, fields that are not known or not carried, what is missing, then the values as they stand.
Texts that may be personal (ids, remarks) are never quoted, only measured.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS, EventTypeSpec, FieldSpec
from haitang.data.events.errors import EventRefused, refused
from haitang.data.events.kinds import Kind
from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol
from haitang.kernel.instants import format_instant, parse_instant
from haitang.kernel.money import MINOR_DIGITS

ALLOWED_SHOWN_MAX = 24
"""Enumeration values that a message lists at most."""

NUMBER_DIGITS_MAX = 40
"""Digits of an integer that the diagnosis still reads; a longer one is out of every bound."""

# Controls, what reorders or breaks a line on a screen, byte order marks, halves of surrogates.
_UNSAFE = r"\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_LINE = re.compile(rf"[\x00-\x1f{_UNSAFE}]")
_PARAGRAPH = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f{_UNSAFE}]")
FORBIDDEN: dict[Kind, re.Pattern[str]] = {"id": _LINE, "text": _LINE, "remark": _PARAGRAPH}
"""Characters that a text field may not hold; a remark may hold tabs and line breaks."""


class _Huge(int):
    """An integer too long to read: it is out of every bound and is shown by its length."""

    digits: int = 0


class _RepeatedKey(Exception):
    pass


def diagnose_bytes(data: bytes, place: Place) -> EventRefused:
    """Return the refusal of bytes that did not decode."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return refused(
            "event_not_utf8",
            f"the event was not UTF-8 at byte {error.start + 1}",
            place=place,
            hint="write JSON as UTF-8; GBK and GB18030 must be converted before",
        )
    try:
        row = json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer
        )
    except _RepeatedKey as error:
        name = str(error)
        return refused(
            "event_key_repeated",
            f"field {symbol(name)} was given twice; expected each field once",
            place=place,
            field=name if name in FIELDS else "",
        )
    except json.JSONDecodeError as error:
        return refused(
            "event_not_json",
            f"the event was not JSON at character {error.pos + 1}; expected one JSON object",
            place=place,
            hint="save the file without a byte order mark" if text.startswith("\ufeff") else "",
        )
    except _Constant as error:
        return refused(
            "event_not_json",
            f"the event was not JSON: it held the number {symbol(error)}",
            place=place,
            hint="leave a field out, or write null, where there is no number",
        )
    except RecursionError:
        return refused(
            "event_nested",
            "the event was nested too deeply; expected one flat object",
            place=place,
        )
    if not isinstance(row, dict):
        return refused(
            "event_not_object",
            f"the event was {_shape(row)}; expected one JSON object",
            place=place,
        )
    return diagnose_row(row, place, empty_cells=False)


def diagnose_row(
    row: Mapping[str, object], place: Place, *, empty_cells: bool = True
) -> EventRefused:
    """Return the refusal of a row that did not convert.

    With `empty_cells`, fields of other event types may stand empty, as they do in a table's row.
    """
    error = _type_fault(row, place)
    if error is not None:
        return error
    spec = EVENT_TYPES[str(row["event_type"])]
    error = _name_fault(row, spec, place, empty_cells) or _missing_fault(row, spec, place)
    if error is not None:
        return error
    for name, value in row.items():
        if name == "occurred_at" and (value is not None or not empty_cells):
            error = _occurred_at_fault(value, place)
        elif value is not None or (name == "schema_version" and not empty_cells):
            # The one optional field with a default: null would not say which version it is.
            error = value_fault(FIELDS[name], value, place)
        if error is not None:
            return error
    return refused("event_malformed", "the event was not understood", place=place)


def value_fault(spec: FieldSpec, value: object, place: Place) -> EventRefused | None:
    """Return what is wrong with one present value of a field, or None."""
    if spec.kind == "flag":
        return None if isinstance(value, bool) else _wrong_type(spec, value, place)
    if spec.type == "number":
        return _number_fault(spec, value, place)
    return _text_fault(spec, value, place)


def expected(spec: FieldSpec) -> str:
    """Say in a few words what a field holds, for messages and the reference."""
    if spec.kind == "flag":
        return "true or false"
    if spec.type == "number":
        return _expected_number(spec)
    if spec.name == "currency":
        return "a currency code of ISO 4217"
    if spec.allowed:
        shown = ", ".join(f"`{value}`" for value in spec.allowed[:ALLOWED_SHOWN_MAX])
        more = len(spec.allowed) - ALLOWED_SHOWN_MAX
        return f"one of {shown}" + (f" or {more} more" if more > 0 else "")
    if spec.characters_min:
        return f"text of {spec.characters_min} to {spec.characters_max:,} characters"
    return f"text of at most {spec.characters_max:,} characters"


def refuse_too_long(count: int, most: int, place: Place) -> EventRefused:
    """Return the refusal of an event of too many bytes."""
    return refused(
        "event_too_long",
        f"the event was {count:,} bytes long; expected at most {most:,}",
        place=place,
    )


def _refuse_occurred_at(text: str, place: Place) -> EventRefused:
    """Return the refusal of an `occurred_at` that is no instant with an offset, or too far off."""
    return refused(
        "field_instant",
        f"field `occurred_at` was {symbol(text)}; "
        "expected RFC 3339 with an offset, from 1990 to 2100",
        place=place,
        field="occurred_at",
        hint="write for example `2026-03-02T10:00:00+08:00`",
    )


def refuse_forbidden(name: str, value: str, place: Place) -> EventRefused:
    """Return the refusal of a text with a character that no text may hold."""
    match = FORBIDDEN[FIELDS[name].kind].search(value)
    assert match is not None
    return refused(
        "field_control_character",
        f"field `{name}` held U+{ord(match[0]):04X} at character {match.start() + 1}; "
        "expected text without control characters",
        place=place,
        field=name,
    )


def refuse_instant_ahead(occurred_at_us: int, received_at_us: int, place: Place) -> EventRefused:
    """Return the refusal of an event from the future of its own receipt."""
    return refused(
        "field_instant_ahead",
        f"field `occurred_at_us` was {format_instant(occurred_at_us)}, more than 24 hours after "
        f"`received_at_us` {format_instant(received_at_us)}",
        place=place,
        field="occurred_at_us",
        hint="check the sender's clock and unit",
    )


def refuse_unknown_currency(code: str, place: Place) -> EventRefused:
    """Return the refusal of a currency code that ISO 4217 does not have."""
    return refused(
        "field_currency",
        f"field `currency` was {symbol(code)}; expected {expected(FIELDS['currency'])}",
        place=place,
        field="currency",
        hint=did_you_mean(code, MINOR_DIGITS) or "write for example `CNY`",
    )


def refuse_amount_without_currency(place: Place) -> EventRefused:
    """Return the refusal of an amount that does not say of what."""
    return refused(
        "field_currency_missing",
        "field `currency` was missing; expected it beside `amount_minor`",
        place=place,
        field="currency",
    )


def refuse_base_amount(base_minor: int, amount_minor: int, place: Place) -> EventRefused:
    """Return the refusal of two different amounts of one currency."""
    return refused(
        "field_base_amount",
        f"field `amount_base_minor` was {base_minor}; expected {amount_minor} as `amount_minor`, "
        "for the currency is the base currency",
        place=place,
        field="amount_base_minor",
        hint="leave `amount_base_minor` out where the currencies agree",
    )


class _Constant(ValueError):
    pass


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in pairs:
        if name in row:
            raise _RepeatedKey(name)
        row[name] = value
    return row


def _constant(text: str) -> float:
    raise _Constant(text)


def _integer(text: str) -> int:
    if len(text) <= NUMBER_DIGITS_MAX:
        return int(text)
    huge = _Huge(-(10**NUMBER_DIGITS_MAX) if text.startswith("-") else 10**NUMBER_DIGITS_MAX)
    huge.digits = len(text.lstrip("-"))
    return huge


def _type_fault(row: Mapping[str, object], place: Place) -> EventRefused | None:
    event_type = row.get("event_type")
    if event_type is None:
        return refused(
            "event_type_missing",
            "field `event_type` was missing; expected one of the event catalogue",
            place=place,
            field="event_type",
        )
    if not isinstance(event_type, str):
        return refused(
            "event_type_unknown",
            f"field `event_type` was {_shape(event_type)}; expected one of the event catalogue",
            place=place,
            field="event_type",
        )
    if event_type not in EVENT_TYPES:
        return refused(
            "event_type_unknown",
            f"unknown event type {symbol(event_type)}",
            place=place,
            field="event_type",
            hint=did_you_mean(event_type, EVENT_TYPES) or "see docs/reference/events.md",
        )
    return None


def _name_fault(
    row: Mapping[str, object], spec: EventTypeSpec, place: Place, empty_cells: bool
) -> EventRefused | None:
    for name in row:
        if name in spec.fields or name == "occurred_at":
            continue
        if not isinstance(name, str):
            return refused(
                "event_key_type",
                f"a field name was {_shape(name)}; expected text",
                place=place,
            )
        if name in FIELDS:
            if empty_cells and row[name] is None:
                continue
            return refused(
                "field_not_carried",
                f"field `{name}` was given; expected only fields of `{spec.name}`",
                place=place,
                field=name,
                hint=did_you_mean(name, spec.fields),
            )
        return refused(
            "field_unknown",
            f"unknown field {symbol(name)}",
            place=place,
            hint=did_you_mean(name, (*spec.fields, "occurred_at"))
            or "see docs/reference/events.md",
        )
    return None


def _missing_fault(
    row: Mapping[str, object], spec: EventTypeSpec, place: Place
) -> EventRefused | None:
    has_text, has_number = (row.get(name) is not None for name in ("occurred_at", "occurred_at_us"))
    if has_text and has_number:
        return refused(
            "field_instant_twice",
            "field `occurred_at` was given beside `occurred_at_us`; expected one of the two",
            place=place,
            field="occurred_at",
        )
    for name in spec.required:
        if row.get(name) is not None or (name == "occurred_at_us" and has_text):
            continue
        other = " or `occurred_at`" if name == "occurred_at_us" else ""
        return refused(
            "field_missing",
            f"field `{name}`{other} was missing; expected {expected(FIELDS[name])}",
            place=place,
            field=name,
        )
    return None


def _occurred_at_fault(value: object, place: Place) -> EventRefused | None:
    if not isinstance(value, str):
        return refused(
            "field_type",
            f"field `occurred_at` was {_shape(value)}; expected RFC 3339 with an offset",
            place=place,
            field="occurred_at",
        )
    try:
        parse_instant(value)
    except HaitangError:
        return _refuse_occurred_at(value, place)
    return None


def _number_fault(spec: FieldSpec, value: object, place: Place) -> EventRefused | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _wrong_type(spec, value, place)
    whole = not spec.integer or isinstance(value, int)
    assert spec.minimum is not None
    assert spec.maximum is not None
    if whole and spec.minimum <= value <= spec.maximum:
        return None
    shown = f"an integer of {value.digits:,} digits" if isinstance(value, _Huge) else _number(value)
    return refused(
        "field_out_of_bounds" if whole else "field_type",
        f"field `{spec.name}` was {shown}; expected {expected(spec)}",
        place=place,
        field=spec.name,
        hint="instants are microseconds, not seconds or milliseconds"
        if spec.kind == "instant"
        else "",
    )


def _text_fault(spec: FieldSpec, value: object, place: Place) -> EventRefused | None:
    if not isinstance(value, str):
        return _wrong_type(spec, value, place)
    if spec.allowed:
        return _enumeration_fault(spec, value, place)
    if not spec.characters_min <= len(value) <= spec.characters_max:
        return refused(
            "field_text_length",
            f"field `{spec.name}` was {len(value):,} characters long; expected {expected(spec)}",
            place=place,
            field=spec.name,
        )
    if FORBIDDEN[spec.kind].search(value):
        return refuse_forbidden(spec.name, value, place)
    return None


def _expected_number(spec: FieldSpec) -> str:
    if spec.kind == "instant":
        return "an integer of microseconds UTC from 1990 to 2100"
    if spec.minimum == spec.maximum:
        return f"the integer {_bound(spec.minimum)}"
    bounds = f"from {_bound(spec.minimum)} to {_bound(spec.maximum)}"
    if spec.unit == "minor":
        return f"an integer of minor units {bounds}"
    return f"an integer {bounds}" if spec.integer else f"a number {bounds}"


def _wrong_type(spec: FieldSpec, value: object, place: Place) -> EventRefused:
    return refused(
        "field_type",
        f"field `{spec.name}` was {_shape(value)}; expected {expected(spec)}",
        place=place,
        field=spec.name,
        hint="write it without quotes" if isinstance(value, str) else "",
    )


def _enumeration_fault(spec: FieldSpec, value: str, place: Place) -> EventRefused | None:
    if value in spec.allowed:
        return None
    if spec.name == "currency":
        return refuse_unknown_currency(value, place)
    return refused(
        "field_not_allowed",
        f"field `{spec.name}` was {symbol(value)}; expected {expected(spec)}",
        place=place,
        field=spec.name,
        hint=did_you_mean(value, spec.allowed),
    )


def _shape(value: object) -> str:
    """Name a value by its kind, never by its content."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "an array"
    return f"a value of type {symbol(type(value).__name__)}"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    text = str(value)
    return text if len(text) <= NUMBER_DIGITS_MAX else f"{value:.3e}"


def _bound(value: float | None) -> str:
    assert value is not None
    if abs(value) == 1e15:
        return "-10^15" if value < 0 else "10^15"
    return f"{value:g}" if abs(value) < 1e6 else f"{int(value):,}"
