"""What a pack declares of a graph feature; the definitions are in `docs/internals/graph.md`."""

from __future__ import annotations

from typing import Literal

import msgspec

from haitang.data.features.terms import Expression

GraphKind = Literal["chain", "cycle", "returns", "hops", "scatter_gather", "component"]
GraphMeasure = Literal["length", "share", "count", "accounts", "confirmed", "confirmed_share"]
NodeKind = Literal["account", "customer"]
PartySide = Literal["payer", "payee"]

MEASURES: dict[GraphKind, tuple[GraphMeasure, ...]] = {
    "chain": ("length",),
    "cycle": ("length", "share"),
    "returns": ("length", "share"),
    "hops": ("length",),
    "scatter_gather": ("count",),
    "component": ("accounts", "confirmed", "confirmed_share"),
}
"""What each kind can say; the first is meant where a feature does not choose."""

NEIGHBOURS, NEIGHBOURS_MAX = 16, 64
"""Payments into an account that searches can look at: by default, and at most."""
VISITS, VISITS_MAX = 64, 256
"""Accounts that one search looks at: by default, and at most."""
STEPS_MAX = 16
"""Bound on `hops_max` and `nodes_max`."""


class GraphSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One graph feature: what it measures, over which payments, and how far it looks."""

    kind: GraphKind
    measure: GraphMeasure
    where: Expression | None = None
    """Which events are payments of the graph; for a component, which bind."""
    nodes: NodeKind = "account"
    party: PartySide = "payer"
    window_us: int = 0
    """How far back payments count; of a chain, how long money may rest on the way."""
    steps_max: int = 0
    """Longest chain, longest cycle, or most hops that are told apart."""
    neighbours: int = 0
    visits: int = 0
    through: Expression | None = None
    """Of a chain: what every payment but the last must be."""
    after: Expression | None = None
    """Of `returns`: the event from which on money is followed."""
    asked: Expression | None = None
    """The events that ask; default is every payment, of components every event. Chains are told of
    every payment.
    """
    lists: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    """Of a component: the fields whose equal values bind."""

    def conditions(self) -> tuple[Expression, ...]:
        """Return every condition that it has."""
        parts = (self.where, self.through, self.after, self.asked)
        return tuple(part for part in parts if part is not None)
