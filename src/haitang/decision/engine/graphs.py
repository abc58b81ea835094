"""The graph's kernel: blocks of events through conditions and keys into the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.columns import LANES, run_program
from haitang.data.graph.fold import fold_graph
from haitang.decision.engine.filling import fill_inputs
from haitang.kernel.pointers import Int, pointer_to, table_of


@njit(nogil=True, error_model="numpy", inline="always")
def _fill_slots(parts: Any, hashes: Any, first: Int, count: Int, keys: Any) -> None:
    """Write the block's keys: of each slot, the first field that is present."""
    slots = table_of(keys, LANES)
    texts = pointer_to(hashes)
    event_count = hashes.shape[1]
    for x in range(keys.shape[0]):
        for j in range(count):
            slots[x, j] = 0
    for i in range(parts.shape[0]):
        x = parts[i, 0]
        at = parts[i, 1] * event_count + first
        for j in range(count):
            key = slots[x, j]
            slots[x, j] = key if key != 0 else np.int64(texts[at + j])


@njit(cache=True, nogil=True, error_model="numpy")
def run_graphs(
    machine: Any,
    lists: Any,
    instants: Any,
    numbers: Any,
    hashes: Any,
    words: Any,
    columns: Any,
    reading: bool,
    first: Int,
    stop: Int,
) -> None:
    """Fold events `first` to `stop` into the graph and write their features into `columns`."""
    code, constants, sets, inputs, calendar = machine.tables
    tables, list_hashes, key_parts = machine.plan
    values, masks, keys, scratch = machine.scratch
    while first < stop:
        count = min(LANES, stop - first)
        fill_inputs(inputs, calendar, lists, instants, numbers, hashes, words, first, count, values)
        run_program(code, constants, sets, values, masks, count)
        _fill_slots(key_parts, hashes, first, count, keys)
        fold_graph(
            machine.arena, tables, list_hashes, scratch, masks, keys, lists, instants,
            numbers, columns, first, count, reading,
        )  # fmt: skip
        first += count
