"""Above and below the line: what a policy hits, and what it would hit if one condition gave way.

Analysts look at samples of both before they move a threshold: frauds just below it say that it is
too strict, honest events just above it that it is too mild (ATL and BTL testing).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.terms import Compare, Expression, Logic, Number
from haitang.decision.batch.again import Given, given_pieces
from haitang.decision.batch.kept import EVENTS, Kept
from haitang.decision.engine.program import policy_reads
from haitang.decision.engine.reading import conjuncts, names_read
from haitang.decision.rules.render import render
from haitang.decision.rules.specs import Pack, PolicySpec

NEAR_SHARE = 0.2
"""Of a threshold: how far it gives way."""
WHOLE_MAX = 10.0
"""Whole thresholds up to this give way by one: of three events, two are near."""
INSTANCES_MAX = 12
SAMPLES = 6
"""Events shown on each side."""
FOUND_MAX = 10_000
"""Events of a side that are looked up; further ones are counted only."""

Int64 = npt.NDArray[np.int64]


class LineSample(msgspec.Struct, frozen=True, kw_only=True):
    """One event beside the line."""

    event_id: str
    values: dict[str, float]
    """The numbers that the condition reads, in the unit of the feature (money in minor units)."""
    typology: str = ""
    """Of the labelled fraud that it belongs to."""


class LineSide(msgspec.Struct, frozen=True, kw_only=True):
    """Events on one side of a line."""

    condition: str
    """The condition that would have to give way, and how far; empty above the line."""
    events: int
    labelled: int | None
    """Of these events those of a labelled fraud; None without labels."""
    samples: tuple[LineSample, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An instance, what it hits, and what it nearly hits by each of its thresholds."""

    instance: str
    above: LineSide
    below: tuple[LineSide, ...]
    units: dict[str, str]
    """Unit of each number that samples show, where it has one."""


class _Asked(NamedTuple):
    """One way of asking: the instance as it is, or with one condition given way."""

    instance: int
    policy: PolicySpec
    condition: str
    shows: tuple[str, ...]
    """Numbers that its samples show."""


class _Found:
    """Events of one side, as they are found."""

    def __init__(self) -> None:
        self.events = 0
        self.ids: list[str] = []
        self.values: list[dict[str, float]] = []


def lines(
    kept: Kept, pack: Pack, policies: Sequence[PolicySpec], frauds: Mapping[str, str] | None
) -> tuple[Line, ...]:
    """Ask a kept stream about instances with each of their thresholds given way a little.

    Only comparisons with a number that must hold in any case can give way, not those inside of an
    `or`. `frauds` are the typologies of labelled events by id.
    """
    policies = policies[:INSTANCES_MAX]
    features = (one for one in pack.catalogue.features if one.type == "number")
    numbers = {one.name: one.unit for one in features}
    for name, field in FIELDS.items():
        if field.kind == "number":
            numbers[name] = "money" if name.endswith("_minor") else ""
    asked = [one for place, policy in enumerate(policies) for one in _ways(place, policy, numbers)]
    found = [_Found() for _ in asked]
    for given in given_pieces(kept, pack, [one.policy for one in asked]):
        _take(kept, given, asked, found)
    sides: dict[int, tuple[int, list[LineSide]]] = {}
    for way, (one, own) in enumerate(zip(asked, found, strict=True)):
        # The first way of an instance is the instance itself.
        sides.setdefault(one.instance, (way, []))[1].append(_side(one.condition, own, frauds))
    return tuple(
        Line(
            instance=policies[place].id,
            above=own[0],
            below=tuple(own[1:]),
            units={name: numbers[name] for name in asked[first].shows if numbers[name]},
        )
        for place, (first, own) in sides.items()
    )


def _ways(place: int, policy: PolicySpec, numbers: Container[str]) -> list[_Asked]:
    """Return the instance itself, and with each of its thresholds given way."""
    policy = msgspec.structs.replace(policy, status="live", reads=policy_reads(policy))
    parts = conjuncts(policy.when)
    shown = tuple(name for name in policy_reads(policy) if name in numbers)
    ways = [_Asked(place, policy, "", shown)]
    for number, part in enumerate(parts):
        milder = _milder(part)
        if milder is None:
            continue
        others = (*parts[:number], milder, *parts[number + 1 :])
        when = Logic(op="and", operands=others) if len(others) > 1 else milder
        own = tuple(name for name in names_read(part) if name in shown)
        changed = msgspec.structs.replace(policy, id=f"{policy.id}@{number}", when=when)
        ways.append(_Asked(place, changed, f"{render(part)} → {render(milder)}", own or shown))
    return ways


def _milder(part: Expression) -> Compare | None:
    """Return a comparison with a number so that more holds; None where there is none to give."""
    if not isinstance(part, Compare) or part.op in ("==", "!="):
        return None
    left, right = part.left, part.right
    if isinstance(right, Number) == isinstance(left, Number):
        return None
    least = (part.op in (">", ">=")) == isinstance(right, Number)
    number = right if isinstance(right, Number) else left
    assert isinstance(number, Number), "one of the two is"
    value = number.value
    step = 1.0 if value.is_integer() and 1 < abs(value) <= WHOLE_MAX else abs(value) * NEAR_SHARE
    if step == 0.0:
        return None
    given = Number(value=value - step if least else value + step)
    if isinstance(right, Number):
        return msgspec.structs.replace(part, right=given)
    return msgspec.structs.replace(part, left=given)


def _take(kept: Kept, given: Given, asked: Sequence[_Asked], found: Sequence[_Found]) -> None:
    out, events = given.out, given.hit_events()
    above: dict[int, Int64] = {}
    for place, (one, own) in enumerate(zip(asked, found, strict=True)):
        places = np.flatnonzero(out.hit_policies == place)
        if one.condition:
            places = places[~np.isin(events[places], above[one.instance])]
        else:
            above[one.instance] = events[places]
        own.events += len(places)
        places = places[: FOUND_MAX - len(own.ids)]
        if not len(places):
            continue
        texts = kept.reader.read_texts(EVENTS, given.pieces, "event_ids", events[places])
        own.ids += [text or "" for text in texts]
        names = policy_reads(one.policy)
        columns = [(name, names.index(name)) for name in one.shows]
        for start in out.value_starts[places].tolist():
            row = ((name, float(out.hit_values[start + column])) for name, column in columns)
            own.values.append({name: value for name, value in row if not np.isnan(value)})


def _side(condition: str, found: _Found, frauds: Mapping[str, str] | None) -> LineSide:
    count = len(found.ids)
    chosen = np.unique(np.linspace(0, count - 1, min(SAMPLES, count)).astype(int)) if count else ()
    known = frauds or {}
    return LineSide(
        condition=condition,
        events=found.events,
        labelled=None if frauds is None else sum(name in frauds for name in found.ids),
        samples=tuple(
            LineSample(
                event_id=found.ids[row],
                values=found.values[row],
                typology=known.get(found.ids[row], ""),
            )
            for row in chosen
        ),
    )
