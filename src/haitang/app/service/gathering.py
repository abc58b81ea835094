"""How far apart turns are held while the loop has hardly any time to spare.

A turn and its commit cost the same whatever they carry. Where little comes, a turn at once is the
quickest answer. Where much comes, turns at once use the loop up: it keeps pace, but what holds it
up for a moment (a snapshot, the disk, another process) is then made up for slowly, and everybody
waits. Held a few milliseconds apart, turns carry more and cost less, and the loop has time for
that. Where most senders wait for their answers already, holding would only make them wait longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from haitang.app.service.pressure import NodeSettings

WINDOW_US = 50_000
"""How long the loop is watched before the distance changes."""
BUSY, EASY = 0.85, 0.6
"""The shares of a processor, spent by the loop's thread, from which on turns are held further
apart, and below which nearer. Holding makes a load cheaper, so they must not be close together."""
COMPANY = 2.0
"""How many more requests must be able to come than will, for a turn to be held."""
STEP_US = 1_000
"""What a distance changes by; the loop's timers know no finer ones."""


def thread_us() -> int:
    """Return the processor time of the calling thread."""
    return time.thread_time_ns() // 1_000


class Gathering:
    """Watches the loop's thread and tells how long a turn should still be held; used by it only."""

    __slots__ = (
        "_began_us", "_busy_us", "_came", "_elapsed_us", "_enough", "_most_us", "_rate",
        "_spent_us", "_watched_us", "gap_us",
    )  # fmt: skip

    def __init__(
        self,
        elapsed_us: Callable[[], int],
        settings: NodeSettings,
        *,
        busy_us: Callable[[], int] = thread_us,
    ) -> None:
        self._elapsed_us = elapsed_us
        self._busy_us = busy_us
        self._most_us = settings.gather_us_max
        self._enough = settings.overlap_events
        self._began_us = elapsed_us()
        self._watched_us = elapsed_us()
        self._spent_us = busy_us()
        self._came = 0
        self._rate = 0.0
        """Requests a microsecond."""
        self.gap_us = 0
        """The present distance."""

    def begin(self, requests: int) -> None:
        """Take note of a turn that begins now, and for how many requests."""
        self._began_us = self._elapsed_us()
        self._came += requests
        watched = self._began_us - self._watched_us
        if watched < WINDOW_US:
            return
        spent = self._busy_us()
        share = (spent - self._spent_us) / watched
        self._rate = self._came / watched
        self._watched_us, self._spent_us, self._came = self._began_us, spent, 0
        if share > BUSY:
            self.gap_us = min(self.gap_us + STEP_US, self._most_us)
        elif share < EASY:
            self.gap_us = max(self.gap_us - STEP_US, 0)

    def hold_s(self, *, queued: int, idle: float) -> float:
        """Return for how long a turn of so many events should wait for company, mostly 0; so many
        connections wait for no answer.
        """
        if not self.gap_us or queued >= self._enough:
            return 0.0
        left_us = self._began_us + self.gap_us - self._elapsed_us()
        if 2 * left_us < STEP_US or idle < COMPANY * self._rate * left_us:
            return 0.0
        return left_us / 1e6
