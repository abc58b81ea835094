from __future__ import annotations

import msgspec
import pytest

from haitang.app.detection.measuring import Measurement, MeasureRequest, measure, seeds_of
from haitang.app.detection.seeds import measuring_seeds
from haitang.app.detection.streams import StreamSize, decide_stream
from haitang.app.programs import OpenedPack, open_pack
from tests.unit.app.small_pack import LARGE_SUM, write_pack

SIZE = StreamSize(customers=200, days=4, history_days=1)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> OpenedPack:
    lower = LARGE_SUM.replace("50000", "5000").replace("5000000", "500000")
    folder = write_pack(
        tmp_path_factory.mktemp("small"), policies__large_sum=lower.replace("4999999", "499999")
    )
    return open_pack(folder)


@pytest.fixture(scope="module")
def found(opened: OpenedPack) -> Measurement:
    return measure(opened, MeasureRequest(size=SIZE, seed_count=2), measured_on="2026-11-21")


def test_the_seeds_are_those_of_the_pack_unless_others_are_named(
    opened: OpenedPack, found: Measurement
) -> None:
    assert found.seeds == measuring_seeds(opened.pack.digest, 2)
    assert found.seeds_by_rule
    assert found.pack_digest == opened.pack.digest
    assert seeds_of(MeasureRequest(seeds=(4101,)), opened) == (4101,)


def test_the_same_pack_gives_the_same_figures(opened: OpenedPack, found: Measurement) -> None:
    again = measure(opened, MeasureRequest(size=SIZE, seed_count=2), measured_on="2026-11-21")
    assert msgspec.json.encode(again) == msgspec.json.encode(found)


def test_a_stream_is_told_by_what_it_holds(found: Measurement) -> None:
    assert [one.seed for one in found.streams] == list(found.seeds)
    assert sum(one.frauds for one in found.streams) == found.recall.caught.whole
    assert len({one.fingerprint for one in found.streams}) == 2


def test_every_fraud_is_caught_or_told_as_missed(found: Measurement) -> None:
    caught = found.recall.caught
    assert 0 < caught.part < caught.whole
    assert len(found.missed) == caught.whole - caught.part
    assert sum(one.caught.whole for one in found.typologies) == caught.whole
    assert sum(one.value.whole for one in found.families) == found.recall.value.whole


def test_the_policy_table_answers_for_what_the_score_did(found: Measurement) -> None:
    """The only live policy leaves the action to the table."""
    assert found.disturbed.part == sum(one.customer_days for one in found.burdens) > 0
    assert [one.instance for one in found.burdens] == ["policy table"]
    assert set(found.disturbed_by_action) == {"HOLD", "CALL"}


def test_a_higher_budget_never_catches_less(found: Measurement) -> None:
    values = [point.value_recall for point in found.curve]
    assert len(values) > 3
    assert values == sorted(values)


def test_who_waits_hears_how_far_it_is(opened: OpenedPack) -> None:
    told: list[tuple[int, int, int]] = []
    found = measure(
        opened,
        MeasureRequest(size=SIZE, seeds=(3, 4)),
        measured_on="2026-11-21",
        told=lambda *now: told.append(now),
    )
    assert [stream for stream, done, of in told if done == of] == [0, 1, 2, 3]
    assert sum(of for stream, done, of in told if done == of and stream < 2) == found.events


def test_without_frauds_there_are_fewer_events_and_everybody_is_honest(
    opened: OpenedPack, found: Measurement
) -> None:
    assert found.quiet.part > 0
    assert found.quiet.whole > found.disturbed.whole
    decided = decide_stream(opened, found.seeds[0], SIZE, quiet=True)
    assert len(decided) < found.streams[0].events
    assert not (decided.day.acts["story"] >= 0).any()
