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
from numpy.typing import NDArray

from haitang.data.features.arena import HIGH_WATER

PAGE_WORDS = 512
"""Words of the smallest page: whether the system gives large ones is its own affair."""
AHEAD_WORDS = (64 << 20) // 8
"""Memory beyond what is in use that `Ahead` has the system give."""
LARGE_PAGE_WORDS = (2 << 20) // 8


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


class Ahead:
    """How much of an arena's memory the system has given, beyond what is in use."""

    def __init__(self, arena: NDArray[np.int64], *, touched_words: int = 0) -> None:
        """Take so many words at once, so that no event waits for a page of them."""
        self._arena = arena
        self._touched_words = touched_words
        arena[:touched_words:PAGE_WORDS] = 0

    @property
    def is_wanted(self) -> bool:
        """Tell whether it is time to call `touch`."""
        left = self._touched_words - self._arena.item(HIGH_WATER)
        return bool(left < AHEAD_WORDS // 2)

    def touch(self, words: int = AHEAD_WORDS) -> bool:
        """Have the system give memory that events will soon need, so that none waits for it: at
        most so many words now. Returns whether more is wanted.

        Nothing is skipped: a ring that grows takes more at once than is kept ahead, and fills the
        half that is new for as long as it filled the other. One other thread may call this while
        the writer writes; nothing is changed.
        """
        start = self._touched_words
        goal = max(start, min(self._arena.item(HIGH_WATER) + AHEAD_WORDS, self._arena.size))
        stop = min(goal, start + words)
        touch(self._arena, start, stop)
        self._touched_words = stop
        return stop < goal
