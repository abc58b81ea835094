from __future__ import annotations

import os
from pathlib import Path

import pytest

from haitang.adapters.journal.errors import JournalRefused
from haitang.adapters.journal.journal import Journal
from haitang.adapters.journal.layout import index_path, segment_paths
from haitang.adapters.journal.snapshots import write_snapshot
from haitang.adapters.journal.upkeep import prune, repair, verify
from tests.unit.adapters.journal.journal_folders import (
    append,
    flip,
    frames_of,
    last_segment,
    make_journal,
)


def test_a_whole_journal_is_counted(tmp_path: Path) -> None:
    make_journal(tmp_path)
    frames = frames_of(tmp_path)
    told: list[tuple[int, int]] = []
    report = verify(tmp_path, progress=lambda done, total: told.append((done, total)))
    assert (report.torn, report.corrupt) == (None, None)
    assert report.frames == len(frames)
    assert report.events == report.next_position == sum(frame.count for frame in frames)
    assert (report.first_stamp_us, report.last_stamp_us) == (0, frames[-1].stamp_us)
    assert report.segments == len(segment_paths(tmp_path)) > 2
    assert report.bytes == sum(path.stat().st_size for path in segment_paths(tmp_path))
    assert told[-1] == (report.bytes, report.bytes)
    assert (report.indexes_missing, report.indexes_damaged) == ((), ())


def test_verifying_names_the_first_damage_and_changes_nothing(tmp_path: Path) -> None:
    make_journal(tmp_path)
    path = segment_paths(tmp_path)[1]
    flip(path, byte=500)
    before = {path: path.read_bytes() for path in (tmp_path / "journal").iterdir()}
    report = verify(tmp_path)
    assert report.corrupt is not None
    assert report.corrupt.path == path
    assert report.corrupt.offset <= 500
    assert report.next_position == report.corrupt.position
    assert {path: path.read_bytes() for path in (tmp_path / "journal").iterdir()} == before


def test_verifying_tells_a_torn_tail_from_damage(tmp_path: Path) -> None:
    make_journal(tmp_path)
    path = last_segment(tmp_path)
    os.truncate(path, path.stat().st_size - 5)
    report = verify(tmp_path)
    assert report.corrupt is None
    assert report.torn is not None
    assert report.torn.path == path


def test_verifying_names_indexes_that_do_not_check(tmp_path: Path) -> None:
    make_journal(tmp_path)
    first, second, *_ = segment_paths(tmp_path)
    index_path(first).unlink()
    flip(index_path(second), byte=-1)
    report = verify(tmp_path)
    assert report.indexes_missing == (first.name,)
    assert report.indexes_damaged == (second.name,)
    assert repair(tmp_path, copy_to=tmp_path / "cut").indexes_built == (first.name, second.name)
    assert not (tmp_path / "cut").exists()
    report = verify(tmp_path)
    assert (report.indexes_missing, report.indexes_damaged) == ((), ())


@pytest.mark.parametrize("segment", [0, 1, -1])
@pytest.mark.parametrize("byte", [3, 700])
def test_repair_keeps_what_it_cuts_and_says_what_is_lost(
    tmp_path: Path, segment: int, byte: int
) -> None:
    make_journal(tmp_path)
    frames = frames_of(tmp_path)
    end = frames[-1].position + frames[-1].count
    path = segment_paths(tmp_path)[segment]
    if segment == -1 and byte == 700:
        byte = path.stat().st_size // 2
    flip(path, byte=byte)
    size = sum(one.stat().st_size for one in segment_paths(tmp_path))
    with pytest.raises(JournalRefused) as refused, Journal.open(tmp_path) as journal:
        list(journal.read())
    assert refused.value.code == "journal_corrupt"
    report = repair(tmp_path, copy_to=tmp_path / "cut")
    left = sum(one.stat().st_size for one in segment_paths(tmp_path))
    if segment or byte > 3:
        assert left + report.cut_bytes == size
    assert sum(copy.stat().st_size for copy in report.kept) == report.cut_bytes
    assert report.lost_from == report.next_position
    assert report.lost_to == end - 1
    assert report.more_lost
    with Journal.open(tmp_path) as journal:
        kept = list(journal.read())
        # Control frames of the cut position may have stood before the damage.
        assert kept == frames[: len(kept)]
        assert journal.next_position == report.next_position
        append(journal, frames=5)
    assert verify(tmp_path).corrupt is None


def test_repair_moves_snapshots_of_lost_positions_away(tmp_path: Path) -> None:
    make_journal(tmp_path)
    frames = frames_of(tmp_path)
    end = frames[-1].position + frames[-1].count
    early = write_snapshot(tmp_path, position=3, label="plan", sections={})
    late = write_snapshot(tmp_path, position=end, label="plan", sections={})
    flip(last_segment(tmp_path), byte=200)
    report = repair(tmp_path, copy_to=tmp_path / "cut")
    assert early.exists()
    assert not late.exists()
    assert tmp_path / "cut" / late.name in report.kept
    Journal.open(tmp_path).close()


def test_a_missing_end_is_seen_and_can_be_accepted(tmp_path: Path) -> None:
    make_journal(tmp_path)
    last_segment(tmp_path).unlink()
    with pytest.raises(JournalRefused, match="after this one were missing"):
        Journal.open(tmp_path)
    report = repair(tmp_path, copy_to=tmp_path / "cut")
    assert report.more_lost
    Journal.open(tmp_path).close()


def test_repair_needs_the_folder_for_itself(tmp_path: Path) -> None:
    with Journal.open(tmp_path):
        with pytest.raises(JournalRefused) as refused:
            repair(tmp_path, copy_to=tmp_path / "cut")
        assert refused.value.code == "journal_locked"
    with pytest.raises(JournalRefused) as refused:
        repair(tmp_path / "elsewhere", copy_to=tmp_path / "cut")
    assert refused.value.code == "journal_missing"


def test_pruning_asks_for_position_and_age(tmp_path: Path) -> None:
    make_journal(tmp_path)
    paths = segment_paths(tmp_path)
    second = int(paths[1].stem)
    assert prune(tmp_path, before_position=second - 1, before_stamp_us=10**9) == []
    assert prune(tmp_path, before_position=10**9, before_stamp_us=1) == []
    assert prune(tmp_path, before_position=second, before_stamp_us=10**9) == paths[:1]
    assert not index_path(paths[0]).exists()
    assert prune(tmp_path, before_position=10**9, before_stamp_us=10**9) == paths[1:-1]
    with Journal.open(tmp_path) as journal:
        assert journal.first_position == int(paths[-1].stem)
        append(journal, frames=3)
