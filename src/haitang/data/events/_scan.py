"""One compiled look over an event's JSON for what the typed decode does not notice.

The typed decode keeps the last of two equal keys, and takes any character that is escaped; both are
refused here. The look may raise a false alarm, never miss: the slow path decides.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, types

KEYS_MAX = 128
"""Keys that are told apart; an object of more is looked at again."""

CLEAN = 0
"""No key stands twice and no text holds a forbidden character."""

DOUBTFUL_TEXT = 1
"""A text may hold a forbidden character."""

DOUBTFUL_KEY = 2
"""A key may stand twice, or is spelt with an escape."""

_BYTES = types.Bytes(types.uint8, 1, "C", readonly=True)
_KEYS = types.Array(types.uint64, 1, "C")
# Unsigned positions spare the check for negative ones.
_ONE = np.uint64(1)
_QUOTE = 0x22
_COMMA = 0x2C
_OBJECT = 0x7B
_BACKSLASH = 0x5C


@njit(types.uint64(_BYTES, types.uint64), cache=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
def _next_quote(data: bytes, position: np.uint64) -> np.uint64:
    while position < len(data) and data[position] != _QUOTE:
        position += _ONE
    return position


@njit(types.boolean(types.uint8, types.uint8), cache=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
def _doubtful(byte: np.uint8, following: np.uint8) -> bool:
    """Tell whether a character that begins so in UTF-8 may be forbidden (`diagnosis.FORBIDDEN`)."""
    if byte == _BACKSLASH:
        return True
    if byte < 0x7F:
        return False
    return (
        byte in (0x7F, 0xC2)
        or (byte == 0xE2 and (following | 1) == 0x81)
        or (byte == 0xEF and following == 0xBB)
    )


@njit(types.boolean(_KEYS, types.uint64, types.uint64), cache=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
def _seen(keys: npt.NDArray[np.uint64], count: np.uint64, key: np.uint64) -> bool:
    found = False
    for index in range(count):
        found |= keys[index] == key
    return found


@njit(types.int64(_BYTES), cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def scan(data: bytes) -> int:
    """Return `CLEAN` or the sum of the doubts, for a valid JSON object without nesting, or for an
    array of them.
    """
    doubts = CLEAN
    keys = np.empty(KEYS_MAX, np.uint64)
    count = np.uint64(0)
    size = np.uint64(len(data))
    position = _next_quote(data, np.uint64(0)) + _ONE
    while position < size:
        key = np.uint64(0)
        while position < size and data[position] != _QUOTE:
            byte = data[position]
            if byte == _BACKSLASH:
                return DOUBTFUL_TEXT | DOUBTFUL_KEY
            key = key * np.uint64(31) + np.uint64(byte)
            position += _ONE
        if count == np.uint64(KEYS_MAX) or _seen(keys, count, key):
            return DOUBTFUL_TEXT | DOUBTFUL_KEY
        keys[count] = key
        count += _ONE
        position += _ONE
        while position < size and data[position] != _COMMA:
            position += _ONE
            if data[position - _ONE] != _QUOTE:
                continue
            while position + _ONE < size and data[position] != _QUOTE:
                if _doubtful(np.uint8(data[position]), np.uint8(data[position + _ONE])):
                    doubts = DOUBTFUL_TEXT
                    if data[position] == _BACKSLASH:
                        position += _ONE
                position += _ONE
            position += _ONE
        while position < size and data[position] != _QUOTE:
            if data[position] == _OBJECT:
                # The next one of an array may have the same keys.
                count = np.uint64(0)
            position += _ONE
        position += _ONE
    return doubts
