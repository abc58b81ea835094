"""Pieces of an event file: events as objects or as columns, and what was refused among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import pyarrow as pa

from haitang.data.events.batch import EventBatch, FieldSet, batch_events, batch_table
from haitang.data.events.catalogue import EVENT_TYPES, Event
from haitang.data.events.codec import encode_event
from haitang.data.events.table import CheckedTable
from haitang.kernel.errors import HaitangError, Place

QUOTED_CHARACTERS_MAX = 4_096
"""Characters of a refused line that are kept for the report."""


class RefusedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the input that is no event."""

    error: HaitangError
    text: str = ""
    """The line as it stood, cut to `QUOTED_CHARACTERS_MAX`; empty for columnar input."""

    def encode(self) -> bytes:
        """Return the JSON object of a `--bad-lines` file."""
        place = self.error.place
        return msgspec.json.encode(
            {
                "path": place.path,
                "line": place.line,
                "pointer": place.pointer,
                "code": self.error.code,
                "reason": self.error.message,
                "text": self.text,
            }
        )


class EventRows(msgspec.Struct, frozen=True, kw_only=True):
    """Events as objects, each with the place where it stood."""

    events: list[Event]
    places: list[Place]

    @property
    def count(self) -> int:
        """Number of events."""
        return len(self.events)

    def place_of(self, position: int) -> Place:
        """Return where an event stood in its file."""
        return self.places[position]

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Yield the identifier and the canonical bytes of every event."""
        for event in self.events:
            yield event.event_id, encode_event(event)

    def kept(self, positions: Sequence[int]) -> EventRows:
        """Return the events at these positions."""
        return EventRows(
            events=[self.events[position] for position in positions],
            places=[self.places[position] for position in positions],
        )

    def batch(self, fields: FieldSet) -> EventBatch:
        """Lay the events out as the columns that a plan reads."""
        return batch_events(self.events, fields)


class EventColumns(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Events as a checked Arrow table; `lines` says where each row stood."""

    checked: CheckedTable
    path: str
    lines: Sequence[int]

    @property
    def count(self) -> int:
        """Number of events."""
        return int(self.checked.table.num_rows)

    def place_of(self, position: int) -> Place:
        """Return where an event stood in its file."""
        return Place(path=self.path, line=int(self.lines[position]))

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Yield the identifier and the canonical bytes of every event."""
        return row_contents(self.checked.table)

    def kept(self, positions: Sequence[int]) -> EventColumns:
        """Return the events at these positions."""
        taken = self.checked.table.take(pa.array(positions, pa.int64())).combine_chunks()
        return EventColumns(
            checked=msgspec.structs.replace(self.checked, table=taken),
            path=self.path,
            lines=[self.lines[position] for position in positions],
        )

    def batch(self, fields: FieldSet) -> EventBatch:
        """Lay the events out as the columns that a plan reads."""
        batch = batch_table(self.checked, fields)
        # Arrow's arrays are read-only, for which the engine would be compiled once more.
        return msgspec.structs.replace(batch, occurred_at_us=batch.occurred_at_us.copy())


_ORDER = {
    name: {field: place for place, field in enumerate(spec.fields)}
    for name, spec in EVENT_TYPES.items()
}


def row_contents(table: pa.Table) -> Iterator[tuple[str, bytes]]:
    """Yield identifier and bytes of every row, the bytes that `encode_event` gives of its event."""
    rows: list[list[tuple[int, str, object]]] = [[] for _ in range(table.num_rows)]
    orders = [_ORDER[event_type] for event_type in table.column("event_type").to_pylist()]
    for name in table.column_names:
        column = table.column(name)
        if name == "schema_version" or column.null_count == len(column):
            # The version has one value so far, which is the default and left out.
            continue
        present = np.flatnonzero(np.asarray(column.is_valid()))
        values = column.drop_null().to_pylist()
        for position, value in zip(present.tolist(), values, strict=True):
            rows[position].append((orders[position][name], name, value))
    encode = msgspec.json.Encoder().encode
    event_ids: list[str] = table.column("event_id").to_pylist()
    for event_id, row in zip(event_ids, rows, strict=True):
        row.sort()
        yield event_id, encode({name: value for _, name, value in row})


class EventChunk(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Some events in the order of the file, and what was refused among them."""

    events: EventRows | EventColumns
    refused: tuple[RefusedLine, ...]
    done: int
    """How far into the file this reaches, in the unit of `EventSource.total`."""


class EventSource(msgspec.Struct, frozen=True, kw_only=True):
    """An opened file of events."""

    chunks: Iterator[EventChunk]
    total: int
    """Size of the whole in bytes or rows, 0 when it is not known."""
