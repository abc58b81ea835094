"""Which features an event needs: only those that some policy can look at, going by what the event
alone says.

Folding is never left out, only reading: a sign-in moves no window of payments forward for policies
on payments, and a transfer none for policies on card payments. Before anything is folded, each
policy's conditions on the event alone are met with the block; what it reads is wanted for the
events that pass. Decisions are the same with and without; a parity test says so.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.features.plan import Plan
from haitang.data.features.specs import FeatureSpec
from haitang.decision.engine.reading import names_read
from haitang.decision.engine.staging import Staging
from haitang.decision.rules.specs import Pack, PolicySpec


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Something that reads features of the events that its gate lets through."""

    gate: int
    """Number of its gate, -1 where every event passes."""
    names: tuple[str, ...]


def readers_of(pack: Pack, policies: tuple[PolicySpec, ...]) -> list[Reader]:
    """Return who reads what: policies by their number, then models, then the table's segment."""
    readers = [
        Reader(
            gate=p,
            names=(*names_read(policy.when), *(policy.reads or ()), *policy.shows),
        )
        for p, policy in enumerate(policies)
    ]
    for m, model in enumerate(pack.models):
        where = model.where
        readers.append(
            Reader(
                gate=len(policies) + m,
                names=(*model.inputs, *(names_read(where) if where is not None else ())),
            )
        )
    readers.append(Reader(gate=-1, names=(pack.segment_source,)))
    return readers


def places_read(
    pack: Pack, policies: tuple[PolicySpec, ...], plan: Plan
) -> list[tuple[int, set[int]]]:
    """Return, per reader, its gate and the places that it reads."""
    features = {feature.name: feature for feature in pack.catalogue.features}
    return [
        (
            reader.gate,
            {plan.places[name].row for name in _closure(reader.names, features, plan)},
        )
        for reader in readers_of(pack, policies)
    ]


def demand_tables(
    read: list[tuple[int, set[int]]], gated: list[bool], staging: Staging
) -> tuple[Any, ...]:
    """Return what every event asks for, as a full or an empty mask per place; and for each of the
    two stages of `staging` per gate the range of its further places, and the places.

    `gated` tells of each policy and model whether its gate can be shut by the event alone.
    """
    order, counts = staging.stages[1], staging.stages[2]
    always = np.zeros(max(len(order), 1), dtype=np.uint64)
    parts = np.split(order, counts[1:2])
    tables: list[dict[int, set[int]]] = []
    for part, shut in zip(parts, (gated, staging.shut(gated)), strict=True):
        of_stage = set(part.tolist())
        wanted: dict[int, set[int]] = {}
        for gate, places in read:
            if gate < 0 or not shut[gate]:
                always[list(places & of_stage)] = ~np.uint64(0)
            else:
                wanted[gate] = places & of_stage
        tables.append({gate: {q for q in own if not always[q]} for gate, own in wanted.items()})
    return (always, *(_ranges(table, len(gated)) for table in tables))


def _ranges(members: dict[int, set[int]], count: int) -> tuple[NDArray[np.int64], ...]:
    """Return the range of each key's members, of keys below `count`, and the members."""
    ranges = np.zeros((max(count, 1), 2), dtype=np.int64)
    flat: list[int] = []
    for key, own in members.items():
        ranges[key] = (len(flat), len(flat) + len(own))
        flat.extend(sorted(own))
    return ranges, np.array(flat or [0], dtype=np.int64)


def _closure(names: tuple[str, ...], features: dict[str, FeatureSpec], plan: Plan) -> set[str]:
    """Return the aggregates that names stand for, through all derived features."""
    found: set[str] = set()
    passed: set[str] = set()
    open_names = list(names)
    while open_names:
        name = open_names.pop()
        if name in passed or name not in features:
            continue
        passed.add(name)
        if name in plan.places:
            found.add(name)
        value = features[name].value
        open_names.extend(names_read(value) if value is not None else ())
    return found
