"""The newest events by id in a ring with a hash table over it, compiled.

Entry `n` of the ring is the `n`-th event, modulo its size. The table holds entry numbers plus one,
0 where a slot is free; it is probed one slot after the other, and what is taken out closes its gap,
so that it never fills up with marks of what was there.
"""

# Numba's decorators carry no types.
# mypy: allow-untyped-decorators
from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

NEW = -1
"""What is told of an event that is new."""
REUSED = -2
"""An event whose id stood at position `p` with other content is told as `REUSED - p`."""


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _slot_of(table: Any, ids: Any, first: Any, second: Any) -> Any:
    """Return the slot of an id, or the free one where it would stand."""
    mask = np.uint64(table.shape[0] - 1)
    slot = first & mask
    while table[slot] != 0:
        entry = table[slot] - 1
        if ids[entry, 0] == first and ids[entry, 1] == second:
            break
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit(cache=True, nogil=True, error_model="numpy")
def _take_out(table: Any, ids: Any, entry: int) -> None:
    """Free the slot of an entry and close the gap."""
    mask = np.uint64(table.shape[0] - 1)
    gap = _slot_of(table, ids, ids[entry, 0], ids[entry, 1])
    slot = (gap + np.uint64(1)) & mask
    while table[slot] != 0:
        home = ids[table[slot] - 1, 0] & mask
        # Whoever has its home at or before the gap may move there.
        if ((slot - home) & mask) >= ((slot - gap) & mask):
            table[gap] = table[slot]
            gap = slot
        slot = (slot + np.uint64(1)) & mask
    table[gap] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def admit(
    table: Any, ids: Any, digests: Any, positions: Any, total: int,
    new_ids: Any, new_digests: Any, position: int, is_dense: bool, told: Any,
) -> int:  # fmt: skip
    """Enter what is new of some events, in their order, and tell of each what it is.

    `total` events were entered before; returns how many it are now. The first has `position`; where
    it `is_dense`, only new ones take one. Told is `NEW`, the position of the same event, or, for
    other content, `REUSED` less the position.
    """
    size = ids.shape[0]
    for i in range(new_ids.shape[0]):
        first, second = new_ids[i, 0], new_ids[i, 1]
        slot = _slot_of(table, ids, first, second)
        if table[slot] != 0:
            entry = table[slot] - 1
            same = digests[entry, 0] == new_digests[i, 0] and digests[entry, 1] == new_digests[i, 1]
            told[i] = positions[entry] if same else REUSED - positions[entry]
            position += 0 if is_dense else 1
            continue
        entry = total % size
        if total >= size:
            _take_out(table, ids, entry)
            slot = _slot_of(table, ids, first, second)
        ids[entry, 0], ids[entry, 1] = first, second
        digests[entry, 0], digests[entry, 1] = new_digests[i, 0], new_digests[i, 1]
        positions[entry] = position
        table[slot] = entry + 1
        told[i] = NEW
        total += 1
        position += 1
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def position_of(table: Any, ids: Any, positions: Any, first: Any, second: Any) -> int:
    """Return where an event stood, -1 when it is not remembered."""
    slot = _slot_of(table, ids, first, second)
    return positions[table[slot] - 1] if table[slot] != 0 else -1
