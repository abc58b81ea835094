"""What a run would have meant: for customers, for the desk, for the money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from haitang.decision.batch.alerts import CALL_BIT, PERSON, STOPS
from haitang.decision.batch.kept import Columns, KeptAbout

MINUTES_PER_ALERT = 20.0
"""Of a person's time, unless told otherwise; 20 is what a Chinese bank reports for a review."""


class StoryLabel(msgspec.Struct, frozen=True, kw_only=True):
    """One event that belongs to a fraud."""

    event_id: str
    story_id: str
    typology: str
    amount_at_risk_minor: int


class Caught(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what was labelled was caught, of one typology or of all."""

    stories: int
    caught: int
    value_minor: int
    value_stopped_minor: int


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack would have meant on a stream."""

    events: int
    days: int
    customers: int
    alerts: int
    """Events that a customer hears of, by an action or a call."""
    alerts_per_day: float
    disturbed_per_10000_a_day: float
    """Customers who hear of something on a day."""
    person_alerts: int
    """Of the alerts those that end on somebody's desk, calls included."""
    analyst_hours_per_day: float
    money_stopped_minor: int
    """Asked for and held, delayed or refused, justly or not."""
    by_channel: dict[str, int]
    by_segment: dict[str, int]
    by_action: dict[str, int]
    precision: float | None = None
    """Share of alerts that are of a labelled fraud; None without labels."""
    recall: float | None = None
    value_recall: float | None = None
    by_typology: dict[str, Caught] = {}


def measure(
    about: KeptAbout,
    alerts: Columns,
    event_ids: list[str],
    *,
    names: Mapping[int, str],
    actions: tuple[str, ...],
    labels: list[StoryLabel] | None,
    minutes_per_alert: float,
) -> Measures:
    """Count; `event_ids` are those of the alerts, `names` the words behind hashes."""
    days = max(about.days, 1)
    count = len(alerts["event"])
    pairs = np.unique(np.stack([alerts["customer"].astype(np.uint64),
                                alerts["day"].astype(np.uint64)]), axis=1)  # fmt: skip
    person = PERSON[alerts["action"]] | ((alerts["further"] & CALL_BIT) != 0)
    stopped = STOPS[alerts["action"]]
    return Measures(
        events=about.events,
        days=about.days,
        customers=about.customers,
        alerts=count,
        alerts_per_day=count / days,
        disturbed_per_10000_a_day=pairs.shape[1] / days / max(about.customers, 1) * 10_000,
        person_alerts=int(person.sum()),
        analyst_hours_per_day=float(person.sum()) * minutes_per_alert / 60 / days,
        money_stopped_minor=int(alerts["amount"][stopped].sum()),
        by_channel=_counted(alerts["channel"], names),
        by_segment=_counted(alerts["segment"], names),
        by_action={
            actions[rank]: int(number)
            for rank, number in zip(*np.unique(alerts["action"], return_counts=True), strict=True)
        },
        **_against(labels, event_ids, stopped | person) if labels is not None else {},
    )


def _counted(hashes: Any, names: Mapping[int, str]) -> dict[str, int]:
    found, counts = np.unique(hashes, return_counts=True)
    return {
        names.get(int(word), "") or "-": int(count)
        for word, count in sorted(zip(found, counts, strict=True), key=lambda pair: -pair[1])
    }


def _against(labels: list[StoryLabel], event_ids: list[str], acted: Any) -> dict[str, Any]:
    """Hold alerts against labels, which stand in the order of the stream.

    A story is caught by the first of its events that is acted on; money of that event and of all
    later ones counts as stopped.
    """
    acting = {event_id for event_id, does in zip(event_ids, acted.tolist(), strict=True) if does}
    labelled = {label.event_id for label in labels}
    stories: dict[str, list[StoryLabel]] = {}
    for label in labels:
        stories.setdefault(label.story_id, []).append(label)
    sums: dict[str, list[int]] = {}
    for events in stories.values():
        first = next((n for n, one in enumerate(events) if one.event_id in acting), None)
        total = sum(one.amount_at_risk_minor for one in events)
        rest = 0 if first is None else sum(one.amount_at_risk_minor for one in events[first:])
        row = sums.setdefault(events[0].typology, [0, 0, 0, 0])
        for place, number in enumerate((1, first is not None, total, rest)):
            row[place] += int(number)
    value = sum(row[2] for row in sums.values())
    just = sum(event_id in labelled for event_id in event_ids)
    return {
        "precision": just / len(event_ids) if event_ids else None,
        "recall": sum(row[1] for row in sums.values()) / len(stories) if stories else None,
        "value_recall": sum(row[3] for row in sums.values()) / value if value else None,
        "by_typology": {
            typology: Caught(stories=a, caught=b, value_minor=c, value_stopped_minor=d)
            for typology, (a, b, c, d) in sorted(sums.items())
        },
    }
