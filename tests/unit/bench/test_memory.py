from __future__ import annotations

from bench.memory import take_once

MEBIBYTE = 1 << 20


def test_memory_is_touched_in_whole_steps_by_a_process_that_ends() -> None:
    taken = take_once(130 * MEBIBYTE)
    assert taken["bytes"] == 128 * MEBIBYTE
    assert taken["seconds"] > 0


def test_no_memory_is_touched_where_none_is_asked_for() -> None:
    assert take_once(0)["bytes"] == 0
