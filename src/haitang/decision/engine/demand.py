"""Which features an event needs: only those that some policy can look at for an event of its type.

Folding is never left out, only reading: a sign-in moves no window of payments forward for policies
on payments. Decisions are the same with and without; a parity test says so.
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
    """Return (row of the event type's hash, hash table of types, reads of streams, of cells,
    missing ranges and rows, active streams by range, active cells by range).

    All but the first two have one row per event type, and row 0, which asks for everything.
    """
    kinds = tuple(EVENT_TYPES)
    needed = _needed(pack, policies, recorded)
    slots, streams, cells = len(plan.slots), len(plan.tables[2]), len(plan.tables[6])
    features = {feature.name: feature for feature in pack.catalogue.features}
    width = (slots * streams, slots * cells)
    demands = [np.zeros((len(kinds) + 1, max(size, 1)), dtype=np.uint8) for size in width]
    active = [[[False] * count for _ in range(len(kinds) + 1)] for count in (streams, cells)]
    missing: list[list[set[int]]] = [[set() for _ in range(slots)] for _ in range(len(kinds) + 1)]
    rows = dict(zip(plan.feature_names, plan.feature_rows.tolist(), strict=True))
    for name, place in plan.places.items():
        family, index = (0, place.stream) if place.stream >= 0 else (1, place.cell)
        count = (streams, cells)[family]
        where = features[name].where
        counted = None if where is None else event_types_of(where, features)
        for k in (0, *_rows_of(kinds, needed.get(name, frozenset()))):
            demands[family][k, place.slot * count + index] = 1
            active[family][k][index] = True
            missing[k][place.slot].add(rows[name])
        for k in _rows_of(kinds, counted):
            active[family][k][index] = True
    has_kind = "event_type" in plan.fields.texts
    return (
        plan.fields.texts.index("event_type") if has_kind else -1,
        _kind_table(kinds),
        demands[0],
        demands[1],
        *_flat(missing),
        *_active_lists(active[0], plan.tables[2], len(plan.entities)),
        *_active_lists(active[1], plan.tables[6], len(plan.entities)),
    )


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
        types = event_types_of(policy.when, features)
        for name in (*names, *names_read(policy.when)):
            mark(name, types)
    for model in pack.models:
        types = None if model.where is None else event_types_of(model.where, features)
        for name in (*model.inputs, *(names_read(model.where) if model.where else ())):
            mark(name, types)
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
