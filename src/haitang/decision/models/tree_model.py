"""A trained tree ensemble as its file says it: flat arrays, checked, and nothing prepared for speed
yet.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.decision.models.ports import FloatArray

MAX_CHARACTERS = 256 * 1024 * 1024
"""Length of a model file at most."""
MAX_TREES = 20_000
"""Trees in one model at most."""
MAX_LEAVES = 65_536
"""Leaves in one tree at most."""
MAX_NODES = 4_000_000
"""Splits in one model at most."""
MAX_COLUMNS = 16_384
"""Columns (inputs) of one model at most."""
MAX_DEPTH = 512
"""Splits on the way to one leaf at most."""
MAX_CATEGORY = 16_777_215
"""Largest category that a split may name."""

CATEGORICAL = 1
"""Bit of `TreeModel.decision`: the split asks for membership in a set of categories."""
DEFAULT_LEFT = 2
"""Bit of `TreeModel.decision`: a missing value goes left."""
MISSING_SHIFT = 2
"""`decision >> MISSING_SHIFT` is the kind of missing value."""

MISSING_NONE = 0
"""Nothing is missing: NaN counts as zero."""
MISSING_ZERO = 1
"""Zero (up to `ZERO_BOUND`) and NaN are missing."""
MISSING_NAN = 2
"""NaN is missing."""

ZERO_BOUND = float(np.float32(1e-35))
"""LightGBM takes a value of at most this magnitude for zero, everywhere."""

Link = Literal["identity", "logistic", "signed_square"]
"""From raw score to answer: `x`, `1 / (1 + exp(-sigmoid · x))`, or `sign(x) · x²`."""

IntArray = npt.NDArray[np.int64]
SmallArray = npt.NDArray[np.int32]
ByteArray = npt.NDArray[np.uint8]
WordArray = npt.NDArray[np.uint32]


class TreeModel(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One model file. All arrays are read-only; `nodes` are splits, numbered as in the file.

    Tree *t* has the leaves `leaf_start[t]` to `leaf_start[t + 1]` and the nodes `node_start[t]` to
    `node_start[t + 1]` (one less; none for a tree of a single leaf). Children are counted inside
    their tree: from 0 for nodes, `~leaf` for leaves. A row goes left where its value is at most
    `threshold`, or, for a categorical split, where it is in the set.
    """

    path: str
    version: str
    """`v3` or `v4`."""
    columns: tuple[str, ...]
    """Names of the inputs in the model's order."""
    objective: str
    """As the file says it; empty for an objective of the trainer's own."""
    link: Link
    sigmoid: float
    """Factor inside a logistic link, else 1."""
    averaged: bool
    """The answer is the mean over trees (random forest); the raw score is the sum all the same."""
    leaf_start: IntArray
    node_start: IntArray
    shrinkage: FloatArray
    """Per tree, already contained in its leaf values."""
    depth: SmallArray
    """Splits on the longest way to a leaf, per tree."""
    column: SmallArray
    threshold: FloatArray
    """Per node; 0 for a categorical split."""
    decision: ByteArray
    category_set: SmallArray
    """Index of a node's set of categories; -1 for a numerical split."""
    left: SmallArray
    right: SmallArray
    node_count: IntArray
    """Training rows that passed the node."""
    leaf_value: FloatArray
    leaf_count: IntArray
    set_start: IntArray
    """Set *s* is the bits of the words `set_start[s]` to `set_start[s + 1]`."""
    set_words: WordArray

    @property
    def tree_count(self) -> int:
        """The number of trees."""
        return len(self.leaf_start) - 1
