"""The demo: a bank's day through the engine, watched.

Runs what replay runs; what it adds is a pace that one can read, frames for a view, and the
stories told at the end.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from haitang.app.deciding import Decided, Decider
from haitang.app.demosources import Demo
from haitang.app.pacing import Pace
from haitang.app.stories import StoryReport, judge_story
from haitang.app.tallies import Tally
from haitang.app.wiring import Replacement, make_folder, naming
from haitang.data.features.specs import TextPair
from haitang.decision.engine import RANK
from haitang.decision.engine.decisions import Decision

FRAME_EVERY_US = 100_000
"""Wall time between two frames for the view."""

LATEST_MAX = 8
"""Hits that a frame shows."""

STOPPING = RANK["DELAY"]
"""From this action on the money does not leave at once."""


class DemoClock(Protocol):
    """The part of a clock that a demo needs."""

    def elapsed_us(self) -> int:
        """Return a reading in microseconds; only differences mean anything."""
        ...

    def pause(self, *, duration_us: int) -> None:
        """Wait."""
        ...


class LatestHit(msgspec.Struct, frozen=True, kw_only=True):
    """One event that the view shows."""

    event_id: str
    occurred_at_us: int
    action: str
    score: int
    typology: str
    reason: TextPair
    amount_minor: int | None


class DemoFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to see at one moment."""

    bank_us: int
    """Instant of the last event decided."""
    events: int
    total: int
    elapsed_us: int
    evaluate_us: int
    actions: dict[str, int]
    at_risk_minor: int
    """Amounts of payment requests with a hit, in the base currency."""
    stopped_minor: int
    """Those of them that do not leave at once: delayed, held, blocked."""
    latest: tuple[LatestHit, ...]
    currency: str
    zone: str


class DemoSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How a demo ended."""

    frame: DemoFrame
    tally: Tally
    refused: int
    duplicates: int
    strictest: LatestHit | None
    interrupted: bool
    stories: tuple[StoryReport, ...] = ()
    """How the worked cases among the events ended, as far as the demo came."""


class _Watched:
    """What has been seen so far."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.currency = demo.opened.pack.base_currency
        self.zone = demo.opened.pack.zone
        self.told = {name for case in demo.scenarios for name in case.names.values()}
        self.kept: list[Decision] = []
        """Decisions on the events of the worked cases."""
        self.tally = Tally()
        self.latest: deque[LatestHit] = deque(maxlen=LATEST_MAX)
        self.strictest: LatestHit | None = None
        self.at_risk_minor = 0
        self.stopped_minor = 0
        self.bank_us = 0

    def add(self, decided: Decided) -> None:
        """Look at some more decisions."""
        self.tally.add(decided.decisions)
        self.bank_us = max(self.bank_us, int(decided.batch.occurred_at_us[-1]))
        amounts = _requested_minor(decided)
        for position, decision in enumerate(decided.decisions):
            if decision.event_id in self.told:
                self.kept.append(decision)
            if not decision.hits:
                continue
            amount = amounts[position]
            self._show(decision, amount)
            if amount is not None:
                self.at_risk_minor += amount
                if RANK[decision.action] >= STOPPING:
                    self.stopped_minor += amount

    def _show(self, decision: Decision, amount_minor: int | None) -> None:
        first = max(decision.hits, key=lambda hit: hit.score)
        shown = LatestHit(
            event_id=decision.event_id,
            occurred_at_us=decision.occurred_at_us,
            action=decision.action,
            score=max(decision.score_payer, decision.score_payee),
            typology=first.typology,
            reason=first.reason,
            amount_minor=amount_minor,
        )
        self.latest.append(shown)
        if self.strictest is None or _strictness(shown) > _strictness(self.strictest):
            self.strictest = shown

    def frame(self, *, elapsed_us: int, evaluate_us: int) -> DemoFrame:
        """Return what there is to see now."""
        return DemoFrame(
            bank_us=self.bank_us,
            events=self.tally.decisions,
            total=self.demo.total,
            elapsed_us=elapsed_us,
            evaluate_us=evaluate_us,
            actions=dict(self.tally.actions),
            at_risk_minor=self.at_risk_minor,
            stopped_minor=self.stopped_minor,
            latest=tuple(self.latest),
            currency=self.currency,
            zone=self.zone,
        )


def _strictness(hit: LatestHit) -> tuple[int, int]:
    return RANK[hit.action], hit.score


def _requested_minor(decided: Decided) -> list[int | None]:
    """Return the amount in the base currency of every payment request, None of other events."""
    fields = decided.batch.fields
    if "amount_base_minor" not in fields.numbers or "event_type" not in fields.texts:
        return [None] * len(decided.batch)
    amounts = decided.batch.numbers[fields.numbers.index("amount_base_minor")].tolist()
    event_types = decided.batch.texts[fields.texts.index("event_type")]
    return [
        round(amount) if event_type == "TXN_REQUEST" and not math.isnan(amount) else None
        for amount, event_type in zip(amounts, event_types, strict=True)
    ]


def run_demo(
    demo: Demo,
    *,
    decisions: Path,
    speed: float | None,
    clock: DemoClock,
    show: Callable[[DemoFrame], None],
) -> DemoSummary:
    """Decide events at a pace, show frames, write the decisions; Ctrl-C ends it and keeps them."""
    make_folder(decisions.parent)
    decider = Decider(demo.opened, clock=clock)
    watched = _Watched(demo)
    begun_us = clock.elapsed_us()
    shown_us = begun_us

    def frame() -> DemoFrame:
        return watched.frame(
            elapsed_us=clock.elapsed_us() - begun_us, evaluate_us=decider.evaluate_us
        )

    def glance() -> None:
        nonlocal shown_us
        if clock.elapsed_us() - shown_us >= FRAME_EVERY_US:
            shown_us = clock.elapsed_us()
            show(frame())

    pace = Pace(clock, speed=speed, from_us=demo.paced_from_us, waiting=glance)
    encode = msgspec.json.Encoder().encode_lines
    refused, interrupted = 0, False
    with Replacement(decisions) as stream:
        try:
            for chunk in demo.chunks:
                admitted = decider.admit(chunk.events)
                refused += len(chunk.refused) + len(admitted.refused)
                for decided in decider.decide(admitted.events, next_stop=pace.next_stop):
                    watched.add(decided)
                    with naming(decisions):
                        stream.write(encode(decided.decisions))
                    glance()
        except KeyboardInterrupt:
            # What was decided so far is whole lines, and worth keeping.
            interrupted = True
    return DemoSummary(
        frame=frame(),
        tally=watched.tally,
        refused=refused,
        duplicates=decider.duplicates,
        strictest=watched.strictest,
        interrupted=interrupted,
        stories=tuple(judge_story(case, watched.kept) for case in demo.scenarios),
    )
