"""The lock on a data folder: one process writes it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import msgspec

from haitang.adapters.files.troubles import naming
from haitang.adapters.journal.errors import JournalRefused
from haitang.kernel.errors import Place

LOCK_NAME = "LOCK"


class LockHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a data folder."""

    pid: int
    started_at_us: int


class FolderLock:
    """An exclusive `flock` on `LOCK`, held until `release` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK_NAME
        with naming(self.path):
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise _locked(self.path) from None
        try:
            holder = LockHolder(pid=os.getpid(), started_at_us=time.time_ns() // 1_000)
            with naming(self.path):
                os.ftruncate(self._file, 0)
                os.pwrite(self._file, msgspec.json.encode(holder) + b"\n", 0)
        except BaseException:
            os.close(self._file)
            raise

    def release(self) -> None:
        """Let the folder go; the file stays, its content means nothing without the lock."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def lock_holder(folder: Path) -> LockHolder | None:
    """Return who wrote the lock file last; None where nobody did or it cannot be read."""
    try:
        return msgspec.json.decode((folder / LOCK_NAME).read_bytes(), type=LockHolder)
    except (OSError, msgspec.MsgspecError):
        return None


def _locked(path: Path) -> JournalRefused:
    holder = lock_holder(path.parent)
    who = f"process {holder.pid}" if holder else "another process"
    return JournalRefused(
        code="journal_locked",
        message=f"the data folder was in use by {who}",
        place=Place(path=str(path)),
        hint="stop it first, or name another folder",
    )
