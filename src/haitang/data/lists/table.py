"""Listed values by list, as a hash table that a kernel can read.

A value is listed from `effective_at_us` (inclusive) to `expires_at_us` (exclusive, 0 open-ended).
An upsert replaces the entry of the same list and value; a removal ends it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
import numpy as np
from numba import njit
from numpy.typing import NDArray

from haitang.kernel.hashing import combine, hash_text

Int: TypeAlias = Any
"""A machine integer: Numba knows one kind; to mypy, Python's and NumPy's are strangers."""

FIRST_CAPACITY = 64
OPEN_END_US = np.iinfo(np.int64).max


@njit(cache=True, nogil=True, error_model="numpy")
def _slot(keys: Any, key: Int) -> Int:
    mask = np.uint64(keys.shape[0] - 1)
    i = np.uint64(key) & mask
    while keys[i] != np.uint64(0) and keys[i] != np.uint64(key):
        i = (i + np.uint64(1)) & mask
    return np.int64(i)


@njit(cache=True, nogil=True, error_model="numpy")
def lookup(keys: Any, spans: Any, list_hash: Any, value_hash: Any, instant: Int) -> bool:
    """Tell whether a value (by hash) is on a list (by hash) at an instant."""
    key = combine(list_hash, value_hash)
    if key == np.uint64(0):
        return False
    i = _slot(keys, key)
    return bool(keys[i] == key and spans[i, 0] <= instant < spans[i, 1])


class _Content(msgspec.Struct, frozen=True):
    keys: bytes
    spans: bytes
    used: int


class ListTable:
    """All lists of one engine."""

    def __init__(self) -> None:
        self.keys: NDArray[np.uint64] = np.zeros(FIRST_CAPACITY, dtype=np.uint64)
        self.spans: NDArray[np.int64] = np.zeros((FIRST_CAPACITY, 2), dtype=np.int64)
        self.used = 0

    def upsert(
        self, list_hash: int, value_hash: int, *, effective_at_us: int = 0, expires_at_us: int = 0
    ) -> None:
        """List a value; an earlier entry of the same list and value is replaced."""
        self._put(list_hash, value_hash, effective_at_us, expires_at_us or int(OPEN_END_US))

    def remove(self, list_hash: int, value_hash: int) -> None:
        """Take a value off a list; nothing happens when it was not on it."""
        key = int(combine(np.uint64(list_hash), np.uint64(value_hash)))
        i = int(_slot(self.keys, np.uint64(key)))
        if int(self.keys[i]) == key:
            self.spans[i] = 0

    def upsert_texts(self, list_name: str, values: list[tuple[str, int, int]]) -> None:
        """List many values given as (value, effective from, expires at)."""
        list_hash = hash_text(list_name)
        for value, effective_at_us, expires_at_us in values:
            self.upsert(
                list_hash,
                hash_text(value),
                effective_at_us=effective_at_us,
                expires_at_us=expires_at_us,
            )

    def content(self) -> bytes:
        """Return the table as bytes."""
        return msgspec.msgpack.encode(
            _Content(self.keys.tobytes(), self.spans.tobytes(), self.used)
        )

    def restore(self, content: bytes) -> None:
        """Take over what `content` returned."""
        held = msgspec.msgpack.decode(content, type=_Content)
        self.keys = np.frombuffer(held.keys, dtype=np.uint64).copy()
        self.spans = np.frombuffer(held.spans, dtype=np.int64).reshape(-1, 2).copy()
        self.used = held.used

    def _put(self, list_hash: int, value_hash: int, start_us: int, end_us: int) -> None:
        key = np.uint64(combine(np.uint64(list_hash), np.uint64(value_hash)))
        if int(key) == 0:
            return
        if (self.used + 1) * 2 > self.keys.size:
            self._grow()
        i = int(_slot(self.keys, key))
        if int(self.keys[i]) == 0:
            self.keys[i] = key
            self.used += 1
        self.spans[i] = (start_us, end_us)

    def _grow(self) -> None:
        old_keys, old_spans = self.keys, self.spans
        self.keys = np.zeros(old_keys.size * 2, dtype=np.uint64)
        self.spans = np.zeros((old_keys.size * 2, 2), dtype=np.int64)
        for i in np.flatnonzero(old_keys):
            place = int(_slot(self.keys, old_keys[i]))
            self.keys[place] = old_keys[i]
            self.spans[place] = old_spans[i]
