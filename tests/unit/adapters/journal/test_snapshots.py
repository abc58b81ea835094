from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from haitang.adapters.journal import snapshots
from haitang.adapters.journal.errors import SnapshotDamaged
from haitang.adapters.journal.layout import segment_path
from haitang.adapters.journal.snapshots import (
    Buffer,
    Snapshot,
    drop_snapshots,
    latest_snapshot,
    whole_snapshots,
    write_snapshot,
)
from tests.unit.adapters.journal.journal_folders import flip

RNG_SEED = 5


def written(folder: Path, position: int, label: str = "plan", **sections: list[Buffer]) -> Path:
    return write_snapshot(folder, position=position, label=label, sections=sections)


def latest(folder: Path, at_most: int | None = None, label: str = "plan") -> Snapshot:
    found = latest_snapshot(folder, at_most=at_most, label=label)
    assert found is not None
    return found


def test_sections_come_back_whatever_their_buffers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PIECE_BYTES", 1_000)
    numbers = np.random.default_rng(RNG_SEED).integers(0, 1 << 62, 700, dtype=np.uint64)
    records = np.zeros(33, dtype=[("at", "<i8"), ("of", "u1")])
    records["of"] = 9
    parts: list[Buffer] = [b"", b"x" * 999, np.zeros(0), numbers.reshape(7, 100), memoryview(b"y")]
    written(tmp_path, 12, state=parts, records=[records], empty=[], nothing=[b""])
    snapshot = latest(tmp_path)
    assert (snapshot.position, snapshot.label) == (12, "plan")
    assert snapshot.names == ("state", "records", "empty", "nothing")
    assert snapshot.read("state") == b"x" * 999 + numbers.tobytes() + b"y"
    again = np.zeros_like(records)
    snapshot.read_into("records", again)
    assert (again == records).all()
    assert (snapshot.size("empty"), snapshot.read("empty")) == (0, b"")
    snapshot.read_into("nothing", np.zeros(0))


def test_a_large_one_goes_to_the_disk_in_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited_for: list[int] = []

    def waiting(file: int) -> None:
        waited_for.append(os.fstat(file).st_size)
        os.fsync(file)

    monkeypatch.setattr(snapshots, "SYNC_BYTES", 1_000)
    monkeypatch.setattr(os, "fdatasync", waiting)
    numbers = np.random.default_rng(RNG_SEED).integers(0, 1 << 62, 700, dtype=np.uint64)
    written(tmp_path, 12, state=[b"x" * 600, b"y" * 600, numbers])
    steps = np.diff([0, *waited_for])
    assert len(steps) == 6
    assert steps.max() < 2 * 1_000
    assert bytes(latest(tmp_path).read("state")) == b"x" * 600 + b"y" * 600 + numbers.tobytes()


def test_others_get_at_the_disk_between_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SYNC_BYTES", 1_000)
    rests: list[float] = []
    content = os.urandom(10_500)
    write_snapshot(tmp_path, position=7, label="plan", sections={"a": [content]}, rest=rests.append)
    assert len(rests) == 10
    assert all(took > 0 for took in rests)
    assert latest(tmp_path).read("a") == content


def test_an_old_one_is_given_back_step_by_step_where_others_use_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SHRINK_BYTES", 1_000)
    sizes: list[int] = []

    def rest(_: float) -> None:
        (leaving,) = (path for path in (tmp_path / "snapshots").iterdir() if path.name[0] == ".")
        sizes.append(leaving.stat().st_size)

    for position in range(3):
        assert not sizes, "two are kept"
        content = {"a": [os.urandom(3_500)]}
        write_snapshot(tmp_path, position=position, label="plan", sections=content, rest=rest)
    assert len(sizes) == 3
    assert np.diff(sizes).tolist() == [-1_000, -1_000]
    assert len(list((tmp_path / "snapshots").iterdir())) == 2
    assert latest(tmp_path, at_most=1).position == 1


def test_the_newest_at_or_before_a_position_is_found(tmp_path: Path) -> None:
    written(tmp_path, 10)
    written(tmp_path, 20)
    assert latest(tmp_path).position == 20
    assert latest(tmp_path, at_most=19).position == 10
    assert latest_snapshot(tmp_path, at_most=9, label="plan") is None
    assert latest_snapshot(tmp_path, at_most=None, label="other") is None
    assert latest_snapshot(tmp_path / "elsewhere", at_most=None, label="plan") is None
    assert not list(whole_snapshots(tmp_path / "elsewhere"))


def test_two_of_each_label_are_kept(tmp_path: Path) -> None:
    for position in (10, 20, 30):
        written(tmp_path, position)
    written(tmp_path, 20, label="other")
    assert latest_snapshot(tmp_path, at_most=19, label="plan") is None
    assert latest(tmp_path, at_most=29).position == 20
    assert latest(tmp_path, label="other").position == 20
    assert len(list((tmp_path / "snapshots").iterdir())) == 3
    written(tmp_path, 40, label="other")
    newest = next(whole_snapshots(tmp_path))
    assert (newest.position, newest.label) == (40, "other")
    assert [one.position for one in whole_snapshots(tmp_path)] == [40, 30, 20, 20]
    assert [one.position for one in whole_snapshots(tmp_path, label="plan")] == [30, 20]


def test_old_ones_of_labels_that_nobody_asks_for_are_removed(tmp_path: Path) -> None:
    old = [written(tmp_path, 10, label=label) for label in ("live", "before", "gone")]
    for path in old:
        os.utime(path, (1_000, 1_000))
    young = written(tmp_path, 20, label="not yet published")
    second_us = 1_000_000
    keeping = ("live", "before")
    assert drop_snapshots(tmp_path, but=keeping, before_us=1_000 * second_us) == []
    assert drop_snapshots(tmp_path, but=keeping, before_us=1_001 * second_us) == [old[2]]
    assert [path.exists() for path in (*old, young)] == [True, True, False, True]
    assert drop_snapshots(tmp_path / "elsewhere", but=(), before_us=1 << 60) == []


def test_one_that_a_pruned_journal_reaches_back_to_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    segment_path(tmp_path, 50).touch()
    beyond, within = (written(tmp_path, position, label="gone") for position in (49, 50))
    assert drop_snapshots(tmp_path, but=(), before_us=1 << 60) == [beyond]
    assert within.exists()


def test_a_damaged_one_does_not_count_among_those_kept(tmp_path: Path) -> None:
    written(tmp_path, 10, a=[b"one"])
    flip(written(tmp_path, 20, a=[b"two"]), byte=-1)
    written(tmp_path, 30, a=[b"three"])
    assert latest(tmp_path, at_most=29).position == 10


@pytest.mark.parametrize("cut", [0, 1, 9, 24, 40, 60])
def test_a_damaged_directory_is_skipped_and_told(tmp_path: Path, cut: int) -> None:
    written(tmp_path, 10)
    path = written(tmp_path, 20, state=[b"some state"])
    path.write_bytes(path.read_bytes()[:cut])
    told: list[Path] = []
    found = latest_snapshot(tmp_path, at_most=None, label="plan", skipped=told.append)
    assert found is not None
    assert found.position == 10
    assert told == [path]


def test_no_flipped_byte_goes_unseen(tmp_path: Path) -> None:
    content = np.random.default_rng(RNG_SEED).bytes(50)
    path = written(tmp_path, 10, state=[content], more=[b"more"])
    whole = path.read_bytes()
    for byte in range(len(whole)):
        flip(path, byte=byte)
        found = latest_snapshot(tmp_path, at_most=None, label="plan")
        if found is not None:
            with pytest.raises(SnapshotDamaged):
                assert (found.read("state"), found.read("more")) == (b"", b"")
        path.write_bytes(whole)
    assert latest(tmp_path).read("state") == content


def test_a_section_that_is_not_there_is_damage(tmp_path: Path) -> None:
    written(tmp_path, 10)
    with pytest.raises(SnapshotDamaged):
        latest(tmp_path).read("state")


def test_a_snapshot_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    kept = written(tmp_path, 10)
    with pytest.raises(AssertionError, match="one stretch"):
        written(tmp_path, 20, state=[np.zeros((4, 4))[:, ::2]])
    assert list(kept.parent.iterdir()) == [kept]


def test_what_an_ended_writer_left_is_removed_and_a_living_one_is_let_be(tmp_path: Path) -> None:
    leftover = written(tmp_path, 10).with_name(".x.1.partial")
    leftover.write_bytes(b"half")
    busy: list[Path] = []

    class Slow:
        """Sections that take a look at the folder while they are written."""

        def items(self) -> list[tuple[str, list[Buffer]]]:
            busy.extend((tmp_path / "snapshots").glob("*.partial"))
            written(tmp_path, 15, label="other")
            assert busy[0].exists()
            return [("state", [b"x"])]

    write_snapshot(tmp_path, position=20, label="plan", sections=Slow())  # type: ignore[arg-type]
    assert not leftover.exists()
    assert len(busy) == 1
    assert not busy[0].exists()
    assert latest(tmp_path).position == 20
