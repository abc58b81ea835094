"""The true stories, decided by the shipped pack."""

from __future__ import annotations

from haitang.adapters.clock import MachineClock
from haitang.app.stories import StoryReport, run_stories
from tests.packs.bank import BANK, listed


def test_the_true_stories_are_caught_as_their_criteria_say() -> None:
    told: list[StoryReport] = []
    reports = run_stories((), pack=BANK, clock=MachineClock(), told=told.append)
    missed = [
        f"{report.scenario.id} {result.id}: {result.text} ({result.verdict})"
        for report in reports
        for result in report.results
        if result.verdict == "not met"
    ]
    assert not missed, listed(missed)
    assert sum(report.count("met") for report in reports) >= len(reports)
