"""The tree scorer against LightGBM, on models that LightGBM trained: the same bits, in blocks of
any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from haitang.decision.models import (
    TreeEnsemble,
    lay_out,
    layout,
    make_scratch,
    read_model,
    score_block,
)
from tests.model_texts import awkward_values, small_model, train

Matrix = npt.NDArray[np.float64]
Generator = np.random.Generator


class Case(NamedTuple):
    """How the rows of training look, and how to train."""

    rows: Callable[[Generator], Matrix]
    parameters: dict[str, Any]


def _plain(generator: Generator) -> Matrix:
    return generator.normal(size=(600, 5))


def _counts_and_money(generator: Generator) -> Matrix:
    return np.column_stack(
        [generator.poisson(3, (600, 2)), np.round(np.exp(generator.normal(12, 3, (600, 2))))]
    ).astype(np.float64)


def _missing(generator: Generator) -> Matrix:
    rows = _plain(generator)
    rows[generator.random(rows.shape) < 0.3] = np.nan
    rows[:, 4] = np.where(generator.random(600) < 0.5, np.nan, 1.0)
    return rows


def _zeros(generator: Generator) -> Matrix:
    rows = _missing(generator)
    rows[generator.random(rows.shape) < 0.3] = 0.0
    return rows


def _categories(generator: Generator) -> Matrix:
    rows = _plain(generator)
    rows[:, 0] = generator.integers(0, 6, 600)
    rows[:, 1] = generator.integers(0, 200, 600)
    rows[::9, 1] = np.nan
    return rows


def _constants(generator: Generator) -> Matrix:
    rows = _plain(generator)
    rows[:, [1, 3]] = [7.0, np.nan]
    return rows


def _single_precision(generator: Generator) -> Matrix:
    rows = generator.integers(2**24 - 20, 2**24 + 20, (600, 3)).astype(np.float32)
    return np.column_stack([rows, generator.random((600, 2), np.float32)]).astype(np.float64)


def _tiny(generator: Generator) -> Matrix:
    return generator.choice([0.0, 1e-40, -1e-40, 2e-35, -2e-35, 5e-324, 1e-30], (600, 5))


def _skewed(generator: Generator) -> Matrix:
    return np.exp(np.exp(generator.normal(0, 1, (600, 5))))


def _huge(generator: Generator) -> Matrix:
    return generator.choice([1e300, -1e300, 1e308, -1e308, 0.0, 1.0], (600, 5))


CASES = {
    "plain": Case(_plain, {}),
    "counts_and_money": Case(_counts_and_money, {}),
    "missing": Case(_missing, {}),
    "missing_not_used": Case(_missing, {"use_missing": False}),
    "zero_as_missing": Case(_zeros, {"zero_as_missing": True}),
    "categories": Case(
        _categories, {"categorical_feature": [0, 1], "min_data_per_group": 5, "cat_smooth": 1.0}
    ),
    "one_category_against_the_rest": Case(
        _categories, {"categorical_feature": [0, 1], "max_cat_to_onehot": 300}
    ),
    "constant_columns": Case(_constants, {}),
    "stumps": Case(_plain, {"num_leaves": 2}),
    "no_split_at_all": Case(_plain, {"min_data_in_leaf": 500}),
    "hundred_leaves": Case(_plain, {"num_leaves": 100, "min_data_in_leaf": 1}),
    "leaves_beyond_a_byte": Case(
        lambda generator: generator.normal(size=(2000, 5)),
        {"num_leaves": 400, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0},
    ),
    "thresholds_beyond_a_ladder": Case(
        lambda generator: generator.normal(size=(2000, 1)),
        {"num_leaves": 200, "min_data_in_leaf": 1, "max_bin": 2000, "min_data_in_bin": 1},
    ),
    "deep": Case(
        _skewed,
        {"num_leaves": 120, "min_data_in_leaf": 1, "extra_trees": True, "path_smooth": 0.1},
    ),
    "bagging": Case(
        _missing, {"bagging_fraction": 0.5, "bagging_freq": 1, "feature_fraction": 0.6}
    ),
    "random_forest": Case(_plain, {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1}),
    "dart": Case(_plain, {"boosting": "dart"}),
    "single_precision": Case(_single_precision, {}),
    "tiny": Case(_tiny, {"min_data_in_bin": 1}),
    "huge": Case(_huge, {"min_data_in_bin": 1}),
    "regression": Case(_plain, {"objective": "regression"}),
    "regression_sqrt": Case(_plain, {"objective": "regression", "reg_sqrt": True}),
    "quantile": Case(_plain, {"objective": "quantile", "alpha": 0.8}),
    "cross_entropy": Case(_plain, {"objective": "cross_entropy"}),
    "sigmoid": Case(_plain, {"objective": "binary", "sigmoid": 0.7}),
}


def trained(name: str) -> Any:
    """Train the case; a third of the labels is noise, so that deep splits pay."""
    case = CASES[name]
    generator = np.random.default_rng(11)
    rows = case.rows(generator)
    known = np.nan_to_num(np.clip(rows, -1e6, 1e6))
    score = known @ generator.normal(size=rows.shape[1]) + generator.normal(size=len(rows))
    labels = (score > np.median(score)) ^ (generator.random(len(rows)) < 0.33)
    return train(rows, labels.astype(np.float64), **{"objective": "binary", **case.parameters})


@pytest.fixture(params=CASES)
def booster(request: pytest.FixtureRequest) -> Any:
    return trained(request.param)


def awkward_rows(booster: Any, count: int = 700) -> Matrix:
    """Return rows full of thresholds, their neighbours, missing values and what else is hard."""
    model = read_model(booster.model_to_string())
    thresholds = model.threshold
    near = [np.nextafter(thresholds, side) for side in (-np.inf, np.inf)]
    values = np.concatenate(
        [thresholds, *near, awkward_values(), np.arange(-2, 210), [np.nan] * 40]
    )
    generator = np.random.default_rng(5)
    rows = generator.choice(values, (count, len(model.columns)))
    own = generator.random(rows.shape) < 0.5
    for column in range(rows.shape[1]):
        splits = np.flatnonzero(model.column == column)
        if len(splits):
            mine = np.concatenate([near[0][splits], thresholds[splits], near[1][splits]])
            picked = own[:, column]
            rows[picked, column] = generator.choice(mine, int(picked.sum()))
    return rows


def _bits(scores: Matrix) -> list[Any]:
    return list(scores.view(np.int64))


def test_raw_scores_are_those_of_lightgbm_bit_for_bit(booster: Any) -> None:
    ensemble = TreeEnsemble(read_model(booster.model_to_string()))
    rows = awkward_rows(booster)
    assert _bits(ensemble.raw_scores(rows)) == _bits(booster.predict(rows, raw_score=True))


def test_answers_are_those_of_lightgbm_bit_for_bit(booster: Any) -> None:
    ensemble = TreeEnsemble(read_model(booster.model_to_string()))
    rows = awkward_rows(booster)
    assert _bits(ensemble.scores(rows)) == _bits(booster.predict(rows))


def test_block_size_changes_no_bit(booster: Any) -> None:
    ensemble = TreeEnsemble(read_model(booster.model_to_string()))
    rows = awkward_rows(booster, 130)
    whole = _bits(ensemble.raw_scores(rows))
    for size in (1, 2, 3, 7, 16, 17, 33, 64):
        parts = [ensemble.raw_scores(rows[i : i + size]) for i in range(0, len(rows), size)]
        assert _bits(np.concatenate(parts)) == whole


def test_models_with_a_limit_in_their_name_pass_it() -> None:
    arrays = lay_out([read_model(trained("leaves_beyond_a_byte").model_to_string())])
    assert arrays.trees[:, layout.IS_LARGE].any()
    arrays = lay_out([read_model(trained("thresholds_beyond_a_ladder").model_to_string())])
    lengths = arrays.ladders[:, layout.THRESHOLDS_END] - arrays.ladders[:, layout.FIRST_THRESHOLD]
    assert lengths.tolist()[0] == layout.LADDER_THRESHOLDS
    assert len(lengths) > 1


def test_hand_written_model_scores_by_hand() -> None:
    ensemble = TreeEnsemble(read_model(small_model()))
    rows = np.array(
        [
            [99.5, 0.0, 0.0],  # at most the threshold, category 0: first leaf
            [99.5, 0.0, 1.0],  # category 1 is not in the set
            [100.0, 0.0, 0.0],
            [np.nan, 0.0, 2.9],  # missing goes left; 2.9 is cut to category 2
            [0.0, 0.0, -0.5],  # cut to category 0
            [0.0, 0.0, 2.0**40],
        ]
    )
    expected = [-0.1875, 0.1875, 0.5625, -0.1875, -0.1875, 0.1875]
    assert ensemble.raw_scores(rows).tolist() == expected
    assert ensemble.raw_scores(rows[:1]).tolist() == expected[:1]


@pytest.mark.parametrize("stride", [64, 72])
def test_several_models_share_arrays_without_touching_each_other(stride: int) -> None:
    generator = np.random.default_rng(3)
    rows = _categories(generator)
    labels = (rows[:, 0] + generator.normal(size=len(rows)) > 3).astype(np.float64)
    texts = [
        train(rows, labels, rounds, objective="binary", categorical_feature=[0]).model_to_string()
        for rounds in (3, 9)
    ]
    models = [read_model(text) for text in (*texts, small_model())]
    arrays = lay_out(models)
    scratch = make_scratch(arrays)
    # The models read the rows of the block in orders of their own; rows may be longer than a block.
    values = np.full((9, stride), np.nan)
    values[[8, 6, 4, 2, 0], :64] = rows[:64].T
    for count in (64, 1):
        for number, inputs in enumerate(([8, 6, 4, 2, 0], [8, 6, 4, 2, 0], [6, 8, 4])):
            places = np.array(inputs, np.int64)
            raw = np.full(64, -1.0)
            score_block(arrays, number, values, places, count, raw, scratch)
            alone = TreeEnsemble(models[number]).raw_scores(values[places].T[:count])
            assert _bits(raw[:count]) == _bits(alone)
            assert (raw[count:] == -1.0).all()


def test_scratch_is_aligned_and_its_contents_never_matter() -> None:
    arrays = lay_out([read_model(small_model())])
    values = np.ascontiguousarray(np.full((3, 64), 50.0))
    inputs = np.arange(3)
    answers = []
    for fill in (0, 255):
        scratch = make_scratch(arrays)
        for array in scratch:
            assert array.ctypes.data % 64 == 0
            array.view(np.uint8)[:] = fill
        raw = np.empty(64)
        score_block(arrays, 0, values, inputs, 40, raw, scratch)
        answers.append(_bits(raw[:40]))
    assert answers[0] == answers[1]
