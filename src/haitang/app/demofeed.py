"""Between the demo and those who watch it: the newest frame and a bounded past, never a queue.

The demo only ever replaces what is shown; who reads slowly sees fewer frames and holds nobody up.
"""

from __future__ import annotations

import threading
from collections import deque

import msgspec

from haitang.app.demoframes import STOPPING, DemoFrame
from haitang.decision.engine import RANK

SAMPLES_MAX = 240
"""Points of the charts."""

SAMPLE_EVERY_US = 500_000
"""Wall time between two points: two minutes of the demo are remembered."""

BINDING = RANK["HOLD"]
"""From this action on a person has to act before anything moves."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One point of the charts: what happened since the point before."""

    elapsed_us: int
    span_us: int
    """Wall time that the counts cover."""
    events: int
    asked: int
    """Events whose customer was warned, taught or asked to verify; the money may move."""
    delayed: int
    """Delayed or limited."""
    stopped: int
    """Held, blocked, or stricter."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The newest frame with its number, and the points of its phase so far."""

    number: int
    """Counts from 1; 0 before the first frame."""
    frame: DemoFrame | None
    samples: tuple[Sample, ...]


class DemoFeed:
    """Holds what is shown now; one thread publishes, any number look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._frame: DemoFrame | None = None
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_MAX)
        self._counted: DemoFrame | None = None
        """The frame of the latest point."""

    @property
    def number(self) -> int:
        """Number of the newest frame; grows with every one."""
        return self._number

    def publish(self, frame: DemoFrame) -> None:
        """Replace what is shown; never waits for a reader longer than it takes to copy a list."""
        with self._lock:
            self._number += 1
            self._frame = frame
            before = self._counted
            if before is None or (before.phase == "catching_up" and frame.phase == "watched"):
                # The past was decided flat out; on its scale the watched days would be a flat line.
                self._samples.clear()
                self._counted = frame
            elif frame.elapsed_us - before.elapsed_us >= SAMPLE_EVERY_US:
                self._samples.append(_between(before, frame))
                self._counted = frame

    def shown(self) -> Shown:
        """Return what is shown now."""
        with self._lock:
            return Shown(number=self._number, frame=self._frame, samples=tuple(self._samples))


def _between(before: DemoFrame, now: DemoFrame) -> Sample:
    counts = {"asked": 0, "delayed": 0, "stopped": 0}
    for action, count in now.actions.items():
        rank = RANK[action]
        if rank:
            kind = "asked" if rank < STOPPING else "delayed" if rank < BINDING else "stopped"
            counts[kind] += count - before.actions.get(action, 0)
    return Sample(
        elapsed_us=now.elapsed_us,
        span_us=now.elapsed_us - before.elapsed_us,
        events=now.events - before.events,
        **counts,
    )
