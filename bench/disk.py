"""A bare write and `fdatasync`: what durability costs on this file system, whoever asks for it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]

AHEAD_BYTES = 64 << 20
"""Written with zeros before the clock starts, so that no write has to find room: the cheapest
kind of durable write, and so the hardest to be held against."""


def syncs(folder: Path, *, size: int, rate: float, seconds: float) -> Int64:
    """Write `size` bytes and sync, `rate` times a second; return the nanoseconds of each.

    Writes go one behind the other into a file of `folder` that is removed afterwards. When a sync
    takes longer than the time between two, the next follows at once.
    """
    path = folder / ".syncs"
    written = b"\x5a" * size
    apart_ns = 1e9 / rate
    took: list[int] = []
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.pwrite(number, b"\0" * AHEAD_BYTES, 0)
        os.fsync(number)
        begun = time.monotonic_ns()
        place = 0
        for turn in range(int(rate * seconds)):
            wait = begun + turn * apart_ns - time.monotonic_ns()
            if wait > 0:
                time.sleep(wait / 1e9)
            elif -wait > seconds * 1e9:
                break
            before = time.monotonic_ns()
            os.pwrite(number, written, place)
            os.fdatasync(number)
            took.append(time.monotonic_ns() - before)
            place = (place + size) % (AHEAD_BYTES - size)
    finally:
        os.close(number)
        path.unlink()
    return np.array(took, np.int64)
