"""The engine's kernel: blocks of events through features, policies, models and the policy table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from haitang.data.features.arena import EVENT_COUNT, HIGH_WATER
from haitang.data.features.blocks import fold_homes, move_clocks, open_block
from haitang.data.features.columns import (
    LANES,
    ROW_STRIDE,
    first_lanes,
    lowest_bit,
    run_needed,
    run_program,
)
from haitang.decision.engine.filling import fill_inputs, fill_keys
from haitang.decision.engine.gates import (
    POLICY_COLUMNS,
    fill_needed,
    match_policies,
    meet_first,
    open_gates,
    want,
)
from haitang.decision.engine.modes import FAIL_POLICY, FULL
from haitang.decision.models.trees import answer_block, score_block
from haitang.kernel.pointers import Int, pointer_to, table_of

CERTAIN = 1000
HITS, NEEDED, OPENED = 5, 13, 14
"""Where among the scratch arrays."""


@njit(nogil=True, error_model="numpy", inline="always")
def _mark(words: Any, place: Int) -> None:
    """Set one bit."""
    words[place >> 6] |= np.uint64(1) << np.uint64(place & 63)


@njit(nogil=True, error_model="numpy", inline="always")
def _record_hits(
    policies: Any,
    first: Int,
    count: Int,
    block_values: Any,
    hits: Any,
    fired: Any,
    output: Any,
    used: Any,
    bases: Any,
    doubts: Any,
    ranks: Any,
    further: Any,
) -> None:
    """Write the block's hits event by event, with the values that each policy read.

    `fired` has a bit for each policy and model with a hit; `bases` are how many hits and values
    earlier calls of the same batch have found.
    """
    policy_count = policies[1].shape[0]
    rows = table_of(policies[2], POLICY_COLUMNS)
    read_ranges = table_of(policies[3], 2)
    read_rows = pointer_to(policies[4])
    values = table_of(block_values, ROW_STRIDE)
    hit_starts = pointer_to(output[0])
    hit_policies = pointer_to(output[1])
    value_starts = pointer_to(output[2])
    hit_values = pointer_to(output[3])
    policy_doubts = table_of(doubts, LANES)
    place = np.zeros(LANES + 1, dtype=np.int64)
    for word in range(fired.shape[0]):
        left = fired[word]
        while left != np.uint64(0):
            mask = hits[word * 64 + lowest_bit(left)]
            left &= left - np.uint64(1)
            while mask != np.uint64(0):
                place[lowest_bit(mask) + 1] += 1
                mask &= mask - np.uint64(1)
    place[0] = used[0]
    for j in range(count):
        hit_starts[first + j] = bases[0] + place[j]
        place[j + 1] += place[j]
    hit_starts[first + count] = bases[0] + place[count]
    used[0] = place[count]
    cursor = used[1]
    for word in range(fired.shape[0]):
        left = fired[word]
        while left != np.uint64(0):
            p = word * 64 + lowest_bit(left)
            left &= left - np.uint64(1)
            mask = hits[p]
            while mask != np.uint64(0):
                j = lowest_bit(mask)
                mask &= mask - np.uint64(1)
                h = place[j]
                place[j] = h + 1
                hit_policies[h] = p
                value_starts[h] = bases[1] + cursor
                for r in range(read_ranges[p, 0], read_ranges[p, 1]):
                    hit_values[cursor] = values[read_rows[r], j]
                    cursor += 1
                if p < policy_count and rows[p, 0] != 0:
                    policy_doubts[rows[p, 1], j] *= (CERTAIN - rows[p, 2]) / CERTAIN
                    ranks[j] = max(ranks[j], rows[p, 3])
                    further[j] |= rows[p, 4]
    used[1] = cursor


@njit(nogil=True, error_model="numpy", inline="always")
def _conclude(
    table: Any,
    first: Int,
    count: Int,
    masks: Any,
    doubts: Any,
    ranks: Any,
    further: Any,
    floor_tiers: Any,
    actions: Any,
    further_out: Any,
    tiers: Any,
    scores: Any,
) -> None:
    """Meet the tier of the higher party with the policy table; the strictest action wins."""
    rows, bounds = table
    for j in range(count):
        bit = np.uint64(j)
        tier = floor_tiers[j]
        for party in range(2):
            # A hair above, so that a product of exact thousandths is not rounded below itself.
            score = np.int64(CERTAIN - CERTAIN * doubts[party, j] + 1e-9)
            if doubts[party, j] > 0.0:
                # Many strong hits come within that hair of certainty and are not certain.
                score = min(score, np.int64(CERTAIN - 1))
            scores[party, first + j] = score
            for t in range(1, 4):
                if score >= bounds[t]:
                    tier = max(tier, t)
        rank = ranks[j]
        for r in range(rows.shape[0]):
            if (
                (rows[r, 0] >> tier) & 1
                and (rows[r, 1] < 0 or (masks[rows[r, 1]] >> bit) & np.uint64(1))
                and (rows[r, 2] < 0 or (masks[rows[r, 2]] >> bit) & np.uint64(1))
            ):
                rank = max(rank, rows[r, 3])
                further[j] |= rows[r, 4]
                break
        actions[first + j] = rank
        further_out[first + j] = further[j]
        tiers[first + j] = tier


@njit(nogil=True, error_model="numpy", inline="always")
def fold_stage(
    arena: Any,
    plan: Any,
    program: Any,
    policies: Any,
    inputs: Any,
    calendar: Any,
    lists: Any,
    batch: Any,
    scratch: Any,
    ask_all: bool,
    first: Int,
    count: Int,
) -> Int:
    """Bring one block from columns of events to the values of everything that is aggregated; return
    how many gates are left open.
    """
    tables, shares, key_parts, demands, stages = plan
    always, first_demands, rest_demands = demands
    event_code, constants, sets = program[0], program[2], program[3]
    instants, numbers, hashes, words = batch
    values, masks, keys, records, sketch, hits, _, _, _, _, _, wanted, work, _, opened, _ = scratch
    fill_inputs(inputs, calendar, lists, instants, numbers, hashes, words, first, count, values)
    run_program(event_code, constants, sets, values, masks, count)
    fill_keys(key_parts, hashes, first, count, keys, work[0])
    valid = first_lanes(count)
    open_count = open_gates(policies, valid, masks, hits, opened)
    if ask_all:
        wanted[:] = ~np.uint64(0)
    else:
        wanted[:] = always
        want(first_demands, hits, opened, open_count, valid, wanted)
    twins = open_block(arena, tables, count, keys, records, work)
    has_first = stages[2][0] > 0
    start = np.int64(0)
    while start < count:
        # Nearly always the whole block.
        stop = move_clocks(arena, tables, instants, first, start, count, records, work)
        lanes = valid & (~np.uint64(0) << np.uint64(start))
        if stop < count:
            lanes &= (np.uint64(1) << np.uint64(stop)) - np.uint64(1)
        for turn in range(0 if has_first else 1, 2):
            if turn == 1 and has_first and not ask_all:
                run_program(program[6], constants, sets, values, masks, count)
                open_count = meet_first(
                    policies, program, lanes, count, values, masks, hits, opened, open_count
                )
            if turn == 1 and not ask_all:
                want(rest_demands, hits, opened, open_count, lanes, wanted)
            fold_homes(
                arena, tables, shares, sketch, instants, hashes, first, stages, turn == 0, lanes,
                twins, records, values, masks, wanted, work,
            )  # fmt: skip
        start = stop
    arena[EVENT_COUNT] += count
    return open_count


@njit(nogil=True, error_model="numpy", inline="always")
def pass_stage(output: Any, hit_starts: Any, used: Any, bases: Any, first: Int, count: Int) -> None:
    """Let a block of events pass undecided: the caller puts the fail policy's actions in."""
    actions, further_out, tiers, scores, raw_scores, answers = output
    for j in range(first, first + count):
        actions[j] = 0
        further_out[j] = 0
        tiers[j] = 0
        scores[0, j] = 0
        scores[1, j] = 0
        hit_starts[j] = bases[0] + used[0]
        for m in range(raw_scores.shape[0]):
            raw_scores[m, j] = math.nan
            answers[m, j] = math.nan
    hit_starts[first + count] = bases[0] + used[0]


@njit(nogil=True, error_model="numpy", inline="always")
def decide_stage(
    mode: Int,
    program: Any,
    policies: Any,
    table: Any,
    model_rows: Any,
    models: Any,
    scratch: Any,
    output: Any,
    hit_output: Any,
    used: Any,
    bases: Any,
    first: Int,
    count: Int,
    open_count: Int,
) -> None:
    """Bring one block from feature values to decisions."""
    values, masks, _, _, _, hits, doubts, ranks, further, floor_tiers, block_scores = scratch[:11]
    opened, fired = scratch[14:]
    actions, further_out, tiers, scores, raw_scores, answers = output
    if mode == FULL:
        _score_models(models, values, first, count, block_scores, raw_scores, answers)
    valid = first_lanes(count)
    doubts[:, :count] = 1.0
    ranks[:count] = 0
    further[:count] = 0
    floor_tiers[:count] = 0
    policy_count = policies[1].shape[0]
    fired_count = match_policies(
        policies, program, mode, count, values, masks, hits, opened, open_count
    )
    fired[:] = 0
    for k in range(fired_count):
        _mark(fired, opened[k])
    # Where models are left out, they speak of no event.
    scored = valid if mode == FULL else np.uint64(0)
    _weigh_models(
        model_rows, masks, scored, first, count, raw_scores, answers, floor_tiers, hits, fired,
        policy_count,
    )  # fmt: skip
    _record_hits(
        policies, first, count, values, hits, fired, hit_output, used, bases, doubts, ranks, further
    )
    _conclude(
        table, first, count, masks, doubts, ranks, further, floor_tiers,
        actions, further_out, tiers, scores,
    )  # fmt: skip


@njit(nogil=True, error_model="numpy", inline="always")
def _score_models(
    models: Any,
    values: Any,
    first: Int,
    count: Int,
    block_scores: Any,
    raw_scores: Any,
    answers: Any,
) -> None:
    arrays, tree_scratch, input_ranges, input_rows = models
    for m in range(raw_scores.shape[0]):
        inputs = input_rows[input_ranges[m, 0] : input_ranges[m, 1]]
        score_block(arrays, m, values, inputs, count, block_scores, tree_scratch)
        for j in range(count):
            raw_scores[m, first + j] = block_scores[j]
        answer_block(arrays, m, block_scores, count, block_scores)
        for j in range(count):
            answers[m, first + j] = block_scores[j]


@njit(nogil=True, error_model="numpy", inline="always")
def _weigh_models(
    model_rows: Any,
    masks: Any,
    valid: Any,
    first: Int,
    count: Int,
    raw_scores: Any,
    answers: Any,
    floor_tiers: Any,
    hits: Any,
    fired: Any,
    policy_count: Int,
) -> None:
    """Turn the models' answers into tiers; an event that reaches a tier keeps the model's inputs,
    as a hit does its values.
    """
    rows, bounds = model_rows
    for m in range(rows.shape[0]):
        scored = valid if rows[m, 1] < 0 else valid & masks[rows[m, 1]]
        reached = np.uint64(0)
        for j in range(count):
            if (scored >> np.uint64(j)) & np.uint64(1) == np.uint64(0):
                # Its inputs may not have been read for such an event.
                raw_scores[m, first + j] = math.nan
                answers[m, first + j] = math.nan
                continue
            score = CERTAIN * answers[m, first + j]
            for t in range(1, 4):
                if score >= bounds[m, t]:
                    floor_tiers[j] = max(floor_tiers[j], t)
                    reached |= np.uint64(1) << np.uint64(j)
        hits[policy_count + m] = reached
        if reached != np.uint64(0):
            _mark(fired, policy_count + m)


@njit(nogil=True, error_model="numpy", inline="always")
def keep_values(feature_rows: Any, values: Any, kept: Any, first: Int, count: Int) -> None:
    """Copy all feature values of a block out of the scratch."""
    for i in range(feature_rows.shape[0]):
        for j in range(count):
            kept[i, first + j] = values[feature_rows[i], j]


@njit(cache=True, nogil=True, error_model="numpy")
def run_blocks(
    machine: Any,
    lists: Any,
    instants: Any,
    numbers: Any,
    hashes: Any,
    words: Any,
    actions: Any,
    further: Any,
    tiers: Any,
    scores: Any,
    raw_scores: Any,
    answers: Any,
    hit_starts: Any,
    kept: Any,
    mode: Int,
    first: Int,
    stop: Int,
    hits_before: Int,
    values_before: Int,
) -> Int:
    """Decide events `first` to `stop`, or to where the hit buffers may overflow or the state has
    reached its bound; return where it stopped.

    Arrays are arguments of their own because taking over a tuple of them costs twice as much.
    """
    program, inputs, calendar, policies, table, model_rows = machine.tables
    arena = machine.arena
    plan = machine.plan
    models = machine.models
    scratch = machine.scratch
    hit_policies, value_starts, hit_values, used, worst, feature_rows = machine.hits
    batch = (instants, numbers, hashes, words)
    output = (actions, further, tiers, scores, raw_scores, answers)
    hit_output = (hit_starts, hit_policies, value_starts, hit_values)
    bases = (hits_before, values_before)
    keeping = kept.shape[0] > 0
    used[0] = 0
    used[1] = 0
    while first < stop:
        count = min(LANES, stop - first)
        if used[0] + worst[0] > hit_policies.shape[0] or used[1] + worst[1] > hit_values.shape[0]:
            break
        if arena[HIGH_WATER] > worst[2]:
            break
        open_count = fold_stage(
            arena, plan, program, policies, inputs, calendar, lists, batch, scratch, keeping,
            first, count,
        )  # fmt: skip
        if keeping:
            run_program(program[1], program[2], program[3], scratch[0], scratch[1], count)
            open_count = meet_first(
                policies, program, ~np.uint64(0), count, scratch[0], scratch[1], scratch[HITS],
                scratch[OPENED], open_count,
            )  # fmt: skip
        elif mode != FAIL_POLICY:
            needed = scratch[NEEDED]
            fill_needed(program[4], program[5], program[7], scratch[OPENED], open_count, needed)
            run_needed(program[1], needed, program[2], program[3], scratch[0], scratch[1], count)
        if mode == FAIL_POLICY:
            pass_stage(output, hit_starts, used, bases, first, count)
        else:
            decide_stage(
                mode, program, policies, table, model_rows, models, scratch, output, hit_output,
                used, bases, first, count, open_count,
            )  # fmt: skip
        if keeping:
            keep_values(feature_rows, scratch[0], kept, first, count)
        first += count
    return first
