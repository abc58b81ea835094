"""Scenarios and their pass criteria: expectations of decisions, judged with evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from haitang.data.features.specs import TextPair
from haitang.decision.engine.actions import ACTIONS
from haitang.decision.engine.decisions import Decision

Verdict = Literal["met", "not met", "not yet checked"]
STRICTNESS: dict[str, int] = {action.code: order for order, action in enumerate(ACTIONS)}
"""Position of each action in the order of strictness, mildest first."""


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that the account of the case does not give, and how they were filled."""

    events: tuple[str, ...]
    """Names of events in the story, `history` for all before it, `*` for every event."""
    fields: tuple[str, ...]
    why: TextPair


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What the decision on one event must be. Everything that is given must hold."""

    event: str
    """Name of the event in the story."""
    least: str = "PASS"
    """The primary action must be at least as strict."""
    actions: tuple[str, ...] = ()
    """All of these must be among the actions."""
    one_of: tuple[str, ...] = ()
    """One of these must be among the actions."""
    typologies: tuple[str, ...] = ()
    """All of these must be among the typologies that fired."""
    one_typology: tuple[str, ...] = ()
    """One of these must be among the typologies that fired."""


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """One pass criterion of a case: expected decisions, or the room that it waits for."""

    id: str
    text: TextPair
    expects: tuple[Expectation, ...] = ()
    needs: str = ""
    """The room that must exist before this can be checked; empty when decisions suffice."""


class CriterionResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a criterion stands, and on what evidence."""

    id: str
    text: TextPair
    verdict: Verdict
    evidence: TextPair
    needs: str = ""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One worked case: history, story, assumptions, criteria."""

    id: str
    variant: str
    title: TextPair
    source: str
    day: str
    """Local date on which the case came to a head."""
    summary: TextPair
    events: tuple[dict[str, Any], ...]
    """Flat events as `decode_row` takes them, in journal order."""
    names: dict[str, str]
    """Name of an event in the story to its `event_id`, in the order of the story."""
    known: tuple[str, ...]
    """Fields that the account of the case gives, where no assumption names them."""
    assumptions: tuple[Assumption, ...]
    criteria: tuple[Criterion, ...]

    @property
    def story_begins_us(self) -> int:
        """Instant of the first event that is not history."""
        named = set(self.names.values())
        return min(int(row["occurred_at_us"]) for row in self.events if row["event_id"] in named)


def unexplained_fields(scenario: Scenario) -> list[tuple[str, str]]:
    """Event and field of everything that is neither known nor listed as assumed; must be empty."""
    names = {event_id: name for name, event_id in scenario.names.items()}
    found: list[tuple[str, str]] = []
    for row in scenario.events:
        name = names.get(row["event_id"], "history")
        allowed = set(scenario.known)
        for assumption in scenario.assumptions:
            if {"*", name} & set(assumption.events):
                allowed |= set(assumption.fields)
        if "*" not in allowed:
            found += [(name, field) for field in row if field not in allowed]
    return found


def judge(scenario: Scenario, decisions: Sequence[Decision]) -> list[CriterionResult]:
    """Hold a scenario's criteria against the decisions of a replay that contained its events.

    Decisions on other events are ignored. A criterion that waits for a room is not yet checked,
    never met.
    """
    wanted = set(scenario.names.values())
    found = {decision.event_id: decision for decision in decisions if decision.event_id in wanted}
    return [_result(scenario, criterion, found) for criterion in scenario.criteria]


def _result(
    scenario: Scenario, criterion: Criterion, found: Mapping[str, Decision]
) -> CriterionResult:
    if criterion.needs:
        evidence = TextPair(
            en=f"waits for `{criterion.needs}`", zh=f"待 `{criterion.needs}` 建成后检查"
        )
        return CriterionResult(
            id=criterion.id,
            text=criterion.text,
            verdict="not yet checked",
            evidence=evidence,
            needs=criterion.needs,
        )
    judged = [
        _meets(expectation, found.get(scenario.names[expectation.event]))
        for expectation in criterion.expects
    ]
    met = all(good for good, _ in judged)
    evidence = TextPair(
        en="; ".join(text.en for _, text in judged), zh="；".join(text.zh for _, text in judged)
    )
    return CriterionResult(
        id=criterion.id, text=criterion.text, verdict="met" if met else "not met", evidence=evidence
    )


def _meets(expectation: Expectation, decision: Decision | None) -> tuple[bool, TextPair]:
    name = expectation.event
    if decision is None:
        return False, TextPair(en=f"`{name}` was not decided", zh=f"`{name}` 没有决策")
    actions = {decision.action, *decision.actions}
    fired = set(decision.typologies) | {hit.typology for hit in decision.hits}
    lacking: list[str] = []
    if STRICTNESS[decision.action] < STRICTNESS[expectation.least]:
        lacking.append(f">= {expectation.least}")
    lacking += [action for action in expectation.actions if action not in actions]
    lacking += [typology for typology in expectation.typologies if typology not in fired]
    for choice, present in ((expectation.one_of, actions), (expectation.one_typology, fired)):
        if choice and not present & set(choice):
            lacking.append("|".join(choice))
    said = ", ".join(decision.actions or (decision.action,))
    hits = ", ".join(sorted(fired)) or "—"
    english, chinese = f"`{name}`: {said} ({hits})", f"`{name}`：{said}（{hits}）"
    if lacking:
        english, chinese = (
            f"{english}, lacks {', '.join(lacking)}",
            f"{chinese}，缺少 {', '.join(lacking)}",
        )
    return not lacking, TextPair(en=english, zh=chinese)
