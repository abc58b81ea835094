"""Text models for the tests of `decision/models`: written by hand, drawn at random, or trained on
the spot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_categorical, _default_left = 1, 2


def small_model(**replacements: str) -> str:
    """Return a model of two trees over three columns; `replacements` maps a line's name to its new
    value.

    The first line that starts with the name and `=` is replaced; an empty value takes the line out.
    """
    lines = _small.split("\n")
    for name, value in replacements.items():
        place = next(i for i, line in enumerate(lines) if line.startswith(f"{name}="))
        lines[place : place + 1] = [f"{name}={value}"] if value else []
    return "\n".join(lines)


def join_model(
    trees: Sequence[str],
    *,
    columns: int,
    objective: str = "binary sigmoid:1",
    average: bool = False,
) -> str:
    """Put a header and a footer around the texts of trees."""
    head = [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={columns - 1}",
        *([f"objective={objective}"] if objective else []),
        *(["average_output"] if average else []),
        "feature_names=" + " ".join(f"c{column}" for column in range(columns)),
        "feature_infos=" + " ".join(["none"] * columns),
        "tree_sizes=" + " ".join(str(len(tree) + 1) for tree in trees),
        "",
        "",
    ]
    return (
        "\n".join(head)
        + "\n".join(trees)
        + "\nend of trees\n\n\n\nparameters:\nend of parameters\n"
    )


def random_tree(
    number: int, generator: np.random.Generator, *, leaves: int, columns: int, values: Matrix
) -> str:
    """Draw a tree of any shape: every kind of missing value, both directions, sets of categories.

    Thresholds come from `values`.
    """
    left, right, parent = [0] * (leaves - 1), [0] * (leaves - 1), {0: (0, 0)}
    for node in range(leaves - 1):
        # As in training, a new node takes the place of a leaf; the leaf stays on its left.
        leaf = int(generator.integers(0, node + 1))
        if node:
            above, side = parent[leaf]
            (left if side == 0 else right)[above] = node
        left[node], right[node] = ~leaf, ~(node + 1)
        parent[leaf], parent[node + 1] = (node, 0), (node, 1)
    column = generator.integers(0, columns, leaves - 1)
    decision: list[int] = []
    threshold: list[str] = []
    sets: list[npt.NDArray[np.int64]] = []
    for _ in range(leaves - 1):
        bits = int(generator.integers(0, 3)) << 2 | int(generator.integers(0, 2)) * _default_left
        if generator.random() < 0.2:
            bits |= _categorical
            threshold.append(str(len(sets)))
            sets.append(generator.integers(0, 2**32, int(generator.integers(1, 4))))
        else:
            threshold.append(repr(float(generator.choice(values))))
        decision.append(bits)
    words = [str(word) for one in sets for word in one]
    boundaries = np.cumsum([0, *(len(one) for one in sets)])
    counts = _counts(left, right, leaves, generator)
    return "\n".join(
        [
            f"Tree={number}",
            f"num_leaves={leaves}",
            f"num_cat={len(sets)}",
            "split_feature=" + _join(column),
            "split_gain=" + _join([1] * (leaves - 1)),
            "threshold=" + " ".join(threshold),
            "decision_type=" + _join(decision),
            "left_child=" + _join(left),
            "right_child=" + _join(right),
            "leaf_value=" + " ".join(repr(float(v)) for v in generator.normal(size=leaves)),
            "leaf_weight=" + _join(counts[0]),
            "leaf_count=" + _join(counts[0]),
            "internal_value=" + _join([0] * (leaves - 1)),
            "internal_weight=" + _join(counts[1]),
            "internal_count=" + _join(counts[1]),
            *(
                ["cat_boundaries=" + _join(boundaries), "cat_threshold=" + " ".join(words)]
                if sets
                else []
            ),
            "is_linear=0",
            "shrinkage=0.1",
            "",
            "",
        ]
    )


def awkward_values() -> Matrix:
    """Return the numbers at which scorers go wrong."""
    zero_bound = float(np.float32(1e-35))
    edges = [
        0.0,
        zero_bound,
        5e-324,
        1e-40,
        1.0,
        2.5,
        31.0,
        32.0,
        95.0,
        2.0**31,
        1e300,
        float(np.pi),
    ]
    near = [np.nextafter(edge, side) for edge in edges for side in (-np.inf, np.inf)]
    single = [float(np.float32(edge)) for edge in (0.1, 16_777_217.0, 3.3e38)]
    positive = [*edges, *near, *single, np.inf]
    return np.array([*positive, *(-value for value in positive)], np.float64)


def train(rows: Matrix, labels: npt.NDArray[Any], rounds: int = 10, **parameters: Any) -> Any:
    """Train a LightGBM model on one thread."""
    import lightgbm

    settings = {"verbosity": -1, "num_threads": 1, "seed": 7, "min_data_in_leaf": 5, **parameters}
    categorical = settings.pop("categorical_feature", "auto")
    # With its columns named by number, a data set asks for nothing of pandas.
    data = lightgbm.Dataset(rows, labels, categorical_feature=categorical, params={"verbosity": -1})
    return lightgbm.train(settings, data, rounds)


def _join(values: Any) -> str:
    return " ".join(str(int(value)) for value in values)


def _counts(
    left: list[int], right: list[int], leaves: int, generator: np.random.Generator
) -> tuple[list[int], list[int]]:
    leaf = [int(count) for count in generator.integers(1, 100, leaves)]
    node = [0] * len(left)
    for place in reversed(range(len(left))):
        node[place] = sum(leaf[~c] if c < 0 else node[c] for c in (left[place], right[place]))
    return leaf, node


_small = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=amount payee_age channel
feature_infos=[0:1000] [0:90] 0:1:2
tree_sizes=300 200

Tree=0
num_leaves=3
num_cat=1
split_feature=0 2
split_gain=3 2
threshold=99.500000000000014 0
decision_type=10 1
left_child=1 -1
right_child=-2 -3
leaf_value=-0.25 0.5 0.125
leaf_weight=4 3 2
leaf_count=40 30 20
internal_value=0 0.1
internal_weight=9 6
internal_count=90 60
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=1


Tree=1
num_leaves=1
num_cat=0
split_feature=
threshold=
decision_type=
left_child=
right_child=
leaf_value=0.0625
is_linear=0
shrinkage=0.1


end of trees

feature_importances:
amount=1

parameters:
[boosting: gbdt]
end of parameters

pandas_categorical:null
"""
