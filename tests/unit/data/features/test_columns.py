from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from haitang.data.features.columns import LANES, nonzero_lanes
from haitang.kernel.pointers import Int, pointer_to


@njit
def _mask(words: Any, at: Int, count: Int) -> Any:
    return nonzero_lanes(pointer_to(words), at, count)


@pytest.mark.parametrize("count", [1, 3, LANES - 1, LANES])
def test_words_that_are_not_zero_are_found_whatever_their_bits(count: int) -> None:
    generator = np.random.default_rng(count)
    # What is missing, no number, a negative nought and the least of numbers, seen as doubles.
    bits = np.array([0, 0x7FF8 << 48, 1 << 63, 1, (1 << 64) - 1], dtype=np.uint64)
    words = generator.choice(bits, 3 * LANES)
    for at in (0, 5, LANES):
        expected = sum(1 << j for j in range(count) if words[at + j] != 0)
        assert _mask(words, at, count) == expected
