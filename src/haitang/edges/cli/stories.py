"""How the worked cases ended, told criterion by criterion."""

from __future__ import annotations

from haitang.app.stories import StoryReport
from haitang.edges.cli.columns import pad, width_of, wrap
from haitang.edges.cli.wording import Wording
from haitang.lab.scenarios import CriterionResult

COLUMNS = 96
MARKS = {"met": "✓", "not met": "✗", "not yet checked": "·"}


def story_lines(report: StoryReport, *, wording: Wording, brief: bool = False) -> list[str]:
    """Tell one case: what happened, then each criterion with its verdict and evidence.

    When told in brief, criteria that wait for another room are named on one line.
    """
    scenario = report.scenario
    title = wording.pick(scenario.title)
    name = f"{scenario.id}/{scenario.variant}" if scenario.variant else scenario.id
    lines = [
        wording.say("story.title", name=name, title=title),
        *wrap(wording.pick(scenario.summary), columns=COLUMNS, indent="  "),
    ]
    for result in report.results:
        if brief and result.verdict == "not yet checked":
            continue
        lines += _criterion(result, wording=wording)
    waiting = [result for result in report.results if result.verdict == "not yet checked"]
    if brief and waiting:
        named = ", ".join(f"{result.id} ({result.needs})" for result in waiting)
        said = wording.say("story.waiting", names=named)
        lines += wrap(f"{MARKS['not yet checked']} {said}", columns=COLUMNS, indent="  ")
    return lines


def _criterion(result: CriterionResult, *, wording: Wording) -> list[str]:
    left = max(width_of(wording.say(f"story.{verdict}")) for verdict in MARKS)
    verdict = pad(wording.say(f"story.{result.verdict}"), left)
    head = f"  {MARKS[result.verdict]} {verdict}  "
    indent = " " * width_of(head)
    said = wrap(f"{result.id}  {wording.pick(result.text)}", columns=COLUMNS, indent=indent)
    lines = [head + said[0].lstrip(), *said[1:]]
    if result.verdict != "met":
        lines += wrap(wording.pick(result.evidence), columns=COLUMNS, indent=f"{indent}  ")
    return lines


def verdict_line(reports: list[StoryReport], *, wording: Wording) -> str:
    """Count the verdicts over all cases."""
    return wording.say(
        "story.verdicts",
        met=sum(report.count("met") for report in reports),
        not_met=sum(report.count("not met") for report in reports),
        waiting=sum(report.count("not yet checked") for report in reports),
    )
