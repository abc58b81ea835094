"""Why a model scored as it did: exact, path-dependent Shapley values of one row.

The values are those of TreeSHAP (S. M. Lundberg, G. Erion, S.-I. Lee, "Consistent individualized
feature attribution for tree ensembles", 2018): the background is the training rows that passed each
node, and they equal LightGBM's `pred_contrib` up to rounding. They are computed another way. The
weight of a set of *s* out of *n* known columns, s!(n-1-s)!/n!, is the integral of t^s·(1-t)^(n-1-s)
from 0 to 1; so a leaf adds to a column

    value · (one - zero) · ∫ Π over the other columns of (zero·(1-t) + one·t) dt

where `zero` is the share of training rows that go the leaf's way at the splits of a column, and
`one` says whether the row itself does. The integrand is a polynomial, which Gauss-Legendre points
integrate exactly, and sums over the leaves below a split are shared on the way up: the work is the
nodes times a few points.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from haitang.decision.models._membership import is_member, is_missing
from haitang.decision.models.ports import Contributions, FloatArray
from haitang.decision.models.tree_model import (
    CATEGORICAL,
    DEFAULT_LEFT,
    MISSING_SHIFT,
    ZERO_BOUND,
    TreeModel,
)

MAX_RULES = 64
"""Quadrature rules kept: one per depth of model in use."""

_COLUMN, _NODE, _STAGE, _BEFORE = range(4)
_ZERO, _ONE = range(2)
_FACTOR, _INVERSE, _PRODUCT, _SUM = range(4)
_POINT_STEP = 4

Places = npt.NDArray[np.int64]


class _Trees(NamedTuple):
    """The arrays of a `TreeModel` that are read here, under the same names."""

    leaf_start: Places
    node_start: Places
    column: npt.NDArray[np.int32]
    threshold: FloatArray
    decision: npt.NDArray[np.uint8]
    category_set: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    node_count: Places
    leaf_value: FloatArray
    leaf_count: Places
    set_start: Places
    set_words: npt.NDArray[np.uint32]


class _Work(NamedTuple):
    """One row per level of the way down a tree; level 0 is the root, which no split leads to."""

    places: Places
    """The column of the split that leads here, the node, how many of its children were visited, and
    the nearest level above that the same column leads to, or 0."""
    shares: FloatArray
    """`zero` and `one` of that column."""
    states: FloatArray
    """`[level, state, point]`: the factor `zero·(1-t) + one·t` and its inverse, the product of the
    factors of all columns on the way, and the sum over the leaves visited below of value times
    product."""
    points: FloatArray
    point_weights: FloatArray


@lru_cache(MAX_RULES)
def _quadrature(depth: int) -> tuple[FloatArray, FloatArray]:
    """Return points in (0, 1) and weights, a multiple of 4 of them, exact for degrees below
    `depth`.
    """
    count = -(-max(1, (depth + 1) // 2) // _POINT_STEP) * _POINT_STEP
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1.0) / 2.0, weights / 2.0


def explain_row(model: TreeModel, row: FloatArray) -> Contributions:
    """Return the contribution of each column to the raw score of `float64[columns]`, NaN
    missing.
    """
    assert row.shape == (len(model.columns),), "a row has one value per column of the model"
    trees = _Trees(*(getattr(model, name) for name in _Trees._fields))
    depth = int(model.depth.max())
    points, point_weights = _quadrature(depth)
    work = _Work(
        places=np.zeros((depth + 1, 4), np.int64),
        shares=np.zeros((depth + 1, 2), np.float64),
        # The factors of level 0 are 1, so that a column's first split needs no case of its own.
        states=np.ones((depth + 1, 4, len(points)), np.float64),
        points=points,
        point_weights=point_weights,
    )
    weights = np.zeros(len(row), np.float64)
    expected = _explain(trees, np.ascontiguousarray(row, np.float64), weights, work)
    return Contributions(weights=weights, expected=expected)


@njit(nogil=True, cache=True, error_model="numpy")
def _explain(trees: _Trees, row: FloatArray, weights: FloatArray, work: _Work) -> float:
    """Add every tree's contributions to `weights`; return the expected raw score."""
    expected = 0.0
    for tree in range(trees.leaf_start.shape[0] - 1):
        first, end = trees.leaf_start[tree], trees.leaf_start[tree + 1]
        if end - first == 1:
            expected += trees.leaf_value[first]
            continue
        rows = float(trees.node_count[trees.node_start[tree]])
        average = 0.0
        for leaf in range(first, end):
            average += (trees.leaf_count[leaf] / rows) * trees.leaf_value[leaf]
        expected += average
        _explain_tree(trees, tree, row, weights, work)
    return expected


@njit(nogil=True, cache=True, error_model="numpy")
def _explain_tree(
    trees: _Trees, tree: int, row: FloatArray, weights: FloatArray, work: _Work
) -> None:
    """Go down to every leaf of one tree, and add what was learnt on the way up."""
    places, shares, states = work.places, work.shares, work.states
    first_node, first_leaf = trees.node_start[tree], trees.leaf_start[tree]
    places[0, _NODE] = 0
    places[0, _STAGE] = 0
    states[0, _SUM] = 0.0
    level = 0
    while level >= 0:
        node = places[level, _NODE]
        if node >= 0 and places[level, _STAGE] < 2:
            places[level, _STAGE] += 1
            here = first_node + node
            column = trees.column[here]
            child = trees.left[here] if places[level, _STAGE] == 1 else trees.right[here]
            if child < 0:
                rows = trees.leaf_count[first_leaf + ~child]
            else:
                rows = trees.node_count[first_node + child]
            zero = rows / trees.node_count[here]
            if trees.decision[here] & CATEGORICAL:
                number = trees.category_set[here]
                first, end = trees.set_start[number], trees.set_start[number + 1]
                goes_left = is_member(trees.set_words, first, end, row[column])
            else:
                goes_left = _goes_left(trees.decision[here], trees.threshold[here], row[column])
            one = 1.0 if goes_left == (places[level, _STAGE] == 1) else 0.0
            before = level
            while before > 0 and places[before, _COLUMN] != column:
                before -= 1
            if before > 0:
                zero *= shares[before, _ZERO]
                one *= shares[before, _ONE]
            # What neither this row nor any other reaches adds nothing.
            if zero != 0.0 or one != 0.0:
                level += 1
                places[level, _COLUMN] = column
                places[level, _NODE] = child
                places[level, _STAGE] = 0
                places[level, _BEFORE] = before
                shares[level, _ZERO] = zero
                shares[level, _ONE] = one
                _extend(states, work.points, level, before, zero, one)
            continue
        if node < 0:
            value = trees.leaf_value[first_leaf + ~node]
            for point in range(states.shape[2]):
                states[level, _SUM, point] = value * states[level, _PRODUCT, point]
        if level:
            _add_contribution(places, shares, states, work.point_weights, level, weights)
        level -= 1


@njit(nogil=True, cache=True, error_model="numpy")
def _add_contribution(
    places: Places,
    shares: FloatArray,
    states: FloatArray,
    point_weights: FloatArray,
    level: int,
    weights: FloatArray,
) -> None:
    """Add what the column that leads to a level did for the leaves below; pass these on upwards."""
    before = places[level, _BEFORE]
    known = shares[level, _ONE] - shares[level, _ZERO]
    added = known * _integral(states, point_weights, level, level)
    if before > 0:
        # A split of the same column further up counts these leaves too, with what it knew of the
        # column; that is taken back.
        known = shares[before, _ONE] - shares[before, _ZERO]
        added -= known * _integral(states, point_weights, level, before)
    weights[places[level, _COLUMN]] += added
    for point in range(states.shape[2]):
        states[level - 1, _SUM, point] += states[level, _SUM, point]


@njit(nogil=True, cache=True, error_model="numpy")
def _extend(
    states: FloatArray, points: FloatArray, level: int, before: int, zero: float, one: float
) -> None:
    """Set the states of a level from those above; the column's factor replaces the one of
    `before`.
    """
    for point in range(points.shape[0]):
        at = points[point]
        factor = zero * (1.0 - at) + one * at
        states[level, _FACTOR, point] = factor
        states[level, _INVERSE, point] = 1.0 / factor
        product = states[level - 1, _PRODUCT, point] * states[before, _INVERSE, point]
        states[level, _PRODUCT, point] = product * factor
        states[level, _SUM, point] = 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def _integral(states: FloatArray, weights: FloatArray, level: int, without: int) -> float:
    """Integrate a level's sum without the factor of another level; four partial sums fill a
    register.
    """
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for point in range(0, weights.shape[0], _POINT_STEP):
        a += weights[point] * states[level, _SUM, point] * states[without, _INVERSE, point]
        b += (
            weights[point + 1]
            * states[level, _SUM, point + 1]
            * states[without, _INVERSE, point + 1]
        )
        c += (
            weights[point + 2]
            * states[level, _SUM, point + 2]
            * states[without, _INVERSE, point + 2]
        )
        d += (
            weights[point + 3]
            * states[level, _SUM, point + 3]
            * states[without, _INVERSE, point + 3]
        )
    return (a + b) + (c + d)


@njit(nogil=True, cache=True, error_model="numpy")
def _goes_left(decision: int, threshold: float, value: float) -> bool:
    """Decide one numerical split."""
    if is_missing(value, decision >> MISSING_SHIFT):
        return (decision & DEFAULT_LEFT) != 0
    # LightGBM takes what is tiny for zero; so it does NaN where nothing is missing.
    number = value if abs(value) > ZERO_BOUND else 0.0
    return bool(number <= threshold)
