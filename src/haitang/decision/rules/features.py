"""The `features/*.yaml` files: what each declares, before any name is looked up.

A declaration may be a family (`paid_sum_{window}` with a list of windows); its members share one
reading of their expressions. `feature_building` turns declarations into `FeatureSpec`s once their
order is known.
"""

from __future__ import annotations

import keyword
from typing import get_args

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.specs import Aggregate, TextPair
from haitang.decision.rules.graph_features import GraphDeclaration, read_graph
from haitang.decision.rules.packfile import PackHead
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.scope import functions
from haitang.decision.rules.sections import IDENTIFIER, WrittenExpression, prepare
from haitang.decision.rules.yamltext import Mapping, Node, Scalar, Sequence
from haitang.kernel.errors import symbol
from haitang.kernel.instants import DAY_US, SECOND_US, format_duration

AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)
LIFE_AGGREGATES = ("first_seen", "since", "total", "latest")
"""Aggregates over the life of a key; the others need a window."""

COUNTING_AGGREGATES = ("count", "first_seen", "since", "total")
"""Aggregates that look at events and not at a value of them; the others need `of`."""

NUMERIC_AGGREGATES = ("sum", "mean", "std", "min", "max", "quantile", "rank")
UNITS = ("money", "seconds", "count", "ratio", "times", "km", "km/h", "days")
"""How a value is shown: a `ratio` as per cent, `times` as the number before “times” and “倍”."""
MAX_WINDOW_US = 400 * DAY_US
TILED_FROM_US = 7 * DAY_US
"""Windows up to this are exact to the event; only longer ones may have tiles."""

MAX_FAMILY = 32
MAX_FEATURES = 10_000

_DERIVED_KEYS = ("title", "value")
_AGGREGATE_KEYS = ("title", "key", "aggregate")
_AGGREGATE_OPTIONS = (
    "of", "where", "seen_as", "window", "delay", "tile", "prior", "unit", "quantile", "scale",
)  # fmt: skip
_PLACEHOLDER = "{window}"


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One feature of a declaration: its own name, and its window (0 where there is none)."""

    name: str
    window_us: int


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a features file, read; expressions are not translated yet."""

    key: Scalar
    reader: FileReader
    members: tuple[Member, ...]
    title: TextPair
    unit: str = ""
    value: WrittenExpression | None = None
    slot: str = ""
    aggregate: Aggregate | None = None
    of: WrittenExpression | None = None
    where: WrittenExpression | None = None
    seen_as: tuple[str, ...] = ()
    delay_us: int = 0
    tile_us: int = 0
    prior: bool = False
    quantile: float = 0.5
    scale: int | None = None
    graph: GraphDeclaration | None = None
    whole: bool = True
    """False when some part had a fault: its names exist, and nothing is built."""

    def names_read(self) -> list[str]:
        """Return every name that its expressions read."""
        return [
            name
            for written in (self.value, self.of, self.where, *self._graph_conditions())
            if written is not None
            for name in written.prepared.names
        ]

    def _graph_conditions(self) -> tuple[WrittenExpression | None, ...]:
        graph = self.graph
        return () if graph is None else (graph.where, graph.through, graph.after, graph.asked)


def read_features(reader: FileReader, head: PackHead) -> list[Declaration] | None:
    """Return the declarations of one file in its order, or None when there was nothing to read."""
    entries = reader.entries(reader.document.root, "a features file", required=("features",))
    if not isinstance(entries.get("features"), Mapping):
        if "features" in entries:
            reader.mapping(entries["features"], "`features`")
        return None
    return [
        _read_declaration(reader, head, name, key, node)
        for name, (key, node) in reader.mapping(entries["features"], "`features`").items()
    ]


def _read_declaration(
    reader: FileReader, head: PackHead, name: str, key: Scalar, node: Node
) -> Declaration:
    before = len(reader.problems)
    what = f"feature {symbol(name)}"
    if isinstance(node, Mapping) and "graph" in node.entries:
        return _read_graph_declaration(reader, name, key, node)
    derived = isinstance(node, Mapping) and "value" in node.entries
    if derived:
        entries = reader.entries(
            node, f"derived {what}", required=_DERIVED_KEYS, optional=("unit",)
        )
    else:
        entries = reader.entries(node, what, required=_AGGREGATE_KEYS, optional=_AGGREGATE_OPTIONS)
    windows = _read_windows(reader, entries["window"]) if "window" in entries else ()
    members: tuple[Member, ...] = ()
    if windows or "window" not in entries:
        several = isinstance(entries.get("window"), Sequence)
        members = _members(reader, name, key, windows, several=several)
    title = reader.pair(entries["title"], f"the title of {what}") if "title" in entries else None
    unit = reader.choice(entries["unit"], "`unit`", UNITS) if "unit" in entries else ""
    declaration = Declaration(
        key=key,
        reader=reader,
        members=members,
        title=title or TextPair(en=name, zh=name),
        unit=unit or "",
        value=prepare(reader, entries["value"], "`value`") if "value" in entries else None,
    )
    if not derived and "aggregate" in entries:
        declaration = _read_aggregate(reader, head, declaration, entries, windows)
    return msgspec.structs.replace(declaration, whole=len(reader.problems) == before)


def _read_graph_declaration(
    reader: FileReader, name: str, key: Scalar, node: Mapping
) -> Declaration:
    before = len(reader.problems)
    graph = read_graph(reader, name, key, node)
    title = (
        reader.pair(node.entries["title"], f"the title of feature {symbol(name)}")
        if ("title" in node.entries)
        else None
    )
    unit = reader.choice(node.entries["unit"], "`unit`", UNITS) if "unit" in node.entries else ""
    return Declaration(
        key=key,
        reader=reader,
        members=(Member(name=name, window_us=0),) if _check_name(reader, key, name) else (),
        title=title or TextPair(en=name, zh=name),
        unit=unit or "",
        graph=graph,
        whole=len(reader.problems) == before,
    )


def _read_aggregate(
    reader: FileReader,
    head: PackHead,
    declaration: Declaration,
    entries: dict[str, Node],
    windows: tuple[int, ...],
) -> Declaration:
    word = reader.choice(entries["aggregate"], "`aggregate`", AGGREGATES)
    if word is None:
        return declaration
    aggregate = next(known for known in AGGREGATES if known == word)
    _check_options(reader, declaration.key, entries, aggregate)
    slot, seen_as = _read_slots(reader, head, entries)
    delay_us = tile_us = 0
    if "delay" in entries:
        delay_us = reader.duration(entries["delay"], "`delay`", 0, MAX_WINDOW_US) or 0
    if "tile" in entries:
        tile_us = reader.duration(entries["tile"], "`tile`", 0, MAX_WINDOW_US) or 0
    _check_reach(reader, head, entries, slot, windows, delay_us, tile_us)
    quantile = 0.5
    if "quantile" in entries:
        quantile = reader.decimal(entries["quantile"], "`quantile`", 0.01, 0.99) or 0.5
    return msgspec.structs.replace(
        declaration,
        slot=slot,
        aggregate=aggregate,
        of=prepare(reader, entries["of"], "`of`") if "of" in entries else None,
        where=prepare(reader, entries["where"], "`where`") if "where" in entries else None,
        seen_as=seen_as,
        delay_us=delay_us,
        tile_us=tile_us,
        prior=bool(reader.flag(entries["prior"], "`prior`")) if "prior" in entries else False,
        quantile=quantile,
        scale=reader.whole(entries["scale"], "`scale`", 0, 9) if "scale" in entries else None,
    )


def _check_options(
    reader: FileReader, key: Scalar, entries: dict[str, Node], aggregate: Aggregate
) -> None:
    """Check which keys an aggregate needs and which mean nothing with it."""
    shown = symbol(aggregate)
    counting = aggregate in COUNTING_AGGREGATES
    if "of" not in entries and not counting:
        reader.refuse(
            key,
            "key_missing",
            f"the aggregate {shown} needs `of`",
            "name the value, for example `of: amount_base_minor`",
        )
    if "of" in entries and counting:
        reader.refuse(
            entries["of"],
            "key_unknown",
            f"the aggregate {shown} has no `of`",
            "remove it, or choose another aggregate",
        )
    life = aggregate in LIFE_AGGREGATES
    if "window" not in entries and not life:
        reader.refuse(
            key,
            "key_missing",
            f"the aggregate {shown} needs `window`",
            "write for example `window: 1d`",
        )
    for name in ("window", "delay", "tile"):
        if name in entries and life:
            reader.refuse(
                entries[name],
                "key_unknown",
                f"the aggregate {shown} looks at the whole life of a key and has no {symbol(name)}",
                "remove it",
            )
    if "quantile" in entries and aggregate != "quantile":
        reader.refuse(
            entries["quantile"],
            "key_unknown",
            f"the aggregate {shown} has no `quantile`",
            "remove it, or write `aggregate: quantile`",
        )
    if "scale" in entries and counting:
        reader.refuse(
            entries["scale"], "key_unknown", f"the aggregate {shown} has no `scale`", "remove it"
        )


def _read_slots(
    reader: FileReader, head: PackHead, entries: dict[str, Node]
) -> tuple[str, tuple[str, ...]]:
    """Return the slot that is read and the slots that are counted."""
    slots = {key.slot: key.entity for key in head.keys}
    slot = reader.choice(entries["key"], "`key`", slots) if "key" in entries else None
    if "seen_as" not in entries or slot is None:
        return slot or "", ()
    seen_as = reader.choices(entries["seen_as"], "`seen_as`", slots)
    for other in seen_as:
        if slots[other] != slots[slot]:
            reader.refuse(
                entries["seen_as"],
                "slot_wrong",
                f"{symbol(other)} is a slot of entity {symbol(slots[other])}; expected one of "
                f"{symbol(slots[slot])}",
                "a feature counts the events of the entity whose state it reads",
            )
    return slot, seen_as


def _check_reach(
    reader: FileReader,
    head: PackHead,
    entries: dict[str, Node],
    slot: str,
    windows: tuple[int, ...],
    delay_us: int,
    tile_us: int,
) -> None:
    """Check that state is kept as long as the window looks back, and that tiles fit."""
    if not windows or not slot:
        return
    entity = next(key.entity for key in head.keys if key.slot == slot)
    retention_us = next((kept.retention_us for kept in head.entities if kept.name == entity), 0)
    longest_us = max(windows)
    if retention_us and longest_us + delay_us > retention_us:
        reader.refuse(
            entries["window"],
            "window_wrong",
            f"the window looks back {format_duration(longest_us + delay_us)}, but entity "
            f"{symbol(entity)} is kept "
            f"for {format_duration(retention_us)}",
            "shorten it, or raise `retention` in `pack.yaml`",
        )
    if tile_us and min(windows) <= TILED_FROM_US:
        reader.refuse(
            entries["tile"],
            "window_wrong",
            f"a window of {format_duration(min(windows))} has a `tile`; only windows over 7d may",
            "remove it: windows up to 7 days are exact to the event",
        )
    elif tile_us > min(windows):
        reader.refuse(
            entries["tile"], "window_wrong", "`tile` is longer than the window", "shorten it"
        )


def _read_windows(reader: FileReader, node: Node) -> tuple[int, ...]:
    """Return the lengths of the windows, or nothing where one of them has a fault."""
    before = len(reader.problems)
    nodes = (node,) if isinstance(node, Scalar) else reader.items(node, "`window`")
    if isinstance(node, Sequence) and not 1 <= len(nodes) <= MAX_FAMILY:
        reader.refuse(
            node,
            "window_wrong",
            f"`window` names {len(nodes)} windows; expected 1 to {MAX_FAMILY}",
        )
        return ()
    windows: list[int] = []
    for item in nodes:
        window_us = reader.duration(item, "`window`", SECOND_US, MAX_WINDOW_US)
        if window_us in windows:
            reader.refuse(item, "value_repeated", "`window` names this length twice")
        elif window_us is not None:
            windows.append(window_us)
    return tuple(windows) if len(reader.problems) == before else ()


def _members(
    reader: FileReader, name: str, key: Scalar, windows: tuple[int, ...], *, several: bool
) -> tuple[Member, ...]:
    """Return the features that a name stands for; window texts are the shortest form, `1d` for
    `24h`.
    """
    if several and _PLACEHOLDER not in name:
        reader.refuse(
            key,
            "id_malformed",
            f"{symbol(name)} has several windows and no {symbol(_PLACEHOLDER)} in its name",
            f"write {symbol(name + '_' + _PLACEHOLDER)}",
        )
        return ()
    if not several and _PLACEHOLDER in name and not windows:
        reader.refuse(
            key,
            "id_malformed",
            f"{symbol(name)} has {symbol(_PLACEHOLDER)} in its name and no window",
            "add `window`, or rename it",
        )
        return ()
    members = []
    for window_us in windows or (0,):
        text = format_duration(window_us)
        member = name.replace(_PLACEHOLDER, text)
        if not _check_name(reader, key, member):
            return ()
        members.append(Member(name=member, window_us=window_us))
    return tuple(members)


def _check_name(reader: FileReader, key: Scalar, name: str) -> bool:
    if not IDENTIFIER.fullmatch(name):
        hint = "lower-case ASCII letters, digits and `_`, a letter first, at most 64"
        reader.refuse(key, "id_malformed", f"{symbol(name)} cannot be the name of a feature", hint)
        return False
    taken = (
        "a field of the event" if name in FIELDS
        else "a function" if name in functions()
        else "a word of the language" if keyword.iskeyword(name)
        else ""
    )  # fmt: skip
    if taken:
        reader.refuse(
            key, "id_duplicate", f"{symbol(name)} is already {taken}", "choose another name"
        )
    return not taken
