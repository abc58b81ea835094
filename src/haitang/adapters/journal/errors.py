"""What can go wrong with a journal or a snapshot.

HaitangError
├── JournalRefused     the journal is not opened or read: locked, damaged, of another version
├── JournalFailed      a commit could not be made durable; the journal takes nothing until reopened
├── JournalFull        more was staged than may wait for the disk
└── SnapshotDamaged    a snapshot does not check; use the one before it
"""

from __future__ import annotations

import errno
from pathlib import Path

from haitang.kernel.errors import HaitangError, Place, symbol


class JournalRefused(HaitangError):
    """A journal that is not opened, or a place in it that is not read."""


class JournalFailed(HaitangError):
    """A commit that was not made durable; what was staged is dropped."""


class JournalFull(HaitangError):
    """More was staged than may wait for the disk."""


class SnapshotDamaged(HaitangError):
    """A snapshot whose bytes do not check."""


def corrupt(path: Path, *, offset: int, position: int, reason: str) -> JournalRefused:
    """Say where a journal is damaged; `position` is that of the first event that cannot be read."""
    return JournalRefused(
        code="journal_corrupt",
        message=f"the journal was damaged at byte {offset:,}, position {position:,}: {reason}",
        place=Place(path=str(path)),
        hint="restore a backup, or cut here with `haitang journal repair` and read what it says",
    )


def version_unknown(path: Path, *, version: int) -> JournalRefused:
    """Say that a newer program wrote this."""
    return JournalRefused(
        code="journal_version_unknown",
        message=f"the journal was of format version {version}; this program knows up to 1",
        place=Place(path=str(path)),
        hint="open it with the version that wrote it",
    )


def behind_snapshot(path: Path, *, position: int) -> JournalRefused:
    """Say that the journal ends before a snapshot; `position` is where it ends."""
    return JournalRefused(
        code="journal_behind_snapshot",
        message=f"the journal ended at position {position:,}, before this snapshot",
        place=Place(path=str(path)),
        hint="restore its missing segments, or accept the loss with `haitang journal repair`",
    )


def missing(path: Path) -> JournalRefused:
    """Say that there is no journal to read."""
    return JournalRefused(
        code="journal_missing",
        message="there was no journal in this folder",
        place=Place(path=str(path)),
        hint="name the data folder of a service that has been started",
    )


def pruned(path: Path, *, position: int) -> JournalRefused:
    """Say that the segment of a position is gone."""
    return JournalRefused(
        code="journal_pruned",
        message=f"the segment of position {position:,} was no longer there",
        place=Place(path=str(path)),
        hint="start from a snapshot, or read it from a backup",
    )


def rewound(path: Path, *, position: int) -> JournalRefused:
    """Say that what was read before is not what stands there now."""
    return JournalRefused(
        code="journal_rewound",
        message=f"the journal was cut back before position {position:,} after it had been read",
        place=Place(path=str(path)),
        hint="its writer failed or it was repaired; open it again and start from a snapshot",
    )


def write_failed(path: Path, error: OSError) -> JournalFailed:
    """Say why a commit failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JournalFailed(
            code="journal_disk_full",
            message="no room was left for the journal",
            place=Place(path=str(path)),
            hint="free some space; nothing was written by halves",
        )
    reason = symbol(error.strerror or type(error).__name__)
    return JournalFailed(
        code="journal_write_failed",
        message=f"the journal could not be written; the system said {reason}",
        place=Place(path=str(path)),
        hint="check the disk; nothing was written by halves",
    )


def full(path: Path, *, bytes_max: int) -> JournalFull:
    """Refuse a frame for which there is no room in the line."""
    return JournalFull(
        code="journal_full",
        message=f"more than {bytes_max >> 20} MiB waited for the disk",
        place=Place(path=str(path)),
        hint="wait for the next commit",
    )
