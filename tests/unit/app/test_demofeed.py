from __future__ import annotations

import msgspec

from haitang.app.demofeed import SAMPLE_EVERY_US, SAMPLES_MAX, DemoFeed
from haitang.app.demoframes import DemoFrame

FRAME = DemoFrame(
    bank_us=1_772_416_800_000_000, events=0, total=0, degraded=0, elapsed_us=0, service_us=0,
    answer_us=0, actions={}, at_risk_minor=0, stopped_minor=0, latest=(), currency="CNY",
    zone="Asia/Shanghai",
)  # fmt: skip


def frame(tick: int, **changes: object) -> DemoFrame:
    """The frame after so many tenths of a second, ten events in each."""
    changes = {"elapsed_us": tick * 100_000, "events": tick * 10, **changes}
    return msgspec.structs.replace(FRAME, **changes)


def test_before_the_first_frame_nothing_is_shown() -> None:
    shown = DemoFeed().shown()
    assert (shown.number, shown.frame, shown.samples) == (0, None, ())


def test_a_reader_sees_the_newest_frame_whatever_it_missed() -> None:
    feed = DemoFeed()
    for tick in range(7):
        feed.publish(frame(tick))
    shown = feed.shown()
    assert shown.number == feed.number == 7
    assert shown.frame == frame(6)


def test_a_point_of_the_charts_covers_what_happened_since_the_one_before() -> None:
    feed = DemoFeed()
    for tick in range(11):
        actions = {"PASS": tick * 8, "TIP": tick, "DELAY": tick // 2, "BLOCK": tick // 5}
        feed.publish(frame(tick, actions=actions))
    first, second = feed.shown().samples
    assert (first.elapsed_us, first.span_us) == (SAMPLE_EVERY_US, SAMPLE_EVERY_US)
    assert (second.events, second.asked, second.delayed, second.stopped) == (50, 5, 3, 1)


def test_the_past_is_bounded() -> None:
    feed = DemoFeed()
    for tick in range(0, 5 * (SAMPLES_MAX + 20), 5):
        feed.publish(frame(tick))
    samples = feed.shown().samples
    assert len(samples) == SAMPLES_MAX
    assert samples[-1].elapsed_us - samples[0].elapsed_us == (SAMPLES_MAX - 1) * SAMPLE_EVERY_US


def test_the_charts_begin_anew_with_the_days_that_are_watched() -> None:
    feed = DemoFeed()
    for tick in range(0, 50, 5):
        feed.publish(frame(tick, phase="catching_up"))
    assert len(feed.shown().samples) == 9
    feed.publish(frame(50, phase="watched"))
    assert feed.shown().samples == ()
    feed.publish(frame(55, phase="watched"))
    assert len(feed.shown().samples) == 1
