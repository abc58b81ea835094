"""Segments read from their bytes, and journals loaded from their segments."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from haitang.adapters.journal.errors import corrupt, rewound, version_unknown
from haitang.adapters.journal.frames import (
    HEADER_BYTES,
    VERSION,
    FrameFault,
    Header,
    Keys,
    is_torn,
    keys_of,
    parse_header,
    read_at,
    walk,
)
from haitang.adapters.journal.layout import first_position_of, index_path, read_start
from haitang.adapters.journal.segments import (
    OpenSegment,
    Segment,
    SegmentFacts,
    read_index,
    write_index,
)

Told = Callable[[int], None]
"""Is told how far into a segment a scan has come, in bytes."""

ENTERED_FRAMES = 512
"""Frames that are entered at a time: entering has a price of its own."""

TOLD_BYTES = 16 << 20
"""How often that is."""


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """The first place of a segment that does not check."""

    path: Path
    offset: int
    position: int
    """Of the first event that cannot be read."""
    size: int
    """Of the file."""
    torn: bool
    """A tail that a crash left behind; nothing in it was ever acknowledged."""
    reason: str

    @property
    def cut_bytes(self) -> int:
        """Bytes from there to the end of the file."""
        return self.size - self.offset


@contextmanager
def reading(path: Path) -> Iterator[int]:
    """Open a file for reading."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)


def begin(path: Path, file: int) -> OpenSegment:
    """Read the header of a segment and return it without any frame."""
    start = read_start(path, file)
    first = first_position_of(path)
    if start.first_position != first or start.header.position != first:
        reason = f"the segment was that of position {start.first_position:,}"
        raise corrupt(path, offset=0, position=first, reason=reason)
    return OpenSegment(path, journal_id=start.journal_id, header=start.header)


def extend_last(last: OpenSegment) -> Damage | None:
    """Enter what another process appended to a segment; raises where it was cut back."""
    with reading(last.path) as file:
        header = parse_header(read_at(file, last.last_offset, HEADER_BYTES).ljust(HEADER_BYTES))
        if (
            header is None
            or header.checksum != last.chain.previous
            or os.fstat(file).st_size < last.end_offset
        ):
            raise rewound(last.path, position=last.chain.position)
        return extend(last, file)


def extend(segment: OpenSegment, file: int, *, told: Told | None = None) -> Damage | None:
    """Enter all whole frames that follow; returns where it ended other than at the file's end."""
    size = os.fstat(file).st_size
    chain = msgspec.structs.replace(segment.chain)
    next_told = segment.end_offset + TOLD_BYTES
    headers: list[Header] = []
    keys: list[Keys] = []
    fault: FrameFault | None = None
    try:
        for offset, header, data, at in walk(
            file, offset=segment.end_offset, limit=size, chain=chain
        ):
            headers.append(header)
            keys.append(keys_of(data, at, header))
            if len(headers) == ENTERED_FRAMES:
                segment.enter(headers, keys)
                headers, keys = [], []
            if told is not None and offset >= next_told:
                told(offset)
                next_told = offset + TOLD_BYTES
    except FrameFault as found:
        fault = found
    if headers:
        segment.enter(headers, keys)
    if fault is not None:
        if fault.header is not None and fault.header.version > VERSION:
            raise version_unknown(segment.path, version=fault.header.version) from None
        torn = is_torn(file, size=size, fault=fault, chain=segment.chain)
        return Damage(
            path=segment.path,
            offset=fault.offset,
            position=segment.chain.position,
            size=size,
            torn=torn,
            reason=fault.reason,
        )
    return None


def scan(path: Path) -> tuple[OpenSegment, Damage | None]:
    """Read a whole segment."""
    with reading(path) as file:
        segment = begin(path, file)
        return segment, extend(segment, file)


def scan_sealed(path: Path) -> OpenSegment:
    """Read a segment that has others behind it, so that it must be whole."""
    segment, damage = scan(path)
    if damage is not None:
        raise refusal_of(damage)
    return segment


def load_sealed(path: Path, *, keep_index: bool) -> Segment:
    """Return a complete segment by its index, else from its bytes (and write the index anew)."""
    segment = read_index(path, rebuild=scan_sealed)
    if segment is not None and _is_of(segment.facts, path):
        return segment
    built = scan_sealed(path)
    if keep_index:
        # Without it the segment is read again the next time.
        with suppress(OSError):
            write_index(built)
    return built


def stored_if_indexed(segment: Segment) -> Segment:
    """Return a complete segment by its index, where there is one by now; else as it is."""
    if not isinstance(segment, OpenSegment):
        return segment
    with suppress(FileNotFoundError):
        stored = read_index(segment.path, rebuild=scan_sealed)
        if stored is not None and _is_of(stored.facts, segment.path):
            return stored
    return segment


def load(
    paths: list[Path], *, keep_index: bool
) -> tuple[list[Segment], OpenSegment, Damage | None]:
    """Return the sealed segments, the open one, and where the open one ends before its file does.

    Refuses segments that are damaged or do not follow each other.
    """
    sealed: list[Segment] = []
    for path in paths[:-1]:
        segment = load_sealed(path, keep_index=keep_index)
        follows(sealed[-1].facts if sealed else None, segment.facts, path=path)
        sealed.append(segment)
    last, damage = scan(paths[-1])
    follows(sealed[-1].facts if sealed else None, last.facts, path=last.path)
    if index_path(last.path).exists():
        # An index is written once the next segment is there.
        raise corrupt(
            last.path,
            offset=last.end_offset,
            position=last.chain.position,
            reason="the segments after this one were missing",
        )
    if damage is not None and not damage.torn:
        raise refusal_of(damage)
    return sealed, last, damage


def follows(before: SegmentFacts | None, facts: SegmentFacts, *, path: Path) -> None:
    """Refuse a segment that is not the one after `before`; the oldest may be any."""
    if before is None:
        if facts.first_position == 0 and facts.header_previous != 0:
            raise corrupt(path, offset=0, position=0, reason="the segment was not the first")
        return
    if facts.journal_id != before.journal_id:
        reason = "the segment was of another journal"
    elif facts.first_position != before.next_position:
        reason = f"the segment of position {before.next_position:,} was missing"
    elif facts.header_previous != before.last_checksum:
        reason = "the segment did not follow the one before"
    else:
        return
    raise corrupt(path, offset=0, position=before.next_position, reason=reason)


def refusal_of(damage: Damage) -> Exception:
    """Say damage as a refusal."""
    return corrupt(
        damage.path, offset=damage.offset, position=damage.position, reason=damage.reason
    )


def _is_of(facts: SegmentFacts, path: Path) -> bool:
    """Tell whether an index speaks of this very segment."""
    with reading(path) as file:
        start = read_start(path, file)
    return (
        facts.first_position == start.first_position == first_position_of(path)
        and facts.header_checksum == start.header.checksum
        and facts.header_previous == start.header.previous
        and facts.journal_id == start.journal_id
    )
