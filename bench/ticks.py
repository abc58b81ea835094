"""A timer that is precise to some ten microseconds, for sending at intended instants.

An event loop rounds its own timers to milliseconds; a kernel timer that is read like a socket is
not rounded. Linux only, like the service.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Callable

_CLOCK_MONOTONIC = 1
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC


class _Instant(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Schedule(ctypes.Structure):
    _fields_ = (("every", _Instant), ("first", _Instant))


class Ticks:
    """Calls back every so many nanoseconds until it is closed."""

    def __init__(self, every_ns: int, callback: Callable[[], None]) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self._number = library.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)
        assert self._number >= 0, os.strerror(ctypes.get_errno())
        every = _Instant(every_ns // 1_000_000_000, every_ns % 1_000_000_000)
        schedule = _Schedule(every, every)
        failed = library.timerfd_settime(self._number, 0, ctypes.byref(schedule), None)
        assert not failed, os.strerror(ctypes.get_errno())
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._number, self._tick)

    def _tick(self) -> None:
        try:
            os.read(self._number, 8)
        except BlockingIOError:
            return
        self._callback()

    def close(self) -> None:
        """Stop."""
        self._loop.remove_reader(self._number)
        os.close(self._number)
