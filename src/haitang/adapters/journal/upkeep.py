"""Looking after a journal: check all of it, cut damage away, remove what is old."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from haitang.adapters.files.troubles import naming
from haitang.adapters.journal.errors import JournalRefused, missing
from haitang.adapters.journal.frames import Chain, whole_frames
from haitang.adapters.journal.layout import (
    JOURNAL_FOLDER,
    create_segment,
    first_position_of,
    index_path,
    remove_partials,
    segment_paths,
    snapshot_paths,
    snapshot_position,
    snapshots_ahead,
    sync_folder,
)
from haitang.adapters.journal.lock import FolderLock
from haitang.adapters.journal.scanning import (
    Damage,
    begin,
    extend,
    follows,
    load_sealed,
    reading,
    scan_sealed,
)
from haitang.adapters.journal.segments import (
    OpenSegment,
    SegmentFacts,
    read_index,
    write_index,
)
from haitang.adapters.journal.tables import TableDamaged

Progress = Callable[[int, int], None]
"""Is told bytes done and bytes in all."""


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


class JournalReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal holds, up to the first place that does not check."""

    journal_id: str
    segments: int
    frames: int
    """Without the header frames."""
    events: int
    bytes: int
    first_position: int
    next_position: int
    first_stamp_us: int
    last_stamp_us: int
    indexes_missing: tuple[str, ...]
    """Sealed segments without an index: built again at the next opening."""
    indexes_damaged: tuple[str, ...]
    torn: Damage | None = None
    """What a crash left; cut away at the next opening. Frames being written look the same."""
    corrupt: Damage | None = None
    snapshots_ahead: tuple[str, ...] = ()
    """Snapshots that know events which the journal does not hold."""


class RepairReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a repair did."""

    next_position: int
    """Of the next event of the repaired journal."""
    lost_from: int
    lost_to: int
    """The last lost position that was still legible; `lost_from - 1` where there was none."""
    more_lost: bool
    """Whether events behind `lost_to` may be lost that nobody can count any more."""
    cut_bytes: int
    kept: tuple[Path, ...]
    """Copies of what was cut away, and the snapshots of positions that are gone."""
    indexes_built: tuple[str, ...]
    reason: str
    """What was wrong; empty where nothing was."""


class _Walk(msgspec.Struct, kw_only=True):
    """What is known of the segments up to the first damage."""

    facts: list[SegmentFacts]
    damage: Damage | None
    paths: list[Path]


def verify(folder: Path, *, progress: Progress = silent) -> JournalReport:
    """Read and check every frame of a journal and every index; needs no lock, changes nothing."""
    with naming(folder / JOURNAL_FOLDER):
        paths = segment_paths(folder)
        if not paths:
            raise missing(folder)
        # Listed before the journal is read, which grows meanwhile.
        snapshots = snapshot_paths(folder)
        walked = _walk(paths, progress=progress)
        lost, damaged = _check_indexes(paths[: len(walked.facts) - 1])
    facts = walked.facts
    damage = walked.damage
    first = first_position_of(paths[0])
    end = facts[-1].next_position if facts else first
    return JournalReport(
        journal_id=facts[0].journal_id if facts else "",
        segments=len(paths),
        frames=sum(one.frames for one in facts),
        events=end - first,
        bytes=sum(path.stat().st_size for path in paths),
        first_position=first,
        next_position=end,
        first_stamp_us=facts[0].first_stamp_us if facts else 0,
        last_stamp_us=facts[-1].last_stamp_us if facts else 0,
        indexes_missing=lost,
        indexes_damaged=damaged,
        torn=damage if damage is not None and damage.torn else None,
        corrupt=damage if damage is not None and not damage.torn else None,
        snapshots_ahead=tuple(path.name for path in snapshots if snapshot_position(path) > end),
    )


def repair(folder: Path, *, copy_to: Path) -> RepairReport:
    """Cut a journal at its first damage so that it opens again; what is cut is kept in `copy_to`.

    Everything behind the damage goes: a state cannot be computed over a gap. Snapshots of later
    positions are moved to `copy_to`. Also builds missing and damaged indexes.
    """
    if not (folder / JOURNAL_FOLDER).is_dir():
        raise missing(folder)
    lock = FolderLock(folder)
    try:
        with naming(folder / JOURNAL_FOLDER):
            remove_partials(folder / JOURNAL_FOLDER)
            paths = segment_paths(folder)
            if not paths:
                raise missing(folder)
            walked = _walk(paths, progress=silent)
        return _repair(folder, walked, copy_to=copy_to)
    finally:
        lock.release()


def prune(folder: Path, *, before_position: int, before_stamp_us: int) -> list[Path]:
    """Remove the oldest segments whose events all lie before a position *and* an instant.

    The last segment stays. May run while the journal is open; whoever reads a removed segment is
    refused with `journal_pruned`.
    """
    removed: list[Path] = []
    with naming(folder / JOURNAL_FOLDER):
        for path in segment_paths(folder)[:-1]:
            facts = load_sealed(path, keep_index=False).facts
            if facts.next_position > before_position or facts.last_stamp_us >= before_stamp_us:
                break
            path.unlink()
            index_path(path).unlink(missing_ok=True)
            removed.append(path)
        if removed:
            sync_folder(folder / JOURNAL_FOLDER)
    return removed


def _walk(paths: list[Path], *, progress: Progress) -> _Walk:
    """Read segments up to the first damage; a newer version is refused."""
    total = sum(path.stat().st_size for path in paths)
    done = 0
    walked = _Walk(facts=[], damage=None, paths=paths)
    before: SegmentFacts | None = None
    for place, path in enumerate(paths):
        try:
            with reading(path) as file:
                segment = begin(path, file)
                follows(before, segment.facts, path=path)
                damage = extend(segment, file, told=partial(_tell, progress, done, total))
        except JournalRefused as refused:
            if refused.code != "journal_corrupt":
                raise
            walked.damage = _damage_of(path, refused, position=_expected(before, path))
            return walked
        before = segment.facts
        walked.facts.append(before)
        done += path.stat().st_size
        progress(done, total)
        last = place == len(paths) - 1
        if damage is None and last and index_path(path).exists():
            # An index is written once the next segment is there.
            damage = _missing_after(segment)
        if damage is not None:
            # Only the last segment may end in a torn frame.
            walked.damage = msgspec.structs.replace(damage, torn=damage.torn and last)
            return walked
    return walked


def _tell(progress: Progress, before: int, total: int, offset: int) -> None:
    progress(before + offset, total)


def _check_indexes(paths: list[Path]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lost: list[str] = []
    damaged: list[str] = []
    for path in paths:
        stored = read_index(path, rebuild=scan_sealed)
        if stored is None:
            (damaged if index_path(path).exists() else lost).append(path.name)
            continue
        try:
            stored.check()
        except TableDamaged:
            damaged.append(path.name)
    return tuple(lost), tuple(damaged)


def _repair(folder: Path, walked: _Walk, *, copy_to: Path) -> RepairReport:
    damage = walked.damage
    kept: list[Path] = []
    lost_to, cut_bytes = -1, 0
    if damage is not None:
        at = next(place for place, path in enumerate(walked.paths) if path == damage.path)
        begun = walked.paths[at:]
        lost_to = _last_legible(begun, offset=damage.offset)
        with naming(copy_to):
            kept, cut_bytes = _keep(begun, offset=damage.offset, copy_to=copy_to)
        with naming(folder / JOURNAL_FOLDER):
            _cut(folder, damage, behind=walked.paths[at + 1 :])
    with naming(folder / JOURNAL_FOLDER):
        survivors = segment_paths(folder)
        # The last segment is open again and has no index.
        index_path(survivors[-1]).unlink(missing_ok=True)
        lost, damaged = _check_indexes(survivors[:-1])
        for path in survivors[:-1]:
            if path.name in {*lost, *damaged}:
                write_index(scan_sealed(path))
        sync_folder(folder / JOURNAL_FOLDER)
    end = walked.facts[-1].next_position if walked.facts else first_position_of(walked.paths[0])
    with naming(copy_to):
        aside = _set_aside(snapshots_ahead(folder, position=end), copy_to=copy_to)
    reason = damage.reason if damage is not None else ""
    if aside and not reason:
        reason = "a snapshot knew later positions"
        lost_to = snapshot_position(aside[0]) - 1
    return RepairReport(
        next_position=end,
        lost_from=end,
        lost_to=max(lost_to, end - 1),
        more_lost=damage is not None and not damage.torn,
        cut_bytes=cut_bytes,
        kept=(*kept, *aside),
        indexes_built=tuple(sorted({*lost, *damaged})),
        reason=reason,
    )


def _keep(paths: list[Path], *, offset: int, copy_to: Path) -> tuple[list[Path], int]:
    """Copy the rest of the first segment and all the others whole; durable before anything goes."""
    copy_to.mkdir(parents=True, exist_ok=True)
    kept, total = [], 0
    for path in paths:
        start = offset if path == paths[0] else 0
        size = path.stat().st_size - start
        if size <= 0:
            continue
        target = copy_to / f"{path.stem}.from-{start}.cut"
        with path.open("rb") as source, target.open("xb") as copy:
            source.seek(start)
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        kept.append(target)
        total += size
    sync_folder(copy_to)
    return kept, total


def _set_aside(snapshots: list[Path], *, copy_to: Path) -> list[Path]:
    """Move snapshots that no longer belong to the journal; returns where they are, newest first."""
    if snapshots:
        copy_to.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.move(path, copy_to / path.name)) for path in snapshots]


def _cut(folder: Path, damage: Damage, *, behind: list[Path]) -> None:
    """Remove what lies behind the damage, last segment first, so that a crash leaves no gap."""
    for path in reversed(behind):
        index_path(path).unlink(missing_ok=True)
        path.unlink()
    index_path(damage.path).unlink(missing_ok=True)
    if damage.offset:
        os.truncate(damage.path, damage.offset)
        with damage.path.open("rb") as file:
            os.fsync(file.fileno())
        return
    damage.path.unlink()
    if not segment_paths(folder):
        # Nothing is left of it: a new journal that goes on counting where this one began.
        chain = Chain(position=first_position_of(damage.path), previous=None, stamp_us=0)
        create_segment(folder, journal_id=os.urandom(16).hex(), chain=chain)


def _last_legible(paths: list[Path], *, offset: int) -> int:
    """Return the last position of a whole frame in what will be cut; -1 where there is none."""
    last = -1
    for path in paths:
        data = path.read_bytes()[offset if path == paths[0] else 0 :]
        for _, header in whole_frames(data):
            last = max(last, header.position + header.events - 1)
    return last


def _expected(before: SegmentFacts | None, path: Path) -> int:
    return before.next_position if before is not None else first_position_of(path)


def _damage_of(path: Path, refused: JournalRefused, *, position: int) -> Damage:
    """Say a segment that cannot be used at all as damage at its beginning."""
    reason = refused.message.partition(": ")[2]
    size = path.stat().st_size
    return Damage(path=path, offset=0, position=position, size=size, torn=False, reason=reason)


def _missing_after(segment: OpenSegment) -> Damage:
    return Damage(
        path=segment.path,
        offset=segment.end_offset,
        position=segment.chain.position,
        size=segment.end_offset,
        torn=False,
        reason="the segments after this one were missing",
    )
