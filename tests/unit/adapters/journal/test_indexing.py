"""Indexes of full segments, written in pieces beside everything else; what leaves memory then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from haitang.adapters.journal import indexing, layout
from haitang.adapters.journal import journal as journal_module
from haitang.adapters.journal.journal import Journal
from haitang.adapters.journal.layout import index_path, segment_paths
from haitang.adapters.journal.segments import CHUNK_KEYS
from haitang.adapters.journal.upkeep import prune
from tests.unit.adapters.journal.journal_folders import EVENTS, SEGMENT_BYTES, append, assert_found


def test_an_index_that_is_still_being_written_holds_nobody_up_and_is_waited_for_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So long a rest is noticed wherever it is not cut short.
    monkeypatch.setattr(indexing, "REST_S", 3_600.0)
    journal = Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES)
    rolls = len(segment_paths(tmp_path))
    while len(segment_paths(tmp_path)) < rolls + 2:
        append(journal, frames=1)
    assert_found(journal)
    sealed = segment_paths(tmp_path)[-2]
    assert not index_path(sealed).exists()
    journal.close()
    assert index_path(sealed).exists()
    with Journal.open(tmp_path, read_only=True) as reader:
        assert_found(reader)


def test_an_index_of_a_segment_that_was_pruned_meanwhile_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "REST_S", 3_600.0)
    journal = Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES)
    while len(segment_paths(tmp_path)) < 2:
        append(journal, frames=1)
    (removed,) = prune(tmp_path, before_position=10**9, before_stamp_us=10**9)
    assert_found(journal)
    journal.close()
    assert not index_path(removed).exists()


def test_keys_from_everywhere_in_their_range_are_found_in_memory_and_on_disk(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(11)
    ends = np.array([0, 1, 2**58 - 1, 2**58, 2**63, 2**64 - 1], np.uint64)
    keys = np.concatenate([ends, rng.integers(0, 2**64 - 1, 2 * CHUNK_KEYS + 300, np.uint64)])
    keys = np.concatenate([keys, keys[:50]])
    journal = Journal.open(tmp_path, segment_bytes=1 << 20)
    for start in range(0, len(keys), 700):
        part = keys[start : start + 700]
        journal.stage(kind=EVENTS, count=len(part), stamp_us=1, payload=b"x" * 64, keys=part)
        journal.commit()
    wanted: dict[int, list[int]] = {}
    for position, key in enumerate(keys.tolist()):
        wanted.setdefault(key, []).insert(0, position)
    asked = [*ends.tolist(), *keys[::97].tolist(), 12_345]

    def answers(one: Journal) -> list[list[int]]:
        return [one.find(key) for key in asked]

    expected = [wanted.get(key, []) for key in asked]
    assert answers(journal) == expected
    sealed = segment_paths(tmp_path)[-1]
    journal.stage(kind=EVENTS, count=1, stamp_us=2, payload=b"y" * (1 << 20), keys=[5])
    journal.commit()
    journal.stage(kind=EVENTS, count=1, stamp_us=3, payload=b"z", keys=[6])
    journal.commit()
    journal.close()
    assert index_path(sealed).exists()
    with Journal.open(tmp_path, read_only=True) as reader:
        assert answers(reader) == expected


def test_only_segments_that_nobody_reads_any_more_leave_the_systems_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[Path] = []

    def let_go(path: Path) -> None:
        layout.let_go(path)
        gone.append(path)

    monkeypatch.setattr(journal_module, "let_go", let_go)
    journal = Journal.open(tmp_path, segment_bytes=SEGMENT_BYTES)
    while len(segment_paths(tmp_path)) < 5:
        append(journal, frames=1)
    journal.close()
    # Neither the open one nor the one before it, which followers are reading.
    assert gone == segment_paths(tmp_path)[:-2]
    with Journal.open(tmp_path, read_only=True) as reader:
        assert_found(reader)
