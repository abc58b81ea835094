"""Chains: how many payments money went through on its way, none of them resting for long.

Per length an account keeps when the latest chain of that length arrived, and from whom; and the
latest from anybody else, because a payment back to where the money came from carries nothing on.
That is all a longest chain needs, so nothing here is bounded and nothing is missing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.graph.layout import CHAIN_WORDS
from haitang.kernel.pointers import Int


@njit(cache=True, nogil=True, error_model="numpy")
def chain_length(arena: Any, kept: Int, steps: Int, payee_key: Int, floor: Int) -> Int:
    """Return the length of the longest chain that ends in a payment now; `kept` is the payer's."""
    for length in range(steps - 1, 0, -1):
        place = kept + (length - 1) * CHAIN_WORDS
        latest = arena[place] if arena[place + 1] != payee_key else arena[place + 2]
        if latest >= floor:
            return np.int64(length + 1)
    return np.int64(1)


@njit(cache=True, nogil=True, error_model="numpy")
def keep_chain(arena: Any, kept: Int, length: Int, payer_key: Int, instant: Int) -> None:
    """Note that a chain arrived; `kept` is the payee's."""
    place = kept + (length - 1) * CHAIN_WORDS
    if arena[place + 1] == payer_key:
        arena[place] = max(arena[place], instant)
    elif instant > arena[place]:
        arena[place + 2] = arena[place]
        arena[place] = instant
        arena[place + 1] = payer_key
    elif instant > arena[place + 2]:
        arena[place + 2] = instant
