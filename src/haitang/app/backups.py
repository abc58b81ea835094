"""Back-up and restore of a data folder, as a command runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from haitang.app.wiring import BackupManifest, back_up, restore

KeepTold = Callable[[int], None]
"""Told how many bytes have been copied so far."""


class Clock(Protocol):
    """The wall clock."""

    def now_us(self) -> int:
        """Return microseconds UTC."""
        ...


def back_up_folder(
    data: Path, to: Path, *, previous: Path | None, clock: Clock, told: KeepTold
) -> BackupManifest:
    """Copy a data folder, while it is served or not, and check the copy."""
    return back_up(data, to, made_at_us=clock.now_us(), previous=previous, progress=_adding(told))


def restore_folder(backup: Path, to: Path, *, told: KeepTold) -> BackupManifest:
    """Make a data folder of a backup, and check it."""
    return restore(backup, to, progress=_adding(told))


def _adding(told: KeepTold) -> Callable[[int], None]:
    done = 0

    def add(copied_bytes: int) -> None:
        nonlocal done
        done += copied_bytes
        told(done)

    return add
