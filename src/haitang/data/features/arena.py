"""The arena: one flat array of 64-bit words that holds all feature state, and the key tables in it.

Blocks of a line or more are whole cache lines, in sizes at most a quarter apart from 32 words
on; freed blocks are kept in one list a size and used again. A key
table is 256 small open-addressing tables, so that growing one never stops the writer for long.
Everything is an offset, never an address: the words from 0 to the high-water mark *are* the state
and can be written out as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from haitang.kernel.pointers import Int

# Words at the start of the arena.
HIGH_WATER, WATERMARK_US, EVENT_COUNT, SWEEP_POSITION, KEY_COUNT = 0, 1, 2, 3, 4
FREE_LISTS = 16
LINE_WORDS = 8
"""Words in a cache line."""
HEADER_WORDS = 256
"""Five counters, and one list of free blocks for each of 240 sizes."""

SUBTABLES = 256
DIRECTORY_WORDS = 2 * SUBTABLES
"""Per sub-table: offset of its slots, and (capacity << 32 | keys)."""
FIRST_CAPACITY = 4
TAG_BITS = 20

# Words at the start of every record.
RECORD_KEY, RECORD_NOW = 0, 1
RECORD_HEADER_WORDS = 2
NEVER_US = -(1 << 62)
"""The clock of a record that has not seen an event yet."""


@intrinsic
def _prefetch(typing_context: Any, address: Any) -> Any:
    """Ask the processor for the cache line at an address."""
    signature = types.void(types.intp)

    def generate(context: Any, builder: Any, call_signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
        i32 = ir.IntType(32)
        hint = builder.module.declare_intrinsic(
            "llvm.prefetch",
            [pointer.type],
            ir.FunctionType(ir.VoidType(), [pointer.type, i32, i32, i32]),
        )
        builder.call(hint, [pointer, ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)])
        return context.get_dummy_value()

    return signature, generate


prefetch: Any = _prefetch


@njit(cache=True, nogil=True, error_model="numpy")
def size_class(words: Int) -> Int:
    """Return the number of the smallest block size that holds `words`: 2, 4, 8, 16, 24, 32, then 5,
    6, 7, 8 times a power of two.
    """
    if words <= 2:
        return 0
    if words <= 4:
        return 4
    last = words - 1
    exponent = 2
    while (last >> (exponent + 1)) != 0:
        exponent += 1
    # Below 40 words the quarters are no whole cache lines, so some of them are left out.
    step = (last >> (exponent - 2)) & 3
    if exponent < 4:
        step = 3
    elif exponent == 4:
        step |= 1
    return exponent * 4 + step


@njit(cache=True, nogil=True, error_model="numpy")
def class_words(number: Int) -> Int:
    """Return the words of a block size."""
    if number == 0:
        return 2
    if number == 4:
        return 4
    return (5 + (number & 3)) << ((number >> 2) - 2)


@njit(cache=True, nogil=True, error_model="numpy")
def allocate(arena: Any, words: Int) -> Int:
    """Return the offset of a block of at least `words`; its content is undefined.

    A block of eight words or more starts on a cache line; smaller ones are cut from one line.
    """
    number = size_class(words)
    head = arena[FREE_LISTS + number]
    if head != 0:
        arena[FREE_LISTS + number] = arena[head]
        return np.int64(head)
    offset = arena[HIGH_WATER]
    size = class_words(number)
    arena[HIGH_WATER] = offset + max(size, LINE_WORDS)
    for piece in range(offset + size, offset + LINE_WORDS, size):
        arena[piece] = arena[FREE_LISTS + number]
        arena[FREE_LISTS + number] = piece
    return np.int64(offset)


@njit(cache=True, nogil=True, error_model="numpy")
def clear(arena: Any, offset: Int, words: Int) -> None:
    """Set words to zero."""
    for i in range(offset, offset + words):
        arena[i] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def release(arena: Any, offset: Int, words: Int) -> None:
    """Give a block back; `words` is what it was allocated for."""
    if offset != 0:
        number = size_class(words)
        arena[offset] = arena[FREE_LISTS + number]
        arena[FREE_LISTS + number] = offset


@njit(cache=True, nogil=True, error_model="numpy")
def subtable_of(directory: Int, key: Int) -> Int:
    """Return the directory entry that a key belongs to."""
    return directory + 2 * np.int64(np.uint64(key) >> np.uint64(56))


@njit(cache=True, nogil=True, error_model="numpy")
def first_slot(key: Int, capacity: Int) -> Int:
    """Return where in its sub-table the search for a key starts."""
    return np.int64((np.uint64(key) >> np.uint64(TAG_BITS)) & np.uint64(capacity - 1))


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def find(arena: Any, directory: Int, key: Int) -> Int:
    """Return the offset of a key's record, or 0."""
    entry = subtable_of(directory, key)
    slots = arena[entry]
    if slots == 0:
        return np.int64(0)
    capacity = arena[entry + 1] >> 32
    tag = key & ((1 << TAG_BITS) - 1)
    i = first_slot(key, capacity)
    while True:
        slot = arena[slots + i]
        if slot == 0:
            return np.int64(0)
        if (slot & ((1 << TAG_BITS) - 1)) == tag and arena[(slot >> TAG_BITS) + RECORD_KEY] == key:
            return np.int64(slot >> TAG_BITS)
        i = (i + 1) & (capacity - 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _place(arena: Any, slots: Int, capacity: Int, record: Int) -> None:
    key = arena[record + RECORD_KEY]
    i = first_slot(key, capacity)
    while arena[slots + i] != 0:
        i = (i + 1) & (capacity - 1)
    arena[slots + i] = (record << TAG_BITS) | (key & ((1 << TAG_BITS) - 1))


@njit(cache=True, nogil=True, error_model="numpy")
def resize(arena: Any, entry: Int, capacity: Int) -> None:
    """Rebuild a sub-table with another capacity (a power of two above its number of keys)."""
    old_slots = arena[entry]
    old_capacity = arena[entry + 1] >> 32
    keys = arena[entry + 1] & 0xFFFFFFFF
    slots = allocate(arena, capacity)
    clear(arena, slots, capacity)
    for i in range(old_capacity):
        if old_slots != 0 and arena[old_slots + i] != 0:
            _place(arena, slots, capacity, arena[old_slots + i] >> TAG_BITS)
    release(arena, old_slots, old_capacity)
    arena[entry] = slots
    arena[entry + 1] = (capacity << 32) | keys


@njit(cache=True, nogil=True, error_model="numpy")
def _create(arena: Any, directory: Int, key: Int, record_words: Int) -> Int:
    """Make the empty record of a key that has none."""
    entry = subtable_of(directory, key)
    capacity = arena[entry + 1] >> 32
    keys = arena[entry + 1] & 0xFFFFFFFF
    if arena[entry] == 0:
        resize(arena, entry, FIRST_CAPACITY)
    elif (keys + 1) * 4 > capacity * 3:
        resize(arena, entry, capacity * 2)
    capacity = arena[entry + 1] >> 32
    record = allocate(arena, record_words)
    clear(arena, record, record_words)
    arena[record + RECORD_KEY] = key
    arena[record + RECORD_NOW] = NEVER_US
    _place(arena, arena[entry], capacity, record)
    arena[entry + 1] += 1
    arena[KEY_COUNT] += 1
    return np.int64(record)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def find_or_create(arena: Any, directory: Int, key: Int, record_words: Int) -> Int:
    """Return the offset of a key's record, making an empty one (zero words, its clock at
    `NEVER_US`) when new.
    """
    record = find(arena, directory, key)
    return record if record != 0 else _create(arena, directory, key, record_words)
