from __future__ import annotations

import numpy as np
import pytest

from haitang.app.detection.stories import outcomes, recall, recall_by_family
from haitang.app.detection.streams import THE_TABLE
from haitang.decision.engine import RANK
from haitang.lab.day import LabDay, generate
from tests.unit.app.detection.invented import POLICIES, decided


@pytest.fixture(scope="module")
def day() -> LabDay:
    return generate(3, customers=300, days=6, stories={"B04": 2, "D01": 1, "J01": 1})


def rows_of(day: LabDay, story: str) -> list[int]:
    rows = np.flatnonzero(day.acts["story"] >= 0)
    names = day.labels()["story_id"].to_pylist()
    return [row for row, name in zip(rows.tolist(), names, strict=True) if name == story]


def money_of(day: LabDay, story: str) -> list[int]:
    labels = day.labels()
    rows = zip(labels["story_id"].to_pylist(), labels["amount_at_risk_minor"].to_pylist(),
               strict=True)  # fmt: skip
    return [money for name, money in rows if name == story]


def ended(day: LabDay, hits: list[tuple[int, str]], story: str) -> dict[str, object]:
    found = outcomes(decided(day, hits), seed=3, names=POLICIES)
    (one,) = (outcome for outcome in found if outcome.story == story)
    return {
        "seen": one.seen, "caught": one.caught, "stopped": one.stopped, "saved": one.saved_minor,
        "by": one.caught_by,
    }  # fmt: skip


def test_a_fraud_is_caught_at_its_last_movement_but_not_behind_it(day: LabDay) -> None:
    rows, money = rows_of(day, "B04-000"), money_of(day, "B04-000")
    last = max(place for place, amount in enumerate(money) if amount)
    assert ended(day, [(rows[last], "payer_hold")], "B04-000") == {
        "seen": True, "caught": True, "stopped": True, "saved": money[last], "by": ("payer_hold",),
    }  # fmt: skip
    for row in rows[last + 1 :]:
        assert not ended(day, [(row, "payer_hold")], "B04-000")["caught"]


def test_the_first_stop_saves_what_comes_after_it(day: LabDay) -> None:
    rows, money = rows_of(day, "D01-000"), money_of(day, "D01-000")
    found = ended(day, [(rows[0], "payee_stop")], "D01-000")
    assert found["saved"] == sum(money) > 0
    (one,) = [
        outcome
        for outcome in outcomes(decided(day, [(rows[0], "payee_stop")]), seed=3, names=POLICIES)
        if outcome.story == "D01-000"
    ]
    assert one.stopped_minor == money[0] < one.saved_minor


def test_a_tip_or_a_report_is_seen_and_stops_nothing(day: LabDay) -> None:
    rows = rows_of(day, "B04-000")
    for name in ("tip", "report"):
        found = ended(day, [(rows[0], name)], "B04-000")
        assert found == {"seen": True, "caught": False, "stopped": False, "saved": 0, "by": ()}


def test_what_the_score_alone_stopped_was_caught_by_the_table(day: LabDay) -> None:
    row = rows_of(day, "B04-000")[0]
    watched = decided(day, [(row, "tip")])
    watched.actions[row] = RANK["HOLD"]
    found = outcomes(watched, seed=3, names=POLICIES)
    (one,) = (outcome for outcome in found if outcome.story == "B04-000")
    assert one.caught
    assert one.caught_by == (THE_TABLE,)


def test_a_report_catches_where_nothing_is_to_be_stopped(day: LabDay) -> None:
    rows = rows_of(day, "J01-000")
    found = ended(day, [(rows[-1], "report")], "J01-000")
    assert found["caught"]
    assert not found["stopped"]
    assert not ended(day, [(rows[0], "tip")], "J01-000")["caught"]


def test_hits_elsewhere_catch_no_fraud(day: LabDay) -> None:
    honest = np.flatnonzero(day.acts["story"] < 0)[:50].tolist()
    found = outcomes(decided(day, [(row, "payer_hold") for row in honest]), seed=3, names=POLICIES)
    assert len(found) == 4
    assert not any(one.seen or one.caught for one in found)


def test_families_add_up_to_the_whole(day: LabDay) -> None:
    hits = [(rows_of(day, "B04-001")[0], "payer_hold"), (rows_of(day, "J01-000")[0], "report")]
    found = outcomes(decided(day, hits), seed=3, names=POLICIES)
    families = {one.group: one.caught for one in recall_by_family(found)}
    assert {name: (share.part, share.whole) for name, share in families.items()} == {
        "B": (1, 2), "D": (0, 1), "J": (1, 1),
    }  # fmt: skip
    whole = recall("all", found)
    assert (whole.caught.part, whole.caught.whole) == (2, 4)
    assert (whole.stopped.part, whole.seen.part) == (1, 2)
    money = money_of(day, "B04-001") + money_of(day, "J01-000")
    assert whole.value_caught.part == sum(money) > 0
    assert (
        whole.value.whole
        == whole.value_caught.whole
        == day.labels()["amount_at_risk_minor"].to_numpy().sum()
    )
