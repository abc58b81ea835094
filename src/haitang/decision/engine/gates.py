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
    policies: Any, valid: Any, block_masks: Any, all_hits: Any, all_opened: Any,
) -> Int:  # fmt: skip
    """Write for each policy and model which events it can speak of, as far as the event tells, and
    list those that can speak of some; return how many these are.

    Gates of as many masks stand together: there is no guessing when one ends, and none is left
    early, which costs the processor less than finding out that it could be. What follows goes along
    the list only: most gates are shut, and which ones no processor guesses.
    """
    order = pointer_to(policies[5])
    gate_masks = pointer_to(policies[6])
    lengths = policies[7]
    masks = pointer_to(block_masks)
    hits = pointer_to(all_hits)
    opened = pointer_to(all_opened)
    gate = 0
    at = 0
    found = np.int64(0)
    for length in range(lengths.shape[0]):
        for _ in range(lengths[length]):
            events = valid
            for k in range(at, at + length):
                events &= masks[gate_masks[k]]
            p = order[gate]
            hits[p] = events
            opened[found] = p
            found += np.int64(events != np.uint64(0))
            gate += 1
            at += length
    return found


@njit(nogil=True, error_model="numpy", inline="always")
def want(demands: Any, gates: Any, all_opened: Any, count: Int, lanes: Any, wanted: Any) -> None:
    """Add per place of a stage which of some events ask for what is read there: those that the
    first `count` listed gates let through.
    """
    all_ranges, all_places = demands
    # Pointers, because an array's index might be negative.
    events = pointer_to(gates)
    opened = pointer_to(all_opened)
    ranges = table_of(all_ranges, 2)
    places = pointer_to(all_places)
    asked = pointer_to(wanted)
    for k in range(count):
        gate = opened[k]
        mask = events[gate] & lanes
        for i in range(ranges[gate, 0], ranges[gate, 1]):
            asked[places[i]] |= mask


@njit(nogil=True, error_model="numpy", inline="always")
def fill_needed(
    always: Any, needs: Any, later: Any, all_opened: Any, count: Int, all_needed: Any
) -> None:
    """Write as bits the instructions that the first `count` listed gates need, or every block, less
    those that the first stage ran.
    """
    words = needs.shape[1]
    own = pointer_to(needs)
    opened = pointer_to(all_opened)
    needed = pointer_to(all_needed)
    for word in range(words):
        needed[word] = always[0, word]
    for k in range(count):
        at = opened[k] * words
        for word in range(words):
            needed[word] |= own[at + word]
    for word in range(words):
        needed[word] &= later[0, word]


@njit(nogil=True, error_model="numpy", inline="always")
def match_policies(
    policies: Any, program: Any, mode: Int, count: Int, block_values: Any, block_masks: Any,
    all_hits: Any, all_opened: Any, opened_count: Int,
) -> Int:  # fmt: skip
    """Meet the events that passed the listed gates with the conditions that the first stage does
    not tell; list the policies that fire and return how many these are.
    """
    tests = table_of(policies[0], 4)
    ranges = table_of(policies[1], 2)
    first_stops = pointer_to(policies[8])
    rows = table_of(policies[2], POLICY_COLUMNS)
    constants = pointer_to(program[2])
    sets = pointer_to(program[3])
    values = table_of(block_values, ROW_STRIDE)
    masks = pointer_to(block_masks)
    hits = pointer_to(all_hits)
    opened = pointer_to(all_opened)
    policy_count = policies[1].shape[0]
    found = np.int64(0)
    for k in range(opened_count):
        p = opened[k]
        if p >= policy_count:
            # A model, of which its scores tell.
            continue
        if mode == LISTS_ONLY and rows[p, P_LISTS_ONLY] == 0:
            hits[p] = np.uint64(0)
            continue
        hits[p] = _meet(
            hits[p], tests, first_stops[p], ranges[p, 1], constants, sets, values, masks, count
        )
        opened[found] = p
        found += np.int64(hits[p] != np.uint64(0))
    return found


@njit(nogil=True, error_model="numpy", inline="always")
def meet_first(
    policies: Any, program: Any, lanes: Any, count: Int, block_values: Any, block_masks: Any,
    all_hits: Any, all_opened: Any, opened_count: Int,
) -> Int:  # fmt: skip
    """Meet some lanes with the conditions that the first stage tells; leave listed what is still
    open and return how many that are.
    """
    tests = table_of(policies[0], 4)
    ranges = table_of(policies[1], 2)
    first_stops = pointer_to(policies[8])
    constants = pointer_to(program[2])
    sets = pointer_to(program[3])
    values = table_of(block_values, ROW_STRIDE)
    masks = pointer_to(block_masks)
    hits = pointer_to(all_hits)
    opened = pointer_to(all_opened)
    policy_count = policies[1].shape[0]
    found = np.int64(0)
    for k in range(opened_count):
        p = opened[k]
        if p < policy_count:
            met = _meet(
                hits[p] & lanes, tests, ranges[p, 0], first_stops[p], constants, sets, values,
                masks, count,
            )  # fmt: skip
            hits[p] = (hits[p] & ~lanes) | met
        opened[found] = p
        found += np.int64(hits[p] != np.uint64(0))
    return found
