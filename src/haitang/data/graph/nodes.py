"""Records of accounts in the graph's arena: found, made, and released when idle.

The arena and the key tables are those of the features (`data.features.arena`). Released records go
back to their own store only: a payment that was kept may still point at one, and tells by the
record's birth that another account lives there now.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import (
    FIRST_CAPACITY,
    KEY_COUNT,
    NEVER_US,
    SUBTABLES,
    SWEEP_POSITION,
    TAG_BITS,
    WATERMARK_US,
    allocate,
    clear,
    find,
    first_slot,
    resize,
    subtable_of,
)
from haitang.data.graph.layout import (
    M_FREE,
    N_BORN,
    N_FLAGS,
    N_KEY,
    N_NOW,
    SPOKEN_OF,
    T_COLUMNS,
    T_DIRECTORY,
    T_LIST_START,
    T_LIST_STOP,
    T_META,
    T_RECORD_WORDS,
    T_RETENTION,
)
from haitang.kernel.pointers import Int, pointer_to, table_of

UNBORN = 1 << 62
"""Birth of a released record: later than any payment."""


@njit(cache=True, nogil=True, error_model="numpy")
def _room(arena: Any, directory: Int, key: Int) -> Int:
    """Make room for one more key and return its sub-table's entry in the directory."""
    entry = subtable_of(directory, key)
    capacity = arena[entry + 1] >> 32
    keys = arena[entry + 1] & 0xFFFFFFFF
    if arena[entry] == 0:
        resize(arena, entry, FIRST_CAPACITY)
    elif (keys + 1) * 4 > capacity * 3:
        resize(arena, entry, capacity * 2)
    return entry


@njit(cache=True, nogil=True, error_model="numpy")
def node_of(arena: Any, directory: Int, meta: Int, words: Int, key: Int, position: Int) -> Int:
    """Return the record of a key, making an empty one when new; with `meta` 0 none is released."""
    record = find(arena, directory, key)
    if record != 0:
        return record
    entry = _room(arena, directory, key)
    capacity = arena[entry + 1] >> 32
    record = arena[meta + M_FREE] if meta != 0 else np.int64(0)
    if record != 0:
        arena[meta + M_FREE] = arena[record + N_KEY]
    else:
        record = allocate(arena, words)
    clear(arena, record, words)
    arena[record + N_KEY] = key
    if meta != 0:
        arena[record + N_NOW] = NEVER_US
        arena[record + N_BORN] = position
    slots = arena[entry]
    i = first_slot(key, capacity)
    while arena[slots + i] != 0:
        i = (i + 1) & (capacity - 1)
    arena[slots + i] = (record << TAG_BITS) | (key & ((1 << TAG_BITS) - 1))
    arena[entry + 1] += 1
    arena[KEY_COUNT] += 1
    return np.int64(record)


@njit(cache=True, nogil=True, error_model="numpy")
def sweep_stores(words: Any, store_table: Any) -> None:
    """Release the accounts of one sub-table a store that no window can see any more."""
    arena = pointer_to(words)
    stores = table_of(store_table, T_COLUMNS)
    position = arena[SWEEP_POSITION]
    arena[SWEEP_POSITION] = (position + 1) % SUBTABLES
    for store in range(store_table.shape[0]):
        entry = stores[store, T_DIRECTORY] + 2 * position
        slots = arena[entry]
        if slots == 0:
            continue
        meta = stores[store, T_META]
        oldest = arena[WATERMARK_US] - stores[store, T_RETENTION]
        capacity = arena[entry + 1] >> 32
        released = np.int64(0)
        for i in range(capacity):
            record = arena[slots + i] >> TAG_BITS
            if record != 0 and arena[record + N_NOW] < oldest:
                clear(arena, record, stores[store, T_RECORD_WORDS])
                arena[record + N_KEY] = arena[meta + M_FREE]
                arena[record + N_BORN] = UNBORN
                arena[meta + M_FREE] = record
                arena[slots + i] = 0
                released += 1
        if released > 0:
            arena[entry + 1] -= released
            arena[KEY_COUNT] -= released
            # Removing keys breaks probe chains, so the table is laid out anew.
            keys = arena[entry + 1] & 0xFFFFFFFF
            target = np.int64(FIRST_CAPACITY)
            while keys * 2 > target:
                target *= 2
            resize(arena, entry, target)


@njit(cache=True, nogil=True, error_model="numpy")
def note_spoken_of(words: Any, store_table: Any, list_hashes: Any, changed: Any, keys: Any) -> None:
    """Note of accounts that lists (`changed`, by hash) have said something of them."""
    arena = pointer_to(words)
    for store in range(store_table.shape[0]):
        for i in range(keys.shape[0]):
            for k in range(store_table[store, T_LIST_START], store_table[store, T_LIST_STOP]):
                if np.uint64(list_hashes[k]) == np.uint64(changed[i]):
                    record = find(arena, store_table[store, T_DIRECTORY], np.int64(keys[i]))
                    if record != 0:
                        arena[record + N_FLAGS] |= SPOKEN_OF
