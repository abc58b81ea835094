from __future__ import annotations

import numpy as np
import pytest

from haitang.app.detection.intervals import RESAMPLED_MIN, share_of_sums, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0)],
)
def test_wilson_agrees_with_the_tables(part: int, whole: int, low: float, high: float) -> None:
    share = wilson(part, whole)
    assert share.value == part / whole
    assert share.low == pytest.approx(low, abs=5e-5)
    assert share.high == pytest.approx(high, abs=5e-5)


def test_nothing_is_known_of_nothing() -> None:
    assert wilson(0, 0).value is None
    assert share_of_sums(np.zeros(3), np.zeros(3)).value is None


def test_a_share_of_money_is_weighed_and_its_interval_holds_it() -> None:
    wholes = np.array([100.0, 200.0, 300.0, 400.0, 1_000.0, 50.0])
    parts = np.array([100.0, 0.0, 300.0, 100.0, 500.0, 50.0])
    share = share_of_sums(parts, wholes)
    assert (share.part, share.whole) == (1_050, 2_050)
    assert share.value == pytest.approx(1_050 / 2_050)
    assert share.low is not None
    assert share.high is not None
    assert 0 < share.low < 1_050 / 2_050 < share.high < 1
    assert share == share_of_sums(parts, wholes)


def test_all_of_the_money_of_few_frauds_is_no_certainty() -> None:
    money = np.array([5e6, 1e6, 0.0])
    share, counted = share_of_sums(money, money), wilson(2, 2)
    assert (share.value, share.low, share.high) == (1.0, counted.low, 1.0)
    assert share_of_sums(np.zeros(3), money).high == wilson(0, 2).high


def test_too_few_frauds_to_draw_from_have_no_interval() -> None:
    wholes = np.full(RESAMPLED_MIN - 1, 10.0)
    share = share_of_sums(wholes * np.arange(1, RESAMPLED_MIN) / RESAMPLED_MIN, wholes)
    assert share.value == pytest.approx(0.5)
    assert share.low is None
    assert share.high is None
