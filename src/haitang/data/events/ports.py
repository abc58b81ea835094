"""What this room needs from outside: somewhere to keep events in the order they were accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from haitang.data.events.catalogue import Event


class EventLog(Protocol):
    """An append-only journal. Positions count from 0 without gaps and never change."""

    def append(self, events: Sequence[Event]) -> int:
        """Make the events durable, all or none, and return the position of the first."""
        ...

    def read(self, position: int = 0) -> Iterator[tuple[int, Event]]:
        """Yield position and event from a position on, up to what was durable at the call."""
        ...
