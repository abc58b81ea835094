"""The arena: block sizes, blocks used again, key tables."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from haitang.data.features import arena as at
from haitang.data.features.arena import (
    LINE_WORDS,
    allocate,
    class_words,
    find,
    find_or_create,
    release,
    size_class,
)

RECORD_WORDS = 6
DIRECTORY = np.int64(at.HEADER_WORDS)


def fresh(words: int = 1 << 16) -> Any:
    arena = np.zeros(words, np.int64)
    arena[at.HIGH_WATER] = at.HEADER_WORDS + at.DIRECTORY_WORDS
    return arena


def signed(key: int) -> int:
    return key - (1 << 64) if key >= 1 << 63 else key


def create(arena: Any, key: int) -> int:
    return int(find_or_create(arena, DIRECTORY, signed(key), RECORD_WORDS))


def found(arena: Any, key: int) -> int:
    return int(find(arena, DIRECTORY, signed(key)))


SIZES = [*range(1, 5_000), *(2**power + step for power in range(12, 40) for step in (-1, 0, 1))]


def test_a_block_holds_what_it_was_asked_for_and_little_more() -> None:
    for words in SIZES:
        held = class_words(size_class(words))
        # Small blocks are cut from a line; then come whole lines, from 32 words on a quarter apart.
        most = 2 * words if words < 16 else max(words + 8, words + words // 4 + 1)
        assert words <= held <= most, words


def test_blocks_of_a_line_and_more_start_on_a_line() -> None:
    arena = fresh()
    for words in (3, 9, 2, 100, 8, 4, 17, 1, 33, 5, 260):
        offset = int(allocate(arena, words))
        assert words < 5 or offset % LINE_WORDS == 0, words
        small = offset % LINE_WORDS + class_words(size_class(words))
        assert words >= 5 or small <= LINE_WORDS, "a small block lies in one line"


def test_the_smallest_size_that_holds_is_taken() -> None:
    sizes = sorted({int(class_words(size_class(words))) for words in SIZES})
    for words in SIZES:
        smaller = [size for size in sizes if size < class_words(size_class(words))]
        assert not smaller or smaller[-1] < words


def test_every_size_is_its_own_and_has_a_list_of_free_blocks() -> None:
    numbers = {int(size_class(words)) for words in SIZES}
    assert {int(size_class(class_words(number))) for number in numbers} == numbers
    assert at.FREE_LISTS + size_class(1 << 58) < at.HEADER_WORDS


def test_blocks_do_not_overlap() -> None:
    arena = fresh()
    blocks = [(int(allocate(arena, words)), words) for words in range(1, 100)]
    spans = sorted((offset, offset + words) for offset, words in blocks)
    assert spans[0][0] == at.HEADER_WORDS + at.DIRECTORY_WORDS
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert spans[-1][1] <= arena[at.HIGH_WATER]


def test_a_released_block_is_used_again_by_sizes_that_share_its_class() -> None:
    arena = fresh()
    first, second = int(allocate(arena, 9)), int(allocate(arena, 10))
    high_water = int(arena[at.HIGH_WATER])
    release(arena, first, 9)
    release(arena, second, 10)
    assert {int(allocate(arena, 10)), int(allocate(arena, 9))} == {first, second}
    assert arena[at.HIGH_WATER] == high_water
    assert allocate(arena, 9) == high_water


def test_a_released_block_is_not_used_for_another_size() -> None:
    arena = fresh()
    block = int(allocate(arena, 9))
    release(arena, block, 9)
    assert allocate(arena, 17) != block
    assert allocate(arena, 8) != block
    assert allocate(arena, 9) == block


def test_releasing_nothing_does_nothing() -> None:
    arena = fresh()
    before = arena.copy()
    release(arena, 0, 5)
    assert np.array_equal(arena, before)


def test_a_new_record_is_empty_and_has_seen_nothing() -> None:
    arena = fresh()
    dirty = int(allocate(arena, RECORD_WORDS))
    arena[dirty : dirty + RECORD_WORDS] = -1
    release(arena, dirty, RECORD_WORDS)
    record = create(arena, 12345)
    assert record == dirty
    assert arena[record : record + RECORD_WORDS].tolist() == [12345, at.NEVER_US, 0, 0, 0, 0]
    assert arena[at.KEY_COUNT] == 1
    assert create(arena, 12345) == record
    assert arena[at.KEY_COUNT] == 1


def spread(count: int) -> list[int]:
    drawn = np.random.default_rng(3).integers(1, 2**64 - 1, count, dtype=np.uint64)
    return list(dict.fromkeys(drawn.tolist()))


ADVERSARIES = {
    "any": spread(100_000),
    # Every tag is the same: only the record tells the keys apart.
    "one tag": [(key & ~((1 << at.TAG_BITS) - 1)) | 5 for key in spread(100_000)],
    # Every search starts at one slot of one sub-table and walks over all before it.
    "one slot": [(7 << 56) | tag for tag in range(1, 1_500)],
    "counted": [*range(1, 3_000)],
    "top bits only": [high << 56 for high in range(1, 256)],
}


@pytest.mark.parametrize("kind", ADVERSARIES)
def test_every_key_is_found_again_and_no_other(kind: str) -> None:
    keys = list(dict.fromkeys(ADVERSARIES[kind]))
    arena = fresh(1 << 21)
    records = [create(arena, key) for key in keys]
    assert len(set(records)) == len(keys) == arena[at.KEY_COUNT]
    assert [found(arena, key) for key in keys] == records
    held = set(keys)
    others = [key ^ 1 << bit for key in keys[:200] for bit in (0, 19, 20, 40, 63)]
    assert not any(found(arena, key) for key in others if key not in held and key)


def test_a_table_stays_at_most_three_quarters_full() -> None:
    arena = fresh(1 << 21)
    for key in spread(50_000):
        create(arena, key)
    entries = np.arange(at.HEADER_WORDS, at.HEADER_WORDS + at.DIRECTORY_WORDS, 2)
    capacities = arena[entries + 1] >> 32
    counts = arena[entries + 1] & 0xFFFFFFFF
    assert counts.sum() == arena[at.KEY_COUNT]
    assert (counts * 4 <= capacities * 3).all()
    assert (capacities & (capacities - 1) == 0).all()
