from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from bench import disk
from bench.picture import Panel, draw_panels
from bench.serve_parts import _around
from bench.tables import Bar, judged


def test_a_publication_that_slows_nobody_stays_under_what_was_before() -> None:
    due = np.arange(3_000, dtype=np.int64) * 1_000_000
    took = np.full(3_000, 2_000_000, np.int64)
    took[::500] = 9_000_000
    took[2_000:] = 2_000_000
    found = _around(due, took, int(2_100e6), int(2_400e6))
    assert found["slowest_of_p999_before"] < 1
    assert found["during_requests"] == 300
    assert found["slower_than_p999_before"] == 0


def test_one_slow_request_during_a_publication_shows() -> None:
    due = np.arange(3_000, dtype=np.int64) * 1_000_000
    took = np.full(3_000, 2_000_000, np.int64)
    took[2_200] = 30_000_000
    found = _around(due, took, int(2_100e6), int(2_400e6))
    assert found["slowest_of_p999_before"] == 15
    assert found["during_slowest_us"] == 30_000
    assert found["slower_than_p999_before"] == 1


def test_a_request_without_an_answer_is_the_slowest() -> None:
    due = np.arange(3_000, dtype=np.int64) * 1_000_000
    took = np.full(3_000, 2_000_000, np.int64)
    took[2_900] = -1
    assert _around(due, took, int(2_100e6), int(2_400e6))["after_slowest_us"] == 3.6e9


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
