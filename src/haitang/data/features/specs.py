"""Declarations of keys, entities and features: the catalogue that a pack declares and a plan
compiles.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from haitang.data.features.graph_specs import GraphSpec
from haitang.data.features.terms import Expression, ValueType

Aggregate = Literal[
    "count", "sum", "mean", "std", "min", "max", "last", "distinct", "quantile", "rank",
    "first_seen", "since", "total", "latest",
]  # fmt: skip
"""What is computed over the events that count.

Over a window: `count`, `sum`, `mean`, `std` (sample, n−1), `min`, `max`, `last`, `distinct`,
`quantile` (log-bucket sketch, relative error ≤ 1 %), `rank` (share of the window's values below the
current `of`, same sketch). Over the key's life (no window, forgotten after the entity's retention
without any event): `first_seen` (seconds since the first matching event), `since` (seconds since
the last matching event), `total` (number of matching events), `latest` (the `of` of the last
matching event; text or number).
"""


class TextPair(msgspec.Struct, frozen=True, kw_only=True):
    """One text in both languages."""

    en: str
    zh: str


class EntitySpec(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of thing with state of its own: customer, account, device …."""

    name: str
    retention_us: int
    """State of a key without any event for longer than this is forgotten."""


class KeySpec(msgspec.Struct, frozen=True, kw_only=True):
    """A place in an event where an entity's key stands, e.g. slot `payee_account` of entity
    `account`.

    `fields` is a tuple of parts; each part is a tuple of alternatives of which the first present
    one is taken; a key is present when every part is. More than one part makes a pair key.
    """

    slot: str
    entity: str
    fields: tuple[tuple[str, ...], ...]


class FeatureSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One number (or text, or flag) that a policy may read.

    A derived feature has `value` and nothing else. An aggregate reads the state of the key on `key`
    of the current event and counts all events that carry this key on a slot of `seen_as` (default:
    any slot of the entity) and satisfy `where`.
    """

    name: str
    type: ValueType
    title: TextPair
    unit: str = ""
    """`money`, `seconds`, `count`, `ratio`, `km`, `km/h`, `days` or empty; decides how a value is
    shown.
    """
    value: Expression | None = None
    key: str = ""
    aggregate: Aggregate | None = None
    of: Expression | None = None
    of_scale: int = 0
    """Decimal places kept of `of`: sums are exact integers of 10**-scale."""
    where: Expression | None = None
    seen_as: tuple[str, ...] = ()
    window_us: int = 0
    delay_us: int = 0
    tile_us: int = 0
    """Granularity of the far edge: 0 is exact to the event; else the edge is rounded down to a
    multiple.
    """
    prior: bool = False
    quantile: float = 0.5
    graph: GraphSpec | None = None
    """A graph feature has this and nothing else; see `docs/internals/graph.md`."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan is compiled from, in the pack's order."""

    entities: tuple[EntitySpec, ...]
    keys: tuple[KeySpec, ...]
    features: tuple[FeatureSpec, ...]
    holidays: tuple[str, ...] = ()
    """Local dates `YYYY-MM-DD` that are public holidays."""
    working_days: tuple[str, ...] = ()
    """Weekend dates that are worked (调休)."""
