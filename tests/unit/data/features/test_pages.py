"""Memory asked for ahead of the events that need it."""

from __future__ import annotations

import resource
import threading

import numpy as np

from haitang.data.events.order import Deduplicator
from haitang.data.events.remembered import NEW
from haitang.data.features.arena import HIGH_WATER
from haitang.data.features.pages import AHEAD_WORDS, LARGE_PAGE_WORDS, PAGE_WORDS, Ahead, touch
from haitang.data.features.state import reserve
from haitang.decision.engine import EngineState, compile_pack
from tests.unit.decision.engine.engine_packs import read_pack


def test_touching_gives_the_pages_and_changes_nothing() -> None:
    words = np.zeros(64 * PAGE_WORDS, np.int64)
    words[3 * PAGE_WORDS : 9 * PAGE_WORDS] = 7
    before = words.copy()
    touch(words, 0, words.size)
    assert np.array_equal(words, before)


def test_touching_beside_a_writer_loses_none_of_its_writes() -> None:
    words = np.zeros(512 * PAGE_WORDS, np.int64)
    ended = threading.Event()

    def touching() -> None:
        while not ended.is_set():
            touch(words, 0, words.size)

    thread = threading.Thread(target=touching)
    thread.start()
    try:
        for turn in range(1, 2_001):
            words[::PAGE_WORDS] += 1
            assert (words[::PAGE_WORDS] == turn).all()
    finally:
        ended.set()
        thread.join()


def _faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def test_a_state_wants_memory_until_it_was_touched_ahead() -> None:
    state = EngineState.create(compile_pack(read_pack()))
    assert state.wants_memory
    before = state.features.content()
    faults = _faults()
    state.touch_ahead()
    assert _faults() > faults
    assert not state.wants_memory
    assert not state.touch_ahead(), "nothing more was wanted"
    assert state.features.content() == before
    faults = _faults()
    state.features.arena[state.features.size_bytes // 8 : AHEAD_WORDS : PAGE_WORDS] = 1
    assert _faults() - faults < 100


def test_remembered_ids_take_all_of_their_memory_at_once_when_asked() -> None:
    # So large that it cannot be memory that this process had before.
    seen = Deduplicator(2_500_000)
    assert seen.admit_each(["a"], [b"1"], position=7) == [NEW]
    faults = _faults()
    seen.touch()
    assert _faults() > faults
    assert seen.admit_each(["a"], [b"1"], position=8) == [7]
    faults = _faults()
    seen.touch()
    assert _faults() - faults < 100, "it was given before"


def test_memory_is_asked_for_page_by_page_until_there_is_enough() -> None:
    ahead = Ahead(reserve(AHEAD_WORDS * 8))
    assert ahead.is_wanted
    pages = 1
    while ahead.touch(LARGE_PAGE_WORDS):
        pages += 1
    assert pages == AHEAD_WORDS // LARGE_PAGE_WORDS
    assert not ahead.is_wanted


def test_what_is_taken_at_once_and_not_yet_filled_is_touched_too() -> None:
    """A ring of a million entries doubles: its new half stays untouched until events come there."""
    arena = reserve(4 * AHEAD_WORDS * 8)
    ahead = Ahead(arena)
    while ahead.touch(LARGE_PAGE_WORDS):
        pass
    arena[HIGH_WATER] = 2 * AHEAD_WORDS
    assert ahead.is_wanted
    while ahead.touch(LARGE_PAGE_WORDS):
        pass
    assert not ahead.is_wanted
    faults = _faults()
    arena[HIGH_WATER + 1 : 3 * AHEAD_WORDS : PAGE_WORDS] = 1
    assert _faults() - faults < 100
