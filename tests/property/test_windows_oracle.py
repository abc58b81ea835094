"""The oracle itself, against windows worked out by hand: who guards the guard."""

from __future__ import annotations

import pytest

from haitang.data.features.specs import Aggregate, Catalogue, FeatureSpec
from tests.property import window_cases as cases
from tests.property.windows_oracle import Interval, Row, oracle

second_us = cases.second_us


def journal(*events: tuple[float, int]) -> list[Row]:
    """Rows of one account: (seconds, amount)."""
    return [
        {
            "event_id": f"e{order}",
            "event_type": "TXN_REQUEST",
            "occurred_at_us": cases.start_us + int(at * second_us),
            "payer_account": "a",
            "amount_minor": amount,
        }
        for order, (at, amount) in enumerate(events)
    ]


def values(rows: list[Row], aggregate: Aggregate, **spec: int | bool) -> list[Interval]:
    feature = FeatureSpec(
        name="f",
        type="number",
        title=cases.title,
        key="payer_account",
        aggregate=aggregate,
        of=None if aggregate in ("count", "first_seen", "since", "total") else cases.amount,
        window_us=int(spec.get("window_us", 0)),
        delay_us=int(spec.get("delay_us", 0)),
        tile_us=int(spec.get("tile_us", 0)),
        prior=bool(spec.get("prior", False)),
    )
    catalogue = Catalogue(entities=cases.entities, keys=cases.keys, features=(feature,))
    return oracle(catalogue, rows)["f"]


def numbers(found: list[Interval]) -> list[float | None]:
    return [None if interval is None else interval[0] for interval in found]


def test_a_window_is_open_at_its_far_edge_and_closed_at_its_head() -> None:
    rows = journal((0, 1), (10, 2), (10, 4), (20, 8))
    assert numbers(values(rows, "sum", window_us=10 * second_us)) == [1, 2, 6, 8]
    assert numbers(values(rows, "sum", window_us=10 * second_us + 1)) == [1, 3, 7, 14]


def test_a_late_event_counts_and_does_not_turn_back_now() -> None:
    rows = journal((0, 1), (100, 2), (95, 4), (80, 8))
    assert numbers(values(rows, "sum", window_us=10 * second_us)) == [1, 2, 6, 6]
    assert numbers(values(rows, "last", window_us=10 * second_us)) == [1, 2, 2, 2]


def test_prior_leaves_the_current_event_out_at_its_own_now() -> None:
    rows = journal((0, 1), (5, 2), (30, 4))
    assert numbers(values(rows, "count", window_us=10 * second_us, prior=True)) == [0, 1, 0]
    assert numbers(values(rows, "since", prior=True)) == [None, 5, 25]
    assert numbers(values(rows, "first_seen")) == [0, 5, 30]


def test_a_delayed_window_ends_the_delay_ago() -> None:
    rows = journal((0, 1), (7, 2), (10, 4), (17, 8))
    delayed = values(rows, "sum", window_us=10 * second_us, delay_us=7 * second_us)
    assert numbers(delayed) == [0, 1, 1, 6]


def test_a_tile_moves_the_far_edge_back_to_its_multiple() -> None:
    rows = journal((1, 1), (5, 2), (15, 4), (21, 8))
    tiled = values(rows, "sum", window_us=10 * second_us, tile_us=10 * second_us)
    assert numbers(tiled) == [1, 3, 7, 12]


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [("count", 4), ("sum", 20), ("mean", 5), ("min", 2), ("max", 9), ("last", 7), ("distinct", 3)],
)
def test_aggregates_of_four_amounts(aggregate: Aggregate, expected: float) -> None:
    found = values(journal((0, 2), (1, 2), (2, 9), (3, 7)), aggregate, window_us=cases.hour_us)[-1]
    assert found is not None
    assert found == pytest.approx((expected, expected))


def test_the_deviation_is_the_sample_one() -> None:
    found = values(journal((0, 2), (1, 4), (2, 9)), "std", window_us=cases.hour_us)
    assert found[0] is None
    assert found[2] == pytest.approx((13**0.5, 13**0.5))


def test_quantile_and_rank_allow_one_per_cent_of_value() -> None:
    rows = journal((0, 100), (1, 200), (2, 300), (3, 250))
    assert values(rows, "quantile", window_us=cases.hour_us)[-1] == pytest.approx((198, 202))
    assert values(rows, "rank", window_us=cases.hour_us)[-1] == (0.5, 0.75)
