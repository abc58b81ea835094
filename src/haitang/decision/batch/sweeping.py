"""One policy at several values of one parameter: how much it catches, and at what price."""

from __future__ import annotations

import re

import msgspec
import numpy as np

from haitang.decision.batch.again import given_pieces
from haitang.decision.batch.alerts import READ
from haitang.decision.batch.kept import EVENTS, Kept
from haitang.decision.batch.measures import StoryLabel
from haitang.decision.rules.pack import LoadCache, load_pack_unlocked
from haitang.decision.rules.places import file_of
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import Pack, PolicySpec
from haitang.kernel.errors import HaitangError, symbol
from haitang.kernel.instants import DAY_US

STEPS_MAX = 50
_SPEC = re.compile(r"([a-z0-9_]+)\.([a-z0-9_]+)=([0-9.]+):([0-9.]+):([0-9]+)")


class SweepSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to sweep: values evenly apart, both ends included, in the unit the policy is written in
    (money in the major unit, time in seconds).
    """

    policy: str
    parameter: str
    values: tuple[float, ...]


class SweepPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy alone does at one value."""

    value: float
    hits: int
    customers_per_day: float
    stories: int | None
    """Labelled stories that it touches; None without labels."""


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """A curve."""

    policy: str
    parameter: str
    unit: str
    points: tuple[SweepPoint, ...]


def read_sweep(text: str) -> SweepSpec:
    """Read `policy.parameter=from:to:steps`."""
    match = _SPEC.fullmatch(text)
    if match is None or not 2 <= int(match[5]) <= STEPS_MAX or float(match[3]) >= float(match[4]):
        raise HaitangError(
            code="backtest_sweep",
            message=f"the sweep was {symbol(text)}; expected `policy.parameter=from:to:steps` "
            f"with from below to and 2 to {STEPS_MAX} steps",
        )
    values = np.linspace(float(match[3]), float(match[4]), int(match[5]))
    return SweepSpec(policy=match[1], parameter=match[2], values=tuple(values.tolist()))


def sweep(
    spec: SweepSpec,
    kept: Kept,
    source: PackSource,
    pack: Pack,
    labels: list[StoryLabel] | None,
    *,
    cache: LoadCache,
) -> Sweep:
    """Ask the kept stream about the policy at every value; instances that have a value of their
    own keep it.
    """
    own = [one for one in pack.policies if one.policy_id == spec.policy]
    parameter = next(
        (one for policy in own for one in policy.parameters if one.name == spec.parameter), None
    )
    if parameter is None or parameter.value is None:
        raise HaitangError(
            code="backtest_sweep",
            message=f"there was no policy {symbol(spec.policy)} with a number of its own called "
            f"{symbol(spec.parameter)}",
            hint="`haitang policy explain` shows what a policy has",
        )
    variants = _variants(spec, source, own[0], cache)
    owner = np.array([step for step, policies in enumerate(variants) for _ in policies])
    policies = [policy for policies in variants for policy in policies]
    story_of = {one.event_id: one.story_id for one in labels or ()}
    hits = np.zeros(len(variants), np.int64)
    pairs: list[set[tuple[int, int]]] = [set() for _ in variants]
    stories: list[set[str]] = [set() for _ in variants]
    for given in given_pieces(kept, pack, policies):
        pieces, out = given.pieces, given.out
        if not len(out.hit_policies):
            continue
        events = given.hit_events()
        columns = kept.reader.read(EVENTS, pieces, READ)
        texts = kept.reader.read_texts(EVENTS, pieces, "event_ids") if labels else []
        for step in range(len(variants)):
            rows = np.unique(events[owner[out.hit_policies] == step])
            hits[step] += len(rows)
            payers, others = (
                columns[f"text {name}"][rows] for name in ("payer_customer_id", "customer_id")
            )
            customers = np.where(payers != 0, payers, others)
            found = (columns["instants"][rows] // DAY_US).tolist()
            pairs[step] |= set(zip(customers.tolist(), found, strict=True))
            stories[step] |= {
                story_of[name]
                for row in rows.tolist()
                if texts and (name := texts[row]) in story_of
            }
    return Sweep(
        policy=spec.policy,
        parameter=spec.parameter,
        unit=parameter.unit,
        points=tuple(
            SweepPoint(
                value=value,
                hits=int(hits[step]),
                customers_per_day=len(pairs[step]) / max(kept.about.days, 1),
                stories=len(stories[step]) if labels is not None else None,
            )
            for step, value in enumerate(spec.values)
        ),
    )


def _variants(
    spec: SweepSpec, source: PackSource, policy: PolicySpec, cache: LoadCache
) -> list[tuple[PolicySpec, ...]]:
    """Return the instances of the policy at every value, each with a name of its own."""
    path = file_of(policy, source)
    text = source.files[path].decode()
    pattern = re.compile(
        rf"(?m)^(\s*{re.escape(spec.parameter)}:\s*\{{[^}}]*?\bvalue:\s*)([^,}}\s]+)"
    )
    variants = []
    for step, value in enumerate(spec.values):
        changed, count = pattern.subn(rf"\g<1>{value:.10g}", text, count=1)
        if not count:
            raise HaitangError(
                code="backtest_sweep",
                message=f"the value of {symbol(spec.parameter)} was not found in its file",
                hint="write the parameter in one line, `name: {unit: …, value: …}`",
            )
        files = {**source.files, path: changed.encode()}
        fresh = PackSource(name=source.name, files=files, origins=source.origins)
        pack = load_pack_unlocked(fresh, cache=cache).loaded.pack
        variants.append(
            tuple(
                msgspec.structs.replace(one, id=f"{one.id}@{step}", status="live")
                for one in pack.policies
                if one.policy_id == spec.policy and one.status in ("draft", "shadow", "live")
            )
        )
    return variants
