"""Reading LightGBM text models (`Booster.save_model`, versions v3 and v4) into flat arrays.

The reader needs no LightGBM. What it accepts it understands completely: anything that would make
our answer differ from LightGBM's is refused with the line of the fault. See
`docs/reference/models.md` for the format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from haitang.decision.models import tree_model as bounds
from haitang.decision.models._text_fields import (
    Fields,
    Source,
    read_fields,
    refuse,
    refuse_field,
    text_of,
    whole,
)
from haitang.decision.models._tree_text import Tree, read_tree
from haitang.decision.models.tree_model import Link, TreeModel
from haitang.kernel.errors import symbol

VERSIONS = ("v3", "v4")
"""Versions of the text format that are read."""

IDENTITY_OBJECTIVES = ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "custom")
"""Objectives whose answer is the raw score (for `regression` unless it says `sqrt`)."""
LOGISTIC_OBJECTIVES = ("binary", "cross_entropy")
"""Objectives whose answer is a probability."""

_FIRST_LINE = "tree"
_LAST_TREE_LINE = "end of trees"
_SAVE_AGAIN = "save the model again with `booster.save_model(path)`"
Kind = TypeVar("Kind", bound=np.generic)

_DECIMAL = re.compile(r"(\d{1,15})(?:\.(\d{1,15}))?(?:e([+-]?\d{1,2}))?", re.IGNORECASE)


def read_model(text: str, *, path: str = "model.txt") -> TreeModel:
    """Return the model of a file's text; raise `ModelRefused` where it is not wholly understood.

    `path` only names the file in messages. Line ends may be LF or CRLF.
    """
    source = _open(text, path)
    first_tree = _first_tree(source)
    fields = read_fields(source, "the header", 1, first_tree)
    header = _read_header(fields)
    _refuse_pandas_categories(source)
    trees = _trees(source, fields, first_tree, len(header.columns))
    return _assemble(trees, header, path)


class _Header(NamedTuple):
    """What stands before the trees."""

    version: str
    columns: tuple[str, ...]
    objective: str
    link: Link
    sigmoid: float
    averaged: bool


def _read_header(fields: Fields) -> _Header:
    _check_version(fields)
    _check_single_output(fields)
    link, sigmoid = _link(fields)
    objective = fields.by_name.get("objective")
    return _Header(
        version=text_of(fields, "version"),
        columns=_columns(fields),
        objective=objective.value if objective else "",
        link=link,
        sigmoid=sigmoid,
        averaged="average_output" in fields.by_name,
    )


def _refuse_pandas_categories(source: Source) -> None:
    """Refuse a model whose category codes only the data frame of its training can tell."""
    for line in range(len(source.lines) - 1, -1, -1):
        name, _, value = source.lines[line].partition(":")
        if name == "pandas_categorical":
            if value.strip() not in ("null", "[]"):
                refuse(
                    source,
                    line,
                    "model_unsupported",
                    "the model was trained on pandas categories, whose codes it does not hold",
                    column=len(name) + 2,
                    hint="train on whole numbers and name the columns in `categorical_feature`",
                )
            return


def _open(text: str, path: str) -> Source:
    """Split into lines; refuse what is no text model, or ends too early."""
    if len(text) > bounds.MAX_CHARACTERS:
        refuse(
            Source(path, []),
            0,
            "model_too_large",
            f"the file had {len(text)} characters; at most {bounds.MAX_CHARACTERS} are allowed",
        )
    source = Source(path, [line.removesuffix("\r") for line in text.split("\n")])
    lines = source.lines
    if not text:
        refuse(source, 0, "model_not_lightgbm", "the model file was empty", hint=_SAVE_AGAIN)
    if lines[0] != _FIRST_LINE:
        refuse(
            source,
            0,
            "model_not_lightgbm",
            f"the first line was {symbol(lines[0])}; expected {symbol(_FIRST_LINE)},"
            " as in a LightGBM text model",
            hint=_SAVE_AGAIN + "; JSON dumps and pickles are not read",
        )
    last = max((line for line, content in enumerate(lines) if content), default=0)
    if _LAST_TREE_LINE not in lines:
        _refuse_cut(source, last, _LAST_TREE_LINE)
    if "parameters:" in lines and "end of parameters" not in lines:
        _refuse_cut(source, last, "end of parameters")
    return source


def _refuse_cut(source: Source, last: int, wanted: str) -> NoReturn:
    trees = [line for line in source.lines if line.startswith("Tree=")]
    place = f"tree {len(trees) - 1}" if trees else "the header"
    if wanted != _LAST_TREE_LINE:
        place = "the parameters"
    refuse(
        source,
        last,
        "model_cut_short",
        f"the file ended in {place}, before a line {symbol(wanted)}: it was cut short",
        hint="copy the whole file, or " + _SAVE_AGAIN,
    )


def _first_tree(source: Source) -> int:
    """Return the line of the first tree, or of the end of the trees."""
    for line, content in enumerate(source.lines):
        if content.startswith("Tree=") or content == _LAST_TREE_LINE:
            return line
    raise AssertionError("the end of the trees was looked for before")


def _check_version(header: Fields) -> None:
    version = text_of(header, "version")
    if version not in VERSIONS:
        known = " or ".join(map(symbol, VERSIONS))
        refuse_field(
            header,
            "version",
            "model_version",
            f"the model's version was {symbol(version)}; expected {known}",
            hint="save the model again with LightGBM 3 or 4",
        )


def _check_single_output(header: Fields) -> None:
    for name in ("num_class", "num_tree_per_iteration"):
        count = whole(header, name, 0, 2**31 - 1)
        if count != 1:
            refuse_field(
                header,
                name,
                "model_unsupported",
                f"{symbol(name)} was {count}; models of several classes are not scored",
                hint="train one binary model per class",
            )


def _columns(header: Fields) -> tuple[str, ...]:
    last = whole(header, "max_feature_idx", 0, 2**31 - 1)
    if last >= bounds.MAX_COLUMNS:
        refuse_field(
            header,
            "max_feature_idx",
            "model_too_large",
            f"the model had {last + 1} columns; at most {bounds.MAX_COLUMNS} are allowed",
        )
    names = tuple(text_of(header, "feature_names").split(" "))
    if len(names) != last + 1:
        refuse_field(
            header,
            "feature_names",
            "model_inconsistent",
            f"`feature_names` had {len(names)} names; `max_feature_idx` asks for {last + 1}",
        )
    return names


def _link(header: Fields) -> tuple[Link, float]:
    """Return how the answer follows from the raw score, and the factor of a logistic link."""
    if "objective" not in header.by_name:
        return "identity", 1.0
    name, *settings = text_of(header, "objective").split(" ")
    if name == "regression" and "sqrt" in settings:
        return "signed_square", 1.0
    if name in IDENTITY_OBJECTIVES:
        return "identity", 1.0
    if name not in LOGISTIC_OBJECTIVES:
        known = ", ".join(map(symbol, (*LOGISTIC_OBJECTIVES, *IDENTITY_OBJECTIVES)))
        refuse_field(
            header,
            "objective",
            "model_unsupported",
            f"the objective {symbol(name)} is not scored",
            hint=f"train with one of {known}",
        )
    sigmoid = 1.0
    for token, setting in enumerate(settings if name == "binary" else [], start=1):
        key, _, value = setting.partition(":")
        if key == "sigmoid":
            sigmoid = _decimal(value)
            if not 0 < sigmoid < np.inf:
                refuse_field(
                    header,
                    "objective",
                    "model_field_invalid",
                    f"`sigmoid` was {symbol(value)}; expected a number above 0",
                    token=token,
                )
    return "logistic", sigmoid


def _decimal(text: str) -> float:
    """Return a positive decimal as LightGBM's own conversion rounds it, NaN where it is none.

    LightGBM reads this one setting digit group by digit group, which may differ from the nearest
    double in the last bit. All other numbers of a model it reads exactly.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return float("nan")
    before, after, exponent = match.groups()
    number = float(before)
    if after:
        number += float(after) / 10.0 ** len(after)
    power = int(exponent or 0)
    if abs(power) > 22:
        return float("nan")
    scale = 10.0 ** abs(power)
    return number / scale if power < 0 else number * scale


def _trees(source: Source, header: Fields, first: int, column_count: int) -> list[Tree]:
    end = source.lines.index(_LAST_TREE_LINE)
    starts = [line for line in range(first, end) if source.lines[line].startswith("Tree=")]
    _check_tree_count(source, header, starts, first)
    trees: list[Tree] = []
    nodes = 0
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], end], strict=True)):
        name = source.lines[start].removeprefix("Tree=")
        if name != str(number):
            refuse(
                source,
                start,
                "model_inconsistent",
                f"tree {symbol(name)} stood where tree {number} was expected",
                column=6,
            )
        tree = read_tree(read_fields(source, f"tree {number}", start + 1, stop), column_count)
        nodes += len(tree.column)
        if nodes > bounds.MAX_NODES:
            refuse(
                source,
                start,
                "model_too_large",
                f"the model had more than {bounds.MAX_NODES} splits",
            )
        trees.append(tree)
    return trees


def _check_tree_count(source: Source, header: Fields, starts: list[int], first: int) -> None:
    if not starts:
        refuse(source, first, "model_inconsistent", "the model had no tree")
    if len(starts) > bounds.MAX_TREES:
        refuse(
            source,
            starts[bounds.MAX_TREES],
            "model_too_large",
            f"the model had {len(starts)} trees; at most {bounds.MAX_TREES} are allowed",
        )
    if "tree_sizes" in header.by_name:
        promised = len(text_of(header, "tree_sizes").split())
        if promised != len(starts):
            refuse_field(
                header,
                "tree_sizes",
                "model_inconsistent",
                f"`tree_sizes` speaks of {promised} trees; the file has {len(starts)}",
                hint=_SAVE_AGAIN,
            )


def _assemble(trees: list[Tree], header: _Header, path: str) -> TreeModel:
    sets_before = np.cumsum([0, *(len(tree.sets) for tree in trees)])
    category_set = [
        number + int(before) if number >= 0 else -1
        for tree, before in zip(trees, sets_before, strict=False)
        for number in tree.category_set
    ]
    sets = [words for tree in trees for words in tree.sets]
    return TreeModel(
        path=path,
        version=header.version,
        columns=header.columns,
        objective=header.objective,
        link=header.link,
        sigmoid=header.sigmoid,
        averaged=header.averaged,
        leaf_start=_starts(len(tree.leaf_value) for tree in trees),
        node_start=_starts(len(tree.column) for tree in trees),
        shrinkage=_frozen((tree.shrinkage for tree in trees), np.float64),
        depth=_frozen((tree.depth for tree in trees), np.int32),
        column=_frozen((one for tree in trees for one in tree.column), np.int32),
        threshold=_frozen((one for tree in trees for one in tree.threshold), np.float64),
        decision=_frozen((one for tree in trees for one in tree.decision), np.uint8),
        category_set=_frozen(category_set, np.int32),
        left=_frozen((one for tree in trees for one in tree.left), np.int32),
        right=_frozen((one for tree in trees for one in tree.right), np.int32),
        node_count=_frozen((one for tree in trees for one in tree.node_count), np.int64),
        leaf_value=_frozen((one for tree in trees for one in tree.leaf_value), np.float64),
        leaf_count=_frozen((one for tree in trees for one in tree.leaf_count), np.int64),
        set_start=_starts(map(len, sets)),
        set_words=_frozen((word for words in sets for word in words), np.uint32),
    )


def _starts(lengths: Iterable[int]) -> npt.NDArray[np.int64]:
    starts = np.cumsum([0, *lengths], dtype=np.int64)
    starts.flags.writeable = False
    return starts


def _frozen(values: Iterable[float], kind: type[Kind]) -> npt.NDArray[Kind]:
    array = np.array(list(values), dtype=kind)
    array.flags.writeable = False
    return array
