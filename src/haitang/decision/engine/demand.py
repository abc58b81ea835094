"""Which features an event needs: only those that some policy can look at for an event of its type.

Folding is never left out, only reading: a sign-in moves no window of payments forward for policies on payments.
Decisions are the same with and without; a parity test says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from haitang.data.events.catalogue import EVENT_TYPES
from haitang.data.features.plan import Plan
from haitang.decision.engine.reading import event_types_of, names_read
from haitang.decision.rules.specs import Pack, PolicySpec
from haitang.kernel.hashing import hash_text

KIND_TABLE = 256
"""Slots of the small hash table from event type to row: several times the number of types."""


def demand_tables(
    pack: Pack, policies: tuple[PolicySpec, ...], recorded: tuple[tuple[str, ...], ...], plan: Plan
) -> tuple[Any, ...]:
    """Return (row of the event type's hash, hash table of types, reads of streams, of cells, missing ranges and rows).

    The last four have one row per event type, and row 0, which asks for everything.
    """
    kinds = tuple(EVENT_TYPES)
    needed = _needed(pack, policies, recorded)
    slots, streams, cells = len(plan.slots), len(plan.tables[2]), len(plan.tables[6])
    stream_demands = np.zeros((len(kinds) + 1, max(slots * streams, 1)), dtype=np.uint8)
    cell_demands = np.zeros((len(kinds) + 1, max(slots * cells, 1)), dtype=np.uint8)
    missing: list[list[set[int]]] = [[set() for _ in range(slots)] for _ in range(len(kinds) + 1)]
    rows = dict(zip(plan.feature_names, plan.feature_rows.tolist(), strict=True))
    for name, place in plan.places.items():
        types = needed.get(name, frozenset())
        chosen = [k + 1 for k, kind in enumerate(kinds) if types is None or kind in types]
        for k in (0, *chosen):
            if place.stream >= 0:
                stream_demands[k, place.slot * streams + place.stream] = 1
            else:
                cell_demands[k, place.slot * cells + place.cell] = 1
            missing[k][place.slot].add(rows[name])
    has_kind = "event_type" in plan.fields.texts
    return (
        plan.fields.texts.index("event_type") if has_kind else -1,
        _kind_table(kinds),
        stream_demands,
        cell_demands,
        *_flat(missing),
    )


def _needed(
    pack: Pack, policies: tuple[PolicySpec, ...], recorded: tuple[tuple[str, ...], ...]
) -> dict[str, frozenset[str] | None]:
    """Return per feature the event types for which it is read; None means all."""
    features = {feature.name: feature for feature in pack.catalogue.features}
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

    for policy, names in zip(policies, recorded, strict=False):
        for name in (*names, *names_read(policy.when)):
            mark(name, event_types_of(policy.when, features))
    for model in pack.models:
        types = None if model.where is None else event_types_of(model.where, features)
        for name in (*model.inputs, *(names_read(model.where) if model.where else ())):
            mark(name, types if model.where is not None else None)
    mark(pack.segment_source, None)
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

