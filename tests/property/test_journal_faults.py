"""Whatever happens to its files, a journal gives back what was written or refuses."""

from __future__ import annotations

import os
import shutil
from binascii import crc_hqx
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as exploring
from hypothesis import strategies as st

from haitang.adapters.journal.errors import JournalRefused
from haitang.adapters.journal.frames import HEADER_BYTES, VERSION, Frame, parse_header
from haitang.adapters.journal.journal import Journal
from haitang.adapters.journal.layout import index_path, segment_paths
from haitang.adapters.journal.upkeep import repair, verify
from tests.unit.adapters.journal.journal_folders import append, frames_of, make_journal

EXAMPLES = 80


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_journal(tmp_path_factory.mktemp("original"))


@contextmanager
def copied(original: Path) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(shutil.copytree(original, Path(folder) / "data"))


def read_back(folder: Path) -> list[Frame] | None:
    """Open as a writer does and read everything; None where the journal refuses."""
    try:
        with Journal.open(folder) as journal:
            frames = list(journal.read())
            assert journal.next_position == sum(frame.count for frame in frames)
            for frame in frames:
                for position in range(frame.position, frame.position + frame.count):
                    assert journal.frame_at(position) == frame
                    assert journal.find(position + 10**12) == [position]
            return frames
    except JournalRefused as refused:
        if refused.code not in {"journal_corrupt", "journal_version_unknown"}:
            raise
        return None


def tail_frame(path: Path) -> tuple[int, int]:
    """Return where the last frame of a segment begins and where its body ends."""
    data = path.read_bytes()
    offset, last, end = 0, 0, 0
    while offset < len(data):
        header = parse_header(data, offset)
        assert header is not None
        last, end = offset, offset + HEADER_BYTES + header.body_bytes
        offset += header.frame_bytes
    return last, end


def test_a_tail_cut_at_any_byte_costs_the_torn_frame_only(original: Path) -> None:
    frames = frames_of(original)
    with copied(original) as folder:
        path = segment_paths(folder)[-1]
        whole = path.read_bytes()
        start, _ = tail_frame(path)
        for size in range(start, len(whole)):
            path.write_bytes(whole[:size])
            assert frames_of(folder) == frames[:-1]
            with Journal.open(folder) as journal:
                assert list(journal.read()) == frames[:-1]
                assert (journal.mended is None) == (size == start)
            assert path.stat().st_size == start
            with Journal.open(folder) as journal:
                assert journal.mended is None


def test_a_tail_that_is_zeros_from_any_byte_costs_the_torn_frame_only(original: Path) -> None:
    frames = frames_of(original)
    with copied(original) as folder:
        path = segment_paths(folder)[-1]
        whole = path.read_bytes()
        start, end = tail_frame(path)
        for kept in range(start, len(whole)):
            for more in (0, 5_000) if kept % 9 == 0 else (0,):
                path.write_bytes(whole[:kept] + bytes(len(whole) - kept + more))
                # Zeros in place of the padding are the padding.
                wanted = frames if kept >= end else frames[:-1]
                with Journal.open(folder) as journal:
                    assert list(journal.read()) == wanted
                    assert (journal.mended is None) == (kept >= end and not more)


@exploring(max_examples=EXAMPLES)
@given(data=st.data())
def test_flipped_bits_give_the_same_frames_or_a_refusal(
    original: Path, data: st.DataObject
) -> None:
    """Not even the last frame goes: it was acknowledged, and is all there."""
    with copied(original) as folder:
        files = sorted((folder / "journal").iterdir())
        path = data.draw(st.sampled_from(files))
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(bytes(content))
        found = read_back(folder)
        assert found is None or found == frames_of(original)
        if bytes(content) != (original / "journal" / path.name).read_bytes():
            assert (found is None) == (path.suffix == ".log")


def test_a_flipped_bit_of_the_last_frame_does_not_pass_for_a_torn_tail(original: Path) -> None:
    with copied(original) as folder:
        path = segment_paths(folder)[-1]
        whole = path.read_bytes()
        start, _ = tail_frame(path)
        for byte in range(start, len(whole)):
            content = bytearray(whole)
            content[byte] ^= 1 << byte * 5 % 8
            path.write_bytes(bytes(content))
            with pytest.raises(JournalRefused) as refused:
                Journal.open(folder)
            assert refused.value.code == "journal_corrupt"


@exploring(max_examples=EXAMPLES)
@given(data=st.data())
def test_lost_or_strange_stretches_give_the_same_frames_or_a_refusal(
    original: Path, data: st.DataObject
) -> None:
    with copied(original) as folder:
        path = data.draw(st.sampled_from(segment_paths(folder)))
        content = path.read_bytes()
        first = data.draw(st.integers(0, len(content) - 1))
        last = data.draw(st.integers(first + 1, len(content)))
        instead = data.draw(
            st.sampled_from([b"", b"\0" * (last - first), b"{}" * 40, content[:200]])
        )
        changed = content[:first] + instead + content[last:]
        path.write_bytes(changed)
        found = read_back(folder)
        if found is not None:
            frames = frames_of(original)
            assert found == frames[: len(found)]
            # Only at the very end may something have gone, and only what looks like a crash.
            at_end = path == segment_paths(folder)[-1] and last == len(content)
            assert found == frames or (at_end and instead in (b"", b"\0" * (last - first)))


def test_a_dropped_frame_in_the_middle_is_refused(original: Path) -> None:
    for number in range(2):
        with copied(original) as folder:
            path = segment_paths(folder)[-number]
            content = path.read_bytes()
            header = parse_header(content)
            assert header is not None
            second = header.frame_bytes
            header = parse_header(content, second)
            assert header is not None
            path.write_bytes(content[:second] + content[second + header.frame_bytes :])
            assert read_back(folder) is None


def test_swapped_missing_and_foreign_segments_are_refused(original: Path, tmp_path: Path) -> None:
    other = segment_paths(make_journal(tmp_path / "other"))
    names = [path.name for path in segment_paths(original)]
    assert [path.name for path in other] == names
    for number, name in enumerate(names):
        with copied(original) as folder:
            (folder / "journal" / name).write_bytes(other[number].read_bytes())
            assert read_back(folder) is None
        with copied(original) as folder:
            (folder / "journal" / name).write_bytes(b"not a segment at all\n" * 40)
            assert read_back(folder) is None
        with copied(original) as folder:
            one, next_one = (folder / "journal" / names[at - 1] for at in (number, number + 1))
            content = one.read_bytes()
            one.write_bytes(next_one.read_bytes())
            next_one.write_bytes(content)
            assert read_back(folder) is None
        with copied(original) as folder:
            # The oldest alone may be gone: that is what pruning does.
            if number:
                (folder / "journal" / name).unlink()
                assert read_back(folder) is None
        with copied(original) as folder:
            os.truncate(folder / "journal" / name, 0)
            assert read_back(folder) is None


def test_a_newer_format_is_refused_by_its_name(original: Path) -> None:
    for number in range(len(segment_paths(original))):
        with copied(original) as folder:
            path = segment_paths(folder)[number]
            content = bytearray(path.read_bytes())
            content[5] = VERSION + 1
            content[6:8] = b"\0\0"
            content[6:8] = crc_hqx(bytes(content[:36]), 0xFFFF).to_bytes(2, "little")
            path.write_bytes(bytes(content))
            with pytest.raises(JournalRefused) as refused:
                Journal.open(folder)
            assert refused.value.code == "journal_version_unknown"


def test_files_that_are_not_ours_are_let_be(original: Path) -> None:
    with copied(original) as folder:
        for name in ("notes.txt", "5.log", "000000000000000000.log.bak"):
            (folder / "journal" / name).write_bytes(b"something")
        index_path(folder / "journal" / f"{10**6:018d}.log").write_bytes(b"of no segment")
        assert read_back(folder) == frames_of(original)
        assert (folder / "journal" / "notes.txt").exists()


@exploring(max_examples=40)
@given(data=st.data())
def test_what_was_repaired_opens_holds_a_beginning_and_goes_on(
    original: Path, data: st.DataObject
) -> None:
    with copied(original) as folder:
        path = data.draw(st.sampled_from(segment_paths(folder)))
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(bytes(content))
        repair(folder, copy_to=folder / "cut")
        found = read_back(folder)
        assert found is not None
        assert found == frames_of(original)[: len(found)]
        with Journal.open(folder) as journal:
            append(journal, frames=4)
        assert verify(folder).corrupt is None
