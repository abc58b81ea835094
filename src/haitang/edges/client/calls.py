"""What can be asked of the service, as values: no transport, no clock, no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, Literal, TypeVar
from urllib.parse import quote

import msgspec

from haitang.data.events.catalogue import Event
from haitang.data.events.codec import encode_event
from haitang.data.events.envelope import Envelope
from haitang.edges.client.answers import (
    DecisionAnswer,
    EventError,
    Explanation,
    ListEntryView,
    Publication,
    Receipt,
    ReplayCheck,
    read_batch,
    read_receipt,
)
from haitang.edges.client.packfolder import PackFiles, read_pack
from haitang.kernel.errors import HaitangError, symbol

T = TypeVar("T")
Sendable = Event | Mapping[str, object] | bytes
"""An event as a Struct, as a mapping of its fields, or as the bytes of one JSON object."""

BATCH_EVENTS_MAX = 10_000
"""Events of one request; more are sent in several."""

BATCH_BYTES_MAX = 7 << 20
"""Bytes of one request's events; the service takes 8 MiB."""

DEADLINE_MS_MAX = 60_000

Safety = Literal["always", "untouched"]
"""When a call may be sent again: always (the same gets the same), or only when the first one was
certainly not taken."""

_JSON = "application/json"
_LINES = "application/x-ndjson"
_XML = "application/xml"
_encode = msgspec.json.Encoder().encode


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes


class Call(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One request, and how its answer is read."""

    method: str
    path: str
    read: Callable[[Reply], T]
    """Raises `ValueError` or a msgspec error for an answer that is none."""
    body: bytes = b""
    media: str = _JSON
    safety: Safety = "always"
    deadline_ms: int | None = None


class ListEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value to put on a list."""

    list_value: str
    category: str | None = None
    source: str | None = None
    severity: float | None = None
    effective_at_us: int | None = None
    """From when on it is listed; at once by default."""
    expires_at_us: int | None = None
    """Until when; open-ended by default."""


ListRow = ListEntry | Mapping[str, object] | bytes
"""An entry as a Struct, as a mapping of its columns, or as the bytes of one JSON object."""


class _Publish(msgspec.Struct, frozen=True, kw_only=True):
    files: dict[str, bytes]
    author: str
    approver: str
    kind: str
    share: int
    start_at_us: int
    note: str


def decide(event: Sendable, *, deadline_ms: int | None, explain: bool) -> Call[DecisionAnswer]:
    """Ask for the decision of one event."""
    query = "?explain=full" if explain else ""

    def read(reply: Reply) -> DecisionAnswer:
        answer = msgspec.json.decode(reply.body, type=DecisionAnswer)
        repeated = reply.headers.get("haitang-repeated") == "true"
        return msgspec.structs.replace(answer, repeated=repeated)

    return Call(
        method="POST",
        path=f"/v1/decisions{query}",
        body=written(event),
        deadline_ms=checked_deadline(deadline_ms),
        read=read,
    )


def decide_many(
    events: Iterable[Sendable], *, deadline_ms: int | None
) -> Iterator[Call[list[DecisionAnswer | EventError]]]:
    """Ask for the decisions of events, in as many requests as they take."""
    checked_deadline(deadline_ms)
    for first, count, body in _requests(events):
        yield Call(
            method="POST",
            path="/v1/decisions:batch",
            body=body,
            media=_LINES,
            deadline_ms=deadline_ms,
            read=lambda reply, first=first, count=count: read_batch(  # type: ignore[misc]
                reply.body, first=first, expected=count
            ),
        )


def decide_payments(
    document: bytes, *, deadline_ms: int | None
) -> Call[list[DecisionAnswer | EventError]]:
    """Ask for the decisions of every payment of an ISO 20022 message."""
    return Call(
        method="POST",
        path="/v1/decisions:batch",
        body=document,
        media=_XML,
        deadline_ms=checked_deadline(deadline_ms),
        read=lambda reply: read_batch(reply.body),
    )


def send(events: Iterable[Sendable], *, path: str = "/v1/events") -> Iterator[Call[Receipt]]:
    """Make events durable without asking what was decided of them."""
    for first, _, body in _requests(events):
        yield Call(
            method="POST",
            path=path,
            body=body,
            media=_LINES,
            read=lambda reply, first=first: read_receipt(reply.body, first=first),  # type: ignore[misc]
        )


def outcome(event: Sendable) -> Call[Receipt]:
    """Say what became of an earlier event."""
    return Call(
        method="POST",
        path="/v1/outcomes",
        body=written(event),
        read=lambda reply: read_receipt(reply.body),
    )


def decision(identifier: str) -> Call[Explanation]:
    """Ask for a decision that was made, by its id or its event's."""
    return Call(
        method="GET",
        path=f"/v1/decisions/{_quoted(identifier)}",
        read=lambda reply: msgspec.json.decode(reply.body, type=Explanation),
    )


def replay(identifier: str) -> Call[ReplayCheck]:
    """Have a decision made once more from the journal."""
    return Call(
        method="POST",
        path=f"/v1/decisions/{_quoted(identifier)}:replay",
        read=lambda reply: msgspec.json.decode(reply.body, type=ReplayCheck),
    )


def publications() -> Call[list[Publication]]:
    """Ask for every publication, oldest first."""
    return Call(
        method="GET",
        path="/v1/publications",
        read=lambda reply: msgspec.json.decode(reply.body, type=list[Publication]),
    )


def publish(
    pack: PackFiles,
    *,
    author: str,
    approver: str,
    kind: str,
    share: int,
    start_at_us: int,
    note: str,
) -> Call[Publication]:
    """Publish a pack."""
    body = _Publish(
        files=read_pack(pack),
        author=author,
        approver=approver,
        kind=kind,
        share=share,
        start_at_us=start_at_us,
        note=note,
    )
    return Call(
        method="POST",
        path="/v1/publications",
        body=_encode(body),
        safety="untouched",
        read=_publication,
    )


def roll_back(number: int, *, author: str, approver: str, note: str) -> Call[Publication]:
    """Make the publication before the live one live again."""
    return Call(
        method="POST",
        path=f"/v1/publications/{int(number)}:rollback",
        body=_encode({"author": author, "approver": approver, "note": note}),
        safety="untouched",
        read=_publication,
    )


def change_list(
    list_name: str, entries: Iterable[ListRow], *, removal: bool
) -> Iterator[Call[Receipt]]:
    """Put values on a list or take them off, in as many requests as they take."""
    for first, _, body in _requests(entries):
        yield Call(
            method="DELETE" if removal else "PUT",
            path=f"/v1/lists/{_quoted(list_name)}/entries",
            body=body,
            media=_LINES,
            read=lambda reply, first=first: read_receipt(reply.body, first=first),  # type: ignore[misc]
        )


def remove_list_entry(list_name: str, list_value: str) -> Call[Receipt]:
    """Take a value off a list."""
    return Call(
        method="DELETE",
        path=f"/v1/lists/{_quoted(list_name)}/entries/{_quoted(list_value)}",
        read=lambda reply: read_receipt(reply.body),
    )


def list_entry(list_name: str, list_value: str, *, at_us: int | None) -> Call[ListEntryView]:
    """Ask what a list says of a value."""
    query = "" if at_us is None else f"?at={int(at_us)}"
    return Call(
        method="GET",
        path=f"/v1/lists/{_quoted(list_name)}/entries/{_quoted(list_value)}{query}",
        read=lambda reply: msgspec.json.decode(reply.body, type=ListEntryView),
    )


def written(event: Sendable | ListEntry) -> bytes:
    """Return the JSON of an event or entry on one line; bytes are taken as they are."""
    if isinstance(event, Envelope):
        return encode_event(event)
    if isinstance(event, bytes):
        # Line breaks are white space in JSON, and a line is an event on its way.
        return event.replace(b"\n", b" ").replace(b"\r", b" ")
    try:
        return _encode(event)
    except (TypeError, OverflowError, UnicodeError) as error:
        raise HaitangError(
            code="event_not_json",
            message=f"the event could not be written as JSON: {symbol(error)}",
            hint="give its fields as texts, numbers and flags",
        ) from None


def checked_deadline(deadline_ms: int | None) -> int | None:
    """Return the deadline, or refuse what the service would refuse."""
    if deadline_ms is not None and not 1 <= deadline_ms <= DEADLINE_MS_MAX:
        raise HaitangError(
            code="deadline_out_of_range",
            message=f"the deadline was {symbol(deadline_ms)} ms; "
            f"expected whole milliseconds from 1 to {DEADLINE_MS_MAX:,}",
        )
    return deadline_ms


def _requests(events: Iterable[Sendable | ListEntry]) -> Iterator[tuple[int, int, bytes]]:
    """Yield the place of the first event, the number of events and the lines of each request."""
    first, size = 0, 0
    lines: list[bytes] = []
    for event in events:
        line = written(event)
        if lines and (len(lines) == BATCH_EVENTS_MAX or size + len(line) >= BATCH_BYTES_MAX):
            yield first, len(lines), b"\n".join(lines)
            first, size, lines = first + len(lines), 0, []
        # A blank line would be no event to the service, and all behind it would move up.
        lines.append(line if line.strip() else b"null")
        size += len(line) + 1
    if lines:
        yield first, len(lines), b"\n".join(lines)


def _publication(reply: Reply) -> Publication:
    return msgspec.json.decode(reply.body, type=Publication)


def _quoted(name: str) -> str:
    """Return a name as one part of a path, whatever is in it."""
    return quote(name, safe="")
