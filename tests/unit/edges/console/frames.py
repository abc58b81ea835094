"""Frames of a demo as the page gets them."""

from __future__ import annotations

from typing import Any

import msgspec

from haitang.app.demofeed import SAMPLE_EVERY_US, DemoFeed, Sample, Shown
from haitang.app.demoframes import DemoFrame, LatestHit, StoryProgress
from haitang.data.features.specs import TextPair

FRAME = DemoFrame(
    bank_us=1_772_416_800_000_000,
    events=120_000,
    total=180_000,
    degraded=0,
    elapsed_us=20_000_000,
    service_us=10_000_000,
    answer_us=6_240,
    actions={"PASS": 119_365, "TIP": 61, "DELAY": 40, "BLOCK": 352, "HOLD": 182},
    at_risk_minor=1_728_134_326,
    stopped_minor=1_500_034_326,
    latest=(
        LatestHit(
            event_id="E-1", occurred_at_us=1_772_416_740_000_000, action="TIP", score=260,
            typology="B06", reason=TextPair(en="on a <call>", zh="通话中"), amount_minor=None,
        ),
        LatestHit(
            event_id="E-2", occurred_at_us=1_772_416_800_000_000, action="BLOCK", score=720,
            typology="C04", reason=TextPair(en="a shared screen", zh="屏幕共享"),
            amount_minor=8_600_000,
        ),
    ),
    currency="CNY",
    zone="Asia/Shanghai",
    stories=(
        StoryProgress(
            id="AS-1", title=TextPair(en="The parcel caller", zh="快递理赔来电"),
            steps=("PASS", "HOLD", ""), met=1, checkable=3, waiting=4,
        ),
        StoryProgress(
            id="AS-3", title=TextPair(en="The false boss", zh="冒充领导"),
            steps=("HOLD",), met=2, checkable=2, waiting=5,
        ),
    ),
)  # fmt: skip


def samples(count: int, *, events: int = 300) -> tuple[Sample, ...]:
    """Half-seconds one after the other, all alike."""
    return tuple(
        Sample(
            elapsed_us=(place + 1) * SAMPLE_EVERY_US, span_us=SAMPLE_EVERY_US, events=events,
            asked=3, delayed=2, stopped=1,
        )
        for place in range(count)
    )  # fmt: skip


def shown(frame: DemoFrame | None = FRAME, *, points: int = 20, **changes: Any) -> Shown:
    """What a page shows."""
    if frame is None:
        return Shown(number=0, frame=None, samples=())
    changed = msgspec.structs.replace(frame, **changes)
    return Shown(number=1, frame=changed, samples=samples(points))


def feed(*frames: DemoFrame) -> DemoFeed:
    """A feed to which frames were published."""
    made = DemoFeed()
    for frame in frames:
        made.publish(frame)
    return made
