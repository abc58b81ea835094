"""What a value means to a split: is it missing, is it in a set. Called from Numba code."""

from __future__ import annotations

import numpy as np
from numba import njit

from haitang.decision.models.tree_model import (
    MAX_CATEGORY,
    MISSING_NONE,
    MISSING_ZERO,
    ZERO_BOUND,
    WordArray,
)


@njit(nogil=True, cache=True, error_model="numpy")
def is_missing(value: float, missing: int) -> bool:
    """Say whether a value takes the default direction of a split with a `MISSING_*` kind."""
    if missing == MISSING_NONE:
        return False
    if np.isnan(value):
        return True
    return missing == MISSING_ZERO and abs(value) <= ZERO_BOUND


@njit(nogil=True, cache=True, error_model="numpy")
def is_member(words: WordArray, first: int, end: int, value: float) -> bool:
    """Say whether a value, cut to a whole number, is in the set of the words `first` to `end`.

    What is no category (missing, negative, huge) is in no set.
    """
    # Also false for NaN; a value above -1 is cut to 0, as LightGBM does.
    if not -1.0 < value < MAX_CATEGORY + 1.0:
        return False
    category = np.int64(value)
    word = first + (category >> 5)
    if word >= end:
        return False
    return bool((np.int64(words[word]) >> (category & 31)) & 1)
