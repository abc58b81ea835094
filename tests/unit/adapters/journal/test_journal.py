from __future__ import annotations

import os
import resource
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from haitang.adapters.journal.errors import JournalFailed, JournalFull, JournalRefused
from haitang.adapters.journal.journal import Journal
from haitang.adapters.journal.layout import index_path, segment_paths
from haitang.adapters.journal.lock import lock_holder
from haitang.adapters.journal.segments import OpenSegment
from haitang.adapters.journal.snapshots import write_snapshot
from haitang.adapters.journal.upkeep import prune
from tests.unit.adapters.journal.journal_folders import (
    EVENTS,
    SEGMENT_BYTES,
    append,
    assert_found,
    flip,
    frames_of,
    last_segment,
    make_journal,
    payload_of,
)


def events_of(journal: Journal, position: int = 0) -> list[int]:
    """Return the positions of the frames with events, after checking their payloads."""
    frames = [frame for frame in journal.read(position) if frame.kind == EVENTS]
    assert all(frame.payload == payload_of(frame.position) for frame in frames)
    return [frame.position for frame in frames]


def test_what_is_staged_is_durable_only_after_its_commit(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        assert journal.stage(kind=1, count=3, stamp_us=5, payload=b"a") == 0
        assert journal.stage(kind=1, count=1, stamp_us=5, payload=b"b") == 3
        assert (journal.next_position, journal.durable_position) == (4, 0)
        assert list(journal.read()) == []
        assert journal.commit() == 4
        assert [frame.payload for frame in journal.read()] == [b"a", b"b"]
        assert journal.last_stamp_us == 5
        assert journal.commit() == 4


def test_a_closed_journal_opens_where_it_ended(tmp_path: Path) -> None:
    make_journal(tmp_path)
    with Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES) as journal:
        before, journal_id = journal.next_position, journal.journal_id
        assert journal.mended is None
        assert_found(journal)
        append(journal, frames=30)
        assert_found(journal)
        assert len(segment_paths(tmp_path)) > 3
    with Journal.open(tmp_path) as journal:
        assert journal.journal_id == journal_id
        assert journal.next_position > before
        assert journal.last_stamp_us == events_of(journal)[-1]
        assert_found(journal)


def test_reading_begins_with_the_frame_that_holds_the_position(tmp_path: Path) -> None:
    make_journal(tmp_path)
    with Journal.open(tmp_path) as journal:
        everything = list(journal.read())
        for position in range(journal.durable_position):
            wanted = [frame for frame in everything if frame.position + frame.count > position
                      or frame.position >= position]  # fmt: skip
            assert list(journal.read(position)) == wanted
        assert list(journal.read(journal.durable_position)) == []


def test_reading_ends_with_what_was_durable_when_it_began(tmp_path: Path) -> None:
    make_journal(tmp_path)
    with Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES) as journal:
        begun = journal.read()
        wanted = list(journal.read())
        append(journal, frames=40)
        assert list(begun) == wanted


def test_many_frames_of_one_commit_come_back(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        append(journal, frames=5_000, committed_by=2_500)
        assert journal.find(77) == list(range(journal.durable_position))[::-1]
        assert (
            events_of(journal)[-1]
            == journal.durable_position - journal.frame_at(journal.durable_position - 1).count
        )


def test_the_folder_belongs_to_one_process_and_the_refusal_names_it(tmp_path: Path) -> None:
    with Journal.open(tmp_path):
        holder = lock_holder(tmp_path)
        assert holder is not None
        assert holder.pid == os.getpid()
        assert holder.started_at_us > 0
        with pytest.raises(JournalRefused, match=f"in use by process {os.getpid()}") as refused:
            Journal.open(tmp_path)
        assert refused.value.code == "journal_locked"
    Journal.open(tmp_path).close()


@pytest.mark.parametrize("harm", ["missing", "head", "body", "cut", "foreign", "empty"])
def test_an_index_that_is_missing_or_damaged_is_built_again(tmp_path: Path, harm: str) -> None:
    make_journal(tmp_path)
    index = index_path(segment_paths(tmp_path)[1])
    size = index.stat().st_size
    match harm:
        case "missing":
            index.unlink()
        case "head":
            flip(index, byte=30)
        case "body":
            flip(index, byte=size - 1)
        case "cut":
            os.truncate(index, size - 8)
        case "foreign":
            index.write_bytes(index_path(segment_paths(tmp_path)[0]).read_bytes())
        case _:
            os.truncate(index, 0)
    with Journal.open(tmp_path, read_only=True) as journal:
        assert_found(journal)
    with Journal.open(tmp_path) as journal:
        assert_found(journal)


def test_a_reader_sees_what_was_appended_through_rolls_and_pruning(tmp_path: Path) -> None:
    with Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES) as journal:
        append(journal, frames=3)
        reader = Journal.open(tmp_path, read_only=True)
        for frames in (0, 1, 40, 2, 60):
            append(journal, frames=frames)
            seen = reader.next_position
            reader.refresh()
            assert reader.next_position == journal.durable_position
            assert [one for one in events_of(reader, seen) if one >= seen] == [
                one for one in events_of(journal, seen) if one >= seen
            ]
        assert_found(reader)
        removed = prune(tmp_path, before_position=10**9, before_stamp_us=10**9)
        assert len(removed) > 3
        append(journal, frames=2)
        reader.refresh()
        assert reader.first_position == int(segment_paths(tmp_path)[0].stem)
        assert_found(reader)
        assert_found(journal)
        with pytest.raises(JournalRefused) as refused:
            reader.read(0)
        assert refused.value.code == "journal_pruned"
        with pytest.raises(JournalRefused) as refused:
            journal.frame_at(0)
        assert refused.value.code == "journal_pruned"
        reader.close()


def test_a_reader_keeps_no_index_in_memory_of_what_has_one_on_disk(tmp_path: Path) -> None:
    with Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES) as journal:
        append(journal, frames=3)
        reader = Journal.open(tmp_path, read_only=True)
        append(journal, frames=60)
    # Closed: every index but that of the last segment is written.
    paths = segment_paths(tmp_path)
    assert len(paths) > 2
    index = index_path(paths[1])
    kept = index.read_bytes()
    index.unlink()
    reader.refresh()
    in_memory = [one.path for one in reader._sealed if isinstance(one, OpenSegment)]
    assert in_memory == [paths[1]]
    assert_found(reader)
    index.write_bytes(kept)
    reader.refresh()
    assert not [one for one in reader._sealed if isinstance(one, OpenSegment)]
    assert [one.path for one in reader._sealed] == paths[:-1]
    assert_found(reader)
    reader.close()


def test_a_reader_takes_a_tail_that_is_not_whole_yet_for_not_there(tmp_path: Path) -> None:
    make_journal(tmp_path, frames=10, segment_bytes=1 << 20)
    path = last_segment(tmp_path)
    whole = path.read_bytes()
    with Journal.open(tmp_path) as journal:
        append(journal, frames=1)
    longer = path.read_bytes()
    path.write_bytes(whole)
    with Journal.open(tmp_path, read_only=True) as reader:
        seen = reader.next_position
        for size in range(len(whole), len(longer)):
            path.write_bytes(longer[:size])
            reader.refresh()
            # The control frame before the last events takes no position.
            assert reader.next_position == seen, size
        path.write_bytes(longer)
        reader.refresh()
        assert reader.next_position > seen


def test_a_reader_learns_that_what_it_read_was_cut_back(tmp_path: Path) -> None:
    make_journal(tmp_path, frames=10, segment_bytes=1 << 20)
    path = last_segment(tmp_path)
    shorter = path.stat().st_size
    with Journal.open(tmp_path) as journal:
        append(journal, frames=1)
    reader = Journal.open(tmp_path, read_only=True)
    os.truncate(path, shorter)
    with pytest.raises(JournalRefused) as refused:
        reader.refresh()
    assert refused.value.code == "journal_rewound"
    with Journal.open(tmp_path) as journal:
        journal.stage(kind=3, count=1, stamp_us=10**6, payload=bytes(9_999))
        journal.commit()
    with pytest.raises(JournalRefused) as refused:
        reader.refresh()
    assert refused.value.code == "journal_rewound"
    reader.close()


def test_a_reader_needs_a_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalRefused) as refused:
        Journal.open(tmp_path, read_only=True)
    assert refused.value.code == "journal_missing"
    assert list(tmp_path.iterdir()) == []


def test_what_may_wait_for_the_disk_is_bounded(tmp_path: Path) -> None:
    with Journal.open(tmp_path, staged_bytes_max=10_000) as journal:
        for _ in range(2):
            for _ in range(9):
                journal.stage(kind=1, count=1, stamp_us=0, payload=bytes(1_000))
            with pytest.raises(JournalFull):
                journal.stage(kind=1, count=1, stamp_us=0, payload=bytes(1_000))
            assert journal.commit() == journal.next_position
        assert journal.durable_position == 18


def test_a_journal_behind_a_snapshot_is_refused(tmp_path: Path) -> None:
    make_journal(tmp_path)
    with Journal.open(tmp_path) as journal:
        end = journal.durable_position
    write_snapshot(tmp_path, position=end, label="plan", sections={})
    Journal.open(tmp_path).close()
    write_snapshot(tmp_path, position=end + 1, label="plan", sections={})
    with pytest.raises(JournalRefused) as refused:
        Journal.open(tmp_path)
    assert refused.value.code == "journal_behind_snapshot"


def test_frames_are_read_while_others_are_written(tmp_path: Path) -> None:
    with Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES) as journal:
        append(journal, frames=1)
        troubles: list[str] = []
        ended = threading.Event()

        def look() -> None:
            while not ended.is_set():
                end = journal.durable_position
                frame = journal.frame_at(end - 1)
                if frame.payload != payload_of(frame.position):
                    troubles.append(f"frame at {end - 1}")
                if journal.find(end - 1 + 10**12) != [end - 1]:
                    troubles.append(f"key of {end - 1}")

        thread = threading.Thread(target=look)
        thread.start()
        append(journal, frames=400)
        ended.set()
        thread.join()
        assert troubles == []
        assert_found(journal)


# -- a disk that does not take it ----------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for a quarter of a megabyte; skips where we may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_journal_as_it_was(small_disk: Path) -> None:
    data = small_disk / "data"
    with Journal.open(data) as journal:
        append(journal, frames=20)
        kept, size = list(journal.read()), last_segment(data).stat().st_size
        end = journal.durable_position
        journal.stage(kind=1, count=1, stamp_us=10**6, payload=b"small")
        journal.stage(kind=1, count=1, stamp_us=10**6, payload=bytes(400_000))
        with pytest.raises(JournalFailed) as failed:
            journal.commit()
        assert failed.value.code == "journal_disk_full"
        assert last_segment(data).stat().st_size == size
        assert (journal.next_position, journal.durable_position) == (end, end)
        assert list(journal.read()) == kept
        with pytest.raises(JournalFailed):
            journal.stage(kind=1, count=1, stamp_us=10**6, payload=b"")
        with pytest.raises(JournalFailed):
            journal.commit()
    with Journal.open(data) as journal:
        assert journal.mended is None
        append(journal, frames=20)
        assert list(journal.read())[: len(kept)] == kept
        assert_found(journal)


def test_a_full_disk_where_a_segment_would_begin_leaves_the_journal_as_it_was(
    small_disk: Path,
) -> None:
    data = small_disk / "data"
    with Journal.open(data, segment_bytes=SEGMENT_BYTES) as journal:
        append(journal, frames=10)
        end, segments = journal.durable_position, segment_paths(data)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            while file.write(bytes(4_096)) == 4_096 and shutil.disk_usage(small_disk).free:
                pass
        journal.stage(kind=1, count=1, stamp_us=10**6, payload=bytes(SEGMENT_BYTES))
        with pytest.raises(JournalFailed) as failed:
            journal.commit()
        assert failed.value.code == "journal_disk_full"
        assert segment_paths(data) == segments
        filler.unlink()
    with Journal.open(data, segment_bytes=SEGMENT_BYTES) as journal:
        assert journal.durable_position == end
        append(journal, frames=30)
        assert_found(journal)


def test_a_write_that_the_system_takes_by_halves_is_taken_back(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        append(journal, frames=20)
        path = last_segment(tmp_path)
        kept, size = list(journal.read()), path.stat().st_size
        journal.stage(kind=1, count=1, stamp_us=10**6, payload=bytes(100_000))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50_000, hard))
        try:
            with pytest.raises(JournalFailed) as failed:
                journal.commit()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert failed.value.code == "journal_write_failed"
        assert path.stat().st_size == size
    assert frames_of(tmp_path) == kept
    with Journal.open(tmp_path) as journal:
        append(journal, frames=1)
        assert_found(journal)


def wait_for(journal: Journal) -> int:
    """Wait for the commit that was begun and return what is durable."""
    select.select([journal.start_syncing()], [], [], 10)
    durable = journal.end_commit()
    assert durable is not None
    return durable


def begun(journal: Journal) -> None:
    """Begin a commit as soon as the thread is there."""
    journal.start_syncing()
    for _ in range(6_000):
        if journal.begin_commit():
            return
        time.sleep(0.01)
    pytest.fail("no commit could be begun")


def test_a_commit_that_was_begun_is_durable_when_it_has_ended(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "begun") as journal, Journal.open(tmp_path / "plain") as plain:
        assert journal.end_commit() is None
        for number in range(50):
            for one in (journal, plain):
                one.stage(kind=1, count=2, stamp_us=number, payload=b"x" * number, keys=(1, number))
            begun(journal)
            assert wait_for(journal) == plain.commit() == 2 * (number + 1)
            assert journal.end_commit() is None
            if number % 10 == 0:
                # Both ways take turns.
                for one in (journal, plain):
                    one.stage(kind=2, count=0, stamp_us=number, payload=b"between")
                    one.commit()
        assert list(journal.read()) == list(plain.read())
        assert journal.find(7) == plain.find(7) != []
    assert frames_of(tmp_path / "begun") == frames_of(tmp_path / "plain")


def test_a_commit_that_would_end_a_segment_is_not_begun(tmp_path: Path) -> None:
    with Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES) as journal:
        journal.stage(kind=1, count=1, stamp_us=1, payload=b"first" * 400)
        begun(journal)
        assert wait_for(journal) == 1
        assert not journal.begin_commit()
        journal.stage(kind=1, count=1, stamp_us=2, payload=bytes(SEGMENT_BYTES // 2))
        assert not journal.begin_commit()
        assert journal.commit() == 2
        assert len(segment_paths(tmp_path)) == 2
        journal.stage(kind=1, count=1, stamp_us=3, payload=b"last")
        begun(journal)
    # Closing waits for what is under way.
    with Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES) as journal:
        assert journal.mended is None
        assert [frame.payload for frame in journal.read() if any(frame.payload)] == [
            b"first" * 400,
            b"last",
        ]


def test_a_full_disk_under_a_begun_commit_leaves_the_journal_as_it_was(small_disk: Path) -> None:
    data = small_disk / "data"
    with Journal.open(data) as journal:
        append(journal, frames=20)
        kept, size = list(journal.read()), last_segment(data).stat().st_size
        end = journal.durable_position
        journal.stage(kind=1, count=1, stamp_us=10**6, payload=bytes(400_000))
        begun(journal)
        select.select([journal.start_syncing()], [], [], 10)
        assert journal.commit_failed
        with pytest.raises(JournalFailed) as failed:
            journal.end_commit()
        assert failed.value.code == "journal_disk_full"
        assert last_segment(data).stat().st_size == size
        assert (journal.next_position, journal.durable_position) == (end, end)
        assert list(journal.read()) == kept
        assert journal.end_commit() is None
        assert not journal.begin_commit()
        with pytest.raises(JournalFailed):
            journal.commit()
    with Journal.open(data) as journal:
        assert journal.mended is None
        append(journal, frames=20)
        assert_found(journal)
