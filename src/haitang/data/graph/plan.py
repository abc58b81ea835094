"""Compile the graph features of a catalogue into tables.

Features over the same payments share a store, and those that look back from the same account over
the same time share a search. Conditions read only the event; they are a small program of their
own, because they have to be known before anything else is.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.features import terms
from haitang.data.features.arena import DIRECTORY_WORDS, HEADER_WORDS
from haitang.data.features.graph_specs import GraphSpec, NodeKind, PartySide
from haitang.data.features.plan import PlanBuilder
from haitang.data.features.program import ProgramBuilder
from haitang.data.features.specs import Catalogue
from haitang.data.graph import layout as at
from haitang.kernel.hashing import hash_text
from haitang.kernel.instants import DAY_US

AMOUNT = "amount_base_minor"
LATE_US = DAY_US
"""How much longer than its windows a store remembers an account: what comes later than this may
find it forgotten.
"""
ENDS: dict[tuple[NodeKind, PartySide], tuple[str, ...]] = {
    ("account", "payer"): ("payer_account",),
    ("account", "payee"): ("payee_account",),
    ("customer", "payer"): ("payer_customer_id", "payer_account"),
    ("customer", "payee"): ("payee_customer_id", "payee_account"),
}
"""The fields of a payment's ends: the first that is present."""
OWN: dict[NodeKind, tuple[str, ...]] = {
    "account": ("payer_account", "account_id"),
    "customer": ("payer_customer_id", "customer_id"),
}
"""The fields of the side whose event it is, where that need not be a payment."""
OTHER: dict[NodeKind, tuple[str, ...]] = {
    "account": ("payee_account",),
    "customer": ("payee_customer_id",),
}
_MEASURES = {
    "accounts": at.V_ACCOUNTS,
    "confirmed": at.V_CONFIRMED,
    "confirmed_share": at.V_SHARE,
}


class GraphPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All tables of the graph features."""

    program: ProgramBuilder
    """Conditions over the event; masks of the tables are its masks."""
    key_fields: tuple[tuple[str, ...], ...]
    """Per slot of the block's keys: fields, of which the first present one is the key."""
    tables: tuple[Any, ...]
    """Stores, chains, searches, fans, families, links, readings."""
    list_hashes: NDArray[np.int64]
    columns: dict[str, int]
    """Column by feature; features that say the same share one."""
    column_count: int
    header_words: int
    room: int
    """Accounts that a search may have to hold at once."""


class _Store(msgspec.Struct, kw_only=True, eq=False):
    where: int
    nodes: NodeKind
    neighbours: int
    after: int
    chains: list[list[int]] = []
    shares: bool = False
    lists: dict[str, None] = {}
    retention_us: int = 0


class _Search(msgspec.Struct, kw_only=True, eq=False):
    base: tuple[int, ...]
    cycle_steps: int = 0
    length: int = -1
    share: int = -1
    hops_steps: int = 0
    hops: int = -1
    lists: tuple[int, int] = (0, 0)
    drawn: bool = False

    def row(self) -> tuple[int, ...]:
        cycle = (self.cycle_steps, self.length, self.share)
        return (*self.base, *cycle, self.hops_steps, self.hops, *self.lists, int(self.drawn))


def plan_graph(catalogue: Catalogue, builder: PlanBuilder) -> GraphPlan | None:
    """Compile graph features, and tell the plan's builder which fields they read; None where there
    are none. Policies and models may be compiled afterwards.
    """
    graph = GraphPlanBuilder()
    for feature in catalogue.features:
        if feature.graph is not None:
            graph.add(feature.name, feature.graph)
            builder.program.add_column(feature.name, graph.columns[feature.name])
    if not graph.columns:
        return None
    plan = graph.build(builder)
    inputs = plan.program.inputs
    for name in inputs.numbers:
        builder.number_row(name)
    for field, needles in inputs.contains:
        builder.program.row(terms.Contains(field=field, needles=needles))
    listed = (field for _, field in inputs.listed)
    for name in (*inputs.texts, *listed, *(name for names in plan.key_fields for name in names)):
        builder.hash_row(name)
    return plan


class GraphPlanBuilder:
    """Collects graph features; nothing of it depends on the rest of the plan."""

    def __init__(self) -> None:
        self.program = ProgramBuilder()
        self.columns: dict[str, int] = {}
        self._stores: list[_Store] = []
        self._searches: list[_Search] = []
        self._fans: dict[tuple[int, int, int], int] = {}
        self._families: dict[tuple[Any, ...], tuple[int, ...]] = {}
        self._links: list[tuple[int, int]] = []
        self._readings: dict[tuple[int, int, int], list[int]] = {}
        self._slots: dict[tuple[str, ...], int] = {}
        self._lists: list[str] = []
        self._list_ranges: dict[tuple[str, ...], tuple[int, int]] = {}
        self._known: dict[bytes, int] = {}

    def add(self, name: str, spec: GraphSpec) -> bool:
        """Add a feature; tell whether it needs a column of its own."""
        key = msgspec.json.encode(spec)
        is_new = key not in self._known
        if is_new:
            column = self._known[key] = len(self._known)
            if spec.kind == "component":
                self._add_component(spec, column)
            else:
                self._add_payments(spec, column)
        self.columns[name] = self._known[key]
        return is_new

    def _mask(self, condition: terms.Expression | None) -> int:
        return -1 if condition is None else self.program.mask(condition)

    def _slot(self, fields: tuple[str, ...]) -> int:
        return self._slots.setdefault(fields, len(self._slots))

    def _list_range(self, names: tuple[str, ...]) -> tuple[int, int]:
        if names not in self._list_ranges:
            start = len(self._lists)
            self._lists.extend(names)
            self._list_ranges[names] = (start, len(self._lists))
        return self._list_ranges[names]

    def _store(self, spec: GraphSpec) -> tuple[int, _Store]:
        """Return the number of the store that a feature reads, and the store.

        Chains need no ring: they live in any store of the same payments.
        """
        where, after = self._mask(spec.where), self._mask(spec.after)
        ring = (0, -1) if spec.kind == "chain" else (spec.neighbours, after)
        for store in self._stores:
            held = (store.neighbours, store.after)
            fits = ring == held or 0 in (ring[0], held[0])
            if fits and (store.where, store.nodes) == (where, spec.nodes):
                store.neighbours, store.after = max(ring, held)
                break
        else:
            store = _Store(where=where, nodes=spec.nodes, neighbours=ring[0], after=ring[1])
            self._stores.append(store)
        store.retention_us = max(store.retention_us, spec.window_us + LATE_US)
        return self._stores.index(store), store

    def _add_payments(self, spec: GraphSpec, column: int) -> None:
        number, store = self._store(spec)
        if spec.kind == "chain":
            through = self._mask(spec.through)
            store.chains.append([number, through, spec.window_us, spec.steps_max, 0, column])
        elif spec.kind == "scatter_gather":
            self._fans[number, spec.window_us, self._mask(spec.asked)] = column
        elif spec.kind == "hops":
            fields = ENDS[spec.nodes, spec.party]
            if spec.asked is not None and spec.party == "payer":
                fields = OWN[spec.nodes]
            like = self._searches_like(spec, number, fields)
            search = next(found for found in like if found.hops < 0 and not found.drawn)
            search.hops, search.hops_steps = column, spec.steps_max
            search.lists = self._list_range(spec.lists)
            store.lists |= dict.fromkeys(spec.lists)
            self._keep(search)
        else:
            search = self._cycle_search(spec, number)
            search.cycle_steps, search.drawn = spec.steps_max, spec.kind == "returns"
            if spec.measure == "share":
                search.share, store.shares = column, True
            else:
                search.length = column
            self._keep(search)

    def _searches_like(
        self, spec: GraphSpec, store: int, fields: tuple[str, ...]
    ) -> tuple[_Search, ...]:
        """Return the searches that look back from the same account over the same time, the last
        one new.
        """
        base = (store, spec.window_us, spec.visits, self._slot(fields), self._mask(spec.asked))
        return (*(found for found in self._searches if found.base == base), _Search(base=base))

    def _cycle_search(self, spec: GraphSpec, store: int) -> _Search:
        like = self._searches_like(spec, store, ENDS[spec.nodes, "payer"])
        wanted = (spec.steps_max, spec.kind == "returns")
        same = [found for found in like if (found.cycle_steps, found.drawn) == wanted]
        # A cycle after a draw is looked for seldom; hops, beside it, would be looked for always.
        free = [found for found in like if not found.cycle_steps] if not wanted[1] else []
        return (*same, *free, like[-1])[0]

    def _keep(self, search: _Search) -> None:
        if search not in self._searches:
            self._searches.append(search)

    def _add_component(self, spec: GraphSpec, column: int) -> None:
        key = (self._mask(spec.where), spec.nodes, spec.links, spec.lists)
        if key not in self._families:
            start = len(self._links)
            for field in spec.links:
                salt = _as_signed(hash_text(f"link {field}"))
                self._links.append((self._slot((field,)), salt))
            member, links = self._slot(OWN[spec.nodes]), (start, len(self._links))
            self._families[key] = (key[0], 0, member, *links, *self._list_range(spec.lists))
        fields = OWN if spec.party == "payer" else OTHER
        family, member = list(self._families).index(key), self._slot(fields[spec.nodes])
        read = (family, member, self._mask(spec.asked))
        reading = self._readings.setdefault(read, [*read, -1, -1, -1])
        reading[_MEASURES[spec.measure]] = column

    # -- tables --------------------------------------------------------------------------------

    def build(self, builder: PlanBuilder) -> GraphPlan:
        """Return the plan; nothing may be added afterwards."""
        offset = HEADER_WORDS
        stores: list[tuple[int, ...]] = []
        for store in self._stores:
            words = at.ENTRY_WORDS_DRAWN if store.after >= 0 else at.ENTRY_WORDS
            record = at.N_RING + store.neighbours * words
            for chain in store.chains:
                chain[at.C_OFFSET] = record
                record += (chain[at.C_STEPS] - 1) * at.CHAIN_WORDS
            meta = offset + DIRECTORY_WORDS
            ends = (self._slot(ENDS[store.nodes, "payer"]), self._slot(ENDS[store.nodes, "payee"]))
            amount = builder.number_row(AMOUNT) if store.shares else -1
            lists = self._list_range(tuple(store.lists))
            stores.append(
                (
                    store.where, *ends, store.neighbours, words, record, offset, meta,
                    store.retention_us, store.after, amount, *lists,
                )
            )  # fmt: skip
            offset = meta + at.LINE_WORDS
        families = []
        for family in self._families.values():
            families.append((family[0], offset, *family[2:]))
            offset += DIRECTORY_WORDS
        visits = [search.base[at.Q_VISITS] for search in self._searches]
        rings = [store.neighbours for store in self._stores]
        return GraphPlan(
            program=self.program,
            key_fields=tuple(self._slots),
            tables=(
                _table(stores, at.T_COLUMNS),
                _table(
                    [tuple(row) for store in self._stores for row in store.chains],
                    at.C_COLUMNS,
                ),
                _table([search.row() for search in self._searches], at.Q_COLUMNS),
                _table([(*key, column) for key, column in self._fans.items()], at.F_COLUMNS),
                _table(families, at.U_COLUMNS),
                _table(self._links, at.L_COLUMNS),
                _table(list(self._readings.values()), at.V_COLUMNS),
            ),
            list_hashes=np.array(
                [_as_signed(hash_text(name)) for name in self._lists] or [0], dtype=np.int64
            ),
            columns=self.columns,
            column_count=len(self._known),
            header_words=offset,
            room=max([1, *visits, *rings]),
        )


def _table(rows: list[Any], columns: int) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)


def _as_signed(word: int) -> int:
    return word - (1 << 64) if word >= 1 << 63 else word
