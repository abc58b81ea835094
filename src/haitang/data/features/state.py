"""The state of all keys: one arena, written out whole or key by key (law 9)."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
from collections.abc import Iterator
from string import hexdigits
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.features import arena as words_of
from haitang.data.features import layout as at
from haitang.data.features.arena import find, find_or_create
from haitang.data.features.fold import empty_record
from haitang.data.features.pages import Ahead
from haitang.data.features.plan import Plan
from haitang.kernel.errors import HaitangError, Place

DEFAULT_LIMIT_BYTES = 8 << 30
"""Bound on the state unless a caller says otherwise."""
RESERVE_FACTOR = 3
"""Address space per allowed byte: the limit is looked at between blocks, and one block can at most
double what the state holds of the keys it knows.
"""
RESERVE_BYTES = 256 << 20
"""Address space beyond: what one block can add for keys it sees for the first time."""
FILE_FORMAT = 1

SEAL_BYTES = 32

_MAGIC = b"haitang-state\n"
_MAP_NORESERVE = 0x4000


class StateRefused(HaitangError):
    """A state that cannot be used: of another plan, damaged, or beyond its bound."""


class StateHeader(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a written state."""

    format: int
    plan: str
    words: int
    sha256: str = ""
    """Of all that follows; empty where whoever stores the state keeps a checksum."""


class SectionReader(Protocol):
    """Named runs of bytes that were written somewhere."""

    def size(self, name: str) -> int:
        """Return how many bytes a section has."""
        ...

    def read(self, name: str) -> bytes:
        """Return a section."""
        ...

    def read_into(self, name: str, buffer: memoryview, /) -> object:
        """Fill a buffer of the section's size with it."""
        ...


def reserve(limit_bytes: int) -> NDArray[np.int64]:
    """Return zero words that take memory only when touched."""
    size = limit_bytes * RESERVE_FACTOR + RESERVE_BYTES
    try:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
        memory = mmap.mmap(-1, size, flags=flags)
    except (OSError, ValueError):
        return np.zeros(size // 8, dtype=np.int64)
    # Records are visited at random; large pages spare most of the address look-ups.
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype=np.int64)


class FeatureState:
    """The arena of one engine. One writer at a time; nothing here is shared."""

    def __init__(
        self, plan: Plan, *, limit_bytes: int = DEFAULT_LIMIT_BYTES, touched_bytes: int = 0
    ) -> None:
        self.plan = plan
        self.limit_words = limit_bytes // 8
        self.arena = reserve(limit_bytes)
        self.ahead = Ahead(self.arena, touched_words=min(touched_bytes, limit_bytes) // 8)
        self.halves: NDArray[np.uint32] = self.arena.view(np.uint32)
        self.floats: NDArray[np.float64] = self.arena.view(np.float64)
        self.arena[words_of.HIGH_WATER] = plan.header_words
        self.arena[words_of.WATERMARK_US] = np.iinfo(np.int64).min // 2

    @property
    def key_count(self) -> int:
        """Return how many keys are held, over all entities."""
        return int(self.arena[words_of.KEY_COUNT])

    @property
    def event_count(self) -> int:
        """Return how many events were folded."""
        return int(self.arena[words_of.EVENT_COUNT])

    @property
    def size_bytes(self) -> int:
        """Return the bytes in use, freed blocks included."""
        return int(self.arena[words_of.HIGH_WATER]) * 8

    def check_room(self) -> None:
        """Refuse to go on when the bound is reached; called between blocks, so nothing is half
        done.
        """
        if self.arena[words_of.HIGH_WATER] > self.limit_words:
            raise StateRefused(
                code="state_full",
                message=(
                    f"the feature state was {self.size_bytes} bytes; "
                    f"expected at most {self.limit_words * 8}"
                ),
                hint="raise the limit, shorten retention, or split the keys over more workers",
            )

    def content(self) -> bytes:
        """Return all words in use."""
        return self.arena[: int(self.arena[words_of.HIGH_WATER])].tobytes()

    def restore(self, content: bytes) -> None:
        """Take over words that `content` returned, for the same plan."""
        words = np.frombuffer(content, dtype=np.int64)
        if words.size < self.plan.header_words or words[words_of.HIGH_WATER] != words.size:
            raise _other_length(words.size)
        self._check_size(words.size)
        self.arena[: words.size] = words

    def words(self) -> memoryview:
        """Return the bytes of all words in use, not copied: they change with the next event."""
        used = self.arena[: int(self.arena[words_of.HIGH_WATER])]
        return used.data.cast("B").toreadonly()

    def restore_from(self, reader: SectionReader, name: str, *, words: int) -> None:
        """Take over `words` words that `words` gave out, read straight into the arena.

        To be called on a state that has folded nothing: a refusal leaves it unusable.
        """
        if words < self.plan.header_words or reader.size(name) != words * 8:
            raise _other_length(reader.size(name) // 8)
        self._check_size(words)
        reader.read_into(name, self.arena[:words].data.cast("B"))
        if int(self.arena[words_of.HIGH_WATER]) != words:
            raise _other_length(words)

    def _check_size(self, words: int) -> None:
        if words > self.limit_words:
            raise StateRefused(
                code="state_full",
                message=(
                    f"the feature state was {words * 8} bytes; "
                    f"expected at most {self.limit_words * 8}"
                ),
                hint="raise the limit",
            )

    # -- one key ---------------------------------------------------------------------------------

    def keys(self, entity: str) -> list[int]:
        """Return the hashes of all keys of an entity, sorted."""
        tables = self.plan.tables
        directory = int(tables[0][self.plan.entities.index(entity), at.N_DIRECTORY])
        found: list[int] = []
        for entry in range(directory, directory + words_of.DIRECTORY_WORDS, 2):
            slots, capacity = int(self.arena[entry]), int(self.arena[entry + 1]) >> 32
            records = self.arena[slots : slots + capacity] >> words_of.TAG_BITS
            keys = self.arena[records[records != 0] + words_of.RECORD_KEY]
            found.extend(int(key) & 0xFFFFFFFFFFFFFFFF for key in keys)
        return sorted(found)

    def export_key(self, entity: str, key: int) -> bytes | None:
        """Write out one key's state, wherever it lies; None when the key is not held."""
        i = self.plan.entities.index(entity)
        entities, streams = self.plan.tables[0], self.plan.tables[2]
        record = int(find(self.arena, entities[i, at.N_DIRECTORY], _signed(key)))
        if record == 0:
            return None
        words = int(entities[i, at.N_RECORD_WORDS])
        parts = [self.arena[record : record + words].copy()]
        for s in range(int(entities[i, at.N_STREAM_START]), int(entities[i, at.N_STREAM_STOP])):
            parts.extend(self._export_stream(parts[0], streams[s], record))
        body = msgspec.msgpack.encode([part.tobytes() for part in parts])
        return self._seal(body) + body

    def import_key(self, entity: str, key: int, content: bytes) -> None:
        """Take over one key's state that `export_key` wrote under the same plan; replaces what is
        held.
        """
        self.check_room()
        i = self.plan.entities.index(entity)
        entities, streams = self.plan.tables[0], self.plan.tables[2]
        seal, body = content[:SEAL_BYTES], content[SEAL_BYTES:]
        parts = [
            np.frombuffer(part, dtype=np.int64)
            for part in (
                msgspec.msgpack.decode(body, type=list[bytes]) if seal == self._seal(body) else ()
            )
        ]
        words = int(entities[i, at.N_RECORD_WORDS])
        if not parts or parts[0].size != words or int(parts[0][0]) != _signed(key):
            raise StateRefused(
                code="state_other_plan",
                message=(
                    f"the state of key `{key:016x}` was damaged, "
                    "or written by another plan or for another key"
                ),
                hint="export it again under this plan",
            )
        directory = entities[i, at.N_DIRECTORY]
        record = int(find(self.arena, directory, _signed(key)))
        if record != 0:
            empty_record(self.arena, self.plan.tables, i, record)
        record = int(find_or_create(self.arena, directory, _signed(key), words))
        self.arena[record : record + words] = parts[0]
        rest = iter(parts[1:])
        for s in range(int(entities[i, at.N_STREAM_START]), int(entities[i, at.N_STREAM_STOP])):
            self._import_stream(streams[s], record, rest)
        self.arena[words_of.WATERMARK_US] = max(
            self.arena[words_of.WATERMARK_US], parts[0][words_of.RECORD_NOW]
        )

    def _seal(self, body: bytes) -> bytes:
        """Return what stands before one key's state: it fits this body under this plan only."""
        return hashlib.sha256(self.plan.digest.encode() + body).digest()

    def _block(self, stream: NDArray[np.int64], record: int) -> int:
        """Return the offset of a stream's block, 0 when it has none."""
        place = record + int(stream[at.S_OFFSET])
        return int(self.arena[place]) if stream[at.S_LAZY] else place

    def _attached(self, stream: NDArray[np.int64], block: int) -> list[tuple[int, int, int]]:
        """Return (word of the offset, used words, capacity in words) of what hangs on a stream's
        block.
        """
        length, capacity = self._pair(block + at.B_LENGTH)
        words = int(stream[at.S_ENTRY_WORDS])
        attached = [(block + at.B_RING, length * words, capacity * words)]
        if stream[at.S_TABLE]:
            table = block + int(stream[at.S_TABLE])
            size = (int(self.arena[table + 1]) >> 32) * 2
            attached.append((table, size, size))
        for column in (at.S_MAX, at.S_MIN):
            if stream[column]:
                queue = block + int(stream[column])
                length, capacity = self._pair(queue + at.Q_LENGTH)
                attached.append((queue + at.Q_ENTRIES, length * 2, capacity * 2))
        return attached

    def _pair(self, word: int) -> tuple[int, int]:
        return int(self.halves[2 * word]), int(self.halves[2 * word + 1])

    def _export_stream(
        self, header: NDArray[np.int64], stream: NDArray[np.int64], record: int
    ) -> list[NDArray[np.int64]]:
        """Return a stream's parts: its block where it has one of its own, then what hangs on it,
        offsets zeroed.
        """
        block = self._block(stream, record)
        own, start = header, record
        parts = []
        if stream[at.S_LAZY]:
            size = int(stream[at.S_WORDS]) if block else 0
            own, start = self.arena[block : block + size].copy(), block
            header[int(stream[at.S_OFFSET])] = 0
            parts.append(own)
        if block:
            for place, used, _ in self._attached(stream, block):
                offset = int(self.arena[place])
                parts.append(self.arena[offset : offset + used].copy())
                own[place - start] = 0
        return parts

    def _import_stream(
        self, stream: NDArray[np.int64], record: int, parts: Iterator[NDArray[np.int64]]
    ) -> None:
        block = record + int(stream[at.S_OFFSET])
        if stream[at.S_LAZY]:
            content = next(parts)
            if content.size == 0:
                return
            _check_part(content, int(stream[at.S_WORDS]))
            place = block
            block = int(words_of.allocate(self.arena, content.size))
            self.arena[block : block + content.size] = content
            self.arena[place] = block
        for place, used, capacity in self._attached(stream, block):
            content = next(parts)
            _check_part(content, used)
            if capacity:
                offset = int(words_of.allocate(self.arena, capacity))
                self.arena[offset : offset + used] = content
                self.arena[place] = offset


def _check_part(content: NDArray[np.int64], words: int) -> None:
    if content.size != words:
        raise StateRefused(
            code="state_damaged",
            message=f"a part of a key's state was {content.size} words; expected {words}",
            hint="export it again",
        )


def _other_length(words: int) -> StateRefused:
    return StateRefused(
        code="state_damaged",
        message=f"the feature state was {words} words; expected what its header says",
        hint="use the state of an earlier backup and replay from there",
    )


def _signed(key: int) -> int:
    return key - (1 << 64) if key >= 1 << 63 else key


def header_of(state: FeatureState, *, sha256: str = "") -> bytes:
    """Return the header of a written state: format, plan and size."""
    return msgspec.json.encode(
        StateHeader(
            format=FILE_FORMAT,
            plan=state.plan.digest,
            words=int(state.arena[words_of.HIGH_WATER]),
            sha256=sha256,
        )
    )


def check_header(content: bytes, plan: Plan, *, place: Place) -> StateHeader:
    """Read a header; refuses another plan's and one that cannot be read."""
    try:
        header = msgspec.json.decode(content, type=StateHeader)
        if header.format != FILE_FORMAT:
            raise msgspec.ValidationError(f"format was {header.format}")
        if not set(header.plan) <= set(hexdigits):
            raise msgspec.ValidationError("the plan was no digest")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateRefused(
            code="state_malformed",
            message="the state's header could not be read",
            place=place,
            hint="the file is damaged: use an earlier one",
        ) from error
    if header.plan != plan.digest:
        raise StateRefused(
            code="state_other_plan",
            message=(
                f"the state was written for plan `{header.plan[:12]}`; "
                f"this pack's plan is `{plan.digest[:12]}`"
            ),
            place=place,
            hint=(
                "replay the events with this pack to make its state, or use the pack that wrote it"
            ),
        )
    return header


def write_state(state: FeatureState, sections: dict[str, bytes]) -> bytes:
    """Return a whole state as one checked file: a header line, then the sections."""
    body = msgspec.msgpack.encode({"features": state.content(), **sections})
    header = header_of(state, sha256=hashlib.sha256(body).hexdigest())
    return _MAGIC + header + b"\n" + body


def read_state(content: bytes, plan: Plan, *, path: str = "") -> dict[str, bytes]:
    """Check a written state and return its sections; refuses another plan's and damaged ones."""
    place = Place(path)
    if not content.startswith(_MAGIC):
        raise StateRefused(
            code="state_malformed",
            message="the file was not a state file",
            place=place,
            hint="name a file that `--state-out` wrote",
        )
    line_end = content.find(b"\n", len(_MAGIC))
    header = check_header(content[len(_MAGIC) : line_end], plan, place=place)
    body = content[line_end + 1 :]
    if hashlib.sha256(body).hexdigest() != header.sha256:
        raise StateRefused(
            code="state_damaged",
            message="the state's content did not match its checksum",
            place=place,
            hint="the file is cut short or damaged: use an earlier one and replay from there",
        )
    return msgspec.msgpack.decode(body, type=dict[str, bytes])
