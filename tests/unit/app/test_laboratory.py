from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from haitang.app.laboratory import DaysRequest, generate_days, write_days
from haitang.lab.day import LabDay

SMALL = DaysRequest(seed=3, customers=200, days=2)


@pytest.fixture(scope="module")
def day() -> LabDay:
    return generate_days(SMALL)


def test_days_are_written_whole_with_their_labels_apart(day: LabDay, tmp_path: Path) -> None:
    written = write_days(day, tmp_path / "out" / "lab", form="parquet")
    assert [path.name for path in written.files] == [
        "events.parquet",
        "labels.parquet",
        "likenesses.parquet",
    ]
    assert pq.read_table(tmp_path / "out/lab/events.parquet").num_rows == written.events
    assert pq.read_table(tmp_path / "out/lab/labels.parquet").num_rows == written.labelled
    assert len(list((tmp_path / "out/lab").iterdir())) == 3


def test_lines_hold_the_same_events(day: LabDay, tmp_path: Path) -> None:
    write_days(day, tmp_path, form="parquet")
    write_days(day, tmp_path, form="jsonl")
    lines = (tmp_path / "events.jsonl").read_bytes().splitlines()
    ids = [json.loads(line)["event_id"] for line in lines]
    assert ids == pq.read_table(tmp_path / "events.parquet")["event_id"].to_pylist()


def test_a_failure_leaves_nothing_half_written(
    day: LabDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_day: LabDay, folder: Path) -> None:
        (folder / "events.parquet").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(LabDay, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_days(day, tmp_path, form="parquet")
    assert list(tmp_path.iterdir()) == []
