from __future__ import annotations

import msgspec
import pytest

from haitang.edges.cli.explanations import explanation_lines
from haitang.edges.cli.wording import Wording
from tests.conftest import CheckOutput
from tests.unit.edges.cli.builders import HIT, decision


def explained(language: str, **changes: object) -> str:
    return "\n".join(explanation_lines(decision(**changes), wording=Wording(language)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_decision_is_told_whole(language: str, check_output: CheckOutput) -> None:
    shadow = msgspec.structs.replace(HIT, policy="in_trial", status="shadow")
    check_output(explained(language, shadow_hits=(shadow,)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_quiet_decision_says_so(language: str, check_output: CheckOutput) -> None:
    quiet = explained(
        language,
        action="PASS",
        actions=("PASS",),
        tier="low",
        score_payer=0,
        typologies=(),
        hits=(),
        models=(),
        measures=(),
    )
    check_output(quiet)


def test_a_degraded_decision_says_how() -> None:
    assert "rules only" in explained("en", degraded="rules only")


def test_the_instant_is_shown_in_the_zone_that_was_asked_for() -> None:
    lines = explanation_lines(decision(), wording=Wording("en"), zone="Asia/Shanghai")
    assert any("2026-03-02 10:00:00 Asia/Shanghai" in line for line in lines)
