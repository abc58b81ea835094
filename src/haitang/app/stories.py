"""The worked cases through the engine: what was decided, and which criteria that meets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from haitang.app.deciding import Decider, Stopwatch, in_blocks
from haitang.app.programs import OpenedPack, open_pack
from haitang.app.wiring import EventRows
from haitang.data.events.codec import decode_row
from haitang.decision.engine.decisions import Decision
from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol
from haitang.lab.scenarios import SCENARIOS, CriterionResult, Scenario, judge

BLOCK = 4_096


class StoryReport(msgspec.Struct, frozen=True, kw_only=True):
    """How one case ended."""

    scenario: Scenario
    results: tuple[CriterionResult, ...]

    def count(self, verdict: str) -> int:
        """Return how many criteria have this verdict."""
        return sum(1 for result in self.results if result.verdict == verdict)


def run_stories(
    names: Sequence[str], *, pack: Path, clock: Stopwatch, told: Callable[[StoryReport], None]
) -> list[StoryReport]:
    """Run the named cases, each on an empty bank; all of them when no name is given."""
    chosen = [_scenario(name) for name in names or SCENARIOS]
    opened = open_pack(pack)
    reports = []
    for scenario in chosen:
        report = judge_story(scenario, _decisions(scenario, opened, clock))
        told(report)
        reports.append(report)
    return reports


def judge_story(scenario: Scenario, decisions: Sequence[Decision]) -> StoryReport:
    """Hold the criteria of a case against decisions that contain those on its events."""
    return StoryReport(scenario=scenario, results=tuple(judge(scenario, decisions)))


def _scenario(name: str) -> Scenario:
    if name not in SCENARIOS:
        raise HaitangError(
            code="use_story_unknown",
            message=f"there was no story {symbol(name)}",
            hint=did_you_mean(name, SCENARIOS) or f"the stories are {', '.join(SCENARIOS)}",
        )
    return SCENARIOS[name](0)


def _decisions(scenario: Scenario, opened: OpenedPack, clock: Stopwatch) -> list[Decision]:
    base_currency = opened.pack.base_currency
    place = Place(path=scenario.id)
    events = [decode_row(row, place=place, base_currency=base_currency) for row in scenario.events]
    rows = EventRows(events=events, places=[place] * len(events))
    decider = Decider(opened, clock=clock)
    return [
        decision
        for decided in decider.decide(rows, next_stop=in_blocks(BLOCK))
        for decision in decided.decisions
    ]
