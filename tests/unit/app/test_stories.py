from __future__ import annotations

from pathlib import Path

import pytest

from haitang.app.shipped import BANK, shipped_pack
from haitang.app.stories import StoryReport, run_stories
from haitang.app.wiring import MachineClock
from haitang.edges.cli.stories import story_lines, verdict_line
from haitang.edges.cli.wording import Wording
from haitang.kernel.errors import HaitangError
from tests.unit.app.small_pack import write_pack


def told(pack: Path, *names: str) -> list[StoryReport]:
    heard: list[StoryReport] = []
    reports = run_stories(names, pack=pack, clock=MachineClock(), told=heard.append)
    assert heard == reports
    return reports


def test_the_shipped_pack_meets_what_can_be_checked_of_a_case() -> None:
    (report,) = told(shipped_pack(BANK), "AS-3")
    assert report.count("not met") == 0
    assert report.count("met") >= 2


def test_what_a_small_pack_misses_is_told_with_its_evidence(tmp_path: Path) -> None:
    (report,) = told(write_pack(tmp_path), "AS-2")
    assert report.count("not met") >= 3
    lines = story_lines(report, wording=Wording("en"), brief=True)
    assert any(line.startswith("  ✗ not met") for line in lines)
    assert any("· not yet checked: AS-2(" in line for line in lines)
    said = verdict_line([report], wording=Wording("en"))
    assert f"{report.count('not met')} not met" in said


def test_an_unknown_case_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(HaitangError) as refused:
        told(tmp_path / "no pack", "AS-33")
    assert refused.value.code == "use_story_unknown"
