"""What a run would have meant: for customers, for the desk, for the money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

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
    labels: Labels | None,
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
        **labels.against(event_ids, stopped | person) if labels is not None else {},
    )


def _counted(hashes: Any, names: Mapping[int, str]) -> dict[str, int]:
    found, counts = np.unique(hashes, return_counts=True)
    return {
        names.get(int(word), "") or "-": int(count)
        for word, count in sorted(zip(found, counts, strict=True), key=lambda pair: -pair[1])
    }


class Labels:
    """Labels of a stream, in its order, laid out to be held against alerts many times."""

    def __init__(self, labels: Sequence[StoryLabel]) -> None:
        self.typology_of = {one.event_id: one.typology for one in labels}
        self._row_of = {one.event_id: row for row, one in enumerate(labels)}
        stories: dict[str, int] = {}
        typologies: dict[str, int] = {}
        self._story = np.array(
            [stories.setdefault(one.story_id, len(stories)) for one in labels], np.int64
        )
        first = np.unique(self._story, return_index=True)[1]
        self._typology = np.array(
            [typologies.setdefault(labels[row].typology, len(typologies)) for row in first],
            np.int64,
        )
        self._names = list(typologies)
        self._money = np.array([one.amount_at_risk_minor for one in labels], np.int64)
        self.stories = len(stories)

    def against(self, event_ids: Sequence[str], acted: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """Return the measures that labels allow.

        A story is caught by the first of its events that is acted on; money of that event and of
        all later ones counts as stopped.
        """
        acting = [event_ids[row] for row in np.flatnonzero(acted).tolist()]
        rows = np.array([self._row_of[name] for name in acting if name in self._row_of], np.int64)
        firsts = np.full(self.stories, len(self._story))
        np.minimum.at(firsts, self._story[rows], rows)
        caught = firsts < len(self._story)
        late = np.arange(len(self._story)) >= firsts[self._story]
        columns = (
            np.ones(self.stories, np.int64), caught.astype(np.int64),
            _sums(self._story, self._money, self.stories),
            _sums(self._story, np.where(late, self._money, 0), self.stories),
        )  # fmt: skip
        kinds = len(self._names)
        sums = np.stack([_sums(self._typology, column, kinds) for column in columns], axis=1)
        whole = sums.sum(axis=0).tolist()
        just = sum(name in self._row_of for name in event_ids)
        return {
            "precision": just / len(event_ids) if len(event_ids) else None,
            "recall": whole[1] / whole[0] if whole[0] else None,
            "value_recall": whole[3] / whole[2] if whole[2] else None,
            "by_typology": {
                name: Caught(stories=a, caught=b, value_minor=c, value_stopped_minor=d)
                for name, (a, b, c, d) in sorted(zip(self._names, sums.tolist(), strict=True))
            },
        }


def _sums(groups: npt.NDArray[np.int64], values: npt.NDArray[np.int64], count: int) -> Any:
    """Return sums by group, exact: money may be beyond what a double holds."""
    sums = np.zeros(count, np.int64)
    np.add.at(sums, groups, values)
    return sums
