"""Graph features of a `features/*.yaml` file: what each kind may say, and within which bounds."""

from __future__ import annotations

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.graph_specs import (
    MEASURES,
    NEIGHBOURS,
    NEIGHBOURS_MAX,
    STEPS_MAX,
    VISITS,
    VISITS_MAX,
    GraphKind,
    GraphSpec,
    NodeKind,
    PartySide,
)
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.sections import WrittenExpression, prepare
from haitang.decision.rules.yamltext import Mapping, Node, Scalar
from haitang.kernel.errors import symbol
from haitang.kernel.instants import DAY_US, SECOND_US

CONDITIONS = ("where", "through", "after", "asked")
"""Keys that hold a condition over the event."""
WINDOW_MAX_US = 400 * DAY_US
LINKS_MAX = 16

_BASE = ("title", "graph")
_SEARCHED = ("window", "where")
_BOUNDED = ("nodes", "neighbours", "visits", "unit")
_KEYS: dict[GraphKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "chain": (("dwell", "where"), ("hops_max", "through", "nodes", "unit")),
    "cycle": (_SEARCHED, ("nodes_max", "measure", "asked", *_BOUNDED)),
    "returns": ((*_SEARCHED, "after"), ("hops_max", "measure", "asked", *_BOUNDED)),
    "hops": ((*_SEARCHED, "from"), ("hops_max", "party", "asked", *_BOUNDED)),
    "scatter_gather": (_SEARCHED, ("nodes", "neighbours", "asked", "unit")),
    "component": (("links",), ("where", "from", "measure", "nodes", "party", "asked", "unit")),
}
"""Per kind: the keys it needs beside its title, and those it may have."""
_STEPS: dict[GraphKind, tuple[str, int]] = {
    "chain": ("hops_max", 8),
    "cycle": ("nodes_max", 5),
    "returns": ("hops_max", 5),
    "hops": ("hops_max", 6),
}
"""How the bound on steps is called, and what it is when nothing is said."""
_NODES: tuple[NodeKind, ...] = ("account", "customer")
_PARTIES: tuple[PartySide, ...] = ("payer", "payee")


class GraphDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """What a graph feature says; its conditions and lists are not looked up yet."""

    spec: GraphSpec
    where: WrittenExpression | None = None
    through: WrittenExpression | None = None
    after: WrittenExpression | None = None
    asked: WrittenExpression | None = None
    lists: tuple[tuple[str, Node], ...] = ()


def read_graph(
    reader: FileReader, name: str, key: Scalar, node: Mapping
) -> GraphDeclaration | None:
    """Return the declaration of one graph feature, or None where its kind cannot be told."""
    word = reader.choice(node.entries["graph"], "`graph`", MEASURES)
    kind = next((known for known in MEASURES if known == word), None)
    if kind is None:
        return None
    required, optional = _KEYS[kind]
    what = f"{symbol(kind)} feature {symbol(name)}"
    entries = reader.entries(node, what, required=(*_BASE, *required), optional=optional)
    measure = MEASURES[kind][0]
    if "measure" in entries:
        chosen = reader.choice(entries["measure"], "`measure`", MEASURES[kind])
        measure = next((known for known in MEASURES[kind] if known == chosen), measure)
    lists = tuple(reader.names(entries["from"], "`from`")) if "from" in entries else ()
    if kind == "component" and measure != "accounts" and "from" not in entries:
        reader.refuse(
            key,
            "key_missing",
            f"the measure {symbol(measure)} needs `from`",
            "name the list of confirmed accounts, for example `from: case_accounts`",
        )
    return GraphDeclaration(
        spec=GraphSpec(
            kind=kind,
            measure=measure,
            nodes=_nodes(reader, entries),
            party=_party(reader, entries),
            window_us=_window(reader, entries),
            steps_max=_steps(reader, entries, kind),
            neighbours=_bound(reader, entries, "neighbours", NEIGHBOURS, NEIGHBOURS_MAX, kind),
            visits=_bound(reader, entries, "visits", VISITS, VISITS_MAX, kind),
            links=_links(reader, entries),
        ),
        lists=lists,
        **{
            condition: prepare(reader, entries[condition], symbol(condition))
            for condition in CONDITIONS
            if condition in entries
        },
    )


def _nodes(reader: FileReader, entries: dict[str, Node]) -> NodeKind:
    word = reader.choice(entries["nodes"], "`nodes`", _NODES) if "nodes" in entries else None
    return "customer" if word == "customer" else "account"


def _party(reader: FileReader, entries: dict[str, Node]) -> PartySide:
    word = reader.choice(entries["party"], "`party`", _PARTIES) if "party" in entries else None
    return "payee" if word == "payee" else "payer"


def _window(reader: FileReader, entries: dict[str, Node]) -> int:
    for key in ("window", "dwell"):
        if key in entries:
            least, most = SECOND_US, WINDOW_MAX_US
            return reader.duration(entries[key], symbol(key), least, most) or 0
    return 0


def _steps(reader: FileReader, entries: dict[str, Node], kind: GraphKind) -> int:
    if kind not in _STEPS:
        return 0
    key, usual = _STEPS[kind]
    least = 1 if kind == "hops" else 2
    if key not in entries:
        return usual
    return reader.whole(entries[key], symbol(key), least, STEPS_MAX) or usual


def _bound(
    reader: FileReader, entries: dict[str, Node], key: str, usual: int, most: int, kind: GraphKind
) -> int:
    if kind in ("chain", "component"):
        return 0
    if key not in entries:
        return usual
    return reader.whole(entries[key], symbol(key), 2, most) or usual


def _links(reader: FileReader, entries: dict[str, Node]) -> tuple[str, ...]:
    if "links" not in entries:
        return ()
    fields = [name for name, field in FIELDS.items() if field.kind in ("id", "text")]
    links = reader.choices(entries["links"], "`links`", fields)
    if len(links) > LINKS_MAX:
        reader.refuse(
            entries["links"],
            "value_out_of_range",
            f"`links` names {len(links)} fields; expected at most {LINKS_MAX}",
        )
    return links
