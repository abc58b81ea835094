"""Memory that the system has promised and not yet given: asked for before an event needs it.

The first touch of a large page takes the system milliseconds, on a virtual machine up to ten. Done
ahead, by another thread, no event waits for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

PAGE_WORDS = 512
"""Words of the smallest page: whether the system gives large ones is its own affair."""


@intrinsic
def _touch_word(typing_context: Any, address: Any) -> Any:
    """Write a word without changing it, whoever else writes it at the same time."""
    signature = types.void(types.intp)

    def generate(context: Any, builder: Any, call_signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        # The processor writes back what it found also where the comparison fails. (Adding nothing
        # would be simpler, but the compiler turns that into reading.)
        zero = ir.Constant(ir.IntType(64), 0)
        builder.cmpxchg(pointer, zero, zero, "monotonic", "monotonic")
        return context.get_dummy_value()

    return signature, generate


touch_word: Any = _touch_word


@njit(cache=True, nogil=True, error_model="numpy")
def touch(words: Any, start: int, stop: int) -> None:
    """Have the pages of words `start` to `stop` given to us; another thread may be writing them."""
    address = words.ctypes.data
    for word in range(start, stop, PAGE_WORDS):
        touch_word(np.intp(address + word * 8))
