from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.edges.api.bodies import split_events
from haitang.edges.api.refusals import ApiRefused

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.lists(JSON_VALUES, max_size=8), st.sampled_from([None, 2]))
def test_an_array_is_taken_apart_into_the_texts_of_its_elements(
    values: list[object], indent: int | None
) -> None:
    body = json.dumps(values, indent=indent).encode()
    found, single = split_events(body, lines=False, events_max=8)
    assert [json.loads(text) for text in found] == values
    assert not single


@given(st.lists(st.dictionaries(st.text(max_size=4), st.integers()), min_size=2, max_size=8))
def test_lines_are_taken_apart_by_name_or_by_sight(values: list[dict[str, int]]) -> None:
    body = b"\n".join(json.dumps(value).encode() for value in values)
    for lines in (True, False):
        found, single = split_events(body, lines=lines, events_max=8)
        assert [json.loads(text) for text in found] == values
        assert not single


def test_one_object_may_stand_on_several_lines() -> None:
    body = json.dumps({"a": 1, "b": 2}, indent=1).encode() + b"\n"
    assert split_events(body, lines=False, events_max=1) == ([body], True)
    # Lines that were named so are lines.
    assert len(split_events(b'{"a":1}\n', lines=True, events_max=1)[0]) == 1


@pytest.mark.parametrize("body", [b"", b"  \n", b"[", b"[1,]", b"[1 2]", b"[1]]", b"[" * 100_000])
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(ApiRefused) as caught:
        split_events(body, lines=False, events_max=10)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "first", [b"1", b"9" * 5_000, b'"a,b"', b"[1,[2]]", b'{"a":[1,2]}', b"1.5"]
)
def test_millions_of_tiny_elements_are_refused_before_they_are_taken_apart(first: bytes) -> None:
    body = b"[" + first + b",1" * 2_000_000 + b"]"
    tracemalloc.start()
    try:
        with pytest.raises(ApiRefused) as caught:
            split_events(body, lines=False, events_max=10_000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.status == 413
    assert most < 4 * len(body)


def test_lines_without_end_are_refused_before_they_are_taken_apart() -> None:
    with pytest.raises(ApiRefused) as caught:
        split_events(b"{}" + b"\n" * 1_000_000, lines=True, events_max=10_000)
    assert caught.value.status == 413


def test_a_batch_full_of_commas_is_no_longer_than_it_is() -> None:
    events = [{"remark": "," * 1_000} for _ in range(10)]
    found, _ = split_events(json.dumps(events).encode(), lines=False, events_max=10)
    assert len(found) == 10
