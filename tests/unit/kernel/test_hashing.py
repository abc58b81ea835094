"""SipHash-2-4 against its published vectors, and every path to the same hash."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from haitang.kernel import hashing
from haitang.kernel.hashing import combine, fingerprints, hash_spans, hash_text, hash_texts

# The first 33 and the last of the 64 reference values for the key 00 01 … 0f and the messages (),
# (00), (00 01) …
PUBLISHED = """
    726fdb47dd0e0e31 74f839c593dc67fd 0d6c8009d9a94f5a 85676696d7fb7e2d cf2794e0277187b7
    18765564cd99a68d cbc9466e58fee3ce ab0200f58b01d137 93f5f5799a932462 9e0082df0ba9e4b0
    7a5dbbc594ddb9f3 f4b32f46226bada7 751e8fbc860ee5fb 14ea5627c0843d90 f723ca908e7af2ee
    a129ca6149be45e5 3f2acc7f57c29bdb 699ae9f52cbe4794 4bc1b3f0968dd39c bb6dc91da77961bd
    bed65cf21aa2ee98 d0f2cbb02e3b67c7 93536795e3a33e88 a80c038ccd5ccec8 b8ad50c6f649af94
    bce192de8a85b8ea 17d835b85bbb15f3 2f2e6163076bcfad de4daaaca71dc9a5 a6a2506687956571
    ad87a3535c49ef28 32d892fad841c342 7127512f72f27cce
""".split()
PUBLISHED_63 = "958a324ceb064572"
TEXTS = st.lists(st.none() | st.text(max_size=40), max_size=30)


def vector(length: int) -> str:
    key = bytes(range(16))
    k0, k1 = (np.uint64(int.from_bytes(key[at : at + 8], "little")) for at in (0, 8))
    message = np.frombuffer(bytes(range(length)), np.uint8)
    return f"{int(hashing._hash_bytes(message, k0, k1)):016x}"


def test_published_vectors_are_met() -> None:
    assert [vector(length) for length in range(33)] == PUBLISHED
    assert vector(63) == PUBLISHED_63


def test_the_hash_never_changes() -> None:
    # Pinned: states, feature files and models that were written hold these.
    assert hash_text("") == 0xCAA7FE770C405967
    assert hash_text("MOBILE") == 0x5C1BC552A85F08C6
    assert hash_text("海塘") == 0x0A71EE03B81569C5


@given(st.lists(st.text(max_size=80), max_size=40))
def test_a_fingerprint_is_two_hashes_under_two_keys(texts: list[str]) -> None:
    words = fingerprints(texts)
    assert words[:, 0].tolist() == [hash_text(text) for text in texts]
    second = b"haitang.siphash2"
    k0, k1 = (np.uint64(int.from_bytes(half, "little")) for half in (second[:8], second[8:]))
    for text, word in zip(texts, words[:, 1], strict=True):
        data = np.frombuffer(text.encode(), np.uint8)
        assert max(int(hashing._hash_bytes(data, k0, k1)), 1) == word


def test_a_missing_text_is_zero_and_an_empty_one_is_not() -> None:
    assert hash_text(None) == 0
    assert hash_text("") != 0
    assert hash_texts([None, ""]).tolist() == [0, hash_text("")]


@given(TEXTS)
def test_every_path_gives_the_same_hash(texts: list[str | None]) -> None:
    one_by_one = [hash_text(text) for text in texts]
    assert hash_texts(texts).tolist() == one_by_one
    assert hash_texts(tuple(texts)).tolist() == one_by_one
    for kind in (pa.string(), pa.large_string()):
        assert hash_texts(pa.array(texts, kind)).tolist() == one_by_one
    assert hash_texts(pa.array(texts, pa.string()).dictionary_encode()).tolist() == one_by_one


@given(TEXTS, st.integers(0, 9), st.integers(0, 9))
def test_a_slice_of_an_arrow_array_gives_its_own_hashes(
    texts: list[str | None], start: int, length: int
) -> None:
    array = pa.array(texts, pa.string()).slice(start, length)
    assert hash_texts(array).tolist() == [hash_text(text) for text in texts[start : start + length]]


def test_spans_of_bytes_hash_like_texts() -> None:
    data = np.frombuffer("abc海塘".encode(), np.uint8)
    hashes = hash_spans(np.array([0, 3, 3, 9], np.int64), data)
    assert hashes.tolist() == [hash_text("abc"), hash_text(""), hash_text("海塘")]


@pytest.mark.parametrize("length", [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536])
def test_long_texts_and_long_lists_hash_alike(length: int) -> None:
    assert hash_texts(["x" * length]).tolist() == [hash_text("x" * length)]
    assert hash_texts(["x"] * length).tolist() == [hash_text("x")] * length


def test_a_number_among_texts_is_a_programmer_error() -> None:
    with pytest.raises(AssertionError):
        hash_texts(["a", 3])  # type: ignore[list-item]
    with pytest.raises(AssertionError):
        hash_texts(pa.array([1, 2]))


def test_a_pair_key_depends_on_order_and_needs_both_parts() -> None:
    left, right = (np.uint64(hash_text(text)) for text in ("C1", "B1"))
    assert combine(left, right) != combine(right, left)
    assert combine(left, np.uint64(0)) == combine(np.uint64(0), right) == 0


def test_a_pair_key_is_the_hash_of_its_sixteen_bytes() -> None:
    left, right = (np.uint64(hash_text(text)) for text in ("C1", "B1"))
    both = np.frombuffer(left.tobytes() + right.tobytes(), np.uint8)
    assert combine(left, right) == hash_spans(np.array([0, 16], np.int64), both)[0]


def test_a_kernel_can_combine_keys() -> None:
    @njit()
    def pair(left: np.uint64, right: np.uint64) -> np.uint64:
        return combine(left, right)

    left, right = np.uint64(3), np.uint64(4)
    assert pair(left, right) == combine(left, right)
