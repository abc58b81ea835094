from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from haitang.app.detection.honest import InstanceBurden, LikenessCount
from haitang.app.detection.intervals import Share, wilson
from haitang.app.detection.measuring import MeasuredStream, Measurement
from haitang.app.detection.public import PublicFigures
from haitang.app.detection.published import PUBLISHED
from haitang.app.detection.ranking import BudgetPoint
from haitang.app.detection.stories import Recall, StoryOutcome
from haitang.data.features.specs import TextPair
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.lab_measure import measure_lines
from haitang.edges.cli.main import main
from haitang.edges.cli.measure_page import CHARTS, charts, page
from haitang.edges.cli.measure_tables import likeness
from haitang.edges.cli.texts import TEXTS
from haitang.edges.cli.wording import Wording
from haitang.lab.stories.catalogue import STORIES
from haitang.lab.vocabulary import TAGS
from tests.conftest import CheckOutput
from tests.unit.app.small_pack import write_pack

MONEY = Share(part=900_000, whole=1_000_000, value=0.9, low=0.7, high=0.97)


def recalled(group: str, caught: int, whole: int, en: str = "", zh: str = "") -> Recall:
    return Recall(
        group=group, title_en=en, title_zh=zh, caught=wilson(caught, whole),
        stopped=wilson(caught, whole), seen=wilson(whole, whole),
        value_caught=MONEY, value=MONEY, value_stopped=MONEY,
    )  # fmt: skip


def point(budget: float) -> BudgetPoint:
    return BudgetPoint(
        alerts_per_10000=budget, least_score=700, recall=budget / 20, value_recall=budget / 10,
        precision=0.5,
    )  # fmt: skip


def measured(**changes: object) -> Measurement:
    given: dict[str, object] = {
        "pack": "small", "pack_version": "1.2.0", "pack_digest": "ab" * 32, "lock_problems": 0,
        "measured_on": "2026-11-21", "instances_live": 12, "seeds": (11, 12),
        "seeds_by_rule": True, "customers": 2_000, "days": 42, "history_days": 14,
        "events": 400_000, "recall": recalled("all", 95, 100),
        "streams": (
            MeasuredStream(seed=11, events=200_000, frauds=50, fingerprint="0123456789ab"),
            MeasuredStream(seed=12, events=200_000, frauds=50, fingerprint="ba9876543210"),
        ),
        "frauds_per_day_10000": 18.0, "value_to_stop": MONEY,
        "families": (recalled("B", 60, 60), recalled("J", 35, 40)),
        "typologies": (
            recalled("B04", 60, 60, "Screen sharing", "屏幕共享操作"),
            recalled("J01", 35, 40, "Repeated look-ups", "反复查询同一账户"),
        ),
        "disturbed": wilson(80, 110_000), "beside_fraud": wilson(20, 110_000),
        "quiet": wilson(30, 112_000), "quiet_handled": wilson(10, 112_000),
        "handled": wilson(30, 110_000), "disturbed_by_action": {"HOLD": 2.5, "CALL": 1.0},
        "alerts_per_day_10000": 12.34, "cases_per_day_10000": 8.0, "precision": wilson(50, 80),
        "precision_of_parties": wilson(60, 80), "precision_felt": wilson(40, 90),
        "budgets": (point(1), point(10)), "curve": (point(0.5), point(1), point(5), point(10)),
        "likenesses": (
            LikenessCount(likeness="tuition", events=40, events_felt=2, disturbed=wilson(2, 20),
                          handled=wilson(1, 20), instances=("a.one", "b.two")),
        ),
        "burdens": (
            InstanceBurden(instance="a.one", typology="B04", action="HOLD CALL",
                           customer_days=50, customer_days_alone=40, stories=30,
                           stories_alone=3),
            InstanceBurden(instance="policy table", customer_days=5, customer_days_alone=1),
        ),
        "missed": (
            StoryOutcome(seed=11, story="J01-003", typology="J01", events=4, seen=True,
                         caught=False, stopped=False, at_risk_minor=0, saved_minor=0,
                         stopped_minor=0),
        ),
        "public": (
            PublicFigures(
                data_set="sffsd", title=TextPair(en="S-FFSD cards", zh="S-FFSD 卡交易"),
                pack_digest="cd" * 32, policies=2, subjects=100, positives=10,
                recall=wilson(7, 10), precision=wilson(7, 20), average_precision=0.5, area=0.75,
                published=PUBLISHED["sffsd"],
            ),
        ),
    }  # fmt: skip
    return Measurement(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_measurement_is_laid_out_for_a_person(language: str, check_output: CheckOutput) -> None:
    check_output("\n".join(measure_lines(measured(), wording=Wording(language))))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_holds_method_tables_and_charts(language: str, check_output: CheckOutput) -> None:
    check_output(page(measured(), folder="detection", wording=Wording(language)))


def test_a_development_run_says_that_it_is_none() -> None:
    wording = Wording("en")
    made = measured(seeds_by_rule=False, lock_problems=3)
    for text in ("\n".join(measure_lines(made, wording=wording)),
                 page(made, folder="detection", wording=wording)):  # fmt: skip
        assert "a development run, no measurement" in text
        assert "LOCK is behind in 3 places" in text
    assert " --seed 11 --seed 12 " in page(made, folder="detection", wording=wording)


@pytest.mark.parametrize(
    ("caught", "said"),
    [(98, "reached"), (92, "reached, not beyond chance"), (88, "not reached, within chance"),
     (60, "not reached")],
)  # fmt: skip
def test_a_target_is_told_with_what_chance_leaves_open(caught: int, said: str) -> None:
    made = measured(recall=recalled("all", caught, 100))
    lines = measure_lines(made, wording=Wording("en"))
    assert next(line for line in lines if "frauds caught" in line).endswith(f"90%: {said}")


def test_charts_are_whole_and_show_every_typology() -> None:
    drawn = charts(measured(), wording=Wording("en"))
    assert tuple(drawn) == CHARTS
    for text in drawn.values():
        assert ET.fromstring(text).tag.endswith("svg")
    assert "B04 Screen sharing" in drawn["typologies.svg"]
    assert "35/40" in drawn["typologies.svg"]
    curves = [part for part in drawn["budgets.svg"].split("\n") if "<polyline" in part]
    assert len(curves) == 2
    assert all(line.split('points="')[1].split('"')[0].count(",") == 4 for line in curves)


def test_every_likeness_of_the_lab_has_a_title() -> None:
    assert [name for name in TAGS if f"measure.likeness.{name}" not in TEXTS] == []
    assert likeness("tuition", Wording("zh")) == "学费"


def test_every_family_of_the_lab_has_a_title() -> None:
    assert {name[0] for name in STORIES} <= {
        key[-1] for key in TEXTS if key.startswith("policy.family.")
    }


def test_the_command_writes_page_charts_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = write_pack(tmp_path / "pack", locked=False)
    out = tmp_path / "out" / "detection.md"
    code = main(
        ["lab", "measure", "--pack", str(pack), "--seed", "3", "--customers", "200",
         "--days", "3", "--history", "1", "--no-public", "--markdown", str(out),
         "--json", str(tmp_path / "out" / "found.json")]
    )  # fmt: skip
    assert code == ExitCode.DONE
    assert "a development run" in capsys.readouterr().out
    assert (tmp_path / "out" / "detection" / CHARTS[0]).is_file()
    found = json.loads((tmp_path / "out" / "found.json").read_text())
    assert found["seeds"] == [3]
    assert found["lock_problems"] > 0
    assert f"`{found['pack_digest']}`" in out.read_text()


def test_a_run_without_days_to_count_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "measure", "--days", "5", "--history", "5"]) == ExitCode.WRONG_USE
    assert "no fraud can begin" in capsys.readouterr().err
