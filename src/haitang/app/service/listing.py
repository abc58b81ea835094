"""What a request about lists says, as events; the node takes them like any others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import msgspec

from haitang.app.service.answers import Arrival
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import encode_event
from haitang.data.events.errors import EventRefused
from haitang.data.lists.entries import EntryRules, decode_entry
from haitang.kernel.errors import Place


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one request: those that are events, and those that are not, by their index."""

    arrivals: tuple[Arrival, ...]
    indices: tuple[int, ...]
    """Index in the request of each arrival."""
    refused: tuple[tuple[int, EventRefused], ...]


def entry_of(data: bytes, *, rules: EntryRules, place: Place) -> Event:
    """Return the event of one row of a request (`decode_event`'s sister); raises `EventRefused`.

    A row without `event_id` gets one that derives from its bytes and the instant of the change: two
    equal rows of a request are one change.
    """
    origin = (hashlib.sha256(data).hexdigest(), 0)
    return decode_entry(data, rules=rules, origin=origin, place=place)


def read_listing(rows: Sequence[bytes], *, rules: EntryRules) -> Listing:
    """Return the events of a whole request of JSON objects, each refused by itself.

    `rules.list_name` is that of the path, `rules.occurred_at_us` the instant of the request.
    """
    arrivals: list[Arrival] = []
    indices: list[int] = []
    refused: list[tuple[int, EventRefused]] = []
    for index, data in enumerate(rows):
        try:
            event = entry_of(data, rules=rules, place=Place(pointer=f"$[{index}]"))
        except EventRefused as error:
            refused.append((index, error))
            continue
        arrivals.append(Arrival(event=event, content=encode_event(event)))
        indices.append(index)
    return Listing(arrivals=tuple(arrivals), indices=tuple(indices), refused=tuple(refused))


def entry_rows(events: Sequence[Event]) -> Iterator[tuple[str, bytes]]:
    """Yield the list and the row of each list event, as a request to that list carries it."""
    for event in events:
        row = msgspec.structs.asdict(event)
        name, _ = row.pop("list_name"), row.pop("schema_version")
        yield name, _encode({key: value for key, value in row.items() if value is not None})


_encode = msgspec.json.Encoder().encode
