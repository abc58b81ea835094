from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from bench import disk
from bench.picture import Panel, draw_panels
from bench.serve_publish import Publication, around, of_all
from bench.soak import _trends
from bench.tables import Bar, judged


def _requests(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A request a millisecond, answered in two; one in five hundred in nine, in the first two
    seconds.
    """
    due = np.arange(count, dtype=np.int64) * 1_000_000
    took = np.full(count, 2_000_000, np.int64)
    took[:2_000:500] = 9_000_000
    return due, took


def test_a_publication_that_slows_nobody_stays_under_what_was_before() -> None:
    due, took = _requests(4_000)
    found = around(due, took, [Publication(int(2_100e6), int(2_400e6))])
    assert found["slowest_of_p999_before"] < 1
    assert found["requests"] == 1_300
    assert found["slower_than_p999_before"] == found["publications_slower"] == 0


def test_one_slow_request_around_a_publication_shows() -> None:
    due, took = _requests(4_000)
    for slow in (2_200, 3_399):
        later = took.copy()
        later[slow] = 90_000_000
        found = around(due, later, [Publication(int(2_100e6), int(2_400e6))])
        assert found["slowest_of_p999_before"] == 10
        assert found["slowest_us"] == 90_000
        assert found["slower_than_p999_before"] == found["publications_slower"] == 1


def test_a_publication_is_not_held_against_what_an_earlier_one_did() -> None:
    due, took = _requests(8_000)
    took[2_500:5_000:500] = 9_000_000
    took[2_150:2_350] = 50_000_000
    took[5_200] = 20_000_000
    first, second = Publication(int(2_100e6), int(2_400e6)), Publication(int(5_100e6), int(5_400e6))
    found = around(due, took, [first, second])
    assert found["publications"] == found["publications_slower"] == 2
    assert found["before_p999_us"] == 9_000
    assert found["worst_of_p999_before"] == pytest.approx(50 / 9)
    calm = around(due, np.full(8_000, 2_000_000, np.int64), [first, second])
    counted = of_all([found, calm])
    assert (counted["publications"], counted["publications_slower"]) == (4, 2)
    assert counted["worst_of_p999_before"] == found["worst_of_p999_before"]


def test_stretches_without_a_publication_tell_what_chance_does() -> None:
    due, took = _requests(4_000)
    took[1_000] = 30_000_000
    found = around(due, took, [Publication(int(3_000e6), int(3_000e6) - 500_000_000)])
    assert found["requests"] == 500
    assert found["stretches_slower"] == pytest.approx(1 / 6)


def test_less_time_before_a_publication_than_it_takes_is_one_stretch() -> None:
    due, took = _requests(4_000)
    found = around(due, took, [Publication(int(600e6), int(2_400e6))])
    assert found["requests"] == 2_800
    assert found["stretches_slower"] == 0


def test_a_request_without_an_answer_is_the_slowest() -> None:
    due, took = _requests(4_000)
    took[3_300] = -1
    found = around(due, took, [Publication(int(2_100e6), int(2_400e6))])
    assert found["slowest_us"] == 3.6e9


def _minutes(p99_us: np.ndarray) -> list[dict[str, float]]:
    steady = {"refused": 0, "resident_bytes": 1e9, "resident_bytes_all": 2e9, "p50_us": 5e3}
    return [{**steady, "p99_us": float(one)} for one in p99_us]


def test_a_soak_whose_latency_grows_shows_it_through_the_noise() -> None:
    noise = np.random.default_rng(1).lognormal(0, 0.5, 30)
    grown = _trends(_minutes(30_000 * np.linspace(1, 4, 30) * noise))
    assert grown["p99_us_growth"] > 1.2
    assert grown["resident_bytes_growth"] == 1


def test_one_bad_minute_at_the_end_of_a_soak_is_no_growth() -> None:
    level = np.full(30, 30_000.0)
    level[-1] = 400_000
    assert _trends(_minutes(level))["p99_us_growth"] == 1


def test_bare_syncs_leave_no_file(tmp_path: Path) -> None:
    took = disk.syncs(tmp_path, size=700, rate=500, seconds=0.1)
    assert 0 < len(took) <= 50
    assert took.min() > 0
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_measured_has_not_met_its_bar() -> None:
    bar = Bar("what", "part.figure", 1, 2, more=False)
    assert judged(bar, {})["met"] is False
    assert judged(bar, {"part": {"figure": 1.0}})["met"] is True
    assert judged(bar, {"part": {"figure": 1.1}})["met"] is False


def test_a_picture_is_well_formed_and_holds_every_line(tmp_path: Path) -> None:
    panels = [Panel("memory & more", {"node": [1.0, 2.0, 3.0], "all": [2.0, 2.0, 4.0]})]
    path = draw_panels(tmp_path / "soak.svg", panels, title="3 minutes")
    drawn = ET.parse(path).getroot()
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2
    assert len(lines[0].attrib["points"].split()) == 3
