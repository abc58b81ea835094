"""SipHash-2-4 in Numba: the rounds, and one text of a byte buffer. Private to `hashing`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba.extending import register_jitable

ByteArray = npt.NDArray[np.uint8]

_I0 = np.uint64(0x736F6D6570736575)
_I1 = np.uint64(0x646F72616E646F6D)
_I2 = np.uint64(0x6C7967656E657261)
_I3 = np.uint64(0x7465646279746573)
_FF = np.uint64(0xFF)


@register_jitable(forceinline=True)
def _rotate(word: np.uint64, bits: int) -> np.uint64:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@register_jitable(forceinline=True)
def _round(
    v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    v0 = v0 + v1
    v1 = _rotate(v1, 13) ^ v0
    v0 = _rotate(v0, 32)
    v2 = v2 + v3
    v3 = _rotate(v3, 16) ^ v2
    v0 = v0 + v3
    v3 = _rotate(v3, 21) ^ v0
    v2 = v2 + v1
    v1 = _rotate(v1, 17) ^ v2
    v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


@register_jitable(forceinline=True)
def start(k0: np.uint64, k1: np.uint64) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the four state words of a key."""
    return k0 ^ _I0, k1 ^ _I1, k0 ^ _I2, k1 ^ _I3


@register_jitable(forceinline=True)
def absorb(
    v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64, word: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Take in one 8-byte word: two rounds."""
    v3 = v3 ^ word
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ word, v1, v2, v3


@register_jitable(forceinline=True)
def finish(
    v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64, last: np.uint64
) -> np.uint64:
    """Take in the last word, run four rounds and return the hash; a hash of 0 becomes 1."""
    v0, v1, v2, v3 = absorb(v0, v1, v2, v3, last)
    v2 = v2 ^ _FF
    # Written out, so that a loop over lanes has no other in it, which the compiler would not unroll
    # before it looks for lanes to do at once.
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    digest = v0 ^ v1 ^ v2 ^ v3
    return digest if digest != np.uint64(0) else np.uint64(1)


@register_jitable
def siphash(data: ByteArray, start_at: int, length: int, k0: np.uint64, k1: np.uint64) -> np.uint64:
    """Return the hash of `length` bytes from `start_at`."""
    v0, v1, v2, v3 = start(k0, k1)
    whole = length & ~7
    for word_start in range(start_at, start_at + whole, 8):
        word = np.uint64(0)
        for position in range(8):
            word |= np.uint64(data[word_start + position]) << np.uint64(8 * position)
        v0, v1, v2, v3 = absorb(v0, v1, v2, v3, word)
    last = np.uint64(length & 0xFF) << np.uint64(56)
    for position in range(length - whole):
        last |= np.uint64(data[start_at + whole + position]) << np.uint64(8 * position)
    return finish(v0, v1, v2, v3, last)
