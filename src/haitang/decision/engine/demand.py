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


def demand_tables(
    pack: Pack, policies: tuple[PolicySpec, ...], gated: list[bool], plan: Plan
) -> tuple[NDArray[Any], ...]:
    """Return what every event asks for, as a full or an empty mask per place; the gates that can be
    shut; and per such gate the range of its further places, and the places.

    `gated` tells of each policy and model whether its gate can be shut.
    """
    features = {feature.name: feature for feature in pack.catalogue.features}
    readers = readers_of(pack, policies)
    always = np.zeros(max(len(plan.tables[5]), 1), dtype=np.uint64)
    wanted: dict[int, set[int]] = {}
    for reader in readers:
        rows = {plan.places[name].row for name in _closure(reader.names, features, plan)}
        if reader.gate < 0 or not gated[reader.gate]:
            always[list(rows)] = ~np.uint64(0)
        else:
            wanted[reader.gate] = rows
    further = {
        gate: sorted(row for row in rows if not always[row]) for gate, rows in wanted.items()
    }
    gates = [gate for gate, rows in further.items() if rows]
    ranges: list[tuple[int, int]] = []
    flat: list[int] = []
    for gate in gates:
        ranges.append((len(flat), len(flat) + len(further[gate])))
        flat.extend(further[gate])
    return (
        always,
        np.array(gates, dtype=np.int64),
        np.array(ranges, dtype=np.int64).reshape(len(ranges), 2),
        np.array(flat or [0], dtype=np.int64),
    )


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
