"""The conditions of policies over a block: which gates are open, what is therefore asked and
computed, and which events meet a policy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.columns import COPY, ROW_STRIDE, test_row
from haitang.decision.engine.modes import LISTS_ONLY
from haitang.kernel.pointers import Int, pointer_to, table_of

POLICY_COLUMNS = 6
"""Of a policy's row: live, party, score, action rank, further actions as bits, reads only lists
and the event.
"""
P_LISTS_ONLY = 5


@njit(nogil=True, error_model="numpy", inline="always")
def _meet(
    mask: Any, tests: Any, start: Int, stop: Int, constants: Any, sets: Any, values: Any,
    masks: Any, count: Int,
) -> Any:  # fmt: skip
    """Return which events of `mask` meet all conditions; left at the first that none meets."""
    for t in range(start, stop):
        if tests[t, 0] == COPY:
            mask &= masks[tests[t, 1]]
        else:
            mask &= test_row(
                tests[t, 0], tests[t, 1], tests[t, 2], tests[t, 3], constants, sets, values, count
            )
        if mask == np.uint64(0):
            break
    return mask


@njit(nogil=True, error_model="numpy", inline="always")
def open_gates(
    policies: Any, valid: Any, block_masks: Any, all_hits: Any,
) -> None:  # fmt: skip
    """Write for each policy and model which events it can speak of, as far as the event tells.

    Gates of as many masks stand together: there is no guessing when one ends, and none is left
    early, which costs the processor less than finding out that it could be.
    """
    order = pointer_to(policies[5])
    gate_masks = pointer_to(policies[6])
    lengths = policies[7]
    masks = pointer_to(block_masks)
    hits = pointer_to(all_hits)
    gate = 0
    at = 0
    for length in range(lengths.shape[0]):
        for _ in range(lengths[length]):
            events = valid
            for k in range(at, at + length):
                events &= masks[gate_masks[k]]
            hits[order[gate]] = events
            gate += 1
            at += length


@njit(nogil=True, error_model="numpy", inline="always")
def want(demands: Any, gates: Any, lanes: Any, wanted: Any) -> None:
    """Add per place of a stage which of some events ask for what is read there."""
    gated, all_ranges, all_places = demands
    # Pointers, because an array's index might be negative.
    events = pointer_to(gates)
    order = pointer_to(gated)
    ranges = table_of(all_ranges, 2)
    places = pointer_to(all_places)
    asked = pointer_to(wanted)
    for g in range(gated.shape[0]):
        mask = events[order[g]] & lanes
        if mask != np.uint64(0):
            for i in range(ranges[g, 0], ranges[g, 1]):
                asked[places[i]] |= mask


@njit(nogil=True, error_model="numpy", inline="always")
def fill_needed(always: Any, needs: Any, later: Any, gates: Any, all_needed: Any) -> None:
    """Write as bits the instructions that some open gate needs, or every block, less those that
    the first stage ran.
    """
    words = needs.shape[1]
    own = pointer_to(needs)
    events = pointer_to(gates)
    needed = pointer_to(all_needed)
    for word in range(words):
        needed[word] = always[0, word]
    for gate in range(needs.shape[0]):
        if events[gate] != np.uint64(0):
            for word in range(words):
                needed[word] |= own[gate * words + word]
    for word in range(words):
        needed[word] &= later[0, word]


@njit(nogil=True, error_model="numpy", inline="always")
def match_policies(
    policies: Any, program: Any, mode: Int, count: Int, block_values: Any, block_masks: Any,
    hits: Any,
) -> None:  # fmt: skip
    """Meet the events that passed each policy's gate with the conditions that the first stage does
    not tell.
    """
    tests = table_of(policies[0], 4)
    ranges = table_of(policies[1], 2)
    first_stops = pointer_to(policies[8])
    rows = table_of(policies[2], POLICY_COLUMNS)
    constants = pointer_to(program[2])
    sets = pointer_to(program[3])
    values = table_of(block_values, ROW_STRIDE)
    masks = pointer_to(block_masks)
    for p in range(policies[1].shape[0]):
        if hits[p] == np.uint64(0):
            continue
        if mode == LISTS_ONLY and rows[p, P_LISTS_ONLY] == 0:
            hits[p] = np.uint64(0)
            continue
        hits[p] = _meet(
            hits[p], tests, first_stops[p], ranges[p, 1], constants, sets, values, masks, count
        )


@njit(nogil=True, error_model="numpy", inline="always")
def meet_first(
    policies: Any, program: Any, lanes: Any, count: Int, block_values: Any, block_masks: Any,
    hits: Any,
) -> None:  # fmt: skip
    """Meet some lanes with the conditions that the first stage tells."""
    tests = table_of(policies[0], 4)
    ranges = table_of(policies[1], 2)
    first_stops = pointer_to(policies[8])
    constants = pointer_to(program[2])
    sets = pointer_to(program[3])
    values = table_of(block_values, ROW_STRIDE)
    masks = pointer_to(block_masks)
    for p in range(policies[1].shape[0]):
        here = hits[p] & lanes
        if here != np.uint64(0) and ranges[p, 0] != first_stops[p]:
            met = _meet(
                here, tests, ranges[p, 0], first_stops[p], constants, sets, values, masks, count
            )
            hits[p] = (hits[p] & ~lanes) | met
