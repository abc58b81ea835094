"""Where the files of a data folder lie, and how they come to be there whole."""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from haitang.adapters.journal.errors import corrupt, version_unknown
from haitang.adapters.journal.frames import (
    HEADER_BYTES,
    SEGMENT_HEADER,
    VERSION,
    Chain,
    FrameFault,
    Header,
    frame_of,
    pack_frame,
    parse_header,
    read_at,
    walk,
)

JOURNAL_FOLDER = "journal"
SNAPSHOT_FOLDER = "snapshots"
PARTIAL = ".partial"
SYNC_BYTES = 1 << 20
"""Written and then waited for, again and again: a large file that is synced at its end keeps the
disk from the journal for as long as that takes.
"""
BUFFERS_MAX = 1_000
"""Buffers of one call to the system, which takes 1,024."""

_SEGMENT_NAME = re.compile(r"\d{18}\.log")
_SNAPSHOT_NAME = re.compile(r"\d{18}-[0-9a-f]{12}\.snap")
_HEADER_PAYLOAD = struct.Struct("<16sIQ16s")
_FORMAT_NAME = b"haitang journal\n"
_HEADER_PIECE_BYTES = 4_096


class SegmentStart(msgspec.Struct, frozen=True, kw_only=True):
    """What the header frame of a segment says."""

    journal_id: str
    first_position: int
    header: Header


def segment_path(folder: Path, first_position: int) -> Path:
    """Return where the segment with a first position lies."""
    return folder / JOURNAL_FOLDER / f"{first_position:018d}.log"


def index_path(segment: Path) -> Path:
    """Return where the index of a segment lies."""
    return segment.with_suffix(".idx")


def segment_paths(folder: Path) -> list[Path]:
    """Return the segments of a journal, oldest first; files of other names are not looked at."""
    try:
        paths = sorted((folder / JOURNAL_FOLDER).iterdir())
    except FileNotFoundError:
        return []
    return [path for path in paths if _SEGMENT_NAME.fullmatch(path.name)]


def first_position_of(segment: Path) -> int:
    """Return the position that a segment's name says."""
    return int(segment.stem)


def snapshot_paths(folder: Path) -> list[Path]:
    """Return the snapshots of all labels, newest first; other files are not looked at."""
    try:
        paths = sorted((folder / SNAPSHOT_FOLDER).iterdir(), reverse=True)
    except FileNotFoundError:
        return []
    return [path for path in paths if _SNAPSHOT_NAME.fullmatch(path.name)]


def snapshot_position(path: Path) -> int:
    """Return the position that a snapshot's name says."""
    return int(path.name[:18])


def snapshots_ahead(folder: Path, *, position: int) -> list[Path]:
    """Return the snapshots that know events from a position on, newest first."""
    return [path for path in snapshot_paths(folder) if snapshot_position(path) > position]


def create_segment(folder: Path, *, journal_id: str, chain: Chain) -> SegmentStart:
    """Make a segment that holds its header frame only; it is there whole, and durably, or not."""
    payload = _HEADER_PAYLOAD.pack(_FORMAT_NAME, VERSION, chain.position, bytes.fromhex(journal_id))
    pieces, header = pack_frame(
        kind=SEGMENT_HEADER,
        count=0,
        position=chain.position,
        stamp_us=chain.stamp_us,
        previous=chain.previous or 0,
        payload=payload,
    )
    write_durably(segment_path(folder, chain.position), pieces)
    return SegmentStart(journal_id=journal_id, first_position=chain.position, header=header)


def read_start(path: Path, file: int) -> SegmentStart:
    """Read the header frame of a segment; refuses what is none, or of a newer version."""
    first = first_position_of(path)
    data = read_at(file, 0, _HEADER_PIECE_BYTES)
    header = parse_header(data) if len(data) >= HEADER_BYTES else None
    if header is not None and header.version > VERSION:
        raise version_unknown(path, version=header.version)
    if header is None or header.kind != SEGMENT_HEADER:
        raise corrupt(path, offset=0, position=first, reason="the segment had no header")
    chain = Chain(position=first, previous=None, stamp_us=header.stamp_us)
    try:
        _, header, data, at = next(walk(file, offset=0, limit=header.frame_bytes, chain=chain))
    except FrameFault as fault:
        raise corrupt(path, offset=0, position=first, reason=fault.reason) from None
    payload = frame_of(data, at, header).payload
    name, version = payload[:16], int.from_bytes(payload[16:20], "little")
    if name == _FORMAT_NAME and version > VERSION:
        raise version_unknown(path, version=version)
    if name != _FORMAT_NAME or len(payload) != _HEADER_PAYLOAD.size:
        raise corrupt(path, offset=0, position=first, reason="the segment had no header")
    _, _, position, journal_id = _HEADER_PAYLOAD.unpack(payload)
    return SegmentStart(journal_id=journal_id.hex(), first_position=position, header=header)


def at_once() -> None:
    """Do not pause: somebody waits."""


def write_durably(
    path: Path, pieces: Sequence[bytes], *, pause: Callable[[], object] = at_once
) -> None:
    """Write a small file completely or not at all, its name included; `pause` is called between
    steps, each of which is waited for: what is synced at once keeps the disk from others.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            for step in _steps(pieces):
                write_all(file, step)
                os.fsync(file)
                pause()
        finally:
            os.close(file)
        partial.replace(path)
        sync_folder(path.parent)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _steps(pieces: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut pieces, each of them small, into steps; at least one."""
    begun, size = 0, 0
    for i, piece in enumerate(pieces):
        if size >= SYNC_BYTES:
            yield pieces[begun:i]
            begun, size = i, 0
        size += len(piece)
    yield pieces[begun:]


def write_all(file: int, pieces: Sequence[bytes | memoryview]) -> int:
    """Write buffers in their order, however little the system takes at a time; returns bytes."""
    left: list[bytes | memoryview] = [piece for piece in pieces if len(piece)]
    begun, total = 0, 0
    while begun < len(left):
        done = os.writev(file, left[begun : begun + BUFFERS_MAX])
        total += done
        while begun < len(left) and done >= len(left[begun]):
            done -= len(left[begun])
            begun += 1
        if done:
            left[begun] = memoryview(left[begun])[done:]
    return total


def let_go(path: Path) -> None:
    """Have the system forget what it keeps in memory of a file that is on disk.

    A journal fills all memory in time; then every page that anybody needs must first be found
    among millions, and who needs it waits.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def remove_partials(folder: Path) -> None:
    """Remove what a writer that ended early left under temporary names.

    A file that somebody still holds locked is being written and stays.
    """
    for partial in sorted(folder.glob(f"*{PARTIAL}")):
        try:
            file = os.open(partial, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(file)
