"""The service's time under a wall clock that is set."""

from __future__ import annotations

from haitang.app.service.clock import ServiceClock


class _Clocks:
    def __init__(self) -> None:
        self.wall_us = 1_000_000_000_000
        self.steady_us = 5_000

    def now_us(self) -> int:
        return self.wall_us

    def elapsed_us(self) -> int:
        return self.steady_us

    def pass_by(self, us: int) -> None:
        self.wall_us += us
        self.steady_us += us


def test_time_follows_the_steady_clock_when_the_wall_clock_is_set_back() -> None:
    clocks = _Clocks()
    clock = ServiceClock(clocks)
    before = clock.now_us()
    clocks.wall_us -= 3_600_000_000
    clocks.pass_by(1_000)
    assert clock.now_us() == before + 1_000
    assert clock.jumped


def test_time_does_not_leap_when_the_wall_clock_is_set_forward() -> None:
    clocks = _Clocks()
    clock = ServiceClock(clocks)
    before = clock.now_us()
    clocks.wall_us += 86_400_000_000
    clocks.pass_by(2_000)
    assert clock.now_us() == before + 2_000


def test_a_jump_is_followed_slowly_and_never_backwards() -> None:
    clocks = _Clocks()
    clock = ServiceClock(clocks)
    clocks.wall_us -= 2_000_000
    last = clock.now_us()
    for _ in range(3_000):
        clocks.pass_by(1_000_000)
        clock.off_us()
        now = clock.now_us()
        assert now > last
        last = now
    assert abs(clock.off_us()) < 2_000
    assert not clock.jumped


def test_time_starts_no_earlier_than_the_journal_ended() -> None:
    clocks = _Clocks()
    clock = ServiceClock(clocks, not_before_us=clocks.wall_us + 30_000_000)
    assert clock.now_us() == clocks.wall_us + 30_000_000
