"""Answers that are kept at hand: until they are durable, and for callers that soon ask again."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence


class RecentBodies:
    """The bodies of the newest answers by position, run by run: a turn costs one step, not one for
    each of its events.
    """

    def __init__(self, events_max: int) -> None:
        """Keep so many durable ones, give or take a run; what is not durable is always kept."""
        self._events_max = events_max
        self._count = 0
        self._firsts: deque[int] = deque()
        self._runs: deque[Sequence[bytes]] = deque()

    def add(self, first: int, bodies: Sequence[bytes], *, durable_position: int) -> None:
        """Take the bodies of a run whose first event has position `first`; let go of the oldest."""
        self._firsts.append(first)
        self._runs.append(bodies)
        self._count += len(bodies)
        while self._count > self._events_max:
            oldest = len(self._runs[0])
            if self._firsts[0] + oldest > durable_position:
                break
            self._firsts.popleft()
            self._runs.popleft()
            self._count -= oldest

    def find(self, position: int) -> bytes | None:
        """Return the body of the event at a position, None where it is no longer at hand."""
        run = bisect_right(self._firsts, position) - 1
        if run < 0:
            return None
        place = position - self._firsts[run]
        return self._runs[run][place] if place < len(self._runs[run]) else None
