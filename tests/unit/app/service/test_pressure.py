"""How hurried a decision may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haitang.app.service.pressure import Pressure, PressureSettings
from haitang.decision.engine import FAIL_POLICY, FULL, LISTS_ONLY, RULES_ONLY

SECOND_US = 1_000_000


def test_a_quiet_service_decides_in_full() -> None:
    assert Pressure(PressureSettings()).mode(left_us=SECOND_US, events=1, queued=0) == FULL


def test_a_fuller_queue_evaluates_less() -> None:
    pressure = Pressure(PressureSettings(queue_events_max=1_000))
    modes = [pressure.mode(left_us=SECOND_US, events=1, queued=n) for n in (499, 500, 749, 750)]
    assert modes == [FULL, RULES_ONLY, RULES_ONLY, LISTS_ONLY]


def test_a_budget_that_a_commit_takes_up_leaves_the_fail_policy() -> None:
    pressure = Pressure(PressureSettings())
    for _ in range(200):
        pressure.committed(took_us=50_000)
    assert pressure.mode(left_us=40_000, events=1, queued=0) == FAIL_POLICY
    assert pressure.mode(left_us=60_000, events=1, queued=0) == FULL


def test_what_was_measured_counts() -> None:
    pressure = Pressure(PressureSettings())
    for _ in range(200):
        pressure.committed(took_us=1_000)
        pressure.decided(mode=FULL, events=100, took_us=100_000)
    # A thousand microseconds an event in full, and less in the other modes as far as is known.
    assert pressure.mode(left_us=50_000, events=100, queued=0) == RULES_ONLY


@given(
    left=st.integers(-SECOND_US, SECOND_US),
    less=st.integers(0, SECOND_US),
    queued=st.integers(0, 8_192),
    more=st.integers(0, 8_192),
)
def test_less_time_and_a_longer_queue_never_evaluate_more(
    left: int, less: int, queued: int, more: int
) -> None:
    pressure = Pressure(PressureSettings())
    easy = pressure.mode(left_us=left, events=8, queued=queued)
    hard = pressure.mode(left_us=left - less, events=8, queued=queued + more)
    assert hard >= easy
