"""What the score is worth where people can only look at so much: value saved at an alert budget."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.app.detection.streams import Decided

BUDGETS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
"""Alerts a day for 10,000 customers that are told; the chart has all of them."""
PER_CUSTOMERS = 10_000

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


class BudgetPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert budget catches if the highest scores are looked at."""

    alerts_per_10000: float
    least_score: int
    """Score of the last alert within the budget."""
    recall: float
    value_recall: float
    precision: float


class Ranked(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The scored events of one stream, and what an alert on each would save."""

    scores: Int64
    at_us: Int64
    story: Int64
    """Number of the fraud within the stream; −1 on an honest event."""
    at_risk: Float64
    """Money on this and all later events of the fraud."""
    totals: Float64
    """Money at risk by fraud."""
    customer_days: int


def ranked(decided: Decided) -> Ranked:
    """Keep what the ranking needs of one stream."""
    labels = decided.day.labels()
    table = decided.day.acts
    rows = np.flatnonzero(table["story"] >= 0)
    _, number = np.unique(table["story"][rows], return_inverse=True)
    money = labels["amount_at_risk_minor"].to_numpy().astype(np.float64)
    totals = np.bincount(number, weights=money).astype(np.float64)
    left = np.zeros(len(decided))
    still = totals.copy()
    for place, row in enumerate(rows.tolist()):
        left[row] = still[number[place]]
        still[number[place]] -= money[place]
    story = np.full(len(decided), -1, np.int64)
    story[rows] = number
    best = decided.scores.max(axis=0)
    kept = np.flatnonzero((best > 0) & decided.measured)
    return Ranked(
        scores=best[kept].astype(np.int64),
        at_us=table["at_us"][kept],
        story=story[kept],
        at_risk=left[kept],
        totals=totals,
        customer_days=_customer_days(decided),
    )


def _customer_days(decided: Decided) -> int:
    bank = decided.day.bank
    return (bank.n - bank.openers) * (bank.days - decided.history_days)


def at_budgets(
    streams: Sequence[Ranked], budgets: Sequence[float] = BUDGETS
) -> tuple[BudgetPoint, ...]:
    """Look at the highest scores of all streams, the earlier event first where they are equal.

    Budgets beyond the last event with a score are left out.
    """
    offsets = np.cumsum([0, *(len(one.totals) for one in streams)])
    scores = np.concatenate([one.scores for one in streams])
    story = np.concatenate(
        [
            np.where(one.story >= 0, one.story + offset, -1)
            for one, offset in zip(streams, offsets[:-1], strict=True)
        ]
    )
    at_risk = np.concatenate([one.at_risk for one in streams])
    at_us = np.concatenate([one.at_us for one in streams])
    customer_days = sum(one.customer_days for one in streams)
    order = np.lexsort((at_us, -scores))
    scores, story, at_risk = scores[order], story[order], at_risk[order]
    gained = _gains(story, at_risk, count=int(offsets[-1]))
    frauds = np.cumsum(story >= 0)
    first = np.zeros(len(story), bool)
    _, places = np.unique(story, return_index=True)
    first[places] = True
    caught = np.cumsum(first & (story >= 0))
    saved = np.cumsum(gained)
    money = float(sum(one.totals.sum() for one in streams))
    points = []
    for budget in budgets:
        alerts = int(budget * customer_days / PER_CUSTOMERS)
        if not 0 < alerts <= len(scores):
            continue
        points.append(
            BudgetPoint(
                alerts_per_10000=budget,
                least_score=int(scores[alerts - 1]),
                recall=float(caught[alerts - 1]) / max(int(offsets[-1]), 1),
                value_recall=float(saved[alerts - 1]) / money if money else 0.0,
                precision=float(frauds[alerts - 1]) / alerts,
            )
        )
    return tuple(points)


def _gains(story: Int64, at_risk: Float64, *, count: int) -> Float64:
    """Return by how much each alert in turn raises what is saved of its fraud."""
    best = np.zeros(count)
    gains = np.zeros(len(story))
    for place in np.flatnonzero(story >= 0).tolist():
        number = story[place]
        if at_risk[place] > best[number]:
            gains[place] = at_risk[place] - best[number]
            best[number] = at_risk[place]
    return gains


def average_precision(scores: Float64, positive: npt.NDArray[np.bool_]) -> float:
    """Return the area below precision over recall, one step for each distinct score."""
    if not positive.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ranked_scores, hits = scores[order], np.cumsum(positive[order])
    ends = np.flatnonzero(np.r_[ranked_scores[1:] != ranked_scores[:-1], True])
    precision = hits[ends] / (ends + 1)
    steps = np.diff(np.r_[0, hits[ends]]) / hits[-1]
    return float((precision * steps).sum())
