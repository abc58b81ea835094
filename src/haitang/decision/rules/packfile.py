"""`pack.yaml`: identity, zone and currency, entities and keys, tiers and the policy table, declared
lists.
"""

from __future__ import annotations

import re
from datetime import date

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.specs import EntitySpec, KeySpec, TextPair
from haitang.decision.rules.actions import ACCOMPANYING_ACTIONS, PRIMARY_ACTIONS
from haitang.decision.rules.friction import read_friction
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.sections import check_identifier
from haitang.decision.rules.specs import TIERS, FrictionSpec, TableRow, Tier, TierBound
from haitang.decision.rules.yamltext import Mapping, Node, Scalar, Sequence
from haitang.kernel.errors import HaitangError, did_you_mean, symbol
from haitang.kernel.instants import DAY_US, load_zone
from haitang.kernel.money import minor_digits

DEFAULT_TIERS = (("medium", 300), ("high", 600), ("critical", 850))
RAISED_TIERS: tuple[Tier, ...] = ("medium", "high", "critical")
"""Tiers with a bound of their own; below the first is `low`."""

MAX_SCORE = 1_000
MAX_RETENTION_US = 400 * DAY_US
MAX_KEY_PARTS = 3
MAX_KEY_ALTERNATIVES = 8

_REQUIRED = ("pack", "version", "title")
_COMPLETE = ("zone", "base_currency", "entities", "keys")
"""What a pack must have of itself or of those that it includes."""

_OPTIONAL = (
    "owner", "includes", "tiers", "segment", "table", "holidays", "working_days", "lists",
    "readings", "friction",
)  # fmt: skip
_PACK_ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){2}")


class DeclaredList(msgspec.Struct, frozen=True, kw_only=True):
    """A list that the pack names; `file` is empty for lists that only events fill."""

    name: str
    title: TextPair
    file: str
    node: Node


class ChosenReading(msgspec.Struct, frozen=True, kw_only=True):
    """How the pack reads the law where it is unsettled; checked when the sheet was read."""

    parameter: str
    """`REG-10.term`."""
    reading: str
    key: Node
    value: Node


class PackHead(msgspec.Struct, frozen=True, kw_only=True):
    """What `pack.yaml` says; parts with a fault hold their defaults."""

    id: str = ""
    version: str = ""
    title: TextPair = TextPair(en="", zh="")
    zone: str = "UTC"
    base_currency: str = "CNY"
    entities: tuple[EntitySpec, ...] = ()
    keys: tuple[KeySpec, ...] = ()
    tiers: tuple[TierBound, ...] = ()
    table: tuple[TableRow, ...] = ()
    holidays: tuple[str, ...] = ()
    working_days: tuple[str, ...] = ()
    lists: tuple[DeclaredList, ...] = ()
    segment: Scalar | None = None
    readings: tuple[ChosenReading, ...] = ()
    friction: FrictionSpec | None = None
    said: frozenset[str] = frozenset()
    """Keys that the file has."""


def read_pack_file(
    reader: FileReader, *, outermost: bool = True, included: tuple[EntitySpec, ...] = ()
) -> PackHead:
    """Return what `pack.yaml` says; faults are noted and leave defaults.

    A pack that includes others, or is included, need not say everything; `included` are the
    entities that its keys may name besides its own.
    """
    root = reader.document.root
    alone = outermost and not (isinstance(root, Mapping) and "includes" in root.entries)
    entries = reader.entries(
        root,
        "`pack.yaml`",
        required=(*_REQUIRED, *_COMPLETE) if alone else _REQUIRED,
        optional=_OPTIONAL if alone else (*_COMPLETE, *_OPTIONAL),
    )
    entities = _read_entities(reader, entries["entities"]) if "entities" in entries else ()
    days = {
        name: _read_days(reader, entries[name], f"`{name}`") if name in entries else ()
        for name in ("holidays", "working_days")
    }
    segment = reader.scalar(entries["segment"], "`segment`") if "segment" in entries else None
    return PackHead(
        id=_read_id(reader, entries.get("pack")),
        version=_read_version(reader, entries.get("version")),
        title=_read_title(reader, entries.get("title")),
        zone=_read_zone(reader, entries.get("zone")),
        base_currency=_read_currency(reader, entries.get("base_currency")),
        entities=entities,
        keys=_read_keys(reader, entries["keys"], (*included, *entities))
        if "keys" in entries
        else (),
        tiers=_read_tiers(reader, entries.get("tiers")),
        table=_read_table(reader, entries["table"]) if "table" in entries else (),
        holidays=days["holidays"],
        working_days=days["working_days"],
        lists=_read_lists(reader, entries["lists"]) if "lists" in entries else (),
        segment=segment,
        readings=_read_readings(reader, entries["readings"]) if "readings" in entries else (),
        friction=read_friction(reader, entries["friction"]) if "friction" in entries else None,
        said=frozenset(entries),
    )


def check_complete(reader: FileReader, head: PackHead) -> None:
    """Check that somebody says what every pack needs; `reader` is that of the outermost."""
    root = reader.document.root
    missing = [name for name in _COMPLETE if name not in head.said]
    # A file that says nothing of what it includes was held against the whole list already.
    if missing and isinstance(root, Mapping) and "includes" in root.entries:
        shown = ", ".join(map(symbol, missing))
        reader.refuse(
            root.entries["includes"],
            "key_missing",
            f"neither `pack.yaml` nor a pack that it includes has {shown}",
            f"add {symbol(f'{missing[0]}:')}",
        )


def _read_readings(reader: FileReader, node: Node) -> tuple[ChosenReading, ...]:
    readings = []
    for name, (key, value) in reader.mapping(node, "`readings`").items():
        chosen = reader.text(value, f"the reading of {symbol(name)}")
        if chosen is not None:
            readings.append(ChosenReading(parameter=name, reading=chosen, key=key, value=value))
    return tuple(readings)


def read_bounds(
    reader: FileReader, node: Node, what: str, *, scaled: bool
) -> tuple[TierBound, ...]:
    """Return the least score of each named tier, ascending.

    Scores are whole numbers to 1000, or with `scaled` probabilities that are told in thousandths.
    """
    entries = reader.entries(node, what, required=(), optional=RAISED_TIERS)
    bounds: list[TierBound] = []
    for tier in RAISED_TIERS:
        if tier not in entries:
            continue
        if scaled:
            share = reader.decimal(entries[tier], symbol(tier), 0.001, 1.0)
            score = None if share is None else round(share * MAX_SCORE)
        else:
            score = reader.whole(entries[tier], symbol(tier), 1, MAX_SCORE)
        if score is None:
            continue
        if bounds and score <= bounds[-1].score:
            reader.refuse(
                entries[tier],
                "value_out_of_range",
                f"{symbol(tier)} does not lie above {symbol(bounds[-1].tier)}",
                "bounds rise from medium to critical",
            )
        bounds.append(TierBound(tier=tier, score=score))
    return tuple(bounds)


def _read_id(reader: FileReader, node: Node | None) -> str:
    name = reader.text(node, "`pack`") if node is not None else None
    if name is None or node is None or _PACK_ID.fullmatch(name):
        return name or ""
    # Like the folder that others include it by, so with hyphens.
    check_identifier(reader, node, "`pack`", name)
    return ""


def _read_version(reader: FileReader, node: Node | None) -> str:
    version = reader.text(node, "`version`") if node is not None else None
    if version is None or node is None or _VERSION.fullmatch(version):
        return version or ""
    reader.refuse(
        node,
        "value_out_of_range",
        f"`version` was {symbol(version)}; expected three numbers",
        "write for example `1.0.0`",
    )
    return ""


def _read_title(reader: FileReader, node: Node | None) -> TextPair:
    title = reader.pair(node, "the title of the pack") if node is not None else None
    return title or TextPair(en="", zh="")


def _read_zone(reader: FileReader, node: Node | None) -> str:
    zone = reader.text(node, "`zone`") if node is not None else None
    if zone is None or node is None:
        return "UTC"
    try:
        load_zone(zone)
    except HaitangError as error:
        reader.refuse_error(node, error)
        return "UTC"
    return zone


def _read_currency(reader: FileReader, node: Node | None) -> str:
    currency = reader.text(node, "`base_currency`") if node is not None else None
    if currency is None or node is None:
        return "CNY"
    try:
        minor_digits(currency)
    except HaitangError as error:
        reader.refuse_error(node, error)
        return "CNY"
    return currency


def _read_entities(reader: FileReader, node: Node) -> tuple[EntitySpec, ...]:
    entities = []
    for name, (key, value) in reader.mapping(node, "`entities`").items():
        check_identifier(reader, key, "the name of an entity", name)
        entries = reader.entries(value, f"entity {symbol(name)}", required=("retention",))
        retention_us = None
        if "retention" in entries:
            retention_us = reader.duration(
                entries["retention"], "`retention`", DAY_US // 24, MAX_RETENTION_US
            )
        entities.append(EntitySpec(name=name, retention_us=retention_us or MAX_RETENTION_US))
    return tuple(entities)


def _read_keys(
    reader: FileReader, node: Node, entities: tuple[EntitySpec, ...]
) -> tuple[KeySpec, ...]:
    keys = []
    known = tuple(entity.name for entity in entities)
    for slot, (key, value) in reader.mapping(node, "`keys`").items():
        check_identifier(reader, key, "the name of a slot", slot)
        entries = reader.entries(value, f"slot {symbol(slot)}", required=("entity", "fields"))
        entity = (
            reader.choice(entries["entity"], "`entity`", known) if "entity" in entries else None
        )
        fields = _read_key_fields(reader, entries["fields"]) if "fields" in entries else ()
        if entity is not None and fields:
            keys.append(KeySpec(slot=slot, entity=entity, fields=fields))
    return tuple(keys)


def _read_key_fields(reader: FileReader, node: Node) -> tuple[tuple[str, ...], ...]:
    """Return the parts of a key, each with its alternatives, which are separated by `|`."""
    parts = []
    written = reader.names(node, "`fields`")
    if isinstance(node, Sequence) and not 1 <= len(node.items) <= MAX_KEY_PARTS:
        reader.refuse(
            node,
            "value_out_of_range",
            f"`fields` has {len(node.items)} parts; expected 1 to {MAX_KEY_PARTS}",
        )
        return ()
    keyed = sorted(name for name, field in FIELDS.items() if field.kind in ("id", "text"))
    for text, item in written:
        alternatives = tuple(part.strip() for part in text.split("|")[:MAX_KEY_ALTERNATIVES])
        for name in alternatives:
            if name in keyed:
                continue
            problem = "is not an id or text" if name in FIELDS else "is not a field of the event"
            reader.refuse(
                item,
                "name_unknown",
                f"{symbol(name)} {problem} and cannot be a key",
                did_you_mean(name, keyed),
            )
            return ()
        parts.append(alternatives)
    return tuple(parts)


def _read_tiers(reader: FileReader, node: Node | None) -> tuple[TierBound, ...]:
    if node is None:
        return tuple(
            TierBound(tier=tier, score=score)
            for tier, (_, score) in zip(RAISED_TIERS, DEFAULT_TIERS, strict=True)
        )
    return read_bounds(reader, node, "`tiers`", scaled=False)


def _read_table(reader: FileReader, node: Node) -> tuple[TableRow, ...]:
    rows: list[TableRow] = []
    for item in reader.items(node, "`table`"):
        entries = reader.entries(
            item,
            "a row of `table`",
            required=("action",),
            optional=("tier", "channel", "segment", "also"),
        )
        if "action" not in entries:
            continue
        action = reader.choice(entries["action"], "`action`", PRIMARY_ACTIONS)
        row = TableRow(
            tiers=_tiers_of(reader, entries),
            channels=_words(reader, entries, "channel", FIELDS["channel"].allowed),
            segments=tuple(name for name, _ in reader.names(entries["segment"], "`segment`"))
            if "segment" in entries
            else (),
            action=action or "PASS",
            also=_words(reader, entries, "also", ACCOMPANYING_ACTIONS),
        )
        shadowing = next(
            (position for position, earlier in enumerate(rows) if _covers(earlier, row)), None
        )
        if shadowing is not None:
            reader.refuse(
                item,
                "row_unreachable",
                f"this row is never reached: row {shadowing + 1} matches all that it matches",
                "put the narrower row first, or remove it",
            )
        rows.append(row)
    return tuple(rows)


def _tiers_of(reader: FileReader, entries: dict[str, Node]) -> tuple[Tier, ...]:
    words = _words(reader, entries, "tier", TIERS)
    return tuple(tier for tier in TIERS if tier in words)


def _words(
    reader: FileReader, entries: dict[str, Node], name: str, allowed: tuple[str, ...]
) -> tuple[str, ...]:
    return reader.choices(entries[name], symbol(name), allowed) if name in entries else ()


def _covers(earlier: TableRow, later: TableRow) -> bool:
    """Return True when whatever the later row matches, the earlier one does too."""
    pairs = (
        (earlier.tiers, later.tiers),
        (earlier.channels, later.channels),
        (earlier.segments, later.segments),
    )
    return all(not wide or (narrow and set(narrow) <= set(wide)) for wide, narrow in pairs)


def _read_days(reader: FileReader, node: Node, what: str) -> tuple[str, ...]:
    days: list[str] = []
    for text, item in reader.names(node, what):
        try:
            parsed = date.fromisoformat(text) if len(text) == 10 else None
        except ValueError:
            parsed = None
        if parsed is None:
            reader.refuse(
                item,
                "value_out_of_range",
                f"{what} was {symbol(text)}; expected a date",
                "write for example `2026-10-01`",
            )
        elif text in days:
            reader.refuse(item, "value_repeated", f"{what} names {symbol(text)} twice")
        else:
            days.append(text)
    return tuple(days)


def _read_lists(reader: FileReader, node: Node) -> tuple[DeclaredList, ...]:
    lists = []
    for name, (key, value) in reader.mapping(node, "`lists`").items():
        check_identifier(reader, key, "the name of a list", name)
        entries = reader.entries(
            value, f"list {symbol(name)}", required=("title",), optional=("file",)
        )
        title = reader.pair(entries["title"], "the title of a list") if "title" in entries else None
        file = reader.text(entries["file"], "`file`") if "file" in entries else ""
        where = entries.get("file", value)
        lists.append(
            DeclaredList(
                name=name, title=title or TextPair(en=name, zh=name), file=file or "", node=where
            )
        )
    return tuple(lists)


def segment_values(reader: FileReader, values: tuple[str, ...]) -> None:
    """Check the segments of the policy table against the values that the segment field can have."""
    root = reader.document.root
    table = root.entries.get("table") if isinstance(root, Mapping) else None
    if not values or not isinstance(table, Sequence):
        return
    for item in table.items:
        if isinstance(item, Mapping) and "segment" in item.entries:
            reader.choices(item.entries["segment"], "`segment`", values)
