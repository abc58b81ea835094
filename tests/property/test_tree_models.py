"""Any tree model whatever: our answer is LightGBM's, bit for bit, and its reasons add up."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from haitang.decision.models import TreeEnsemble, read_model
from tests.model_texts import awkward_values, join_model, random_tree


@given(
    seed=st.integers(0, 2**32 - 1),
    columns=st.integers(1, 6),
    leaves=st.lists(st.sampled_from([2, 3, 8, 31, 64, 255, 256, 300]), min_size=1, max_size=18),
    average=st.booleans(),
    block=st.integers(1, 64),
)
@settings(max_examples=60)
def test_scores_of_any_model_are_those_of_lightgbm(
    seed: int, columns: int, leaves: list[int], average: bool, block: int
) -> None:
    generator = np.random.default_rng(seed)
    values = np.concatenate(
        [awkward_values(), generator.normal(size=20), generator.integers(0, 99, 20)]
    )
    trees = [
        random_tree(number, generator, leaves=count, columns=columns, values=values)
        for number, count in enumerate(leaves)
    ]
    text = join_model(trees, columns=columns, average=average)
    rows = generator.choice(np.concatenate([values, [np.nan] * 15]), (100, columns))
    booster: Any = lightgbm.Booster(model_str=text)
    ensemble = TreeEnsemble(read_model(text))
    raw = ensemble.raw_scores(rows)
    assert raw.tobytes() == booster.predict(rows, raw_score=True, num_threads=1).tobytes()
    assert ensemble.scores(rows).tobytes() == booster.predict(rows, num_threads=1).tobytes()
    assert ensemble.raw_scores(rows[:block]).tobytes() == raw[:block].tobytes()
    theirs = booster.predict(rows[:1], pred_contrib=True, num_threads=1)[0]
    ours = ensemble.contributions(rows[0])
    assert np.abs(np.append(ours.weights, ours.expected) - theirs).max() <= 1e-9
    assert abs(ours.weights.sum() + ours.expected - raw[0]) <= 1e-9
