"""The leak test: whether anything that means nothing tells frauds from honest events.

Generated data leak when an identifier, a clock tick, the cents or the missing fields give the
answer away. Each test scores every event by one such trifle and asks how well the score ranks the
labelled events (the area under the ROC curve, by ranks). One half means it says nothing; above
`LIMIT` is a leak to repair.

Trifles with a natural order (an hour, an identifier as a word) are ranked as they are, in the
better direction. Trifles without one (a missing-field pattern, a prefix) are first turned into the
share of frauds seen with the same value among *other* stories, so that remembering one story does
not count as a leak.

A few facts of banking are held fixed, and named in `given`: a counter is closed at night and a
card payment has no payee account, whoever pays. They are compared within the same event type, or
type, movement and channel.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from haitang.data.events.catalogue import FIELDS
from haitang.lab.acts import HOUR_US, LOCAL_OFFSET_US, SECOND_US, Array

LIMIT = 0.60
POSITIVES_MIN = 100
"""With fewer labelled values an area strays beyond the limit by chance (deviation 0.29/√n)."""
PREFIX_LENGTHS = (1, 2, 3, 4)
_SMOOTHING = 20.0
_FOLDS = 4


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one test."""

    name: str
    given: str
    """What was held fixed; empty when everything was compared with everything."""
    area: float
    """Area under the ROC curve from 0.5 up; not a number when there was nothing to compare."""
    positives: int
    """Labelled events compared; for identifiers the fewer of labelled and unlabelled ones."""

    @property
    def leaks(self) -> bool:
        """Whether this gives frauds away."""
        return self.positives >= POSITIVES_MIN and self.area > LIMIT


def find_leaks(events: pa.Table, labels: pa.Table) -> tuple[Leak, ...]:
    """Run every test over event columns in journal order and labels with `story_id`."""
    ids = events["event_id"].combine_chunks()
    position = pc.index_in(ids, value_set=labels["event_id"].combine_chunks()).to_numpy(
        zero_copy_only=False
    )
    fraud = ~np.isnan(position.astype(np.float64))
    story = np.full(len(ids), -1)
    codes = (
        labels["story_id"]
        .combine_chunks()
        .dictionary_encode()
        .indices.to_numpy(zero_copy_only=False)
    )
    story[fraud] = codes[position[fraud].astype(np.int64)]
    results = [
        *_clock(events, fraud, story),
        *_identifiers(events, fraud),
        *_decimals(events, fraud, story),
        *_missing(events, fraud, story),
    ]
    return tuple(results)


def area_by_ranks(
    score: Array, fraud: npt.NDArray[np.bool_], strata: Array | None = None
) -> tuple[float, int]:
    """Area under the ROC curve over pairs of one stratum, and the positives that met a negative.

    Ties count one half. Without any pair the area is not a number.
    """
    strata = np.zeros(len(score), dtype=np.int64) if strata is None else strata
    if not len(score):
        return float("nan"), 0
    order = np.lexsort((score, strata))
    group, value, positive = strata[order], score[order], fraud[order]
    changes = np.r_[True, (group[1:] != group[:-1]) | (value[1:] != value[:-1])]
    starts = np.flatnonzero(changes)
    ends = np.r_[starts[1:], len(order)]
    negatives_before = np.r_[0, np.cumsum(~positive)]
    fresh = np.r_[True, group[1:] != group[:-1]]
    group_start = np.flatnonzero(fresh)[np.cumsum(fresh) - 1]
    group_end = np.r_[np.flatnonzero(fresh)[1:], len(order)][np.cumsum(fresh) - 1]
    tie = np.cumsum(changes) - 1
    below = negatives_before[starts][tie] - negatives_before[group_start]
    tied = negatives_before[ends][tie] - negatives_before[starts][tie]
    others = negatives_before[group_end] - negatives_before[group_start]
    pairs = float(others[positive].sum())
    won = float((below + tied / 2)[positive].sum())
    met = int((others[positive] > 0).sum())
    return (won / pairs if pairs else float("nan")), met


def _ranked(
    name: str, score: Array, fraud: Array, *, strata: Array | None = None, given: str = ""
) -> Leak:
    area, met = area_by_ranks(score, fraud, strata)
    return Leak(name=name, given=given, area=max(area, 1 - area), positives=met)


def _told(
    name: str,
    value: Array,
    fraud: Array,
    story: Array,
    *,
    strata: Array | None = None,
    given: str = "",
) -> Leak:
    """Score a value without order by the share of frauds with the same value in the other folds."""
    _, value = np.unique(value, return_inverse=True)
    kinds = int(value.max()) + 1 if len(value) else 1
    fold = np.where(story >= 0, story % _FOLDS, np.arange(len(value)) % _FOLDS)
    score = np.zeros(len(value))
    for part in range(_FOLDS):
        rest = fold != part
        frauds = np.bincount(value[rest], weights=fraud[rest].astype(np.float64), minlength=kinds)
        everyone = np.bincount(value[rest], minlength=kinds)
        base = fraud[rest].mean() if rest.any() else 0.0
        share = (frauds + _SMOOTHING * base) / (everyone + _SMOOTHING)
        score[~rest] = share[value[~rest]] / max(base, 1e-12)
    area, met = area_by_ranks(score, fraud, strata)
    return Leak(name=name, given=given, area=area, positives=met)


def _codes(events: pa.Table, name: str) -> Array:
    column = events[name].combine_chunks().dictionary_encode()
    return np.asarray(pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False)).astype(
        np.int64
    )


def _circumstances(events: pa.Table) -> Array:
    """Event type, movement and channel as one code."""
    codes = (
        _codes(events, "event_type") * 10_000
        + (_codes(events, "txn_type") + 1) * 100
        + _codes(events, "channel")
        + 1
    )
    return np.asarray(codes)


def _clock(events: pa.Table, fraud: Array, story: Array) -> list[Leak]:
    at_us = events["occurred_at_us"].to_numpy()
    starts = np.r_[True, at_us[1:] != at_us[:-1]]
    first = np.flatnonzero(starts)[np.cumsum(starts) - 1]
    place = np.arange(len(at_us)) - first
    hour = (at_us + LOCAL_OFFSET_US) // HOUR_US % 24
    second = at_us // SECOND_US % 60
    circumstances = _circumstances(events)
    delay = events["received_at_us"].to_numpy(zero_copy_only=False) - at_us
    return [
        _ranked("position in equal timestamps", place, fraud),
        _ranked("position in equal timestamps", place, fraud, strata=first, given="the timestamp"),
        _ranked("second", second, fraud),
        _told("second, by value", second, fraud, story),
        _ranked("sub-second", at_us % SECOND_US, fraud),
        _ranked("receipt delay", delay, fraud),
        _ranked("hour", hour, fraud),
        _told("hour, by value", hour, fraud, story),
        _ranked("hour", hour, fraud, strata=circumstances, given="type, movement and channel"),
        _told(
            "hour, by value",
            hour,
            fraud,
            story,
            strata=circumstances,
            given="type, movement and channel",
        ),
    ]


def _identifiers(events: pa.Table, fraud: Array) -> list[Leak]:
    """Every identifier as a word and by its prefixes; each distinct value counts once."""
    results = []
    for name, spec in FIELDS.items():
        if (
            spec.kind != "id"
            or name not in events.column_names
            or events[name].null_count == len(events)
        ):
            continue
        column = events[name].combine_chunks().dictionary_encode()
        words = np.array(column.dictionary.to_pylist(), dtype=object).astype(str)
        codes = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        marked = np.zeros(len(words), dtype=bool)
        marked[codes[fraud & (codes >= 0)]] = True
        scored = [
            _ranked(f"{name} in order", np.unique(words, return_inverse=True)[1], marked),
            _ranked(f"{name} length", np.char.str_len(words), marked),
        ]
        group = np.where(marked, np.cumsum(marked), -1)
        for length in PREFIX_LENGTHS:
            prefix = np.array([word[:length] for word in words.tolist()])
            scored.append(_told(f"{name} prefix of {length}", prefix, marked, group))
        rarer = min(int(marked.sum()), int((~marked).sum()))
        results += [msgspec.structs.replace(leak, positives=rarer) for leak in scored]
    return results


def _decimals(events: pa.Table, fraud: Array, story: Array) -> list[Leak]:
    amount = events["amount_minor"].to_numpy(zero_copy_only=False).astype(np.float64)
    has = ~np.isnan(amount)
    cents = (amount[has] % 100).astype(np.int64)
    fraud, story = fraud[has], story[has]
    movement = _codes(events, "txn_type")[has]
    return [
        _ranked("cents", cents, fraud),
        _ranked("whole yuan", cents == 0, fraud),
        _ranked("last digit", cents % 10, fraud),
        _told("cents, by value", cents, fraud, story),
        _told("cents, by value", cents, fraud, story, strata=movement, given="movement"),
    ]


def _missing(events: pa.Table, fraud: Array, story: Array) -> list[Leak]:
    pattern = np.zeros(len(events), dtype=np.uint64)
    count = np.zeros(len(events), dtype=np.int64)
    results = []
    for number, name in enumerate(events.column_names):
        absent = events[name].combine_chunks().is_null().to_numpy(zero_copy_only=False)
        if absent.all() or not absent.any():
            continue
        results.append(_ranked(f"{name} missing", absent, fraud))
        count += absent
        weight = np.uint64((0x9E3779B97F4A7C15 * (2 * number + 1)) & (2**64 - 1))
        pattern ^= np.where(absent, weight, np.uint64(0)) * np.uint64(0xBF58476D1CE4E5B9)
    results.append(_ranked("number of missing fields", count, fraud))
    kind, circumstances = _codes(events, "event_type"), _circumstances(events)
    for given, strata in (("event type", kind), ("type, movement and channel", circumstances)):
        results.append(
            _ranked("number of missing fields", count, fraud, strata=strata, given=given)
        )
        results.append(
            _told("pattern of missing fields", pattern, fraud, story, strata=strata, given=given)
        )
    return results
