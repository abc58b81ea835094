"""Marks: a sparse row of bits that tells of most keys at one look that a table lacks them.

Each key sets one bit (Bloom, "Space/time trade-offs in hash coding", CACM 1970, with one hash). A
bit that is not set shows that its keys are not in the table; a set one shows nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haitang.kernel.pointers import Int

MARK_BITS = 10
"""A slot has at least so many marks, and less than twice as many: few are set by chance."""


@njit(cache=True, nogil=True, error_model="numpy")
def mark_shift(words: Int) -> Any:
    """Return by how many bits a key is shifted for its mark, of a power of two of words."""
    shift = 58
    while words > 1:
        words >>= 1
        shift -= 1
    return np.uint64(shift)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def is_marked(marks: Any, shift: Any, key: Any) -> Any:
    """Tell whether the bit of a key is set."""
    mark = key >> shift
    return (marks[mark >> np.uint64(6)] >> (mark & np.uint64(63))) & np.uint64(1) != np.uint64(0)


@njit(cache=True, error_model="numpy")
def set_mark(marks: Any, shift: Any, key: Any) -> None:
    """Set the bit of a key."""
    mark = np.uint64(key) >> shift
    marks[np.int64(mark >> np.uint64(6))] |= np.uint64(1) << (mark & np.uint64(63))


@njit(cache=True, error_model="numpy")
def mark_all(marks: Any, keys: Any) -> None:
    """Set the bits of all keys but 0."""
    shift = mark_shift(marks.shape[0])
    for i in range(keys.shape[0]):
        if keys[i] != np.uint64(0):
            set_mark(marks, shift, keys[i])


def are_few(marks: NDArray[np.uint64], slots: int) -> bool:
    """Tell whether a table of so many slots wants more marks than these."""
    return 64 * len(marks) < MARK_BITS * slots


def marks_of(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the marks of a table's keys; 0 is a free slot."""
    words = 1
    while 64 * words < MARK_BITS * len(keys):
        words *= 2
    marks = np.zeros(words, dtype=np.uint64)
    mark_all(marks, keys)
    return marks
