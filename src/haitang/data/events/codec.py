"""Bytes and rows to events, and back.

The outer edge is strict: what the catalogue does not admit is an `EventRefused` that names the
field and what was expected. Good events take one typed decode and a few cheap checks; only a
refused one is read again, slowly, by `diagnosis`, to say what was wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from haitang.data.events._scan import CLEAN, DOUBTFUL_KEY, scan
from haitang.data.events.catalogue import EVENT_CLASSES, EVENT_TYPES, FIELDS, Event
from haitang.data.events.diagnosis import (
    FORBIDDEN,
    diagnose_bytes,
    diagnose_row,
    refuse_amount_without_currency,
    refuse_base_amount,
    refuse_forbidden,
    refuse_instant_ahead,
    refuse_too_long,
    refuse_unknown_currency,
)
from haitang.data.events.errors import EventRefused
from haitang.data.events.money import MoneyMovement
from haitang.kernel.errors import NOWHERE, HaitangError, Place
from haitang.kernel.instants import DAY_US, parse_instant
from haitang.kernel.money import MINOR_DIGITS

EVENT_BYTES_MAX = 65_536
"""The longest JSON text of one event."""

AHEAD_US_MAX = DAY_US
"""How far `occurred_at_us` may lie after `received_at_us`: clocks differ, days do not."""

_NAMES = frozenset((*FIELDS, "occurred_at"))
_UNDECODED = (msgspec.MsgspecError, UnicodeError, RecursionError)
_decode: Callable[[bytes], Event] = msgspec.json.Decoder(Event).decode
_decode_array: Callable[[bytes], list[Event]] = msgspec.json.Decoder(list[Event]).decode
_encode = msgspec.json.Encoder().encode
_OCCURRED_AT = re.compile(rb'"occurred_at"\s*:\s*"([^"\\]{0,64})"')
_WITH_CURRENCY, _WITH_BASE_AMOUNT = (
    frozenset(cls for name, cls in EVENT_CLASSES.items() if field in EVENT_TYPES[name].fields)
    for field in ("currency", "amount_base_minor")
)
_Texts = Callable[[Any], tuple[Any, ...]]
_TEXT_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(
        field for field in spec.fields if FIELDS[field].type == "text" and not FIELDS[field].allowed
    )
    for name, spec in EVENT_TYPES.items()
}
_TEXT_GETTERS: dict[str, _Texts] = {
    name: attrgetter(*fields) for name, fields in _TEXT_NAMES.items()
}


def decode_event(data: bytes, *, place: Place = NOWHERE, base_currency: str = "") -> Event:
    """Return the event of one JSON object, or raise `EventRefused`.

    `occurred_at` (RFC 3339 with an offset) may stand for `occurred_at_us`. `amount_base_minor` is
    filled where `currency` is `base_currency`. A null in a field of the type counts as absent.
    """
    if len(data) > EVENT_BYTES_MAX:
        raise refuse_too_long(len(data), EVENT_BYTES_MAX, place)
    try:
        event = _decode(data)
    except _UNDECODED:
        event = _decode_instant_text(data, place)
    doubts = scan(data)
    if doubts != CLEAN:
        _check_texts(event, place)
        if doubts & DOUBTFUL_KEY:
            _refuse_repeated_key(data, place)
    return _finish(event, place, base_currency)


def decode_array(data: bytes, *, base_currency: str = "") -> list[Event] | None:
    """Return the events of a JSON array, or None where one of them may have to be refused.

    What is None here is to be taken apart and given to `decode_event`, which says what is wrong.
    """
    if len(data) > EVENT_BYTES_MAX:
        # An element might be longer than an event may be.
        return None
    try:
        events = _decode_array(data)
        doubts = scan(data)
        if doubts & DOUBTFUL_KEY:
            return None
        if doubts != CLEAN:
            for event in events:
                _check_texts(event, NOWHERE)
        return [_finish(event, NOWHERE, base_currency) for event in events]
    except (*_UNDECODED, EventRefused):
        return None


def decode_row(
    row: Mapping[str, object], *, place: Place = NOWHERE, base_currency: str = ""
) -> Event:
    """Return the event of a row of typed values, or raise `EventRefused`.

    None counts as absent, also under a field of another event type, as in a row of a table.
    """
    values = {name: value for name, value in row.items() if value is not None}
    if len(values) != len(row) and not row.keys() <= _NAMES:
        raise diagnose_row(row, place)
    texts = "".join([value for value in values.values() if type(value) is str])
    try:
        if "occurred_at" in values and "occurred_at_us" not in values:
            values["occurred_at_us"] = parse_instant(values.pop("occurred_at"))  # type: ignore[arg-type]
        # Converting to the one class is ten times faster than to the union of all.
        event: Event = msgspec.convert(values, EVENT_CLASSES[values["event_type"]])  # type: ignore[index, assignment]
    except (*_UNDECODED, HaitangError, KeyError, TypeError):
        raise diagnose_row(row, place) from None
    if not (texts.isascii() and texts.isprintable()):
        _check_texts(event, place)
    return _finish(event, place, base_currency)


def decode_stored(data: bytes, *, place: Place = NOWHERE) -> Event:
    """Return an event of stored history; fields that its type does not carry are dropped.

    It was checked when it came in, so nothing is filled or compared again. What cannot be typed is
    still refused.
    """
    try:
        event = _decode(data)
    except _UNDECODED:
        try:
            row = msgspec.json.decode(data)
        except _UNDECODED:
            raise diagnose_bytes(data, place) from None
        spec = EVENT_TYPES.get(str(row.get("event_type"))) if isinstance(row, dict) else None
        if spec is None:
            raise diagnose_bytes(data, place) from None
        known = {name: value for name, value in row.items() if name in spec.fields}
        try:
            event = msgspec.convert(known, EVENT_CLASSES[spec.name])  # type: ignore[assignment]
        except _UNDECODED:
            raise diagnose_row(known, place) from None
    return event


def decode_lines(
    lines: Iterable[bytes], *, path: str = "", base_currency: str = ""
) -> Iterator[tuple[int, Event | EventRefused]]:
    """Yield line number (from 1) and event or refusal of JSON Lines; blank lines yield nothing."""
    for number, line in enumerate(lines, start=1):
        stripped = line.strip(b" \t\r\n")
        if not stripped:
            continue
        place = Place(path=path, line=number)
        try:
            yield number, decode_event(stripped, place=place, base_currency=base_currency)
        except EventRefused as error:
            yield number, error


def encode_event(event: Event) -> bytes:
    """Return the canonical JSON: fields in catalogue order, absent ones left out, no spaces."""
    return _encode(event)


def _decode_instant_text(data: bytes, place: Place) -> Event:
    """Decode an event that says `occurred_at`, by respelling it as `occurred_at_us`.

    A quoted name followed by a colon can only be a key. Anything unusual goes to the diagnosis.
    """
    match = _OCCURRED_AT.search(data)
    if match is None or b'"occurred_at_us"' in data:
        raise diagnose_bytes(data, place)
    start, stop = match.span()
    try:
        occurred_at_us = parse_instant(match[1].decode())
        return _decode(b'%b"occurred_at_us":%d%b' % (data[:start], occurred_at_us, data[stop:]))
    except (HaitangError, *_UNDECODED):
        raise diagnose_bytes(data, place) from None


def _check_texts(event: Event, place: Place) -> None:
    event_type = event.event_type
    values = _TEXT_GETTERS[event_type](event)
    if not FORBIDDEN["id"].search("".join(filter(None, values))):
        return
    for name, value in zip(_TEXT_NAMES[event_type], values, strict=True):
        if value is not None and FORBIDDEN[FIELDS[name].kind].search(value):
            raise refuse_forbidden(name, value, place)


def _refuse_repeated_key(data: bytes, place: Place) -> None:
    names: list[str] = []
    json.loads(data, object_pairs_hook=lambda pairs: names.extend(name for name, _ in pairs))
    if len(set(names)) != len(names):
        raise diagnose_bytes(data, place)


def _finish(event: Event, place: Place, base_currency: str) -> Event:
    """Check what concerns more than one field, and fill the amount in the base currency."""
    received_at_us = event.received_at_us
    if received_at_us is not None and event.occurred_at_us > received_at_us + AHEAD_US_MAX:
        raise refuse_instant_ahead(event.occurred_at_us, received_at_us, place)
    if type(event) not in _WITH_CURRENCY:
        return event
    priced: MoneyMovement = event  # type: ignore[assignment] # it has a currency
    currency, amount_minor = priced.currency, priced.amount_minor
    if currency is None:
        if amount_minor is not None:
            raise refuse_amount_without_currency(place)
    elif currency not in MINOR_DIGITS:
        raise refuse_unknown_currency(currency, place)
    elif currency == base_currency and type(event) in _WITH_BASE_AMOUNT:
        if priced.amount_base_minor is None:
            # The event was made a line ago and nobody else has seen it: it may still be completed.
            force_setattr(event, "amount_base_minor", amount_minor)
        elif amount_minor is not None and priced.amount_base_minor != amount_minor:
            raise refuse_base_amount(priced.amount_base_minor, amount_minor, place)
    return event
