from __future__ import annotations

import io

import pytest
from rich.console import Console

from haitang.app.demoframes import DemoFrame, LatestHit
from haitang.data.features.specs import TextPair
from haitang.edges.cli.columns import width_of
from haitang.edges.cli.demo_view import plain_line, screen, style_of
from haitang.edges.cli.wording import Wording
from tests.conftest import CheckOutput

REASON = TextPair(
    en="CNY 86,000.00 is to leave within an hour of a shared screen, with 2 codes used.",
    zh="屏幕共享后欲转出8.6万元，期间使用验证码2次，最长通话26分，收款人为首次出现。",
)
FRAME = DemoFrame(
    bank_us=1_772_416_800_000_000,
    events=120_000,
    total=180_000,
    elapsed_us=20_000_000,
    service_us=10_000_000,
    answer_us=6_200,
    degraded=0,
    actions={"PASS": 119_000, "TIP": 61, "BLOCK": 352, "HOLD": 222},
    at_risk_minor=1_728_134_326,
    stopped_minor=1_500_034_326,
    latest=(
        LatestHit(
            event_id="E-1", occurred_at_us=1_772_416_740_000_000, action="TIP", score=260,
            typology="B06", reason=TextPair(en="on a call", zh="通话中"), amount_minor=None,
        ),
        LatestHit(
            event_id="E-2", occurred_at_us=1_772_416_800_000_000, action="BLOCK", score=720,
            typology="C04", reason=REASON, amount_minor=8_600_000,
        ),
    ),
    currency="CNY",
    zone="Asia/Shanghai",
)  # fmt: skip


PAGE = "http://127.0.0.1:8765/"


def drawn(frame: DemoFrame, language: str, columns: int = 96) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=columns, color_system=None)
    console.print(screen(frame, title="lab bank", page=PAGE, wording=Wording(language)))
    return stream.getvalue()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_frame_shows_figures_actions_and_the_latest_hits(
    language: str, check_output: CheckOutput
) -> None:
    check_output(drawn(FRAME, language))


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_frame_fits_its_terminal(columns: int) -> None:
    for line in drawn(FRAME, "zh", columns).splitlines():
        assert width_of(line) <= columns


def test_the_first_frame_has_nothing_to_show_and_says_so() -> None:
    empty = DemoFrame(
        bank_us=0, events=0, total=0, elapsed_us=0, service_us=0, answer_us=0, degraded=0,
        actions={}, at_risk_minor=0, stopped_minor=0, latest=(), currency="CNY",
        zone="Asia/Shanghai",
    )  # fmt: skip
    assert "—" in drawn(empty, "en")


def test_without_a_terminal_a_frame_is_one_line() -> None:
    said = plain_line(FRAME, wording=Wording("en"))
    assert said == (
        "2026-03-02 10:00:00 Asia/Shanghai: 120,000 events, 6,000/s, 635 acted on, "
        "CNY 17,281,343.26 at risk"
    )


def test_strictness_has_a_colour() -> None:
    assert [style_of(action) for action in ("TIP", "OTP", "BLOCK", "NEWER")] == [
        "cyan",
        "yellow",
        "bold red",
        "cyan",
    ]
