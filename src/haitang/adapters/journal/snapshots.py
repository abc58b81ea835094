"""Snapshot files: named sections of any size, streamed in and out in checked pieces.

    magic | sections, one after the other | directory (MessagePack) |
    directory length u64 | directory CRC-32 u32 | end magic

The directory stands at the end because checksums are known only when all is written; the file
appears under its name when it is whole and durable.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.adapters.files.troubles import naming
from haitang.adapters.journal.errors import SnapshotDamaged
from haitang.adapters.journal.frames import read_at
from haitang.adapters.journal.layout import (
    PARTIAL,
    SNAPSHOT_FOLDER,
    SYNC_BYTES,
    first_position_of,
    remove_partials,
    segment_paths,
    snapshot_paths,
    snapshot_position,
    sync_folder,
    write_all,
)
from haitang.adapters.journal.scanning import reading
from haitang.kernel.errors import Place, symbol

Buffer = bytes | bytearray | memoryview | npt.NDArray[np.generic]

PIECE_BYTES = 16 << 20
"""Bytes under one checksum."""

Rest = Callable[[float], None]
"""Called after each such step with the seconds that it took."""

SHRINK_BYTES = 16 << 20
"""Given back at once of an old one, where others use the disk: a system that tells its disk of
every block that is freed (mount option `discard`) keeps it from the journal meanwhile.
"""

SNAPSHOTS_KEPT = 2
"""Of each label."""

_MAGIC = b"HTSNAP\0\1"
_END_MAGIC = b"HTSNAPend\0\0\0"
_END_BYTES = 24
_DIRECTORY_BYTES_MAX = 64 << 20


class _Section(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    offset: int
    size: int
    checksums: list[int]


class _Directory(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    position: int
    label: str
    sections: dict[str, _Section]


class Snapshot:
    """A snapshot whose directory checks; its sections are checked as they are read."""

    def __init__(self, path: Path, directory: _Directory) -> None:
        self.path = path
        self._directory = directory

    @property
    def position(self) -> int:
        """The state is that before the event at this position."""
        return self._directory.position

    @property
    def label(self) -> str:
        """What kind of state it is."""
        return self._directory.label

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sections in the order in which they were written."""
        return tuple(self._directory.sections)

    def size(self, name: str) -> int:
        """Return the bytes of a section."""
        return self._section(name).size

    def read(self, name: str) -> bytes:
        """Return a section; raises `SnapshotDamaged`."""
        buffer = bytearray(self.size(name))
        self.read_into(name, buffer)
        return bytes(buffer)

    def read_into(self, name: str, buffer: object) -> None:
        """Read a section into a writable buffer of just its size; raises `SnapshotDamaged`.

        After that the buffer holds anything.
        """
        section = self._section(name)
        view = _bytes_of(buffer)
        assert view.nbytes == section.size, f"section {name!r} has {section.size} bytes"
        try:
            with naming(self.path), reading(self.path) as file:
                for number, checksum in enumerate(section.checksums):
                    start = number * PIECE_BYTES
                    piece = view[start : start + PIECE_BYTES]
                    _fill(file, piece, offset=section.offset + start)
                    if zlib.crc32(piece) != checksum:
                        raise _damaged(self.path, name=name)
        except EOFError:
            raise _damaged(self.path, name=name) from None

    def _section(self, name: str) -> _Section:
        try:
            return self._directory.sections[name]
        except KeyError:
            # Written by another version: the caller falls back as from any unusable one.
            raise _damaged(self.path, name=name) from None


def write_snapshot(
    folder: Path,
    *,
    position: int,
    label: str,
    sections: Mapping[str, Sequence[Buffer]],
    rest: Rest | None = None,
) -> Path:
    """Write the state before `position`; a section is its buffers, one after the other.

    Copies nothing whole; `rest` is where others get at the disk. Keeps the two newest whole ones of
    the label. A snapshot of the same position and label is replaced.
    """
    target = folder / SNAPSHOT_FOLDER / _file_name(position, label=label)
    with naming(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_partials(target.parent)
        with _replacing(target) as file:
            _write(file, position=position, label=label, sections=sections, rest=rest)
    _drop_old(folder, label=label, rest=rest)
    return target


def latest_snapshot(
    folder: Path,
    *,
    at_most: int | None,
    label: str,
    skipped: Callable[[Path], None] | None = None,
) -> Snapshot | None:
    """Return the newest snapshot of a label whose directory checks, at or before a position.

    `skipped` is told of those that do not check. When a section turns out to be damaged, ask again
    with `at_most` one less than its position.
    """
    paths = [
        path
        for path in _listed(folder, label=label)
        if at_most is None or snapshot_position(path) <= at_most
    ]
    return next(_whole(paths, skipped=skipped), None)


def whole_snapshots(folder: Path, *, label: str | None = None) -> Iterator[Snapshot]:
    """Yield the snapshots of a label, or of all, whose directory checks, newest first."""
    return _whole(_listed(folder, label=label), skipped=None)


def drop_snapshots(folder: Path, *, but: Collection[str], before_us: int) -> list[Path]:
    """Remove the snapshots of all labels but these that were written before an instant; return
    what was removed.

    A younger one may have been written for a label that nobody speaks of yet. One that the journal
    reaches back to, and not to its beginning, stays too: nothing else could give its state back.
    """
    kept = {_label_name(label) for label in but}
    begins = next((first_position_of(path) for path in segment_paths(folder)), 0)
    removed: list[Path] = []
    with naming(folder / SNAPSHOT_FOLDER):
        for path in snapshot_paths(folder):
            if path.stem.partition("-")[2] in kept or 0 < begins <= snapshot_position(path):
                continue
            with suppress(FileNotFoundError):
                if path.stat().st_mtime_ns // 1_000 < before_us:
                    path.unlink()
                    removed.append(path)
    return removed


def open_snapshot(path: Path) -> Snapshot:
    """Read the directory of a snapshot; raises `SnapshotDamaged`."""
    with reading(path) as file:
        size = os.fstat(file).st_size
        end = read_at(file, max(size - _END_BYTES, 0), _END_BYTES)
        if read_at(file, 0, len(_MAGIC)) != _MAGIC or end[12:] != _END_MAGIC:
            raise _damaged(path)
        length = int.from_bytes(end[:8], "little")
        if length > min(_DIRECTORY_BYTES_MAX, size - _END_BYTES):
            raise _damaged(path)
        data = read_at(file, size - _END_BYTES - length, length)
    if zlib.crc32(data) != int.from_bytes(end[8:12], "little"):
        raise _damaged(path)
    try:
        directory = msgspec.msgpack.decode(data, type=_Directory)
    except msgspec.MsgspecError:
        raise _damaged(path) from None
    if path.name != _file_name(directory.position, label=directory.label):
        raise _damaged(path)
    return Snapshot(path, directory)


def _write(
    file: int,
    *,
    position: int,
    label: str,
    sections: Mapping[str, Sequence[Buffer]],
    rest: Rest | None,
) -> None:
    offset = write_all(file, [_MAGIC])
    entries: dict[str, _Section] = {}
    for name, buffers in sections.items():
        checksums: list[int] = []
        size = 0
        for piece in _pieces(buffers):
            checksum = 0
            for view in piece:
                checksum = zlib.crc32(view, checksum)
            checksums.append(checksum)
            size += _write_in_steps(file, piece, rest=rest)
        entries[name] = _Section(offset=offset, size=size, checksums=checksums)
        offset += size
    directory = msgspec.msgpack.encode(_Directory(position=position, label=label, sections=entries))
    end = len(directory).to_bytes(8, "little") + zlib.crc32(directory).to_bytes(4, "little")
    write_all(file, [directory, end, _END_MAGIC])


def _write_in_steps(file: int, piece: Sequence[memoryview], *, rest: Rest | None) -> int:
    """Write a piece, letting go of the disk after every `SYNC_BYTES`; return its size."""
    size, waiting = 0, 0
    begun_s = time.monotonic()
    for view in piece:
        for start in range(0, view.nbytes, SYNC_BYTES):
            written = write_all(file, [view[start : start + SYNC_BYTES]])
            size += written
            waiting += written
            if waiting >= SYNC_BYTES:
                os.fdatasync(file)
                waiting = 0
                if rest is not None:
                    rest(time.monotonic() - begun_s)
                    begun_s = time.monotonic()
    return size


def _pieces(buffers: Sequence[Buffer]) -> Iterator[list[memoryview]]:
    """Cut buffers, as if they were one, into pieces of `PIECE_BYTES`; nothing is copied."""
    piece: list[memoryview] = []
    room = PIECE_BYTES
    for buffer in buffers:
        view = _bytes_of(buffer)
        while view.nbytes:
            part = view[:room]
            piece.append(part)
            view = view[part.nbytes :]
            room -= part.nbytes
            if not room:
                yield piece
                piece, room = [], PIECE_BYTES
    if piece:
        yield piece


def _bytes_of(buffer: object) -> memoryview:
    """Return the bytes of a buffer, whatever its items are, without copying them."""
    if isinstance(buffer, np.ndarray):
        assert buffer.flags.c_contiguous, "the array is not in one stretch"
        return memoryview(buffer.reshape(-1).view(np.uint8).data)
    view = memoryview(buffer)  # type: ignore[arg-type]  # anything that has the buffer protocol
    return view.cast("B") if view.nbytes else memoryview(bytearray())


def _fill(file: int, view: memoryview, *, offset: int) -> None:
    """Read exactly a buffer full."""
    while view.nbytes:
        done = os.preadv(file, [view], offset)
        if not done:
            raise EOFError
        view = view[done:]
        offset += done


def _partial_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")


@contextmanager
def _replacing(target: Path) -> Iterator[int]:
    """Write a file under a temporary name, locked so that nobody takes it for a leftover."""
    partial = _partial_of(target)
    file = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.ftruncate(file, 0)
        yield file
        os.fsync(file)
        partial.replace(target)
        sync_folder(target.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)


def _remove(path: Path, *, rest: Rest | None) -> None:
    """Remove a snapshot; with `rest`, shrink it step by step before, under a temporary name."""
    if rest is not None:
        partial = _partial_of(path)
        try:
            path.replace(partial)
            # Until it is locked, another writer may take it for a leftover and remove it.
            file = os.open(partial, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            for size in range(os.fstat(file).st_size - SHRINK_BYTES, 0, -SHRINK_BYTES):
                begun_s = time.monotonic()
                os.ftruncate(file, size)
                rest(time.monotonic() - begun_s)
        finally:
            os.close(file)
        path = partial
    path.unlink(missing_ok=True)


def _drop_old(folder: Path, *, label: str, rest: Rest | None) -> None:
    """Remove what is older than the newest whole ones."""
    whole = 0
    for path in _listed(folder, label=label):
        if whole >= SNAPSHOTS_KEPT:
            _remove(path, rest=rest)
            continue
        try:
            open_snapshot(path)
        except (SnapshotDamaged, FileNotFoundError):
            continue
        whole += 1


def _whole(paths: list[Path], *, skipped: Callable[[Path], None] | None) -> Iterator[Snapshot]:
    for path in paths:
        try:
            yield open_snapshot(path)
        except FileNotFoundError:
            # Removed since, because newer ones are there.
            continue
        except SnapshotDamaged:
            if skipped is not None:
                skipped(path)


def _listed(folder: Path, *, label: str | None = None) -> list[Path]:
    """Return the files of a label, or of all, newest first."""
    with naming(folder / SNAPSHOT_FOLDER):
        paths = snapshot_paths(folder)
    ending = ".snap" if label is None else f"-{_label_name(label)}.snap"
    return [path for path in paths if path.name.endswith(ending)]


def _file_name(position: int, *, label: str) -> str:
    return f"{position:018d}-{_label_name(label)}.snap"


def _label_name(label: str) -> str:
    return hashlib.sha256(label.encode()).hexdigest()[:12]


def _damaged(path: Path, *, name: str = "") -> SnapshotDamaged:
    what = f"section {symbol(name)} of the snapshot" if name else "the snapshot"
    return SnapshotDamaged(
        code="snapshot_damaged",
        message=f"{what} was cut short or damaged",
        place=Place(path=str(path)),
        hint="use the one before, or replay the journal",
    )
