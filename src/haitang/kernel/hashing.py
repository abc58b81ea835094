"""The one hash of text: SipHash-2-4, 64 bits, over UTF-8.

The key is fixed and published, because a value's hash is written into states, feature files and
model inputs and must be the same everywhere and for ever. The hash spreads keys evenly; it hides
nothing: personal values are tokenised before (`identity.Tokeniser`). A missing text is 0; a text
whose hash would be 0 has 1.

Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012, whose test vectors
the tests use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.extending import register_jitable

from haitang.kernel._siphash import ByteArray, absorb, finish, siphash, start

KEY = b"haitang.siphash1"
"""The published 16-byte key; little-endian halves are `k0` and `k1` of the paper."""

MISSING = 0
"""The hash of a missing text."""

UInt64Array = npt.NDArray[np.uint64]

_K0 = np.uint64(int.from_bytes(KEY[:8], "little"))
_K1 = np.uint64(int.from_bytes(KEY[8:], "little"))
_OTHER_KEY = b"haitang.siphash2"
_OTHER0 = np.uint64(int.from_bytes(_OTHER_KEY[:8], "little"))
_OTHER1 = np.uint64(int.from_bytes(_OTHER_KEY[8:], "little"))
_PAIR_LENGTH = np.uint64(16 << 56)

_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_PACKED = types.Bytes(types.uint8, 1, "C", readonly=True)
_OFFSETS = types.Array(types.int64, 1, "C", readonly=True)
_PRESENT = types.Array(types.boolean, 1, "C", readonly=True)
_encode = msgspec.msgpack.Encoder().encode


class ArrowTexts(Protocol):
    """What of an Arrow array of strings is needed here; the kernel itself does not import Arrow."""

    @property
    def type(self) -> Any:
        """Return the data type: `string` or `large_string`."""

    @property
    def offset(self) -> int:
        """Return the index of the first value in the buffers."""

    @property
    def null_count(self) -> int:
        """Return the number of missing values."""

    def buffers(self) -> list[Any]:
        """Return validity bits, offsets and bytes."""

    def __len__(self) -> int: ...


def hash_text(text: str | None) -> int:
    """Return the hash of one text, 0 for None; `hash_texts` costs far less for each of many."""
    if text is None:
        return MISSING
    return int(_hash_bytes(np.frombuffer(text.encode(), np.uint8), _K0, _K1))


def hash_texts(texts: Sequence[str | None] | ArrowTexts) -> UInt64Array:
    """Return one hash per text, 0 where missing.

    Takes a list or tuple, or an Arrow array (not a chunked one) of `string`, `large_string`, or a
    dictionary of these.
    """
    if isinstance(texts, (list, tuple)):
        # One C call lays out all texts as UTF-8 with their lengths; the kernel walks that. It
        # writes where it is told: to hand an array back costs Numba more than hashing a text.
        hashes = np.empty((len(texts), 1), np.uint64)
        _hash_packed(_encode(texts), hashes)
        return hashes[:, 0]
    return _hash_arrow(texts)


def fingerprints(texts: Sequence[str]) -> UInt64Array:
    """Return 128 bits per text, two words each: `hash_texts` and the same under another key.

    For telling texts apart without keeping them: among a million, two are alike by chance with a
    probability of 10**-27.
    """
    words = np.empty((len(texts), 2), np.uint64)
    _hash_packed(_encode(texts), words)
    return words


def hash_spans(offsets: npt.NDArray[np.int64], data: ByteArray) -> UInt64Array:
    """Return the hash of `data[offsets[i]:offsets[i + 1]]` for each i; nothing is missing here."""
    return _hash_spans(offsets, data, np.ones(0, np.bool_))


@register_jitable(forceinline=True)
def combine_present(left: np.uint64, right: np.uint64) -> np.uint64:
    """Return what `combine` does where no part is missing: straight on, so that a kernel's loop can
    do several at once.
    """
    v0, v1, v2, v3 = start(_K0, _K1)
    v0, v1, v2, v3 = absorb(v0, v1, v2, v3, left)
    v0, v1, v2, v3 = absorb(v0, v1, v2, v3, right)
    return finish(v0, v1, v2, v3, _PAIR_LENGTH)


@njit(types.uint64(types.uint64, types.uint64), cache=True)
def combine(left: np.uint64, right: np.uint64) -> np.uint64:
    """Return the key of a pair from its parts' hashes; 0 when a part is missing, and not symmetric.

    Callable from Python and from Numba. It is SipHash-2-4 of the sixteen bytes `left`, `right`.
    """
    if left == 0 or right == 0:
        return np.uint64(0)
    return combine_present(left, right)


@njit(types.uint64(_BYTES, types.uint64, types.uint64), cache=True)
def _hash_bytes(data: ByteArray, k0: np.uint64, k1: np.uint64) -> np.uint64:
    return siphash(data, 0, data.shape[0], k0, k1)


@njit(types.uint64[::1](_OFFSETS, _BYTES, _PRESENT), cache=True)
def _hash_spans(
    offsets: npt.NDArray[np.int64], data: ByteArray, present: npt.NDArray[np.bool_]
) -> UInt64Array:
    count = offsets.shape[0] - 1
    hashes = np.empty(count, np.uint64)
    masked = present.shape[0] > 0
    for index in range(count):
        if masked and not present[index]:
            hashes[index] = 0
            continue
        first, end = int(offsets[index]), int(offsets[index + 1])
        hashes[index] = siphash(data, first, end - first, _K0, _K1)
    return hashes


@njit(types.void(_PACKED, types.uint64[:, ::1]), cache=True)
def _hash_packed(packed: Any, words: UInt64Array) -> None:
    """Hash each text of one MessagePack array of texts and nils: a row of `words` each, in whose
    second column, where there is one, stands the hash under the other key.
    """
    count, columns = words.shape
    position = 1
    if packed[0] == 0xDC:
        position = 3
    elif packed[0] == 0xDD:
        position = 5
    for index in range(count):
        head = np.int64(packed[position])
        position += 1
        if head == 0xC0:
            words[index] = 0
            continue
        # Anything but a short (0xA0) or longer (0xD9 to 0xDB) text is a caller's mistake.
        assert 0xA0 <= head < 0xC0 or 0xD9 <= head <= 0xDB
        if head < 0xC0:
            length = int(head & 0x1F)
        else:
            width = 1 << (head - 0xD9)
            length = 0
            for _ in range(width):
                length = (length << 8) | int(packed[position])
                position += 1
        words[index, 0] = siphash(packed, position, length, _K0, _K1)
        if columns > 1:
            words[index, 1] = siphash(packed, position, length, _OTHER0, _OTHER1)
        position += length


def _hash_arrow(array: Any) -> UInt64Array:
    kind = str(array.type)
    if kind.startswith("dictionary"):
        return _hash_dictionary(array)
    assert kind in ("string", "large_string"), f"an Arrow array of {kind} is not one of texts"
    count = len(array)
    validity, offset_buffer, data_buffer = array.buffers()
    if count == 0 or offset_buffer is None:
        return np.zeros(count, np.uint64)
    width = np.int64 if kind == "large_string" else np.int32
    offsets = np.frombuffer(offset_buffer, width)[array.offset : array.offset + count + 1]
    data = np.frombuffer(data_buffer if data_buffer is not None else b"", np.uint8)
    present = _present(validity, array.offset, count) if array.null_count else np.ones(0, np.bool_)
    return _hash_spans(offsets.astype(np.int64), data, present)


def _hash_dictionary(array: Any) -> UInt64Array:
    hashes = hash_texts(array.dictionary)
    if len(array) == 0 or len(hashes) == 0:
        return np.zeros(len(array), np.uint64)
    codes = np.asarray(array.indices.fill_null(0))
    chosen: UInt64Array = hashes[codes]
    if array.indices.null_count:
        chosen[np.asarray(array.indices.is_null())] = MISSING
    return chosen


def _present(validity: Any, start: int, count: int) -> npt.NDArray[np.bool_]:
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), count=start + count, bitorder="little")
    return bits[start:].astype(np.bool_)
