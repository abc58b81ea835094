"""Order and once-only: what comes between decoding and the engine.

The journal's order is the order of decisions. A file that is declared unsorted is sorted by
`occurred_at_us`, ties as they stood; several sorted files are merged the same way.
"""

from __future__ import annotations

import hashlib
import heapq
import zlib
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct

from haitang.data.events.catalogue import Event
from haitang.data.events.codec import encode_event
from haitang.data.events.errors import DuplicateRefused
from haitang.kernel.errors import NOWHERE, Place, symbol

GENERATION_EVENTS_MAX = 1_000_000
"""Event ids that one generation of a `Deduplicator` remembers; there are two."""

SHARDS = 256
"""Tables of one generation: a table that grows stops the writer, so none may be large."""
FORGOTTEN_AT_ONCE = 4
"""Ids of the last generation but one that are let go with every new id: all at once takes long."""

DIGEST_BYTES = 16
POSITION_BYTES = 8
STATE_VERSION = 1

_occurred_at_us = attrgetter("occurred_at_us")
_blake2b, _crc32 = hashlib.blake2b, zlib.crc32


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return the events by `occurred_at_us`; ties keep the order in which they stood."""
    return sorted(events, key=_occurred_at_us)


def merge_in_order(streams: Sequence[Iterable[Event]]) -> Iterator[Event]:
    """Yield the events of sorted streams in order; of ties the earlier stream's come first."""
    return heapq.merge(*streams, key=_occurred_at_us)


def table_in_order(table: pa.Table) -> pa.Table:
    """Return the rows of a table in event columns by `occurred_at_us`, ties as they stood."""
    instants = np.asarray(table.column("occurred_at_us"))
    if bool(np.all(instants[1:] >= instants[:-1])):
        return table
    return table.take(pa.array(np.argsort(instants, kind="stable")))


_Table = dict[str, bytes]
"""Event id to digest and position: one bytes object, for a tuple takes twice the memory."""


def _tables() -> list[_Table]:
    return [{} for _ in range(SHARDS)]


def _merged(tables: list[_Table]) -> _Table:
    return {event_id: known for table in tables for event_id, known in table.items()}


class _State(Struct, frozen=True, kw_only=True, array_like=True):
    """What is written out of a `Deduplicator`."""

    version: int
    generation_events_max: int
    young: dict[str, bytes]
    old: dict[str, bytes]


class Deduplicator:
    """Tells an event that is sent again from one that only borrows its id.

    Remembers id, position and content digest of at least the last `generation_events_max` events in
    two generations: when the young one is full it becomes the old one, and what was old is
    forgotten. What it answers depends on nothing but the events it was shown.
    """

    def __init__(self, generation_events_max: int = GENERATION_EVENTS_MAX) -> None:
        assert generation_events_max > 0, "a generation of nothing remembers nothing"
        self.generation_events_max = generation_events_max
        self._young = _tables()
        self._old = _tables()
        self._young_count = 0
        self._forgotten: list[_Table] = []

    def admit(self, event: Event, *, position: int, place: Place = NOWHERE) -> bool:
        """Return True for a new event and False for the same one again.

        The same `event_id` with other content is refused with both positions; the first one stands.
        """
        return self.admit_content(
            event.event_id, encode_event(event), position=position, place=place
        )

    def admit_content(
        self, event_id: str, content: bytes, *, position: int, place: Place = NOWHERE
    ) -> bool:
        """Do the same for an event whose canonical bytes are at hand."""
        digest = _blake2b(content, digest_size=DIGEST_BYTES).digest()
        shard = _crc32(event_id.encode()) % SHARDS
        young = self._young[shard]
        known = young.get(event_id) or self._old[shard].get(event_id)
        if known is None:
            if self._young_count >= self.generation_events_max:
                self._forgotten = self._old
                self._old, self._young, self._young_count = self._young, _tables(), 0
                young = self._young[shard]
            young[event_id] = digest + position.to_bytes(POSITION_BYTES)
            self._young_count += 1
            if self._forgotten:
                self._forget()
            return True
        if known.startswith(digest):
            return False
        raise _reused(event_id, int.from_bytes(known[DIGEST_BYTES:]), position, place)

    def _forget(self) -> None:
        for _ in range(FORGOTTEN_AT_ONCE):
            while self._forgotten and not self._forgotten[-1]:
                self._forgotten.pop()
            if self._forgotten:
                self._forgotten[-1].popitem()

    def position_of(self, event_id: str) -> int | None:
        """Return where an event stood that was admitted, None when it is not remembered."""
        shard = zlib.crc32(event_id.encode()) % SHARDS
        known = self._young[shard].get(event_id) or self._old[shard].get(event_id)
        return None if known is None else int.from_bytes(known[DIGEST_BYTES:])

    def __len__(self) -> int:
        return self._young_count + sum(map(len, self._old))

    def write(self) -> bytes:
        """Return the state as bytes; equal histories give equal bytes."""
        return msgspec.msgpack.encode(
            _State(
                version=STATE_VERSION,
                generation_events_max=self.generation_events_max,
                young=_merged(self._young),
                old=_merged(self._old),
            )
        )

    @classmethod
    def read(cls, data: bytes) -> Deduplicator:
        """Return the deduplicator that was written, or refuse bytes that are not one."""
        try:
            state = msgspec.msgpack.decode(data, type=_State)
        except msgspec.MsgspecError:
            raise _state_refused("was not understood") from None
        if state.version != STATE_VERSION or state.generation_events_max < 1:
            raise _state_refused(f"was of version {state.version}; expected {STATE_VERSION}")
        found = cls(state.generation_events_max)
        for tables, remembered in ((found._young, state.young), (found._old, state.old)):
            for event_id, known in remembered.items():
                tables[zlib.crc32(event_id.encode()) % SHARDS][event_id] = known
        found._young_count = len(state.young)
        return found


def _state_refused(what: str) -> DuplicateRefused:
    return DuplicateRefused(
        code="deduplicator_state", message=f"the state of the deduplicator {what}"
    )


def _reused(event_id: str, first: int, second: int, place: Place) -> DuplicateRefused:
    error = DuplicateRefused(
        code="event_id_reused",
        message=f"event id {symbol(event_id)} at position {second} stood at position {first} "
        "with other content",
        place=place,
        hint="a correction is a new event with an id of its own",
    )
    error.first = first
    error.second = second
    return error
