"""Scoring with tree ensembles: the same bits as LightGBM, for a block of 64 events or a single one.

`score_block` is called from Numba code (the engine's block kernel) and from Python. `TreeEnsemble`
is the `Scorer` around it. A model's raw score is the sum over its trees, in their order, in
float64: what `Booster.predict(raw_score=True)` gives, bit for bit. The answer is the same formula
as LightGBM's with the C library's `exp`, so it is the same bits where both run on one C library.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from haitang.decision.models import layout
from haitang.decision.models._lanes import (
    CHUNK,
    LANES,
    count_ranks,
    walk_block,
    walk_chunk,
)
from haitang.decision.models._membership import is_member, is_missing
from haitang.decision.models.layout import TreeArrays, TreeScratch
from haitang.decision.models.ports import FloatArray

SINGLE_EVENTS = 2
"""Up to this many events a block is walked event by event, which is then quicker."""

_OCTET = layout.OCTET


@njit(nogil=True, cache=True, error_model="numpy")
def score_block(
    arrays: TreeArrays,
    model: int,
    values: FloatArray,
    inputs: npt.NDArray[np.int64],
    count: int,
    raw: FloatArray,
    scratch: TreeScratch,
) -> None:
    """Write the raw scores of the first `count` events of a block into `raw`.

    `values` is `float64[rows, 64 or more]`, C order, one event per column, NaN missing; `inputs`
    names the row of each of the model's columns. Events do not influence each other, so that a
    score has the same bits in every block; columns from `count` on may hold anything. Nothing is
    checked and nothing allocated.
    """
    if count <= SINGLE_EVENTS:
        for event in range(count):
            raw[event] = _score_event(arrays, model, values, inputs, event, scratch)
        return
    _rank_ladders(arrays, model, values, inputs, count, scratch)
    _rank_sets(arrays, model, values, inputs, count, scratch)
    sums = scratch.sums
    for lane in range(LANES):
        sums[lane] = 0.0
    tree, end = arrays.models[model, layout.TREE_START], arrays.models[model, layout.TREE_END]
    while tree < end:
        run_end = tree + 1
        is_large = arrays.trees[tree, layout.IS_LARGE]
        while run_end < end and arrays.trees[run_end, layout.IS_LARGE] == is_large:
            run_end += 1
        if is_large:
            _add_large_trees(arrays, model, values, inputs, count, tree, run_end, scratch)
        else:
            _add_small_trees(arrays, tree, run_end, count, scratch)
        tree = run_end
    for event in range(count):
        raw[event] = sums[event]


@njit(nogil=True, cache=True, error_model="numpy")
def answer_block(
    arrays: TreeArrays, model: int, raw: FloatArray, count: int, answers: FloatArray
) -> None:
    """Turn raw scores into the model's answers: the mean where the model says so, then the link
    function.
    """
    link, trees = arrays.models[model, layout.LINK], arrays.models[model, layout.TREES]
    factor = arrays.factors[model]
    for event in range(count):
        score = raw[event]
        if trees != 1:
            score = score / trees
        if link == layout.LOGISTIC:
            score = 1.0 / (1.0 + math.exp(-factor * score))
        elif link == layout.SIGNED_SQUARE:
            sign = 1.0 if score > 0.0 else (-1.0 if score < 0.0 else 0.0)
            score = sign * score * score
        answers[event] = score


@njit(nogil=True, cache=True, error_model="numpy")
def _rank_ladders(
    arrays: TreeArrays,
    model: int,
    values: FloatArray,
    inputs: npt.NDArray[np.int64],
    count: int,
    scratch: TreeScratch,
) -> None:
    """Fill both rows of every ladder."""
    start = arrays.models[model, layout.LADDER_START]
    chunks = (count + CHUNK - 1) // CHUNK
    for ladder in range(start, arrays.models[model, layout.LADDER_END]):
        row = inputs[arrays.ladders[ladder, layout.LADDER_COLUMN]]
        missing = arrays.ladders[ladder, layout.LADDER_MISSING]
        first = arrays.ladders[ladder, layout.FIRST_THRESHOLD]
        end = arrays.ladders[ladder, layout.THRESHOLDS_END]
        at = 2 * (ladder - start) * LANES
        for chunk in range(chunks):
            count_ranks(
                values,
                row * values.shape[1] + chunk * CHUNK,
                arrays.thresholds,
                first,
                end,
                missing,
                scratch.ranks,
                at + chunk * CHUNK,
            )


@njit(nogil=True, cache=True, error_model="numpy")
def _rank_sets(
    arrays: TreeArrays,
    model: int,
    values: FloatArray,
    inputs: npt.NDArray[np.int64],
    count: int,
    scratch: TreeScratch,
) -> None:
    """Fill the row of every set of categories: members go left."""
    start = arrays.models[model, layout.SET_START]
    ladders = arrays.models[model, layout.LADDER_END] - arrays.models[model, layout.LADDER_START]
    for number in range(start, arrays.models[model, layout.SET_END]):
        row = inputs[arrays.sets[number, layout.SET_COLUMN]]
        first, end = arrays.sets[number, layout.FIRST_WORD], arrays.sets[number, layout.WORDS_END]
        at = (2 * ladders + number - start) * LANES
        for lane in range(count):
            member = is_member(arrays.words, first, end, values[row, lane])
            scratch.ranks[at + lane] = 0x80 if member else 0x7F


@njit(nogil=True, cache=True, error_model="numpy")
def _add_small_trees(
    arrays: TreeArrays, first: int, end: int, count: int, scratch: TreeScratch
) -> None:
    """Add the trees `first` to `end` to every lane's sum, eight at a time."""
    trees, nodes, leaf_values = arrays.trees, arrays.nodes, arrays.leaf_values
    ranks, leaves, sums = scratch.ranks, scratch.leaves, scratch.sums
    waiting = 0
    for tree in range(first, end):
        node, node_end = trees[tree, layout.NODE_START], trees[tree, layout.NODE_END]
        if count <= CHUNK:
            walk_chunk(ranks, np.int64(0), nodes, node, node_end, leaves, waiting * LANES)
        else:
            walk_block(ranks, np.int64(0), nodes, node, node_end, leaves, waiting * LANES)
        waiting += 1
        if waiting == _OCTET:
            _add_octet(trees, leaf_values, tree + 1, sums, leaves, count)
            waiting = 0
    for slot in range(waiting):
        start = trees[end - waiting + slot, layout.LEAF_START]
        for lane in range(count):
            sums[lane] += leaf_values[start + leaves[slot * LANES + lane]]


@njit(nogil=True, cache=True, error_model="numpy")
def _add_large_trees(
    arrays: TreeArrays,
    model: int,
    values: FloatArray,
    inputs: npt.NDArray[np.int64],
    count: int,
    first: int,
    end: int,
    scratch: TreeScratch,
) -> None:
    """Add the trees `first` to `end`, whose leaves no byte can number, event by event."""
    trees, links, thresholds = arrays.trees, arrays.entry_links, arrays.entry_thresholds
    for event in range(count):
        _fill_row_values(arrays, model, values, inputs, event, scratch.row_values)
        for tree in range(first, end):
            root = np.uint64(trees[tree, layout.ROOT])
            scratch.sums[event] += _walk(links, thresholds, root, scratch.row_values)


@njit(nogil=True, cache=True, error_model="numpy")
def _add_octet(
    trees: layout.Table,
    table: FloatArray,
    end: int,
    sums: FloatArray,
    leaves: npt.NDArray[np.uint8],
    count: int,
) -> None:
    """Add the leaves of the eight trees before `end` to each lane's sum, in their order.

    Unsigned indices spare the check for negative ones, eight trees at once spare seven loads and
    stores.
    """
    start0 = np.uint64(trees[end - 8, layout.LEAF_START])
    start1 = np.uint64(trees[end - 7, layout.LEAF_START])
    start2 = np.uint64(trees[end - 6, layout.LEAF_START])
    start3 = np.uint64(trees[end - 5, layout.LEAF_START])
    start4 = np.uint64(trees[end - 4, layout.LEAF_START])
    start5 = np.uint64(trees[end - 3, layout.LEAF_START])
    start6 = np.uint64(trees[end - 2, layout.LEAF_START])
    start7 = np.uint64(trees[end - 1, layout.LEAF_START])
    for lane in range(np.uint64(count)):
        total = sums[lane]
        total += table[start0 + leaves[lane]]
        total += table[start1 + leaves[lane + np.uint64(LANES)]]
        total += table[start2 + leaves[lane + np.uint64(2 * LANES)]]
        total += table[start3 + leaves[lane + np.uint64(3 * LANES)]]
        total += table[start4 + leaves[lane + np.uint64(4 * LANES)]]
        total += table[start5 + leaves[lane + np.uint64(5 * LANES)]]
        total += table[start6 + leaves[lane + np.uint64(6 * LANES)]]
        total += table[start7 + leaves[lane + np.uint64(7 * LANES)]]
        sums[lane] = total


@njit(nogil=True, cache=True, error_model="numpy")
def _fill_row_values(
    arrays: TreeArrays,
    model: int,
    values: FloatArray,
    inputs: npt.NDArray[np.int64],
    event: int,
    row_values: FloatArray,
) -> None:
    """Write what one event holds against the thresholds of each row; NaN, at most nothing, goes
    right.
    """
    ladders, sets, words = arrays.ladders, arrays.sets, arrays.words
    row_values[0] = -np.inf
    place = 1
    for ladder in range(
        arrays.models[model, layout.LADDER_START], arrays.models[model, layout.LADDER_END]
    ):
        value = values[inputs[ladders[ladder, layout.LADDER_COLUMN]], event]
        missing = is_missing(value, ladders[ladder, layout.LADDER_MISSING])
        known = 0.0 if np.isnan(value) else value
        row_values[place] = -np.inf if missing else known
        row_values[place + 1] = np.nan if missing else known
        place += 2
    for number in range(
        arrays.models[model, layout.SET_START], arrays.models[model, layout.SET_END]
    ):
        value = values[inputs[sets[number, layout.SET_COLUMN]], event]
        first, end = sets[number, layout.FIRST_WORD], sets[number, layout.WORDS_END]
        row_values[place] = -np.inf if is_member(words, first, end, value) else np.nan
        place += 1


@njit(nogil=True, cache=True, error_model="numpy")
def _score_event(
    arrays: TreeArrays,
    model: int,
    values: FloatArray,
    inputs: npt.NDArray[np.int64],
    event: int,
    scratch: TreeScratch,
) -> float:
    """Return the raw score of one event."""
    row_values = scratch.row_values
    _fill_row_values(arrays, model, values, inputs, event, row_values)
    trees, links, thresholds = arrays.trees, arrays.entry_links, arrays.entry_thresholds
    total = 0.0
    tree = arrays.models[model, layout.TREE_START]
    end = arrays.models[model, layout.TREE_END]
    while tree < end:
        depth = trees[tree, layout.OCTET_DEPTH]
        if depth:
            total = _add_octet_of_event(trees, links, thresholds, tree, depth, row_values, total)
            tree += _OCTET
        else:
            root = np.uint64(trees[tree, layout.ROOT])
            total += _walk(links, thresholds, root, row_values)
            tree += 1
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def _walk(
    links: layout.Table, thresholds: FloatArray, root: np.uint64, row_values: FloatArray
) -> float:
    """Send the event of the row values through one tree; return its leaf's value."""
    entry = root
    while True:
        following = _step(links, thresholds, entry, row_values)
        if following == entry:
            return float(thresholds[entry])
        entry = following


@njit(nogil=True, cache=True, error_model="numpy")
def _step(
    links: layout.Table, thresholds: FloatArray, entry: np.uint64, row_values: FloatArray
) -> np.uint64:
    """Return the next entry; a leaf leads to itself."""
    value = row_values[np.uint64(links[entry, np.uint64(0)])]
    left = np.uint64(links[entry, np.uint64(1)])
    return left + (np.uint64(0) if value <= thresholds[entry] else np.uint64(1))


@njit(nogil=True, cache=True, error_model="numpy")
def _add_octet_of_event(
    trees: layout.Table,
    links: layout.Table,
    thresholds: FloatArray,
    tree: int,
    depth: int,
    row_values: FloatArray,
    total: float,
) -> float:
    """Walk eight trees in step, so that the processor waits for eight loads at a time; add their
    leaves.
    """
    a = np.uint64(trees[tree, layout.ROOT])
    b = np.uint64(trees[tree + 1, layout.ROOT])
    c = np.uint64(trees[tree + 2, layout.ROOT])
    d = np.uint64(trees[tree + 3, layout.ROOT])
    e = np.uint64(trees[tree + 4, layout.ROOT])
    f = np.uint64(trees[tree + 5, layout.ROOT])
    g = np.uint64(trees[tree + 6, layout.ROOT])
    h = np.uint64(trees[tree + 7, layout.ROOT])
    for _ in range(depth):
        a = _step(links, thresholds, a, row_values)
        b = _step(links, thresholds, b, row_values)
        c = _step(links, thresholds, c, row_values)
        d = _step(links, thresholds, d, row_values)
        e = _step(links, thresholds, e, row_values)
        f = _step(links, thresholds, f, row_values)
        g = _step(links, thresholds, g, row_values)
        h = _step(links, thresholds, h, row_values)
    total = total + thresholds[a] + thresholds[b] + thresholds[c] + thresholds[d]
    total = total + thresholds[e] + thresholds[f] + thresholds[g] + thresholds[h]
    return float(total)
