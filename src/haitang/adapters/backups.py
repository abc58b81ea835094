"""Copies of a data folder, taken while the service runs: complete, or not there at all.

Order makes the copy consistent. Snapshots first, then the journal, so that no snapshot is ahead of
it; packs last, because a pack is kept before the journal speaks of it. Nothing is linked to the
original: a fault of its disk, or a repair in place, must not reach the copy. Segments that an
earlier backup holds already may be linked from there, since a closed segment never changes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from haitang.adapters.files.troubles import file_error, naming
from haitang.adapters.journal.layout import (
    JOURNAL_FOLDER,
    SNAPSHOT_FOLDER,
    first_position_of,
    index_path,
    segment_paths,
    sync_folder,
)
from haitang.adapters.journal.scanning import follows, refusal_of, scan, scan_sealed
from haitang.adapters.journal.segments import SegmentFacts
from haitang.kernel.errors import HaitangError, Place

MANIFEST = "backup.json"
VERSION = 1
PARTIAL = ".partial"
PACK_FOLDER = "packs"
SINGLE_FILES = ("keys.json", "settings.toml")
PIECE_BYTES = 4 << 20
MANIFEST_BYTES_MAX = 64 << 20

Progress = Callable[[int], None]
"""Told of bytes as they are copied."""


class CopiedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a backup."""

    path: str
    """Below the folder, with `/`."""
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds; written last, so that a backup with a manifest is a whole one."""

    version: int = VERSION
    made_at_us: int
    journal_id: str
    first_position: int
    next_position: int
    """Of the first event that the backup does not hold."""
    last_stamp_us: int
    files: tuple[CopiedFile, ...]

    @property
    def total_bytes(self) -> int:
        """Return how much there is to copy."""
        return sum(file.bytes for file in self.files)


def back_up(
    data: Path, to: Path, *, made_at_us: int, previous: Path | None, progress: Progress
) -> Manifest:
    """Copy a data folder into a new folder; refuses a target that holds something.

    `previous` is an earlier backup whose closed segments are linked instead of copied.
    """
    if not segment_paths(data):
        raise HaitangError(
            code="backup_source_refused",
            message="there was no journal in this folder",
            place=Place(path=str(data)),
            hint="name the data folder of a service that has been started",
        )
    known = _known_segments(previous) if previous is not None else {}
    with _NewFolder(to) as partial:
        files = list(_copy_snapshots(data, partial, progress))
        journal, end, first = _copy_journal(data, partial, known=known, progress=progress)
        files += [*journal, *_copy_rest(data, partial, progress)]
        manifest = Manifest(
            made_at_us=made_at_us,
            journal_id=end.journal_id,
            first_position=first,
            next_position=end.next_position,
            last_stamp_us=end.last_stamp_us,
            files=tuple(sorted(files, key=lambda file: file.path)),
        )
        _check_journal(partial)
        _write(partial / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return manifest


def restore(backup: Path, to: Path, *, progress: Progress) -> Manifest:
    """Copy a backup into a new data folder, checking every byte; refuses a folder that is not
    empty.
    """
    manifest = read_manifest(backup)
    with _NewFolder(to) as partial:
        for file in manifest.files:
            source = backup / file.path
            try:
                copied = _copy(source, partial, file.path, progress=progress)
            except FileNotFoundError:
                raise _damaged(source) from None
            if copied != file:
                raise _damaged(source)
        _check_journal(partial)
    return manifest


def read_manifest(backup: Path) -> Manifest:
    """Return what a backup says of itself; refuses what is no whole backup."""
    path = backup / MANIFEST
    with naming(path), path.open("rb") as stream:
        content = stream.read(MANIFEST_BYTES_MAX)
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError:
        raise _damaged(path) from None
    if manifest.version != VERSION or not all(_stays_inside(file.path) for file in manifest.files):
        raise _damaged(path)
    return manifest


# -- the parts of a data folder ------------------------------------------------------------------


def _copy_snapshots(data: Path, to: Path, progress: Progress) -> Iterator[CopiedFile]:
    """Copy every snapshot that is there; one that is replaced meanwhile is passed over."""
    for source in _listed(data / SNAPSHOT_FOLDER, "*.snap"):
        name = f"{SNAPSHOT_FOLDER}/{source.name}"
        try:
            yield _copy(source, to, name, progress=progress)
        except FileNotFoundError:
            (to / name).unlink(missing_ok=True)


def _copy_journal(
    data: Path, to: Path, *, known: dict[str, tuple[Path, CopiedFile]], progress: Progress
) -> tuple[list[CopiedFile], SegmentFacts, int]:
    """Copy the segments, oldest first, the open one up to its last whole frame."""
    files: list[CopiedFile] = []
    first = -1
    segments = segment_paths(data)
    # What a segment's successor begins with has been durable since; only the last one grows.
    for source in segments[:-1]:
        try:
            files += _copy_sealed(source, to, known=known, progress=progress)
        except FileNotFoundError:
            # Pruned while we copied: a backup holds an unbroken run up to the end.
            _forget(to, files)
            files, first = [], -1
            continue
        first = first_position_of(source) if first < 0 else first
    last = segments[-1]
    before = _end_of(last)
    copied = _copy(last, to, f"{JOURNAL_FOLDER}/{last.name}", progress=progress)
    target = to / copied.path
    end = _end_of(target)
    if end.next_position < before.next_position:
        raise HaitangError(
            code="backup_source_changed",
            message="the journal was cut back while it was copied",
            place=Place(path=str(last)),
            hint="its writer failed; look into the log, then take the backup again",
        )
    if end.end_offset < copied.bytes:
        os.truncate(target, end.end_offset)
        copied = CopiedFile(path=copied.path, bytes=end.end_offset, sha256=_digest(target))
    files.append(copied)
    return files, end, first if first >= 0 else first_position_of(last)


def _copy_sealed(
    source: Path, to: Path, *, known: dict[str, tuple[Path, CopiedFile]], progress: Progress
) -> list[CopiedFile]:
    files = []
    for path in (source, index_path(source)):
        name = f"{JOURNAL_FOLDER}/{path.name}"
        if path != source and not path.exists():
            # An index that is not there (yet) is built again from its segment.
            continue
        earlier, file = known.get(name, (None, None))
        if earlier is not None and file is not None and path.stat().st_size == file.bytes:
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(earlier)
            progress(file.bytes)
            files.append(file)
        else:
            files.append(_copy(path, to, name, progress=progress))
    return files


def _copy_rest(data: Path, to: Path, progress: Progress) -> Iterator[CopiedFile]:
    for source in _listed(data / PACK_FOLDER, "*.pack"):
        yield _copy(source, to, f"{PACK_FOLDER}/{source.name}", progress=progress)
    for name in SINGLE_FILES:
        if (data / name).exists():
            yield _copy(data / name, to, name, progress=progress)


def _end_of(path: Path) -> SegmentFacts:
    """Return what is known of a segment up to its last whole frame; refuses one damaged inside."""
    with naming(path):
        segment, damage = scan(path)
    if damage is not None and not damage.torn:
        raise refusal_of(damage)
    return segment.facts


def _check_journal(folder: Path) -> None:
    """Read every frame of a copied journal and how the segments follow each other."""
    before: SegmentFacts | None = None
    for path in segment_paths(folder):
        facts = scan_sealed(path).facts
        follows(before, facts, path=path)
        before = facts


def _known_segments(previous: Path) -> dict[str, tuple[Path, CopiedFile]]:
    """Return the closed segments of an earlier backup by name; its last one was open."""
    manifest = read_manifest(previous)
    files = [file for file in manifest.files if file.path.startswith(f"{JOURNAL_FOLDER}/")]
    last = max((file.path for file in files if file.path.endswith(".log")), default="")
    return {file.path: (previous / file.path, file) for file in files if file.path != last}


# -- files ---------------------------------------------------------------------------------------


class _NewFolder:
    """A folder that appears under its name when everything in it is durable, or never."""

    def __init__(self, to: Path) -> None:
        self._to = to
        self._partial = to.with_name(to.name + PARTIAL)

    def __enter__(self) -> Path:
        with naming(self._to):
            if self._to.exists() and (not self._to.is_dir() or any(self._to.iterdir())):
                raise _not_empty(self._to, hint="name another one; nothing is ever written over")
        with naming(self._partial):
            self._to.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._partial.mkdir(mode=0o700)
            except FileExistsError:
                hint = "an earlier run was ended from outside; remove what it left"
                raise _not_empty(self._partial, hint=hint) from None
        return self._partial

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            _remove(self._partial)
            return
        try:
            with naming(self._to):
                for folder in sorted(path for path in self._partial.rglob("*") if path.is_dir()):
                    sync_folder(folder)
                sync_folder(self._partial)
                if self._to.exists():
                    self._to.rmdir()
                self._partial.rename(self._to)
                sync_folder(self._to.parent)
        except BaseException:
            _remove(self._partial)
            raise


def _copy(source: Path, to: Path, name: str, *, progress: Progress) -> CopiedFile:
    """Copy one file up to the length it had when it was opened; a missing one is for the caller."""
    target = to / name
    digest = hashlib.sha256()
    with _reading(source) as reading:
        left = size = os.fstat(reading.fileno()).st_size
        mode = os.fstat(reading.fileno()).st_mode & 0o700
        with naming(target):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode | 0o600)
            with os.fdopen(number, "wb") as writing:
                while left and (piece := reading.read(min(PIECE_BYTES, left))):
                    writing.write(piece)
                    digest.update(piece)
                    left -= len(piece)
                    progress(len(piece))
                writing.flush()
                os.fsync(writing.fileno())
    return CopiedFile(path=name, bytes=size - left, sha256=digest.hexdigest())


def _reading(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise file_error(error, path=source) from error


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    with naming(path), path.open("xb") as stream:
        stream.write(content + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _listed(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern)) if folder.is_dir() else []


def _forget(to: Path, files: list[CopiedFile]) -> None:
    for file in files:
        (to / file.path).unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    """Remove what we wrote ourselves; links into an earlier backup leave that one as it is."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    folder.rmdir()


def _stays_inside(name: str) -> bool:
    """Tell whether a path of a manifest leads nowhere else."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and path.parts != ()


def _not_empty(path: Path, *, hint: str) -> HaitangError:
    return HaitangError(
        code="file_folder_not_empty",
        message="expected a new or an empty folder; something was in it",
        place=Place(path=str(path)),
        hint=hint,
    )


def _damaged(path: Path) -> HaitangError:
    return HaitangError(
        code="backup_damaged",
        message="the file was not as the backup wrote it",
        place=Place(path=str(path)),
        hint="use another backup",
    )
