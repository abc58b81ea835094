"""Rows of list files and requests to list events.

A row says `list_value`, and where known `list_name`, `category`, `source`, `severity`,
`effective_at`, `expires_at`, `event_id`, `occurred_at`; instants may also stand as microseconds
under names that end in `_us`. What a row does not say of these, the rules of its load say.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from haitang.data.events.catalogue import FIELDS, Event
from haitang.data.events.codec import EVENT_BYTES_MAX, decode_row
from haitang.data.events.diagnosis import diagnose_bytes, refuse_too_long
from haitang.data.events.errors import refused
from haitang.data.events.tokenise import tokenise_value
from haitang.kernel.errors import NOWHERE, HaitangError, Place, did_you_mean, symbol
from haitang.kernel.identity import Tokeniser, derive_id
from haitang.kernel.instants import format_instant, parse_instant

ENTRY_COLUMNS = (
    "list_name",
    "list_value",
    "category",
    "source",
    "severity",
    "effective_at",
    "expires_at",
)
"""The columns of a list file as people write it, in the order of the template."""

INSTANTS_REMEMBERED = 1_024
"""Instants whose text is not read again: the entries of a file share a few."""

_decode: Callable[[bytes], dict[str, object]] = msgspec.json.Decoder(dict[str, object]).decode
_INSTANTS = ("effective_at", "expires_at", "occurred_at")
_NUMBERS = tuple(
    name
    for name, spec in FIELDS.items()
    if "LIST_UPSERT" in spec.event_types and spec.kind in ("number", "instant")
)
_KNOWN = frozenset(
    (
        *(name for name, spec in FIELDS.items() if "LIST_UPSERT" in spec.event_types),
        *_INSTANTS,
    )
) - {"event_type"}


class EntryRules(Struct, frozen=True, kw_only=True):
    """What holds for all rows of one load."""

    removal: bool = False
    list_name: str = ""
    """The list of rows that name none; rows that name another one are refused."""
    occurred_at_us: int
    """When the change happened, for rows that do not say."""
    value_kind: str = ""
    """Kind under which values become tokens, as the field that is held against the list."""
    tokeniser: Tokeniser | None = None

    @property
    def event_type(self) -> str:
        """Return the type of the events that are made."""
        return "LIST_REMOVE" if self.removal else "LIST_UPSERT"


def entry_event(
    row: Mapping[str, object], *, rules: EntryRules, origin: tuple[str, int], place: Place = NOWHERE
) -> Event:
    """Return the event of one row, or raise `EventRefused`; None counts as absent.

    Without an `event_id` of its own it gets one that derives from `origin` (the digest of the
    file or row, and the row's number) and what the load says, so that the same load again makes the
    same events.
    """
    values = {name: value for name, value in row.items() if value is not None}
    _check_names(values, place)
    for name in _INSTANTS:
        if name in values:
            _respell(values, name, place)
    if "event_id" in values and "occurred_at_us" not in values:
        # The content would differ from one repetition to the next, and be refused as reused.
        raise refused(
            "list_occurred_at_missing",
            "field `event_id` was given without `occurred_at`; expected both or none",
            place=place,
            field="event_id",
            hint="say when the change happened, so that a repetition says the same",
        )
    _choose_list(values, rules, place)
    values["event_type"] = rules.event_type
    values.setdefault("occurred_at_us", rules.occurred_at_us)
    if "event_id" not in values:
        values["event_id"] = _derived_id(values, rules, origin)
    value = values.get("list_value")
    if rules.tokeniser is not None and isinstance(value, str):
        values["list_value"] = tokenise_value(
            value, kind=rules.value_kind, tokeniser=rules.tokeniser
        )
    event = decode_row(values, place=place)
    _check_order(values, rules, place)
    return event


def decode_entry(
    data: bytes, *, rules: EntryRules, origin: tuple[str, int], place: Place = NOWHERE
) -> Event:
    """Return the event of one row written as a JSON object, or raise `EventRefused`."""
    if len(data) > EVENT_BYTES_MAX:
        raise refuse_too_long(len(data), EVENT_BYTES_MAX, place)
    try:
        row = _decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise diagnose_bytes(data, place) from None
    return entry_event(row, rules=rules, origin=origin, place=place)


def check_columns(names: Iterable[str], *, place: Place) -> None:
    """Refuse a table with a column that a list entry does not have, before any of its rows."""
    _check_names(names, place)


def typed_cells(cells: Mapping[str, str | None]) -> dict[str, object]:
    """Return a row of texts as typed values; an empty cell is absent, and a text in place of a
    number is left as it is, to be refused as such.
    """
    row: dict[str, object] = {name: cell for name, cell in cells.items() if cell}
    for name in _NUMBERS:
        cell = row.get(name)
        if isinstance(cell, str):
            try:
                row[name] = int(cell) if FIELDS[name].integer else float(cell)
            except ValueError:
                continue
    return row


def entry_template() -> str:
    """Return a list file with its header and two rows, as CSV."""
    return (
        ",".join(ENTRY_COLUMNS)
        + "\n"
        + "case_accounts,6222020000000000001,fraud,police,3,2026-03-01T00:00:00+08:00,\n"
        + "case_accounts,6222020000000000002,mule,bank,2,2026-03-01T00:00:00+08:00,"
        + "2027-03-01T00:00:00+08:00\n"
    )


def _check_names(names: Iterable[str], place: Place) -> None:
    for name in names:
        if name not in _KNOWN:
            raise refused(
                "list_column_unknown",
                f"column {symbol(name)} is nothing that a list entry says",
                place=place,
                field=name,
                hint=did_you_mean(name, ENTRY_COLUMNS)
                or "leave it out; see docs/guides/lists.md for the columns",
            )


def _respell(values: dict[str, object], name: str, place: Place) -> None:
    """Put microseconds in place of an instant written as a text."""
    text = values.pop(name)
    if f"{name}_us" in values:
        raise refused(
            "field_instant_twice",
            f"field `{name}` was given beside `{name}_us`; expected one of the two",
            place=place,
            field=name,
        )
    try:
        # A table may have instants as such; without a zone they say nothing, and end below.
        written = text.isoformat() if isinstance(text, datetime) else str(text)
        values[f"{name}_us"] = _instant_us(written)
    except HaitangError:
        raise refused(
            "field_instant",
            f"field `{name}` was {symbol(text)}; "
            "expected RFC 3339 with an offset, from 1990 to 2100",
            place=place,
            field=name,
            hint="write for example `2026-03-02T10:00:00+08:00`",
        ) from None


@functools.lru_cache(maxsize=INSTANTS_REMEMBERED)
def _instant_us(text: str) -> int:
    return parse_instant(text)


def _choose_list(values: dict[str, object], rules: EntryRules, place: Place) -> None:
    if not rules.list_name:
        return
    named = values.setdefault("list_name", rules.list_name)
    if named != rules.list_name:
        raise refused(
            "list_other_named",
            f"field `list_name` was {symbol(named)}; expected {symbol(rules.list_name)}",
            place=place,
            field="list_name",
            hint="load one list at a time, or name no list and let the rows do it",
        )


def _derived_id(values: Mapping[str, object], rules: EntryRules, origin: tuple[str, int]) -> str:
    # The parts hold no line ends where the event is admitted; one text is hashed faster than five.
    said = (rules.event_type, values.get("list_name"), rules.value_kind, values["occurred_at_us"])
    return derive_id("\n".join(map(str, said)), *origin)


def _check_order(values: Mapping[str, object], rules: EntryRules, place: Place) -> None:
    """Refuse an entry that would never hold: its two instants were exchanged, most likely."""
    begin, end = values.get("effective_at_us"), values.get("expires_at_us")
    if rules.removal or not isinstance(begin, int) or not isinstance(end, int) or begin < end:
        return
    raise refused(
        "list_entry_never_holds",
        f"the entry expires at {format_instant(end)}, "
        f"not after it takes effect at {format_instant(begin)}",
        place=place,
        field="expires_at",
        hint="exchange the two, or leave `expires_at` out for an entry without an end",
    )
