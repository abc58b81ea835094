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

from haitang.data.events.catalogue import EVENT_TYPES
from haitang.data.features.plan import Plan
from haitang.data.features.specs import FeatureSpec
from haitang.decision.engine.reading import event_types_of, names_read
from haitang.decision.rules.specs import Pack, PolicySpec
from haitang.kernel.hashing import hash_text

KIND_TABLE = 256
"""Slots of the small hash table from event type to row: several times the number of types."""


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Something that reads features of the events that its gate lets through."""

    gate: int
    """Number of its gate, -1 where every event passes."""
    types: frozenset[str] | None
    """Event types that it can speak of; None is all."""
    names: tuple[str, ...]


def readers_of(pack: Pack, policies: tuple[PolicySpec, ...]) -> list[Reader]:
    """Return who reads what: policies by their number, then models, then the table's segment."""
    features = {feature.name: feature for feature in pack.catalogue.features}
    readers = [
        Reader(
            gate=p,
            types=event_types_of(policy.when, features),
            names=(*names_read(policy.when), *(policy.reads or ()), *policy.shows),
        )
        for p, policy in enumerate(policies)
    ]
    for m, model in enumerate(pack.models):
        where = model.where
        readers.append(
            Reader(
                gate=len(policies) + m,
                types=None if where is None else event_types_of(where, features),
                names=(*model.inputs, *(names_read(where) if where is not None else ())),
            )
        )
    readers.append(Reader(gate=-1, types=None, names=(pack.segment_source,)))
    return readers


def demand_tables(
    pack: Pack, policies: tuple[PolicySpec, ...], gated: list[bool], plan: Plan
) -> tuple[Any, ...]:
    """Return (row of the event type's hash, hash table of types, what is wanted of every event,
    readers with a gate, ranges and places of what they want, missing ranges and rows, active
    streams by range, active cells by range).

    `gated` tells of each policy and model whether its gate can be shut. Active and missing have one
    row per event type, and row 0, which asks for everything.
    """
    kinds = tuple(EVENT_TYPES)
    readers = readers_of(pack, policies)
    slots, streams, cells = len(plan.slots), len(plan.tables[2]), len(plan.tables[6])
    features = {feature.name: feature for feature in pack.catalogue.features}
    needed = _needed(readers, features)
    active = [[[False] * count for _ in range(len(kinds) + 1)] for count in (streams, cells)]
    missing: list[list[set[int]]] = [[set() for _ in range(slots)] for _ in range(len(kinds) + 1)]
    rows = dict(zip(plan.feature_names, plan.feature_rows.tolist(), strict=True))
    for name, place in plan.places.items():
        family, index = (0, place.stream) if place.stream >= 0 else (1, place.cell)
        where = features[name].where
        counted = None if where is None else event_types_of(where, features)
        for k in (0, *_rows_of(kinds, needed.get(name, frozenset()))):
            active[family][k][index] = True
            missing[k][place.slot].add(rows[name])
        for k in _rows_of(kinds, counted):
            active[family][k][index] = True
    has_kind = "event_type" in plan.fields.texts
    return (
        plan.fields.texts.index("event_type") if has_kind else -1,
        _kind_table(kinds),
        *_wants(readers, features, gated, plan),
        *_flat(missing),
        *_active_lists(active[0], plan.tables[2], len(plan.entities)),
        *_active_lists(active[1], plan.tables[6], len(plan.entities)),
    )


def _wants(
    readers: list[Reader], features: dict[str, FeatureSpec], gated: list[bool], plan: Plan
) -> tuple[NDArray[Any], ...]:
    """Return what every event asks for, as a full or an empty mask per place; the gates that can be
    shut; and per such gate the range of its further places, and the places.
    """
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


def _rows_of(kinds: tuple[str, ...], types: frozenset[str] | None) -> list[int]:
    """Return the rows of event types; None is all."""
    return [k + 1 for k, kind in enumerate(kinds) if types is None or kind in types]


def _active_lists(
    active: list[list[bool]], table: NDArray[np.int64], entities: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, per event type and entity, the streams (or cells) that are read or may count."""
    chosen: list[int] = []
    ranges: list[tuple[int, int]] = []
    owners = table[:, 0].tolist()
    for flags in active:
        for entity in range(entities):
            start = len(chosen)
            chosen.extend(i for i, owner in enumerate(owners) if owner == entity and flags[i])
            ranges.append((start, len(chosen)))
    return (
        np.array(ranges or [(0, 0)], dtype=np.int64).reshape(-1, 2),
        np.array(chosen or [0], dtype=np.int64),
    )


def _needed(
    readers: list[Reader], features: dict[str, FeatureSpec]
) -> dict[str, frozenset[str] | None]:
    """Return per feature the event types for which it is read; None means all."""
    needed: dict[str, frozenset[str] | None] = {}

    def mark(name: str, types: frozenset[str] | None) -> None:
        if name not in features:
            return
        before = needed.get(name, frozenset())
        after = None if types is None or before is None else before | types
        if name in needed and after == before:
            return
        needed[name] = after
        value = features[name].value
        for inner in names_read(value) if value is not None else ():
            mark(inner, types)

    for reader in readers:
        for name in reader.names:
            mark(name, reader.types)
    return needed


def _kind_table(kinds: tuple[str, ...]) -> NDArray[np.uint64]:
    table = np.zeros((KIND_TABLE, 2), dtype=np.uint64)
    for k, kind in enumerate(kinds):
        word = hash_text(kind)
        i = word % KIND_TABLE
        while table[i, 0] != 0:
            i = (i + 1) % KIND_TABLE
        table[i] = (word, k + 1)
    return table


def _flat(missing: list[list[set[int]]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows: list[int] = []
    ranges: list[tuple[int, int]] = []
    for by_slot in missing:
        for own in by_slot:
            ranges.append((len(rows), len(rows) + len(own)))
            rows.extend(sorted(own))
    return (
        np.array(ranges, dtype=np.int64).reshape(max(len(ranges), 0), 2),
        np.array(rows or [0], dtype=np.int64),
    )
