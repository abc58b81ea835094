"""Mapping files: YAML text to a checked `MappingSpec`, every fault with its place and suggestion.

```yaml
mapping: cards
missing: ["", NA]                       # cells that mean nothing is there, for every field
skip:                                   # rows passed over
  - {column: STATUS, is: [VOID]}        # or `not: […]`, or `empty: true`
events:
  - event_type: TXN_REQUEST
    when: [{column: KIND, is: [PAY]}]   # only these rows
    fields:
      event_id: {template: "card-{TRANSACTION_ID}"}
      occurred_at_us: {column: TX_DATETIME, time: {format: "%Y-%m-%d %H:%M:%S", zone: UTC}}
      amount_minor: {column: TX_AMOUNT, scale: 100}
      currency: {constant: EUR}
      customer_id: CUSTOMER_ID          # short for {column: CUSTOMER_ID}
```
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar, get_args

from haitang.data.events._yaml import Entries, Node, Scalar, Sequence, Source, read_tree
from haitang.data.events.catalogue import EVENT_TYPES, FIELDS, EventTypeSpec
from haitang.data.events.diagnosis import value_fault
from haitang.data.events.errors import MappingRefused
from haitang.data.events.mapping import (
    RFC3339,
    TEMPLATE_COLUMN,
    Condition,
    EventMapping,
    FieldMapping,
    MappingSpec,
    Rounding,
    TimeSpec,
    TimeUnit,
    Value,
    convert,
)
from haitang.kernel.errors import (
    NOWHERE,
    HaitangError,
    Refusals,
    did_you_mean,
    symbol,
)
from haitang.kernel.instants import load_zone, parse_duration, parse_instant

EVENTS_PER_ROW_MAX = 16

_FIELD_KEYS = (
    "column", "template", "constant", "missing", "values", "otherwise", "default", "scale",
    "round", "absolute", "time",
)  # fmt: skip
_TIME_KEYS = ("format", "zone", "unit", "step", "origin", "later")
_SCALE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)
_UNITS: tuple[TimeUnit, ...] = get_args(TimeUnit)
_T = TypeVar("_T")


def read_mapping(text: str, *, path: str = "") -> MappingSpec:
    """Return the mapping of a text, or raise its faults: `MappingRefused`, or `Refusals`."""
    source = Source(path, text)
    reader = _Reader(source)
    spec = reader.mapping(read_tree(source, text))
    if len(reader.problems) == 1:
        raise reader.problems[0]
    if reader.problems:
        raise Refusals(reader.problems)
    assert spec is not None
    return spec


class _Reader:
    """Reads one file; faults are noted and reading goes on, so that an author sees them all."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[MappingRefused] = []
        self.missing: tuple[str, ...] = ()

    def note(self, at: Node, code: str, message: str, hint: str = "") -> None:
        self.problems.append(self.source.fault(at, code, message, hint))

    def mapping(self, node: Node) -> MappingSpec | None:
        entries = self.entries(node, "the mapping", ("mapping", "missing", "skip", "events"))
        if entries is None:
            return None
        for key in ("mapping", "events"):
            if key not in entries:
                self.note(node, "mapping_key_missing", f"key `{key}` was missing")
        self.missing = self.texts(entries.get("missing")) or ()
        skip = tuple(self.condition(item) for item in self.items(entries.get("skip"), "`skip`"))
        items = self.items(entries.get("events"), "`events`")
        if "events" in entries and not 1 <= len(items) <= EVENTS_PER_ROW_MAX:
            self.note(
                entries["events"],
                "mapping_events",
                f"`events` had {len(items)} items; expected 1 to {EVENTS_PER_ROW_MAX}",
            )
        events = tuple(self.event(item) for item in items)
        name = self.text(entries.get("mapping")) or ""
        return MappingSpec(name=name, path=self.source.path, skip=_some(skip), events=_some(events))

    def event(self, node: Node) -> EventMapping | None:
        entries = self.entries(node, "an event", ("event_type", "when", "fields"))
        if entries is None:
            return None
        event_type = self.text(entries.get("event_type"))
        spec = EVENT_TYPES.get(event_type or "")
        if spec is None:
            at = entries.get("event_type", node)
            self.note(
                at,
                "mapping_event_type",
                f"unknown event type {symbol(event_type)}" if event_type
                else "key `event_type` was missing",
                did_you_mean(event_type or "", EVENT_TYPES) or "see docs/reference/events.md",
            )  # fmt: skip
            return None
        when = tuple(self.condition(item) for item in self.items(entries.get("when"), "`when`"))
        fields = self.fields(entries.get("fields"), spec, node)
        return EventMapping(event_type=spec.name, when=_some(when), fields=fields)

    def fields(
        self, node: Node | None, spec: EventTypeSpec, event: Node
    ) -> tuple[FieldMapping, ...]:
        names = [name for name in spec.fields if name != "event_type"]
        entries = self.entries(node, "`fields`", names) if node is not None else {}
        found = [self.field(name, value) for name, value in (entries or {}).items()]
        for name in spec.required:
            if name != "event_type" and name not in (entries or {}):
                self.note(
                    node if node is not None else event,
                    "mapping_field_missing",
                    f"field `{name}` was missing; expected every `{spec.name}` to have one",
                )
        return _some(found)

    def field(self, name: str, node: Node) -> FieldMapping | None:
        if isinstance(node, Scalar):
            node = Entries(values={"column": node}, keys={}, line=node.line, column=node.column)
        entries = self.entries(node, f"field `{name}`", _FIELD_KEYS)
        if entries is None or not self.one_of(node, entries, ("column", "template", "constant")):
            return None
        time = self.time(name, entries.get("time"))
        template = self.text(entries.get("template")) or ""
        mapped = FieldMapping(
            field=name,
            column=self.text(entries.get("column")) or "",
            template=template,
            columns=tuple(dict.fromkeys(TEMPLATE_COLUMN.findall(template))),
            missing=(*self.missing, *(self.texts(entries.get("missing")) or ())),
            values=self.values(name, entries.get("values")),
            otherwise=self.value(name, entries.get("otherwise")),
            default=self.value(name, entries.get("default")),
            scale=self.scale(name, entries.get("scale")),
            round=self.choice(entries.get("round"), _ROUNDINGS, "refuse"),
            absolute=self.choice(entries.get("absolute"), ("false", "true"), "false") == "true",
            time=time,
        )
        constant = entries.get("constant")
        if constant is None:
            return mapped
        return FieldMapping(field=name, constant=self.value(name, constant))

    def time(self, name: str, node: Node | None) -> TimeSpec | None:
        is_instant = FIELDS[name].kind == "instant"
        if node is None:
            return TimeSpec(unit="us") if is_instant else None
        if not is_instant:
            self.note(
                node, "mapping_time", f"field `{name}` was not an instant", "leave `time` out"
            )
            return None
        entries = self.entries(node, "`time`", _TIME_KEYS)
        if entries is None or not self.one_of(
            node, entries, ("format", "unit", "step"), or_none="later"
        ):
            return None
        zone = self.checked(entries.get("zone"), _zone) or ""
        unit = self.choice(entries.get("unit"), _UNITS, None) if "unit" in entries else None
        step_us = self.checked(entries.get("step"), parse_duration) or 0
        if "step" in entries and step_us == 0:
            return None
        time_format = self.checked(entries.get("format"), _time_format) or ""
        if not (unit or step_us or time_format):
            unit = "us"
        return TimeSpec(
            format=time_format,
            zone=zone,
            unit=unit,
            step_us=step_us,
            origin_us=self.checked(entries.get("origin"), parse_instant) or 0,
            later_us=self.checked(entries.get("later"), parse_duration) or 0,
        )

    def condition(self, node: Node) -> Condition | None:
        entries = self.entries(node, "a condition", ("column", "is", "not", "empty"))
        if entries is None or not self.one_of(node, entries, ("is", "not", "empty")):
            return None
        column = self.text(entries.get("column"))
        if not column:
            self.note(node, "mapping_key_missing", "key `column` was missing")
            return None
        empty = self.choice(entries.get("empty"), ("true", "false"), None)
        return Condition(
            column=column,
            among=self.texts(entries.get("is")),
            excluded=self.texts(entries.get("not")),
            empty=None if empty is None else empty == "true",
        )

    def values(self, name: str, node: Node | None) -> dict[str, Value] | None:
        if node is None:
            return None
        if not isinstance(node, Entries):
            self.wrong_shape(node, "`values`", "a mapping")
            return None
        found = {key: self.value(name, item) for key, item in node.values.items()}
        return {key: value for key, value in found.items() if value is not None}

    def value(self, name: str, node: Node | None) -> Value | None:
        """Return a literal of a field's type, within the field's bounds."""
        text = self.text(node)
        if node is None or text is None:
            return None
        try:
            time = TimeSpec(format=RFC3339) if FIELDS[name].kind == "instant" else None
            value = convert(FieldMapping(field=name, column=name, time=time), text, NOWHERE)
            fault = value_fault(FIELDS[name], value, NOWHERE)
        except HaitangError as error:
            fault = None
            self.note(node, "mapping_literal", error.message, error.hint)
            value = None
        if fault is not None:
            self.note(node, "mapping_literal", fault.message, fault.hint)
        return value

    def scale(self, name: str, node: Node | None) -> Decimal | None:
        text = self.text(node)
        if node is None or text is None:
            return None
        if FIELDS[name].type != "number" or FIELDS[name].kind == "instant":
            self.note(node, "mapping_scale", f"field `{name}` was not a number")
        elif not _SCALE.fullmatch(text) or Decimal(text) == 0:
            self.note(
                node, "mapping_scale", f"the scale was {symbol(text)}; expected a decimal above 0"
            )
        else:
            return Decimal(text)
        return None

    def one_of(
        self, node: Node, entries: dict[str, Node], names: tuple[str, ...], or_none: str = ""
    ) -> bool:
        given = [name for name in names if name in entries]
        if len(given) == 1 or (not given and or_none in entries):
            return True
        listing = ", ".join(f"`{name}`" for name in names)
        said = " and ".join(f"`{name}`" for name in given) or "none of them"
        self.note(node, "mapping_choice", f"{said} was given; expected exactly one of {listing}")
        return False

    def entries(self, node: Node, what: str, known: Collection[str]) -> dict[str, Node] | None:
        if not isinstance(node, Entries):
            self.wrong_shape(node, what, "a mapping")
            return None
        for key, at in node.keys.items():
            if key not in known:
                hint = did_you_mean(key, known)
                if not hint and len(known) <= len(_FIELD_KEYS):
                    hint = "expected " + ", ".join(f"`{name}`" for name in known)
                self.note(
                    at, "mapping_key_unknown", f"{what} had the unknown key {symbol(key)}", hint
                )
        return {key: value for key, value in node.values.items() if key in known}

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            self.wrong_shape(node, what, "a list")
            return ()
        return node.items

    def texts(self, node: Node | None) -> tuple[str, ...] | None:
        if node is None:
            return None
        if isinstance(node, Scalar):
            return (node.text,)
        found = [self.text(item) for item in self.items(node, "a list of texts")]
        return tuple(text for text in found if text is not None)

    def text(self, node: Node | None) -> str | None:
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.wrong_shape(node, "this", "a text")
            return None
        return node.text

    def choice(self, node: Node | None, allowed: tuple[Any, ...], absent: Any) -> Any:
        text = self.text(node)
        if node is None or text is None:
            return absent
        if text not in allowed:
            listing = ", ".join(f"`{value}`" for value in allowed)
            self.note(
                node,
                "mapping_value_unknown",
                f"{symbol(text)} stood here; expected one of {listing}",
                did_you_mean(text, allowed),
            )
            return absent
        return text

    def checked(self, node: Node | None, read: Any) -> Any:
        text = self.text(node)
        if node is None or text is None:
            return None
        try:
            return read(text)
        except HaitangError as error:
            self.note(node, error.code, error.message, error.hint)
            return None

    def wrong_shape(self, node: Node, what: str, wanted: str) -> None:
        shapes = {Scalar: "a text", Sequence: "a list", Entries: "a mapping"}
        self.note(node, "mapping_shape", f"{what} was {shapes[type(node)]}; expected {wanted}")


def _zone(text: str) -> str:
    load_zone(text)
    return text


def _time_format(text: str) -> str:
    if text == RFC3339:
        return text
    moment = datetime(2026, 3, 2, 10, 20, 30, tzinfo=UTC)
    try:
        if "%" not in text:
            raise ValueError(text)
        datetime.strptime(moment.strftime(text), text)  # noqa: DTZ007 - only the format is tried
    except ValueError:
        raise MappingRefused(
            code="mapping_time_format",
            message=f"the time format was {symbol(text)}; expected `rfc3339` or directives "
            "like `%Y-%m-%d %H:%M:%S`",
        ) from None
    return text


def _some(items: Collection[_T | None]) -> tuple[_T, ...]:
    return tuple(item for item in items if item is not None)
