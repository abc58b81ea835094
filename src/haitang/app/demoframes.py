"""What there is to see of a demo at one moment, gathered from the answers as they come."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Literal

import msgspec

from haitang.app.stories import StoryReport, judge_story
from haitang.data.features.specs import TextPair
from haitang.decision.engine import RANK
from haitang.decision.engine.decisions import Decision
from haitang.lab.scenarios import Scenario

LATEST_MAX = 8
"""Hits that a frame shows."""

ANSWER_TIMES_MAX = 255
"""Latest requests whose median time is shown."""

STOPPING = RANK["DELAY"]
"""From this action on the money does not leave at once."""

Phase = Literal["catching_up", "watched", "ended", "interrupted"]


class LatestHit(msgspec.Struct, frozen=True, kw_only=True):
    """One event that the view shows."""

    event_id: str
    occurred_at_us: int
    action: str
    score: int
    typology: str
    reason: TextPair
    amount_minor: int | None


class StoryProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a worked case has come."""

    id: str
    title: TextPair
    steps: tuple[str, ...]
    """The action on each of its events in the order of the story; empty where not decided yet."""
    met: int
    """Criteria that are met by now."""
    checkable: int
    """Criteria that decisions can meet."""
    waiting: int
    """Criteria that wait for a room that is not built yet."""


class DemoFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to see at one moment."""

    bank_us: int
    """Instant of the last event decided."""
    events: int
    total: int
    degraded: int
    """Events that the service decided in haste, with something left out."""
    elapsed_us: int
    service_us: int
    """Wall time spent waiting for the service's answers."""
    answer_us: int
    """Median wall time of the latest requests, 0 before the first."""
    actions: dict[str, int]
    at_risk_minor: int
    """Amounts of payment requests with a hit, in the base currency."""
    stopped_minor: int
    """Those of them that do not leave at once: delayed, held, blocked."""
    latest: tuple[LatestHit, ...]
    currency: str
    zone: str
    phase: Phase = "watched"
    stories: tuple[StoryProgress, ...] = ()


class DemoSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How a demo ended."""

    frame: DemoFrame
    typologies: dict[str, int]
    """Events by typology of what fired; one event may count under several."""
    refused: int
    first_refusal: str
    """Why the first of them was; empty when none was."""
    duplicates: int
    strictest: LatestHit | None
    interrupted: bool
    stories: tuple[StoryReport, ...] = ()
    """How the worked cases among the events ended, as far as the demo came."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What the view needs of an event besides its decision, read from the bytes that were sent."""

    event_type: str
    occurred_at_us: int
    amount_base_minor: int | None = None

    @property
    def requested_minor(self) -> int | None:
        """The amount in the base currency of a payment request; None of other events."""
        return self.amount_base_minor if self.event_type == "TXN_REQUEST" else None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one event, as far as the demo reads it."""

    decision_id: str
    event_id: str
    action: str
    score_payer: int
    score_payee: int
    typologies: tuple[str, ...] = ()
    degraded: str = ""

    @property
    def hit(self) -> bool:
        """Whether anything fired."""
        return bool(self.typologies)


class Watched:
    """What has been seen so far."""

    def __init__(
        self, *, currency: str, zone: str, total: int, scenarios: Sequence[Scenario]
    ) -> None:
        self.currency = currency
        self.zone = zone
        self.total = total
        self.scenarios = scenarios
        self.phase: Phase = "watched"
        self.kept: dict[str, Decision] = {}
        """Decisions on the events of the worked cases, by event."""
        self.events = 0
        self.degraded = 0
        self.actions: Counter[str] = Counter()
        self.typologies: Counter[str] = Counter()
        self.latest: deque[LatestHit] = deque(maxlen=LATEST_MAX)
        self.strictest: LatestHit | None = None
        self.at_risk_minor = 0
        self.stopped_minor = 0
        self.bank_us = 0
        self.service_us = 0
        self._answer_times: deque[int] = deque(maxlen=ANSWER_TIMES_MAX)
        self._told = {name for case in scenarios for name in case.names.values()}
        self._stories = tuple(self._progress(case) for case in scenarios)

    def asked(self, *, service_us: int) -> None:
        """Take note of one request for decisions and how long its answer took."""
        self.service_us += service_us
        self._answer_times.append(service_us)

    def add(self, sent: Sent, answered: Answered) -> None:
        """Look at one answer."""
        self.events += 1
        self.bank_us = max(self.bank_us, sent.occurred_at_us)
        self.actions[answered.action] += 1
        self.typologies.update(answered.typologies)
        self.degraded += bool(answered.degraded)
        amount_minor = sent.requested_minor
        if answered.hit and amount_minor is not None:
            self.at_risk_minor += amount_minor
            if RANK[answered.action] >= STOPPING:
                self.stopped_minor += amount_minor

    def wanted(self, answered: Answered) -> bool:
        """Tell whether the whole explanation is worth asking for."""
        return answered.hit or answered.event_id in self._told

    def explain(self, sent: Sent, decision: Decision) -> None:
        """Look at one decision with its whole explanation."""
        if decision.event_id in self._told:
            self.kept[decision.event_id] = decision
            self._stories = tuple(self._progress(case) for case in self.scenarios)
        if not decision.hits:
            return
        first = max(decision.hits, key=lambda hit: hit.score)
        shown = LatestHit(
            event_id=decision.event_id,
            occurred_at_us=decision.occurred_at_us,
            action=decision.action,
            score=max(decision.score_payer, decision.score_payee),
            typology=first.typology,
            reason=first.reason,
            amount_minor=sent.requested_minor,
        )
        self.latest.append(shown)
        if self.strictest is None or _strictness(shown) > _strictness(self.strictest):
            self.strictest = shown

    def _progress(self, case: Scenario) -> StoryProgress:
        report = judge_story(case, list(self.kept.values()))
        decided = (self.kept.get(event_id) for event_id in case.names.values())
        return StoryProgress(
            id=case.id,
            title=case.title,
            steps=tuple("" if decision is None else decision.action for decision in decided),
            met=report.count("met"),
            checkable=len(report.results) - report.count("not yet checked"),
            waiting=report.count("not yet checked"),
        )

    def reports(self) -> tuple[StoryReport, ...]:
        """Judge the worked cases by what was answered so far."""
        kept = list(self.kept.values())
        return tuple(judge_story(case, kept) for case in self.scenarios)

    def frame(self, *, elapsed_us: int) -> DemoFrame:
        """Return what there is to see now."""
        times = sorted(self._answer_times)
        return DemoFrame(
            bank_us=self.bank_us,
            events=self.events,
            total=self.total,
            degraded=self.degraded,
            elapsed_us=elapsed_us,
            service_us=self.service_us,
            answer_us=times[len(times) // 2] if times else 0,
            actions=dict(self.actions),
            at_risk_minor=self.at_risk_minor,
            stopped_minor=self.stopped_minor,
            latest=tuple(self.latest),
            currency=self.currency,
            zone=self.zone,
            phase=self.phase,
            stories=self._stories,
        )


def _strictness(hit: LatestHit) -> tuple[int, int]:
    return RANK[hit.action], hit.score
