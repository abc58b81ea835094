"""One tree of a LightGBM text model: its fields read, and its shape checked."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from haitang.decision.models import tree_model as model
from haitang.decision.models._text_fields import (
    COUNT_MOST,
    Fields,
    reals,
    refuse_field,
    text_of,
    whole,
    wholes,
)
from haitang.kernel.errors import symbol

_WORD_MOST = 2**32 - 1
_SET_WORDS_MOST = model.MAX_CATEGORY // 32 + 1


class Tree(NamedTuple):
    """The lists of one tree; see `TreeModel` for their meaning."""

    shrinkage: float
    depth: int
    column: list[int]
    threshold: list[float]
    decision: list[int]
    category_set: list[int]
    left: list[int]
    right: list[int]
    node_count: list[int]
    leaf_value: list[float]
    leaf_count: list[int]
    sets: list[list[int]]


def read_tree(fields: Fields, column_count: int) -> Tree:
    """Return the tree of one section, or raise `ModelRefused`."""
    leaves = whole(fields, "num_leaves", 0, COUNT_MOST)
    if leaves > model.MAX_LEAVES:
        refuse_field(
            fields,
            "num_leaves",
            "model_too_large",
            f"{fields.title} had {leaves} leaves; at most {model.MAX_LEAVES} are allowed",
        )
    if leaves < 1:
        refuse_field(fields, "num_leaves", "model_inconsistent", f"{fields.title} had no leaf")
    if "is_linear" in fields.by_name and whole(fields, "is_linear", 0, 1):
        refuse_field(
            fields,
            "is_linear",
            "model_unsupported",
            f"{fields.title} has linear models in its leaves",
            hint="train with `linear_tree=false`",
        )
    value = reals(fields, "leaf_value", leaves)
    shrinkage = reals(fields, "shrinkage", 1)[0] if "shrinkage" in fields.by_name else 1.0
    if leaves == 1:
        return Tree(shrinkage, 0, [], [], [], [], [], [], [], value, [0], [])
    nodes = leaves - 1
    left = wholes(fields, "left_child", nodes, -leaves, nodes - 1)
    right = wholes(fields, "right_child", nodes, -leaves, nodes - 1)
    decision = wholes(fields, "decision_type", nodes, 0, 15)
    threshold = reals(fields, "threshold", nodes, infinite=True)
    sets = _sets(fields)
    category_set = _category_sets(fields, decision, threshold, len(sets))
    return Tree(
        shrinkage=shrinkage,
        depth=_depth(fields, left, right, leaves),
        column=wholes(fields, "split_feature", nodes, 0, column_count - 1),
        threshold=threshold,
        decision=decision,
        category_set=category_set,
        left=left,
        right=right,
        node_count=wholes(fields, "internal_count", nodes, 1, COUNT_MOST),
        leaf_value=value,
        leaf_count=wholes(fields, "leaf_count", leaves, 0, COUNT_MOST),
        sets=sets,
    )


def _sets(fields: Fields) -> list[list[int]]:
    """Return the words of each set of categories."""
    count = whole(fields, "num_cat", 0, model.MAX_LEAVES)
    if not count:
        return []
    most = count * _SET_WORDS_MOST
    boundaries = wholes(fields, "cat_boundaries", count + 1, 0, most)
    for position, (start, end) in enumerate(zip([-1, *boundaries], boundaries, strict=False)):
        if (position == 0 and end != 0) or end <= start or end - start > _SET_WORDS_MOST:
            refuse_field(
                fields,
                "cat_boundaries",
                "model_inconsistent",
                f"`cat_boundaries` was {end} after {start if position else 'nothing'}; expected 0"
                f" and then growth by 1 to {_SET_WORDS_MOST}",
                token=position,
            )
    words = wholes(fields, "cat_threshold", boundaries[-1], 0, _WORD_MOST)
    return [words[start:end] for start, end in pairwise(boundaries)]


def _category_sets(
    fields: Fields, decision: list[int], threshold: list[float], set_count: int
) -> list[int]:
    """Return each node's set, -1 for numerical splits; a threshold names the set."""
    chosen: list[int] = []
    for node, (bits, number) in enumerate(zip(decision, threshold, strict=True)):
        if bits >> model.MISSING_SHIFT > model.MISSING_NAN:
            refuse_field(
                fields,
                "decision_type",
                "model_field_invalid",
                f"`decision_type` was {bits}, whose kind of missing value is unknown",
                token=node,
            )
        if not bits & model.CATEGORICAL:
            chosen.append(-1)
            continue
        if not (0 <= number < set_count and number.is_integer()):
            refuse_field(
                fields,
                "threshold",
                "model_inconsistent",
                f"`threshold` of a categorical split was {symbol(number)}; expected a whole number"
                f" below `num_cat`, which is {set_count}",
                token=node,
            )
        chosen.append(int(number))
        threshold[node] = 0.0
    return chosen


def _depth(fields: Fields, left: list[int], right: list[int], leaves: int) -> int:
    """Return the depth; refuse what is not one tree with every node and leaf in it once."""
    deepest = 0
    seen_nodes = [False] * len(left)
    seen_leaves = [False] * leaves
    pending = [(0, 0)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        seen, place = (seen_nodes, node) if node >= 0 else (seen_leaves, ~node)
        if seen[place]:
            _refuse_child(fields, left, right, node)
        seen[place] = True
        if node >= 0:
            pending += [(right[node], depth + 1), (left[node], depth + 1)]
    # Every child came once; a node that none of them was is out of reach.
    if not (all(seen_nodes) and all(seen_leaves)):
        _refuse_child(fields, left, right, 0)
    if deepest > model.MAX_DEPTH:
        refuse_field(
            fields,
            "left_child",
            "model_too_large",
            f"{fields.title} was {deepest} splits deep; at most {model.MAX_DEPTH} are allowed",
        )
    return deepest


def _refuse_child(fields: Fields, left: list[int], right: list[int], child: int) -> None:
    """Point at the last place where the child stands."""
    kind, number = ("node", child) if child >= 0 else ("leaf", ~child)
    name, token = "left_child", 0
    for candidate, children in (("left_child", left), ("right_child", right)):
        for position, other in enumerate(children):
            if other == child:
                name, token = candidate, position
    text_of(fields, name)
    refuse_field(
        fields,
        name,
        "model_inconsistent",
        f"{kind} {number} of {fields.title} was reached twice or never;"
        " the children do not make a tree",
        token=token,
    )
