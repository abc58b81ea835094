from __future__ import annotations

from haitang.app.pacing import FLAT_BLOCK, IDLE_US_MAX, PACED_BLOCK, Pace
from haitang.data.events.batch import EventBatch, FieldSet, batch_events
from haitang.data.events.codec import decode_row
from tests.unit.app.payments import START_US, payment

SECOND_US = 1_000_000


class WoundClock:
    """A clock that moves only when somebody waits on it."""

    def __init__(self) -> None:
        self.now_us = 0

    def elapsed_us(self) -> int:
        return self.now_us

    def pause(self, *, duration_us: int) -> None:
        assert duration_us > 0
        self.now_us += duration_us


def batch(*offsets_seconds: float) -> EventBatch:
    events = [
        decode_row(payment(0, occurred_at_us=START_US + round(offset * SECOND_US)))
        for offset in offsets_seconds
    ]
    return batch_events(events, FieldSet())


def stops(pace: Pace, events: EventBatch) -> list[int]:
    found, start = [], 0
    while start < len(events):
        start = pace.next_stop(events, start)
        found.append(start)
    return found


def test_flat_out_takes_whole_blocks_and_never_waits() -> None:
    clock = WoundClock()
    pace = Pace(clock, speed=None, waiting=lambda: None)
    assert stops(pace, batch(*range(FLAT_BLOCK + 10))) == [FLAT_BLOCK, FLAT_BLOCK + 10]
    assert clock.now_us == 0


def test_bank_time_runs_as_many_times_faster_as_was_asked() -> None:
    clock = WoundClock()
    pace = Pace(clock, speed=60.0, waiting=lambda: None)
    assert stops(pace, batch(0, 30, 60, 60, 90)) == [1, 2, 4, 5]
    assert clock.now_us == 1_500_000


def test_a_quiet_night_is_passed_over() -> None:
    clock = WoundClock()
    pace = Pace(clock, speed=1.0, waiting=lambda: None)
    assert stops(pace, batch(0, 40_000, 40_001)) == [1, 2, 3]
    assert clock.now_us == IDLE_US_MAX + SECOND_US


def test_a_burst_is_cut_so_that_the_view_keeps_moving() -> None:
    pace = Pace(WoundClock(), speed=1.0, waiting=lambda: None)
    assert stops(pace, batch(*[0] * (PACED_BLOCK + 5))) == [PACED_BLOCK, PACED_BLOCK + 5]


def test_events_before_the_watched_part_are_not_waited_for() -> None:
    clock = WoundClock()
    watched_us = START_US + 1_000 * SECOND_US
    pace = Pace(clock, speed=1.0, waiting=lambda: None, from_us=watched_us)
    assert stops(pace, batch(0, 10, 999, 1_000, 1_001)) == [3, 4, 5]
    assert clock.now_us == SECOND_US


def test_somebody_may_look_while_it_waits() -> None:
    looks: list[int] = []
    clock = WoundClock()
    pace = Pace(clock, speed=1.0, waiting=lambda: looks.append(clock.now_us))
    stops(pace, batch(0, 1))
    assert looks == [100_000 * tick for tick in range(10)]
