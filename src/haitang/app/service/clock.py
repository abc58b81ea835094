"""The service's time: starts with the wall clock, goes on with a steady one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

JUMP_US = 1_000_000
"""A difference between wall clock and ours from which on we speak of a jump."""
SLEW_PER_US = 500
"""We follow the wall clock by one microsecond in so many."""


class Clocks(Protocol):
    """The machine's clocks."""

    def now_us(self) -> int:
        """Return the wall clock as microseconds UTC."""
        ...

    def elapsed_us(self) -> int:
        """Return a steady reading; only differences mean anything."""
        ...


class ServiceClock:
    """Microseconds UTC that never go backwards and never jump.

    A wall clock that is set while we run would make events late or early that are neither; we
    follow it at one part in 500 and say how far off we are.
    """

    def __init__(self, clocks: Clocks, *, not_before_us: int = 0) -> None:
        self._clocks = clocks
        self.elapsed_us: Callable[[], int] = clocks.elapsed_us
        """Return the steady reading."""
        self._offset_us = clocks.now_us() - clocks.elapsed_us()
        self._slewed_at_us = clocks.elapsed_us()
        self._last_us = not_before_us

    def now_us(self) -> int:
        """Return the time; at least what was returned before."""
        self._last_us = max(self._last_us, self.elapsed_us() + self._offset_us)
        return self._last_us

    def off_us(self) -> int:
        """Return how far the wall clock is ahead of us, and go a little towards it."""
        elapsed = self._clocks.elapsed_us()
        off = self._clocks.now_us() - elapsed - self._offset_us
        step = (elapsed - self._slewed_at_us) // SLEW_PER_US
        self._slewed_at_us = elapsed
        self._offset_us += max(-step, min(step, off))
        return off

    @property
    def jumped(self) -> bool:
        """Tell whether the wall clock was set since we started."""
        return abs(self.off_us()) > JUMP_US
