"""Whom the pack disturbs without cause: honest customers, look-alikes, and the policies behind it.

A customer is honest until the first event of a fraud in which they take part, on either side, or
which puts them on a list; what is done to a mule or to a victim afterwards is not held against
anybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import reduce

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.app.detection.effects import ALERTING_BITS, FELT_BITS, PERSONAL_BITS, names_of
from haitang.app.detection.intervals import Share, wilson
from haitang.app.detection.streams import NOBODY, THE_TABLE, Decided
from haitang.decision.engine import RANK
from haitang.lab.acts import DAY_US
from haitang.lab.vocabulary import TAGS

_DAYS_MAX = 1_000
"""More days than a run has: a customer and a day become one number."""

Int64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Rows = dict[str, tuple[int, ...]]
"""Several counts for each name."""


class LikenessCount(msgspec.Struct, frozen=True, kw_only=True):
    """One way of being honest that looks like a fraud."""

    likeness: str
    events: int
    events_felt: int
    """Events on which an action was taken that the customer notices."""
    disturbed: Share
    """Customers who were disturbed on such an event, of those who had one."""
    handled: Share
    """The same with a person of the bank."""
    instances: tuple[str, ...] = ()
    """The instances that disturbed most of them."""


class InstanceBurden(msgspec.Struct, frozen=True, kw_only=True):
    """What one live instance costs honest customers, and what it brings."""

    instance: str
    typology: str = ""
    action: str = ""
    customer_days: int
    """Honest customers a day to whom it did something that they notice, over the whole run."""
    customer_days_alone: int
    """Those whom nothing else disturbed on that day: what ending it would spare."""
    stories: int = 0
    """Frauds that it helped to catch."""
    stories_alone: int = 0
    """Frauds that only it caught."""


class Honesty(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one stream or of several, before they become shares."""

    customer_days: int
    disturbed: int
    beside_fraud: int
    """Of the disturbed, those all of whose trouble was with the account of a fraud under way."""
    handled: int
    by_action: dict[str, int]
    alerts: int
    alerts_right: int
    """Alerts on events of a fraud."""
    alerts_of_parties: int
    """Alerts on events of a fraud, or of somebody whose fraud has begun."""
    cases: int
    """Alerts of one customer on one day taken together."""
    felt_events: int
    felt_events_right: int
    days: int
    likenesses: Rows
    """Events, those felt, customers, those disturbed, those handled by a person."""
    likeness_instances: dict[str, dict[str, int]]
    burdens: Rows
    """Customers a day disturbed by each instance, and by it alone."""


def honesty(decided: Decided, *, names: Sequence[str]) -> Honesty:
    """Count one stream; `names` are the full names of the policies."""
    begun = begun_us(decided)
    table = decided.day.acts
    labelled = np.asarray(table["story"] >= 0)
    on_asking, on_receiving = decided.felt_by
    sides = [
        _Side(decided, decided.asking, on_asking, begun, labelled),
        _Side(decided, decided.receiving, on_receiving, begun, labelled),
    ]
    people = np.concatenate([side.people for side in sides])
    bits = np.concatenate([side.bits for side in sides])
    beside = _beside_fraud(decided)[np.concatenate([side.rows for side in sides])]
    days, which = np.unique(people, return_inverse=True)
    taken = np.zeros(len(days), np.int64)
    np.bitwise_or.at(taken, which, bits)
    measured = decided.measured
    alerts = measured & ((decided.taken & ALERTING_BITS) != 0)
    felt = measured & (((on_asking | on_receiving) & FELT_BITS) != 0)
    likenesses, behind = _likenesses(decided, sides[0], names)
    return Honesty(
        customer_days=_honest_days(decided, begun),
        disturbed=len(days),
        beside_fraud=len(days) - len(np.unique(people[~beside])),
        handled=int(((taken & PERSONAL_BITS) != 0).sum()),
        by_action={name: int(((taken >> RANK[name]) & 1).sum()) for name in names_of(FELT_BITS)},
        alerts=int(alerts.sum()),
        alerts_right=int((alerts & labelled).sum()),
        alerts_of_parties=int((alerts & (labelled | _of_party(decided, begun))).sum()),
        cases=_cases(decided, alerts),
        felt_events=int(felt.sum()),
        felt_events_right=int((felt & labelled).sum()),
        days=decided.day.bank.days - decided.history_days,
        likenesses=likenesses,
        likeness_instances=behind,
        burdens=_burdens(decided, sides, names),
    )


def begun_us(decided: Decided) -> Int64:
    """Return when the first fraud of each customer began; far in the future for the honest."""
    begun = np.full(decided.day.bank.n, np.iinfo(np.int64).max)
    rows = np.flatnonzero(decided.day.acts["story"] >= 0)
    at_us = decided.day.acts["at_us"][rows]
    # Somebody whom an employee looks up takes no part: `asking` is nobody there.
    named = _named(decided, rows)
    for who in (decided.asking[rows], decided.paying[rows], decided.receiving[rows], named):
        known = who >= 0
        np.minimum.at(begun, who[known], at_us[known])
    return begun


def _named(decided: Decided, rows: Int64) -> Int64:
    """Return the customers whom events put on a list, by number, name or account; else `NOBODY`."""
    bank, details = decided.day.bank, decided.day.details
    told = decided.day.acts["detail"][rows]
    named = np.full(len(rows), NOBODY, np.int64)
    for field in ("listed_customer", "listed_name", "listed_account"):
        if field not in details:
            continue
        value = np.where(told >= 0, details[field][np.maximum(told, 0)], NOBODY)
        if field == "listed_account":
            inside = (value >= 0) & (value < len(bank.owner))
            value = np.where(inside, bank.owner[np.where(inside, value, 0)], NOBODY)
        named = np.where((value >= 0) & (value < bank.n), value, named)
    return named


class _Side:
    """Honest people of one side to whom something was done that they notice."""

    def __init__(
        self, decided: Decided, who: Int64, bits: Int64, begun: Int64, labelled: Flags
    ) -> None:
        safe = np.maximum(who, 0)
        known = (who != NOBODY) & decided.measured & ~labelled
        self.honest = known & (decided.day.acts["at_us"] < begun[safe])
        self.felt = np.where(self.honest, bits & FELT_BITS, 0)
        rows = np.flatnonzero(self.felt)
        self.rows = rows
        self.bits = self.felt[rows]
        self.people = who[rows] * _DAYS_MAX + decided.day_numbers[rows]
        """Customer and day in one."""
        self.by_event = np.full(len(decided), NOBODY, np.int64)
        self.by_event[rows] = self.people


def _honest_days(decided: Decided, begun: Int64) -> int:
    """Return the days of all honest customers, from joining to the day their fraud begins."""
    bank = decided.day.bank
    joined = np.clip((bank.opened_us - bank.start_us) // DAY_US, decided.history_days, bank.days)
    left = np.clip((begun - bank.start_us) // DAY_US + 1, decided.history_days, bank.days)
    return int(np.maximum(left - joined, 0).sum())


def _beside_fraud(decided: Decided) -> Flags:
    """Return events on which an account moves money that an earlier event of a fraud used.

    Honest customers know people who lend their accounts, and pay them for honest reasons.
    """
    table = decided.day.acts
    begun = np.full(len(decided.day.bank.owner), np.iinfo(np.int64).max)
    rows = np.flatnonzero(table["story"] >= 0)
    for side in ("payer", "payee"):
        known = rows[table[side][rows] >= 0]
        np.minimum.at(begun, table[side][known], table["at_us"][known])
    parts = [
        (table[side] >= 0) & (begun[np.maximum(table[side], 0)] <= table["at_us"])
        for side in ("payer", "payee")
    ]
    return np.asarray(parts[0] | parts[1])


def _of_party(decided: Decided, begun: Int64) -> Flags:
    at_us = decided.day.acts["at_us"]
    sides = (decided.asking, decided.paying, decided.receiving)
    parts = [(who >= 0) & (at_us >= begun[np.maximum(who, 0)]) for who in sides]
    return np.asarray(reduce(np.logical_or, parts))


def _cases(decided: Decided, alerts: Flags) -> int:
    rows = np.flatnonzero(alerts)
    who = np.where(decided.asking[rows] >= 0, decided.asking[rows], decided.receiving[rows])
    return len(np.unique(who * _DAYS_MAX + decided.day_numbers[rows]))


def _likenesses(
    decided: Decided, side: _Side, names: Sequence[str]
) -> tuple[Rows, dict[str, dict[str, int]]]:
    tags = decided.day.acts["tag"]
    counts: Rows = {}
    behind: dict[str, dict[str, int]] = {}
    for code, name in enumerate(TAGS):
        rows = np.flatnonzero(side.honest & (tags == code))
        if not len(rows):
            continue
        felt = side.felt[rows]
        who = decided.asking[rows]
        counts[name] = (
            len(rows),
            int((felt != 0).sum()),
            len(np.unique(who)),
            len(np.unique(who[felt != 0])),
            len(np.unique(who[(felt & PERSONAL_BITS) != 0])),
        )
        behind[name] = _behind(decided, rows[felt != 0], names)
    return counts, behind


def _behind(decided: Decided, rows: Int64, names: Sequence[str]) -> dict[str, int]:
    """Return the customers that each instance disturbed on some events."""
    places = np.flatnonzero(
        np.isin(decided.hit_events, rows) & ((decided.hit_bits & FELT_BITS) != 0)
    )
    pairs = np.unique(
        np.stack([decided.hit_policies[places], decided.asking[decided.hit_events[places]]]), axis=1
    )
    policies, counts = np.unique(pairs[0], return_counts=True)
    return {
        names[policy]: count
        for policy, count in zip(policies.tolist(), counts.tolist(), strict=True)
    }


def _burdens(decided: Decided, sides: Sequence[_Side], names: Sequence[str]) -> Rows:
    """Return whom each instance disturbed; what the table did is an instance of its own."""
    people: list[Int64] = []
    behind: list[Int64] = []
    table = len(names)
    for side in sides:
        own = side.by_event[decided.hit_events]
        # A hit may fall on the other side: what it asked for must be felt on this one.
        felt = (decided.hit_bits & side.felt[decided.hit_events]) != 0
        places = np.flatnonzero((own != NOBODY) & felt)
        people.append(own[places])
        behind.append(decided.hit_policies[places].astype(np.int64))
        rows = side.rows[(decided.by_table[side.rows] & side.felt[side.rows]) != 0]
        people.append(side.by_event[rows])
        behind.append(np.full(len(rows), table, np.int64))
    pairs = np.unique(np.stack([np.concatenate(people), np.concatenate(behind)]), axis=1)
    _, which, sharing = np.unique(pairs[0], return_inverse=True, return_counts=True)
    total = np.bincount(pairs[1], minlength=table + 1)
    alone = np.bincount(pairs[1][sharing[which] == 1], minlength=table + 1)
    titles = [*names, THE_TABLE]
    return {
        titles[place]: (int(total[place]), int(alone[place])) for place in np.flatnonzero(total)
    }


def together(parts: Sequence[Honesty]) -> Honesty:
    """Add up several streams."""
    whole = parts[0]
    for part in parts[1:]:
        whole = _added(whole, part)
    return whole


def _added(one: Honesty, other: Honesty) -> Honesty:
    behind: dict[str, dict[str, int]] = defaultdict(dict)
    for part in (one, other):
        for likeness, counts in part.likeness_instances.items():
            behind[likeness] = _sum_counts(behind[likeness], counts)
    sums = {
        name: getattr(one, name) + getattr(other, name)
        for name in (
            "customer_days", "disturbed", "beside_fraud", "handled", "alerts", "alerts_right",
            "alerts_of_parties", "cases", "felt_events", "felt_events_right", "days",
        )
    }  # fmt: skip
    return Honesty(
        **sums,
        by_action=_sum_counts(one.by_action, other.by_action),
        likenesses=_sum_rows(one.likenesses, other.likenesses),
        likeness_instances=dict(behind),
        burdens=_sum_rows(one.burdens, other.burdens),
    )


def _sum_counts(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def _sum_rows(one: Rows, other: Rows) -> Rows:
    return {
        name: tuple(
            sum(counts)
            for counts in zip(*(part[name] for part in (one, other) if name in part), strict=True)
        )
        for name in {**one, **other}
    }


def likeness_counts(whole: Honesty) -> tuple[LikenessCount, ...]:
    """Return the likenesses, those that disturb the largest share first."""
    counts = []
    for name, (events, felt, customers, disturbed, handled) in whole.likenesses.items():
        behind = whole.likeness_instances.get(name, {})
        most = sorted(behind, key=lambda instance: (-behind[instance], instance))
        counts.append(
            LikenessCount(
                likeness=name,
                events=events,
                events_felt=felt,
                disturbed=wilson(disturbed, customers),
                handled=wilson(handled, customers),
                instances=tuple(most[:3]),
            )
        )
    return tuple(sorted(counts, key=lambda one: (-(one.disturbed.value or 0), one.likeness)))
