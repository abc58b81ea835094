"""Models laid out for the kernel of `trees`: one set of flat arrays for any number of models.

A *ladder* is the sorted thresholds of one column and one kind of missing value, at most 254 of
them. It has two *rows*: 2·l, where a missing value goes left, and 2·l + 1, where it goes right. A
set of categories has one row, 2·ladders + s. Rows are counted per model. A block of events first
ranks every value on its ladders; from then on a split is a comparison of bytes. See
`docs/reference/models.md`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from haitang.decision.models import tree_model as bounds
from haitang.decision.models._lanes import LANES
from haitang.decision.models.ports import FloatArray
from haitang.decision.models.tree_model import TreeModel, WordArray

LADDER_THRESHOLDS = 254
"""Thresholds of a ladder at most: a rank is one byte, and 255 stands for missing."""
BYTE_LEAVES = 255
"""Leaves of a tree whose leaf numbers fit the lanes; larger trees are walked event by event."""
OCTET = 8
"""Trees that are walked or summed together."""

LADDER_START, LADDER_END, SET_START, SET_END, TREE_START, TREE_END, LINK, TREES = range(8)
"""Columns of `TreeArrays.models`."""
LADDER_COLUMN, LADDER_MISSING, FIRST_THRESHOLD, THRESHOLDS_END = range(4)
"""Columns of `TreeArrays.ladders`."""
SET_COLUMN, FIRST_WORD, WORDS_END = range(3)
"""Columns of `TreeArrays.sets`."""
NODE_START, NODE_END, LEAF_START, ROOT, IS_LARGE, OCTET_DEPTH = range(6)
"""Columns of `TreeArrays.trees`. `OCTET_DEPTH` is the depth of this tree and the next seven
together, 0 where they cannot be walked together."""
IDENTITY, LOGISTIC, SIGNED_SQUARE = range(3)
"""Values of `LINK`."""

_links = {"identity": IDENTITY, "logistic": LOGISTIC, "signed_square": SIGNED_SQUARE}
_OCTET_DEPTH_MOST = 64
_BELOW_ZERO = float(np.nextafter(-bounds.ZERO_BOUND, -np.inf))

Table = npt.NDArray[np.int64]


class TreeArrays(NamedTuple):
    """What the kernel reads. All arrays are C-contiguous and must stay as they are.

    `models`, `ladders`, `sets` and `trees` are tables of int64 whose columns are named above; the
    others hold what the tables point at.
    """

    models: Table
    factors: FloatArray
    """Per model: the sigmoid's factor."""
    ladders: Table
    thresholds: FloatArray
    sets: Table
    words: WordArray
    trees: Table
    nodes: WordArray
    """Four words per node of a small tree: see `_lanes.walk_block`."""
    leaf_values: FloatArray
    entry_thresholds: FloatArray
    """The trees once more, for single events. A leaf is an entry that leads to itself; its
    threshold is its value, its row 0, which holds minus infinity."""
    entry_links: Table
    """Per entry: the row (plus 1), and the entry to the left; the entry to the right is the next
    one."""


class TreeScratch(NamedTuple):
    """Working memory of the kernel: one per thread, contents never matter."""

    ranks: npt.NDArray[np.uint8]
    """64 bytes per row of the largest model, aligned to 64 bytes."""
    leaves: npt.NDArray[np.uint8]
    sums: FloatArray
    row_values: FloatArray


def make_scratch(arrays: TreeArrays) -> TreeScratch:
    """Allocate the working memory for any of the models."""
    rows = max((_row_count(model) for model in arrays.models), default=0)
    return TreeScratch(
        ranks=_aligned(rows * LANES),
        leaves=_aligned(OCTET * LANES),
        sums=_aligned(8 * LANES).view(np.float64),
        row_values=_aligned(8 * (rows + 1)).view(np.float64),
    )


def _row_count(model: Table) -> int:
    ladders = model[LADDER_END] - model[LADDER_START]
    return int(2 * ladders + model[SET_END] - model[SET_START])


def _aligned(length: int) -> npt.NDArray[np.uint8]:
    """Allocate bytes at a multiple of 64; NumPy promises only 16, which is measurably slower."""
    block = np.zeros(length + LANES, np.uint8)
    start = -block.ctypes.data % LANES
    return block[start : start + length]


def lay_out(models: Sequence[TreeModel]) -> TreeArrays:
    """Prepare models for `trees.score_block`; a model is then named by its position."""
    building = _Building([], [], [], [], [], [], [], [], [], [], [])
    for model in models:
        _add_model(building, model)
    return TreeArrays(
        models=_table(building.models, 8),
        factors=np.array(building.factors, np.float64),
        ladders=_table(building.ladders, 4),
        thresholds=np.array(building.thresholds, np.float64),
        sets=_table(building.sets, 3),
        words=np.array(building.words, np.uint32),
        trees=_table(building.trees, 6),
        nodes=np.array(building.nodes, np.uint32),
        leaf_values=np.array(building.leaf_values, np.float64),
        entry_thresholds=np.array(building.entry_thresholds, np.float64),
        entry_links=_table(building.entry_links, 2),
    )


def _table(rows: list[tuple[int, ...]], columns: int) -> Table:
    return np.array(rows, np.int64).reshape(-1, columns)


class _Building(NamedTuple):
    """`TreeArrays` while it grows."""

    models: list[tuple[int, ...]]
    factors: list[float]
    ladders: list[tuple[int, ...]]
    thresholds: list[float]
    sets: list[tuple[int, ...]]
    words: list[int]
    trees: list[tuple[int, ...]]
    nodes: list[int]
    leaf_values: list[float]
    entry_thresholds: list[float]
    entry_links: list[tuple[int, ...]]


class _Split(NamedTuple):
    """A node as the kernel sees it: the row it reads, and where on the row left ends."""

    row: int
    threshold: float
    byte: int
    """Rank plus 1, less 128 and taken modulo 256: an event goes left where its rank is below
    this."""


def _add_model(building: _Building, model: TreeModel) -> None:
    ladder_start, set_start = len(building.ladders), len(building.sets)
    tree_start = len(building.trees)
    splits = _add_splits(building, model)
    columns = (model.left.tolist(), model.right.tolist(), model.leaf_value.tolist())
    for tree in range(model.tree_count):
        _add_tree(building, model, tree, splits, columns)
    _join_octets(building.trees, model.depth.tolist(), tree_start)
    building.factors.append(model.sigmoid)
    building.models.append(
        (
            ladder_start,
            len(building.ladders),
            set_start,
            len(building.sets),
            tree_start,
            len(building.trees),
            _links[model.link],
            model.tree_count if model.averaged else 1,
        )
    )


def _add_splits(building: _Building, model: TreeModel) -> list[_Split]:
    """Add the ladders and sets of a model, and return its nodes in terms of them."""
    decisions = model.decision.tolist()
    keys = [
        (column, bits >> bounds.MISSING_SHIFT)
        for column, bits in zip(model.column.tolist(), decisions, strict=True)
    ]
    thresholds = [
        _without_tiny(threshold, missing)
        for threshold, (_, missing) in zip(model.threshold.tolist(), keys, strict=True)
    ]
    category_sets = model.category_set.tolist()
    steps: dict[tuple[int, int], set[float]] = {}
    for key, threshold, category_set in zip(keys, thresholds, category_sets, strict=True):
        if category_set < 0:
            steps.setdefault(key, set()).add(threshold)
    sorted_steps = {key: sorted(steps[key]) for key in sorted(steps)}
    first_ladder = _add_ladders(building, sorted_steps)
    ladder_count = sum(-(-len(rungs) // LADDER_THRESHOLDS) for rungs in sorted_steps.values())
    set_rows = _add_sets(building, model, 2 * ladder_count)
    splits: list[_Split] = []
    for node, (key, threshold) in enumerate(zip(keys, thresholds, strict=True)):
        if category_sets[node] >= 0:
            splits.append(_Split(set_rows[key[0], category_sets[node]], 0.0, 0))
            continue
        ladder, rung = divmod(bisect_left(sorted_steps[key], threshold), LADDER_THRESHOLDS)
        goes_right = key[1] != bounds.MISSING_NONE and not decisions[node] & bounds.DEFAULT_LEFT
        row = 2 * (first_ladder[key] + ladder) + goes_right
        splits.append(_Split(row, threshold, (rung + 1 - 128) % 256))
    return splits


def _without_tiny(threshold: float, missing: int) -> float:
    """Move a threshold out of the values that LightGBM takes for zero, so that none of them need be
    rounded.

    Where zero is missing they never meet a threshold.
    """
    if missing == bounds.MISSING_ZERO or not abs(threshold) <= bounds.ZERO_BOUND:
        return threshold
    return bounds.ZERO_BOUND if threshold >= 0.0 else _BELOW_ZERO


def _add_ladders(
    building: _Building, steps: dict[tuple[int, int], list[float]]
) -> dict[tuple[int, int], int]:
    """Add ladders; return the first one of each column and kind, counted per model."""
    first: dict[tuple[int, int], int] = {}
    count = 0
    for (column, missing), rungs in steps.items():
        first[column, missing] = count
        for start in range(0, len(rungs), LADDER_THRESHOLDS):
            part = rungs[start : start + LADDER_THRESHOLDS]
            at = len(building.thresholds)
            building.thresholds.extend(part)
            building.ladders.append((column, missing, at, at + len(part)))
            count += 1
    return first


def _add_sets(building: _Building, model: TreeModel, first_row: int) -> dict[tuple[int, int], int]:
    """Add one row per column and different set of categories; return the row of each (column,
    set).
    """
    rows: dict[tuple[int, int], int] = {}
    known: dict[tuple[int, tuple[int, ...]], int] = {}
    for node in np.flatnonzero(model.category_set >= 0).tolist():
        column, number = int(model.column[node]), int(model.category_set[node])
        words = tuple(
            model.set_words[model.set_start[number] : model.set_start[number + 1]].tolist()
        )
        row = known.get((column, words))
        if row is None:
            row = known[column, words] = first_row + len(known)
            at = len(building.words)
            building.words.extend(words)
            building.sets.append((column, at, at + len(words)))
        rows[column, number] = row
    return rows


def _add_tree(
    building: _Building,
    model: TreeModel,
    tree: int,
    splits: list[_Split],
    columns: tuple[list[int], list[int], list[float]],
) -> None:
    """Add one tree in both forms."""
    lefts, rights, values = columns
    first_node, first_leaf = int(model.node_start[tree]), int(model.leaf_start[tree])
    leaf_count = int(model.leaf_start[tree + 1]) - first_leaf
    leaf_start, node_start = len(building.leaf_values), len(building.nodes) // 4
    root = len(building.entry_links)
    is_large = leaf_count > BYTE_LEAVES
    names = _leftmost_leaves(lefts, rights, first_node, leaf_count)
    leaves = [0.0] * leaf_count
    entries: list[tuple[float, int, int]] = [(0.0, 0, 0)]
    pending = [(0 if leaf_count > 1 else ~0, 0)]
    while pending:
        node, entry = pending.pop()
        if node < 0:
            value = values[first_leaf + ~node]
            leaves[names[node]] = value
            entries[entry] = (value, 0, root + entry)
            continue
        split = splits[first_node + node]
        left, right = lefts[first_node + node], rights[first_node + node]
        entries[entry] = (split.threshold, split.row + 1, root + len(entries))
        pending += [(right, len(entries) + 1), (left, len(entries))]
        entries += [(0.0, 0, 0), (0.0, 0, 0)]
        if not is_large:
            building.nodes.append(split.row * LANES)
            building.nodes.extend(
                byte * 0x01010101 for byte in (split.byte, names[left], names[right])
            )
    building.leaf_values.extend(leaves)
    building.entry_thresholds.extend(threshold for threshold, _, _ in entries)
    building.entry_links.extend((row, left) for _, row, left in entries)
    node_end = len(building.nodes) // 4
    building.trees.append((node_start, node_end, leaf_start, root, int(is_large), 0))


def _leftmost_leaves(
    lefts: list[int], rights: list[int], first_node: int, leaf_count: int
) -> dict[int, int]:
    """Return for each node and leaf the number, counted from the left, of the leftmost leaf below
    it.
    """
    if leaf_count == 1:
        return {~0: 0}
    names: dict[int, int] = {}
    pending = [0]
    count = 0
    while pending:
        node = pending.pop()
        names[node] = count
        if node < 0:
            count += 1
        else:
            pending += [rights[first_node + node], lefts[first_node + node]]
    return names


def _join_octets(trees: list[tuple[int, ...]], depth: list[int], start: int) -> None:
    """Note where eight small trees in a row can be walked together."""
    for tree in range(0, len(depth) - OCTET + 1, OCTET):
        deepest = max(1, *depth[tree : tree + OCTET])
        large = any(trees[start + tree + other][IS_LARGE] for other in range(OCTET))
        if not large and deepest <= _OCTET_DEPTH_MOST:
            trees[start + tree] = (*trees[start + tree][:OCTET_DEPTH], deepest)
