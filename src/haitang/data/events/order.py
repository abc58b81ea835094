"""Order and once-only: what comes between decoding and the engine.

The journal's order is the order of decisions. A file that is declared unsorted is sorted by
`occurred_at_us`, ties as they stood; several sorted files are merged the same way.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct

from haitang.data.events.catalogue import Event
from haitang.data.events.codec import encode_event
from haitang.data.events.errors import DuplicateRefused
from haitang.data.events.remembered import NEW, REUSED, admit, position_of
from haitang.kernel.errors import NOWHERE, Place, symbol
from haitang.kernel.hashing import fingerprints

REMEMBERED_EVENTS = 1_000_000
"""Events that a `Deduplicator` remembers, unless it is told otherwise."""
DIGEST_BYTES = 16
STATE_VERSION = 2

_occurred_at_us = attrgetter("occurred_at_us")
_blake2b = hashlib.blake2b


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


class _State(Struct, frozen=True, kw_only=True, array_like=True):
    """What is written out of a `Deduplicator`: columns of the events, the oldest first."""

    version: int
    events_max: int
    ids: bytes
    digests: bytes
    positions: bytes


class _StateBefore(Struct, frozen=True, kw_only=True, array_like=True):
    """What was written before version 2: event id to digest and position, in two generations."""

    version: int
    events_max: int
    young: dict[str, bytes]
    old: dict[str, bytes]

    def now(self) -> _State:
        """Return the same as columns."""
        known = sorted(
            (int.from_bytes(value[DIGEST_BYTES:]), event_id, value[:DIGEST_BYTES])
            for event_id, value in {**self.old, **self.young}.items()
        )
        return _State(
            version=STATE_VERSION,
            events_max=self.events_max,
            ids=fingerprints([event_id for _, event_id, _ in known]).tobytes(),
            digests=b"".join([digest for _, _, digest in known]),
            positions=np.array([position for position, _, _ in known], np.int64).tobytes(),
        )


PAGE_BYTES = 4_096
"""The smallest page of memory that a system gives."""


class Deduplicator:
    """Tells an event that is sent again from one that only borrows its id.

    Remembers fingerprint of the id, digest of the content and position of the last `events_max`
    events, 40 bytes each and 8 to 16 for finding them; the memory is the same however long it goes
    on. What it answers depends on nothing but the events it was shown.
    """

    def __init__(self, events_max: int = REMEMBERED_EVENTS) -> None:
        assert events_max > 0, "a memory of nothing remembers nothing"
        self.events_max = events_max
        self._total = 0
        # Twice as many slots as events at least: then what is looked for is found in a step or two.
        # The system gives the memory when it is first written to.
        self._table = np.zeros(1 << (2 * events_max - 1).bit_length(), np.int32)
        self._ids = np.zeros((events_max, 2), np.uint64)
        self._digests = np.zeros((events_max, 2), np.uint64)
        self._positions = np.zeros(events_max, np.int64)

    def touch(self) -> None:
        """Have the system give all of the memory now, so that no event waits for a part of it.

        A large page that is first written to takes a virtual machine up to ten milliseconds.
        """
        for column in (self._table, self._ids, self._digests, self._positions):
            words = column.reshape(-1)[:: PAGE_BYTES // column.itemsize]
            words[:] = words.copy()

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
        (told,) = self.admit_each((event_id,), (content,), position=position)
        if told <= REUSED:
            raise reused(event_id, REUSED - told, position, place)
        return told == NEW

    def admit_each(
        self,
        event_ids: Sequence[str],
        contents: Iterable[bytes],
        *,
        position: int,
        is_dense: bool = False,
    ) -> list[int]:
        """Admit events in their order; `position` is that of the first, each takes the next.

        Where it `is_dense`, only new ones take one. Returns of each `NEW`, the position of the
        same event (0 or more), or `REUSED` less the position of the one whose id it borrows, which
        `reused` makes an error of.
        """
        digests = b"".join([_blake2b(one, digest_size=DIGEST_BYTES).digest() for one in contents])
        told = np.empty(len(event_ids), np.int64)
        self._total = admit(
            self._table, self._ids, self._digests, self._positions, self._total,
            fingerprints(event_ids), np.frombuffer(digests, np.uint64).reshape(-1, 2),
            position, is_dense, told,
        )  # fmt: skip
        answers: list[int] = told.tolist()
        return answers

    def position_of(self, event_id: str) -> int | None:
        """Return where an event stood that was admitted, None when it is not remembered."""
        first, second = fingerprints((event_id,))[0]
        position = position_of(self._table, self._ids, self._positions, first, second)
        return None if position < 0 else int(position)

    def __len__(self) -> int:
        return min(self._total, self.events_max)

    def write(self) -> bytes:
        """Return the state as bytes; equal histories give equal bytes."""
        oldest = self._total % self.events_max if self._total > self.events_max else 0
        order = np.roll(np.arange(len(self)), -oldest)
        return msgspec.msgpack.encode(
            _State(
                version=STATE_VERSION,
                events_max=self.events_max,
                ids=self._ids[order].tobytes(),
                digests=self._digests[order].tobytes(),
                positions=self._positions[order].tobytes(),
            )
        )

    @classmethod
    def read(cls, data: bytes, *, events_max: int | None = None) -> Deduplicator:
        """Return the deduplicator that was written, or refuse bytes that are not one.

        With another `events_max` than before, the newest are kept for which there is room.
        """
        try:
            state = _decode_state(data)
        except msgspec.MsgspecError:
            raise _state_refused("was not understood") from None
        if state.version != STATE_VERSION or state.events_max < 1:
            raise _state_refused(f"was of version {state.version}; expected {STATE_VERSION}")
        count = len(state.positions) // 8
        if not len(state.ids) == len(state.digests) == 2 * len(state.positions) == 16 * count:
            raise _state_refused("had columns of unequal length")
        found = cls(state.events_max if events_max is None else events_max)
        kept = slice(max(0, count - found.events_max), None)
        ids = np.frombuffer(state.ids, np.uint64).reshape(-1, 2)[kept]
        digests = np.frombuffer(state.digests, np.uint64).reshape(-1, 2)[kept]
        positions = np.frombuffer(state.positions, np.int64)[kept]
        told = np.empty(len(ids), np.int64)
        found._total = admit(
            found._table, found._ids, found._digests, found._positions, 0, ids, digests, 0, False,
            told,
        )  # fmt: skip
        if found._total != len(ids):
            raise _state_refused("held an id twice")
        found._positions[: len(ids)] = positions
        return found


def _decode_state(data: bytes) -> _State:
    try:
        return msgspec.msgpack.decode(data, type=_State)
    except msgspec.ValidationError:
        before = msgspec.msgpack.decode(data, type=_StateBefore)
        if before.version != 1:
            raise
        return before.now()


def _state_refused(what: str) -> DuplicateRefused:
    return DuplicateRefused(
        code="deduplicator_state", message=f"the state of the deduplicator {what}"
    )


def reused(event_id: str, first: int, second: int, place: Place = NOWHERE) -> DuplicateRefused:
    """Return the refusal of an event whose id stood at position `first` with other content."""
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
