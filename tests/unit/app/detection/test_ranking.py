from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.app.detection.ranking import Ranked, at_budgets, average_precision


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_average_precision_is_the_sum_over_thresholds(rows: list[tuple[int, bool]]) -> None:
    positives = sum(positive for _, positive in rows)
    found = average_precision(
        np.array([score for score, _ in rows], float), np.array([one for _, one in rows])
    )
    if not positives:
        assert np.isnan(found)
        return
    expected, before = 0.0, 0
    for threshold in sorted({score for score, _ in rows}, reverse=True):
        above = [positive for score, positive in rows if score >= threshold]
        expected += sum(above) / len(above) * (sum(above) - before) / positives
        before = sum(above)
    assert found == pytest.approx(expected)


def stream(rows: list[tuple[int, int, float]], totals: list[float]) -> Ranked:
    """Rows of score, fraud (−1 for none) and money still at risk, one event a second."""
    return Ranked(
        scores=np.array([score for score, _, _ in rows]),
        at_us=np.arange(len(rows)),
        story=np.array([story for _, story, _ in rows]),
        at_risk=np.array([money for _, _, money in rows], float),
        totals=np.array(totals, float),
        customer_days=10_000,
    )


def test_a_budget_looks_at_the_highest_scores_first() -> None:
    one = stream([(300, 0, 100.0), (900, -1, 0.0), (800, 0, 40.0), (700, 1, 60.0)], [100.0, 100.0])
    points = at_budgets([one], (1, 2, 3, 4, 5))
    assert [point.least_score for point in points] == [900, 800, 700, 300]
    assert [point.recall for point in points] == [0.0, 0.5, 1.0, 1.0]
    assert [point.precision for point in points] == pytest.approx([0.0, 0.5, 2 / 3, 3 / 4])
    # The later look at fraud 0 saves only what the earlier event still had at risk.
    assert [point.value_recall for point in points] == pytest.approx([0.0, 0.2, 0.5, 0.8])


def test_a_second_alert_on_a_fraud_saves_nothing_twice() -> None:
    one = stream([(900, 0, 100.0), (800, 0, 40.0)], [100.0])
    assert [point.value_recall for point in at_budgets([one], (1, 2))] == [1.0, 1.0]


def test_streams_share_one_budget() -> None:
    streams = [stream([(900, 0, 50.0)], [50.0]), stream([(800, 0, 50.0)], [50.0])]
    points = at_budgets(streams, (0.5, 1))
    assert [point.value_recall for point in points] == [0.5, 1.0]
    assert [point.least_score for point in points] == [900, 800]
