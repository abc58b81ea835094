"""Law 3: every window value equals the brute-force oracle's, over more than 10^6 values."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haitang.data.features.specs import Catalogue
from tests.property import window_cases as cases
from tests.property.engine_values import engine_values
from tests.property.windows_oracle import Interval, Row, oracle

least_values = 1_000_000


def differences(
    catalogue: Catalogue, rows: Sequence[Row], *, block: int = 64
) -> tuple[int, list[str]]:
    """Compare engine and oracle: how many values were compared and what differs, in words."""
    found: list[str] = []
    compared = 0
    values = engine_values(catalogue, rows, block=block)
    expected = oracle(catalogue, rows)
    for name, intervals in expected.items():
        for order, (value, interval) in enumerate(zip(values[name], intervals, strict=True)):
            compared += 1
            if not agrees(float(value), interval):
                found.append(f"`{name}` of event {order} was {value}; expected {interval}")
    return compared, found


def agrees(value: float, interval: Interval) -> bool:
    """A missing value is NaN and nothing else; a number lies in the oracle's interval."""
    if interval is None:
        return math.isnan(value)
    return interval[0] <= value <= interval[1]


@pytest.mark.parametrize("seed", range(4))
def test_every_aggregate_and_window_equals_the_oracle_over_a_million_values(seed: int) -> None:
    catalogue = cases.catalogue(seed, features_per_aggregate=5)
    compared, found = differences(catalogue, cases.journal(seed, events=800, names=60))
    assert not found, "\n".join(found[:10])
    assert compared >= least_values / 4


@pytest.mark.parametrize("block", [1, 7, 4_096])
def test_hot_keys_equal_the_oracle_at_every_block_size(block: int) -> None:
    catalogue = cases.catalogue(90 + block, features_per_aggregate=1)
    _, found = differences(catalogue, cases.journal(90 + block, events=400, names=2), block=block)
    assert not found, "\n".join(found[:10])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    aggregate=st.sampled_from(cases.aggregates),
    slot=st.sampled_from(cases.keys),
    gaps=st.lists(
        st.one_of(
            st.sampled_from([g + e for g in (0, *cases.windows_us) for e in (-1, 0, 1)]),
            st.integers(-2 * cases.hour_us, 2 * cases.hour_us),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_a_short_journal_equals_the_oracle(
    seed: int, aggregate: str, slot: object, gaps: list[int]
) -> None:
    source = random.Random(seed)
    spec = next(key for key in cases.keys if key is slot)
    name = next(known for known in cases.aggregates if known == aggregate)
    feature = cases.feature(source, "drawn", name, spec)
    catalogue = Catalogue(entities=cases.entities, keys=cases.keys, features=(feature,))
    rows: list[Row] = []
    at_us = cases.start_us
    for order, gap in enumerate(gaps):
        at_us += gap
        rows.append(cases.row(source, order, at_us, names=2))
    _, found = differences(catalogue, rows)
    assert not found, "\n".join([repr(feature), *found])


def test_amounts_of_ten_trillion_do_not_lose_a_minor_unit() -> None:
    catalogue = cases.catalogue(7, features_per_aggregate=2)
    rows = cases.journal(7, events=200, names=2)
    for row in rows:
        if "amount_minor" in row:
            row["amount_minor"] = 10**15 - int(row["amount_minor"] or 0)
    exact = [
        f for f in catalogue.features if f.aggregate not in ("quantile", "rank") and not f.of_scale
    ]
    narrowed = Catalogue(entities=catalogue.entities, keys=catalogue.keys, features=tuple(exact))
    _, found = differences(narrowed, rows)
    assert not found, "\n".join(found[:10])


def test_a_key_idle_beyond_its_retention_is_forgotten() -> None:
    short = tuple(
        type(entity)(name=entity.name, retention_us=10 * cases.day_us) for entity in cases.entities
    )
    source = random.Random(11)
    features = tuple(
        cases.feature(source, f"{aggregate}_{spec.slot}", aggregate, spec)
        for spec in cases.keys
        for aggregate in ("first_seen", "since", "total", "latest")
        for aggregate in [next(known for known in cases.aggregates if known == aggregate)]
    )
    catalogue = Catalogue(entities=short, keys=cases.keys, features=features)
    rows = [
        cases.row(source, order, cases.start_us + at_us, names=1)
        for order, at_us in enumerate(
            np.cumsum(
                [0, cases.day_us, 10 * cases.day_us, 10 * cases.day_us + 1, 1, 40 * cases.day_us]
            )
        )
    ]
    for row in rows:
        row["occurred_at_us"] = int(row["occurred_at_us"] or 0)
    _, found = differences(catalogue, rows)
    assert not found, "\n".join(found)
