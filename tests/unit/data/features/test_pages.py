"""Memory asked for ahead of the events that need it."""

from __future__ import annotations

import resource
import threading

import numpy as np

from haitang.data.features.pages import PAGE_WORDS, touch
from haitang.data.features.state import AHEAD_WORDS, FeatureState
from haitang.decision.engine import compile_pack
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


def test_a_state_wants_memory_until_it_was_touched_ahead() -> None:
    state = FeatureState(compile_pack(read_pack()).plan)
    assert state.wants_memory
    before = state.content()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    state.touch_ahead()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt > faults
    assert not state.wants_memory
    assert state.content() == before
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    state.arena[state.size_bytes // 8 : AHEAD_WORDS : PAGE_WORDS] = 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults < 100
