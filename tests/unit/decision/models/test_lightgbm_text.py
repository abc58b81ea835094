"""What the reader of LightGBM text models accepts, and what it says of what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.decision.models import ModelRefused, read_model, tree_model
from tests.conftest import CheckOutput
from tests.model_texts import small_model

_BROKEN: dict[str, str] = {
    "empty_file": "",
    "json_dump": '{"name":"tree","version":"v4"}',
    "version_of_the_past": small_model(version="v2"),
    "no_version": small_model(version=""),
    "cut_in_the_header": small_model()[:120],
    "cut_in_a_tree": small_model()[: small_model().index("leaf_value=") + 18],
    "cut_before_a_tree": small_model()[: small_model().index("Tree=1")],
    "cut_in_the_parameters": small_model().partition("end of parameters")[0],
    "several_classes": small_model(num_class="3"),
    "trees_of_several_classes": small_model(num_tree_per_iteration="3"),
    "linear_trees": small_model(is_linear="1"),
    "unknown_objective": small_model(objective="lambdarank"),
    "sigmoid_of_zero": small_model(objective="binary sigmoid:0"),
    "sigmoid_no_number": small_model(objective="binary sigmoid:x"),
    "pandas_categories": small_model().replace(
        "pandas_categorical:null", 'pandas_categorical:[["a"]]'
    ),
    "too_many_columns": small_model(max_feature_idx="16384"),
    "names_of_too_few_columns": small_model(feature_names="amount channel"),
    "columns_no_number": small_model(max_feature_idx="two"),
    "another_number_of_trees": small_model(tree_sizes="300 200 200"),
    "no_trees": small_model(tree_sizes="").partition("Tree=0")[0] + "end of trees\n",
    "trees_out_of_order": small_model().replace("Tree=1", "Tree=7"),
    "field_twice": small_model().replace("num_cat=1", "num_cat=1\nnum_leaves=3"),
    "no_leaf_values": small_model(leaf_value=""),
    "no_leaf": small_model(num_leaves="0"),
    "too_many_leaves": small_model(num_leaves="70000"),
    "threshold_not_a_number": small_model(threshold="nan 0"),
    "threshold_no_number": small_model(threshold="99.5x 0"),
    "threshold_with_underscore": small_model(threshold="99_5 0"),
    "too_few_thresholds": small_model(threshold="99.5"),
    "leaf_value_infinite": small_model(leaf_value="-0.25 inf 0.125"),
    "column_out_of_range": small_model(split_feature="0 3"),
    "unknown_decision_bits": small_model(decision_type="10 17"),
    "unknown_kind_of_missing": small_model(decision_type="14 1"),
    "child_out_of_range": small_model(left_child="2 -1"),
    "cyclic_children": small_model(left_child="1 0"),
    "leaf_reached_twice": small_model(right_child="-2 -2"),
    "count_of_zero": small_model(internal_count="0 60"),
    "set_of_categories_missing": small_model(threshold="99.5 1"),
    "set_of_categories_between": small_model(threshold="99.5 0.5"),
    "boundaries_fall": small_model(cat_boundaries="0 0"),
    "boundaries_start_late": small_model(cat_boundaries="1 2"),
    "category_word_too_large": small_model(cat_threshold="4294967296"),
}


@pytest.mark.parametrize("name", _BROKEN)
def test_broken_model_is_refused_with_its_place(name: str, check_output: CheckOutput) -> None:
    with pytest.raises(ModelRefused) as caught:
        read_model(_BROKEN[name], path="packs/retail/models/mule.txt")
    check_output(f"{caught.value.code}\n{caught.value.render()}")


def test_bounds_on_the_whole_model_are_named(
    monkeypatch: pytest.MonkeyPatch, check_output: CheckOutput
) -> None:
    for bound, most in (
        ("MAX_CHARACTERS", 100),
        ("MAX_TREES", 1),
        ("MAX_NODES", 1),
        ("MAX_DEPTH", 1),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(tree_model, bound, most)
            with pytest.raises(ModelRefused) as caught:
                read_model(small_model())
        assert caught.value.code == "model_too_large"
        check_output(caught.value.render(), bound)


def test_fields_of_a_model_are_read_as_they_stand() -> None:
    model = read_model(small_model(), path="m.txt")
    assert (model.path, model.version, model.objective) == ("m.txt", "v4", "binary sigmoid:1")
    assert model.columns == ("amount", "payee_age", "channel")
    assert (model.link, model.sigmoid, model.averaged) == ("logistic", 1.0, False)
    assert model.tree_count == 2
    assert model.leaf_start.tolist() == [0, 3, 4]
    assert model.node_start.tolist() == [0, 2, 2]
    assert model.depth.tolist() == [2, 0]
    assert model.shrinkage.tolist() == [1.0, 0.1]
    assert model.column.tolist() == [0, 2]
    assert model.threshold.tolist() == [99.500000000000014, 0.0]
    assert model.decision.tolist() == [10, 1]
    assert model.category_set.tolist() == [-1, 0]
    assert (model.left.tolist(), model.right.tolist()) == ([1, -1], [-2, -3])
    assert model.leaf_value.tolist() == [-0.25, 0.5, 0.125, 0.0625]
    assert model.leaf_count.tolist() == [40, 30, 20, 0]
    assert model.node_count.tolist() == [90, 60]
    assert (model.set_start.tolist(), model.set_words.tolist()) == ([0, 1], [5])


@pytest.mark.parametrize(
    ("objective", "link", "sigmoid"),
    [
        ("binary sigmoid:1", "logistic", 1.0),
        ("binary sigmoid:0.7", "logistic", 0.7),
        ("binary sigmoid:1e-05", "logistic", 1e-05),
        ("binary", "logistic", 1.0),
        ("cross_entropy", "logistic", 1.0),
        ("regression", "identity", 1.0),
        ("regression sqrt", "signed_square", 1.0),
        ("regression_l1", "identity", 1.0),
        ("quantile alpha:0.9", "identity", 1.0),
        ("", "identity", 1.0),
    ],
)
def test_objective_decides_the_link(objective: str, link: str, sigmoid: float) -> None:
    model = read_model(small_model(objective=objective))
    assert (model.link, model.sigmoid) == (link, sigmoid)


def test_line_ends_of_windows_change_nothing() -> None:
    plain, windows = read_model(small_model()), read_model(small_model().replace("\n", "\r\n"))
    assert windows.threshold.tobytes() == plain.threshold.tobytes()
    assert windows.columns == plain.columns


def test_version_3_is_read_and_infinite_thresholds_are_kept() -> None:
    model = read_model(small_model(version="v3", threshold="inf 0"))
    assert model.version == "v3"
    assert model.threshold[0] == np.inf


def test_arrays_of_a_model_cannot_be_written() -> None:
    model = read_model(small_model())
    arrays: list[Any] = [getattr(model, name) for name in model.__struct_fields__]
    frozen = [array for array in arrays if isinstance(array, np.ndarray)]
    assert len(frozen) == 15
    assert not any(array.flags.writeable for array in frozen)


@given(st.integers(0, len(small_model()) - 1))
def test_file_cut_at_any_place_is_refused_or_complete(length: int) -> None:
    text = small_model()
    try:
        model = read_model(text[:length])
    except ModelRefused:
        return
    # Nothing of the model stands behind its parameters.
    assert text[:length].count("\n") >= text[: text.index("end of trees")].count("\n")
    assert model.leaf_value.tolist() == read_model(text).leaf_value.tolist()


@given(st.integers(0, len(small_model()) - 1), st.text(max_size=3))
def test_damaged_file_is_read_or_refused_and_never_crashes(place: int, damage: str) -> None:
    text = small_model()
    damaged = text[:place] + damage + text[place + len(damage) + 1 :]
    try:
        outcome = read_model(damaged).tree_count
    except ModelRefused as refused:
        outcome = -refused.place.line
    assert outcome == 2 or outcome <= -1
