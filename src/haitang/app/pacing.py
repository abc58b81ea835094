"""The pace of a demo: bank time runs faster than the wall clock, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from haitang.data.events.batch import Int64Array

FLAT_BLOCK = 128
"""Events of one request when nobody reads along: an explanation costs as much as its block is long,
and the queue of the service is far longer."""

PACED_BLOCK = 64
"""The most that is asked at once when somebody does."""

FRAME_US = 100_000
"""Wall time between two looks at the clock while waiting for the next event."""

IDLE_US_MAX = 1_500_000
"""Longest wall time without an event; a quiet night is passed over."""


class Instants(Protocol):
    """Events in the order of their journal, as far as a pace looks at them."""

    @property
    def occurred_at_us(self) -> Int64Array:
        """When each of them occurred."""
        ...

    def __len__(self) -> int: ...


class PacingClock(Protocol):
    """The part of a clock that a pace needs."""

    def elapsed_us(self) -> int:
        """Return a reading in microseconds; only differences mean anything."""
        ...

    def pause(self, *, duration_us: int) -> None:
        """Wait."""
        ...


class Pace:
    """Says up to which event the bank has come; waits where it has not come to the next one yet."""

    def __init__(
        self,
        clock: PacingClock,
        *,
        speed: float | None,
        waiting: Callable[[], None],
        from_us: int = 0,
    ) -> None:
        self._clock = clock
        self._speed = speed
        """Bank seconds per wall second; None is flat out."""
        self._from_us = from_us
        """Events before this instant are not waited for."""
        self._waiting = waiting
        """Called while waiting, so that a view keeps moving."""
        self._wall_us: int | None = None
        self._bank_us = 0

    def next_stop(self, batch: Instants, start: int) -> int:
        """Return the end of the events to ask for now, at least one more than `start`."""
        count = len(batch)
        first_us = int(batch.occurred_at_us[start])
        if self._speed is None or first_us < self._from_us:
            return self._flat_stop(batch, start)
        if self._wall_us is None:
            self._reset(first_us)
        self._wait_for(first_us)
        now_us = self._now_us()
        stop = start + 1
        last = min(start + PACED_BLOCK, count)
        while stop < last and batch.occurred_at_us[stop] <= now_us:
            stop += 1
        return stop

    def _flat_stop(self, batch: Instants, start: int) -> int:
        stop = min(start + FLAT_BLOCK, len(batch))
        if self._speed is None:
            return stop
        early = batch.occurred_at_us[start:stop] < self._from_us
        return stop if early.all() else start + max(1, int(early.argmin()))

    def _wait_for(self, instant_us: int) -> None:
        assert self._speed is not None
        ahead_us = (instant_us - self._now_us()) / self._speed
        if ahead_us > IDLE_US_MAX:
            self._reset(instant_us - round(IDLE_US_MAX * self._speed))
        while (ahead_us := (instant_us - self._now_us()) / self._speed) > 0:
            self._waiting()
            self._clock.pause(duration_us=min(round(ahead_us) + 1, FRAME_US))

    def _now_us(self) -> int:
        assert self._speed is not None
        assert self._wall_us is not None
        return self._bank_us + round((self._clock.elapsed_us() - self._wall_us) * self._speed)

    def _reset(self, bank_us: int) -> None:
        self._wall_us = self._clock.elapsed_us()
        self._bank_us = bank_us
