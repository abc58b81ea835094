"""Segments and how places in them are found: in memory while open, by an index file once sealed."""

from __future__ import annotations

import os
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from haitang.adapters.journal.frames import Chain, Header, Keys, read_at
from haitang.adapters.journal.layout import at_once, index_path, write_durably
from haitang.adapters.journal.tables import (
    Column,
    StoredTable,
    TableDamaged,
    TableHead,
    build_table,
)

CHUNK_KEYS = 4_096
"""Lookup keys of an open segment that are sorted at a time."""

_RANGES = np.arange(64, dtype=np.uint64) << np.uint64(58)
"""Where ranges of lookup keys begin that are sorted one by one; keys are hashes, spread evenly."""
_INDEX_MAGIC = b"HTIDX\0\0\1"
_PREFIX_BYTES = 16


class SegmentFacts(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What is known of a segment up to its last whole frame."""

    journal_id: str
    first_position: int
    header_checksum: int
    header_previous: int
    next_position: int
    last_checksum: int
    first_stamp_us: int
    last_stamp_us: int
    end_offset: int
    frames: int
    """Without the header frame."""


class Segment(Protocol):
    """A segment that can be searched."""

    @property
    def path(self) -> Path:
        """Where it lies."""
        ...

    @property
    def facts(self) -> SegmentFacts:
        """What is known of it up to its last whole frame."""
        ...

    def offset_below(self, position: int) -> int | None:
        """Return where the last frame with a smaller position begins."""
        ...

    def find(self, key: int) -> list[int]:
        """Return the positions with a lookup key, in no order."""
        ...


class OpenSegment:
    """A segment whose frames are entered one by one; one thread enters, any may search."""

    def __init__(self, path: Path, *, journal_id: str, header: Header) -> None:
        self.path = path
        self.journal_id = journal_id
        self.first_position = header.position
        self.header_checksum = header.checksum
        self.header_previous = header.previous
        self.first_stamp_us = header.stamp_us
        self.end_offset = header.frame_bytes
        self.chain = Chain(
            position=header.position, previous=header.checksum, stamp_us=header.stamp_us
        )
        self.last_offset = 0
        self._positions = array("Q")
        self._offsets = array("Q")
        self._chunks: list[tuple[Column, Column]] = []
        self._tail = _Tail()

    def enter(self, headers: Sequence[Header], keys: Sequence[Keys]) -> None:
        """Take in the frames that follow, each with its keys; their bytes are durable already."""
        assert headers[0].position == self.chain.position
        if not self._positions:
            self.first_stamp_us = headers[0].stamp_us
        self._enter_keys(headers, keys)
        for header in headers:
            # The offset first: who searches asks for positions and expects an offset for each.
            self._offsets.append(self.end_offset)
            self._positions.append(header.position)
            self.last_offset = self.end_offset
            self.end_offset += header.frame_bytes
            self.chain.take(header)

    @property
    def facts(self) -> SegmentFacts:
        """What is known of it up to now."""
        assert self.chain.previous is not None
        return SegmentFacts(
            journal_id=self.journal_id,
            first_position=self.first_position,
            header_checksum=self.header_checksum,
            header_previous=self.header_previous,
            next_position=self.chain.position,
            last_checksum=self.chain.previous,
            first_stamp_us=self.first_stamp_us,
            last_stamp_us=self.chain.stamp_us,
            end_offset=self.end_offset,
            frames=len(self._positions),
        )

    def offset_below(self, position: int) -> int | None:
        """Return where the last frame with a smaller position begins."""
        place = bisect_left(self._positions, position) - 1
        return self._offsets[place] if place >= 0 else None

    def find(self, key: int) -> list[int]:
        """Return the positions with a lookup key, in no order."""
        wanted = np.uint64(key)
        # The tail first: entries move from it to the chunks, never back.
        found = self._tail.find(wanted)
        for keys, positions in tuple(self._chunks):
            start = int(np.searchsorted(keys, wanted, "left"))
            while start < len(keys) and keys[start] == wanted:
                found.append(int(positions[start]))
                start += 1
        return found

    def tables(
        self, pause: Callable[[], object] = at_once
    ) -> tuple[tuple[Column, Column], tuple[Column, Column]]:
        """Return frames (position to offset) and lookup keys (key to position), both sorted;
        `pause` is called between short pieces of the work.
        """
        tail = self._tail
        order = np.argsort(tail.keys[: tail.count], kind="stable")
        parts = [*self._chunks, (tail.keys[order], tail.positions[order])]
        total = sum(len(keys) for keys, _ in parts)
        keys, positions = np.empty(total, np.uint64), np.empty(total, np.uint64)
        bounds = [(*np.searchsorted(part, _RANGES).tolist(), len(part)) for part, _ in parts]
        start = 0
        for i in range(len(_RANGES)):
            some = [
                (part[at[i] : at[i + 1]], values[at[i] : at[i + 1]])
                for (part, values), at in zip(parts, bounds, strict=True)
            ]
            own = np.concatenate([part for part, _ in some])
            values = np.concatenate([part for _, part in some])
            order = np.argsort(own, kind="stable")
            stop = start + len(own)
            keys[start:stop], positions[start:stop] = own[order], values[order]
            start = stop
            pause()
        frames = (
            np.array(self._positions, dtype=np.uint64),
            np.array(self._offsets, dtype=np.uint64),
        )
        return frames, (keys, positions)

    def _enter_keys(self, headers: Sequence[Header], parts: Sequence[Keys]) -> None:
        keys = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if not len(keys):
            return
        if (
            len(parts) == 1
            and headers[0].events == 1
            and self._tail.take_one(keys, headers[0].position)
        ):
            return
        positions = _positions(headers, parts)
        begun = 0
        while begun < len(keys):
            begun += self._tail.take(keys[begun:], positions[begun:])
            if self._tail.count == CHUNK_KEYS:
                order = np.argsort(self._tail.keys, kind="stable")
                self._chunks.append((self._tail.keys[order], self._tail.positions[order]))
                self._tail = _Tail()


def _positions(headers: Sequence[Header], parts: Sequence[Keys]) -> Column:
    """Return the position of each key; an event has as many as the others of its frame."""
    first = headers[0].position
    if len(headers) == 1:
        events = max(headers[0].events, 1)
        numbers = np.arange(first, first + events, dtype=np.uint64)
        return numbers.repeat(len(parts[0]) // events)
    counts = np.array([header.events for header in headers])
    shares = np.array([len(part) for part in parts]) // np.maximum(counts, 1)
    numbers = np.arange(first, first + counts.sum(), dtype=np.uint64)
    return numbers.repeat(shares.repeat(counts))


class _Tail:
    """The newest lookup keys, unsorted."""

    def __init__(self) -> None:
        self.keys: Column = np.zeros(CHUNK_KEYS, np.uint64)
        self.positions: Column = np.zeros(CHUNK_KEYS, np.uint64)
        self.count = 0

    def take(self, keys: Column, positions: Column) -> int:
        """Take as many as there is room for; returns how many."""
        start, end = self.count, min(self.count + len(keys), CHUNK_KEYS)
        self.keys[start:end] = keys[: end - start]
        self.positions[start:end] = positions[: end - start]
        self.count = end
        return end - start

    def take_one(self, keys: Column, position: int) -> bool:
        """Take the keys of one event unless that fills it up: the common case, and three times as
        quick.
        """
        start = self.count
        end = start + len(keys)
        if end >= CHUNK_KEYS:
            return False
        self.keys[start:end] = keys
        self.positions[start:end] = position
        self.count = end
        return True

    def find(self, wanted: np.uint64) -> list[int]:
        count = self.count
        places = np.flatnonzero(self.keys[:count] == wanted)
        return [int(position) for position in self.positions[places]]


class SealedSegment:
    """A complete segment with an index file beside it; built again when the file is damaged."""

    def __init__(
        self,
        path: Path,
        facts: SegmentFacts,
        *,
        tables: tuple[StoredTable, StoredTable],
        rebuild: Callable[[Path], OpenSegment],
    ) -> None:
        self.path = path
        self.facts = facts
        self._tables: tuple[StoredTable, StoredTable] | None = tables
        self._rebuild = rebuild
        self._built: OpenSegment | None = None

    def offset_below(self, position: int) -> int | None:
        """Return where the last frame with a smaller position begins."""
        if self._tables is not None:
            try:
                return self._tables[0].last_below(position)
            except TableDamaged:
                self._tables = None
        return self._contents().offset_below(position)

    def find(self, key: int) -> list[int]:
        """Return the positions with a lookup key, in no order."""
        if self._tables is not None:
            try:
                return self._tables[1].equal(key)
            except TableDamaged:
                self._tables = None
        return self._contents().find(key)

    def check(self) -> None:
        """Read the whole index; raises `TableDamaged`."""
        for table in self._tables or ():
            table.check()

    def _contents(self) -> OpenSegment:
        if self._built is None:
            self._built = self._rebuild(self.path)
        return self._built


class _IndexHead(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    facts: SegmentFacts
    frames: TableHead
    keys: TableHead


def write_index(segment: OpenSegment, *, pause: Callable[[], object] = at_once) -> None:
    """Write the index file of a complete segment; `pause` is called between short pieces of the
    work, so that who does other things meanwhile has processor, interpreter and disk.
    """
    frames, keys = segment.tables(pause)
    frames_head, frames_blocks = build_table(*frames, pause=pause)
    keys_head, keys_blocks = build_table(*keys, pause=pause)
    head = msgspec.msgpack.encode(
        _IndexHead(facts=segment.facts, frames=frames_head, keys=keys_head)
    )
    prefix = _INDEX_MAGIC + len(head).to_bytes(4, "little") + zlib.crc32(head).to_bytes(4, "little")
    write_durably(
        index_path(segment.path), [prefix, head, *frames_blocks, *keys_blocks], pause=pause
    )


def read_index(path: Path, *, rebuild: Callable[[Path], OpenSegment]) -> SealedSegment | None:
    """Return a segment by its index; None where the index is missing, damaged or not its own."""
    try:
        file = os.open(index_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        prefix = read_at(file, 0, _PREFIX_BYTES)
        size = int.from_bytes(prefix[8:12], "little")
        data = read_at(file, _PREFIX_BYTES, min(size, os.fstat(file).st_size))
    finally:
        os.close(file)
    if prefix[:8] != _INDEX_MAGIC or zlib.crc32(data) != int.from_bytes(prefix[12:], "little"):
        return None
    try:
        head = msgspec.msgpack.decode(data, type=_IndexHead)
    except msgspec.MsgspecError:
        return None
    if path.stat().st_size != head.facts.end_offset:
        return None
    where = _PREFIX_BYTES + len(data)
    frames = StoredTable(index_path(path), head.frames, offset=where)
    keys = StoredTable(index_path(path), head.keys, offset=where + frames.stored_bytes)
    return SealedSegment(path, head.facts, tables=(frames, keys), rebuild=rebuild)
