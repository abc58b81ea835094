"""Pointers read and write what the arrays behind them hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.kernel.pointers import as_floats, as_halves, pointer_to, table_of


@njit
def touch(words: Any, table: Any) -> Any:
    pointer = pointer_to(words)
    rows = table_of(table, 3)
    rows[1, 2] = pointer[1] + 1.0
    pointer[0] = pointer[0] + np.int64(rows[0, 1])
    as_floats(pointer)[3] = 0.5
    halves = as_halves(pointer)
    return pointer[2], np.int64(halves[4]), np.int64(halves[5]), as_floats(pointer)[3]


def test_a_pointer_sees_words_halves_floats_and_rows_of_one_array() -> None:
    words = np.array([5, 41, (7 << 32) | 9, 0], np.int64)
    table = np.arange(6, dtype=np.float64).reshape(2, 3)
    assert touch(words, table) == ((7 << 32) | 9, 9, 7, 0.5)
    assert words[0] == 6
    assert words.view(np.float64)[3] == 0.5
    assert table.tolist() == [[0, 1, 2], [3, 4, 42]]
