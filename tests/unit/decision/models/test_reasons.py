"""Contributions against LightGBM's `pred_contrib`, and against what they must add up to."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from haitang.decision.models import TreeEnsemble, TreeModel, explain_row, read_model
from tests.model_texts import join_model, small_model
from tests.unit.decision.models.test_trees import awkward_rows, trained

Matrix = npt.NDArray[np.float64]


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "missing",
        "zero_as_missing",
        "categories",
        "deep",
        "random_forest",
        "no_split_at_all",
        "leaves_beyond_a_byte",
        "thresholds_beyond_a_ladder",
    ],
)
def test_contributions_are_those_of_lightgbm(name: str) -> None:
    booster = trained(name)
    ensemble = TreeEnsemble(read_model(booster.model_to_string()))
    asked = awkward_rows(booster, 25)
    raw = ensemble.raw_scores(asked)
    for row, score, theirs in zip(
        asked, raw, booster.predict(asked, pred_contrib=True), strict=True
    ):
        ours = ensemble.contributions(row)
        assert np.abs(ours.weights - theirs[:-1]).max() <= 1e-9
        assert abs(ours.expected - theirs[-1]) <= 1e-9
        assert abs(ours.weights.sum() + ours.expected - score) <= 1e-9


def test_contributions_are_shapley_values_of_the_conditional_answer() -> None:
    model = read_model(small_model())
    row = np.array([10.0, 33.0, 1.0])
    by_order = np.zeros(3)
    orders = list(permutations(range(3)))
    for order in orders:
        for place, column in enumerate(order):
            before, after = set(order[:place]), set(order[: place + 1])
            by_order[column] += _conditional(model, row, after) - _conditional(model, row, before)
    ours = explain_row(model, row)
    assert np.abs(ours.weights - by_order / len(orders)).max() <= 1e-15
    assert abs(ours.expected - _conditional(model, row, set())) <= 1e-15


def test_column_that_no_split_reads_contributes_nothing() -> None:
    assert explain_row(read_model(small_model()), np.array([10.0, 33.0, 1.0])).weights[1] == 0.0


def test_branch_that_no_training_row_took_is_explained_too() -> None:
    model = read_model(small_model(leaf_count="60 30 0"))
    row = np.array([10.0, 0.0, 1.0])
    ours = explain_row(model, row)
    score = TreeEnsemble(model).raw_scores(row[None])[0]
    assert abs(ours.weights.sum() + ours.expected - score) <= 1e-15


def test_hundreds_of_splits_on_one_way_stay_exact() -> None:
    nodes = 300
    tree = "\n".join(
        [
            "Tree=0",
            f"num_leaves={nodes + 1}",
            "num_cat=0",
            "split_feature=" + " ".join(str(node % 150) for node in range(nodes)),
            "threshold=" + " ".join(str(node) for node in range(nodes)),
            "decision_type=" + " ".join(["0"] * nodes),
            "left_child=" + " ".join(str(~node) for node in range(nodes)),
            "right_child=" + " ".join([*(str(n + 1) for n in range(nodes - 1)), str(~nodes)]),
            "leaf_value=" + " ".join(str(leaf % 7 - 3) for leaf in range(nodes + 1)),
            "leaf_count=" + " ".join(["1"] * (nodes + 1)),
            "internal_count=" + " ".join(str(nodes + 1 - node) for node in range(nodes)),
            "",
        ]
    )
    model = read_model(join_model([tree], columns=150))
    row = np.full(150, 1e6)
    ours = explain_row(model, row)
    score: Any = TreeEnsemble(model).raw_scores(row[None])[0]
    assert abs(ours.weights.sum() + ours.expected - score) <= 1e-9


def _conditional(model: TreeModel, row: Matrix, known: set[int]) -> float:
    """Return the answer when only some columns are known: the others follow the training rows."""
    total = 0.0
    for tree in range(model.tree_count):
        nodes, leaves = int(model.node_start[tree]), int(model.leaf_start[tree])

        def value(node: int, nodes: int = nodes, leaves: int = leaves) -> float:
            if node < 0:
                return float(model.leaf_value[leaves + ~node])
            here = nodes + node
            left, right = int(model.left[here]), int(model.right[here])
            column = int(model.column[here])
            if column in known:
                if model.category_set[here] >= 0:
                    goes_left = bool(int(model.set_words[0]) >> int(row[column]) & 1)
                else:
                    goes_left = bool(row[column] <= model.threshold[here])
                return value(left if goes_left else right)
            counts = [
                int(
                    model.leaf_count[leaves + ~child]
                    if child < 0
                    else model.node_count[nodes + child]
                )
                for child in (left, right)
            ]
            return (counts[0] * value(left) + counts[1] * value(right)) / sum(counts)

        total += value(0 if model.leaf_start[tree + 1] - leaves > 1 else ~0)
    return total
