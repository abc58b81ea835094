"""The `tests` of a policy as they are written, before an instance fills in channels and numbers."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS, FieldSpec
from haitang.decision.rules.formulas import Formula, is_formula, read_formula
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.yamltext import Mapping, Node, Scalar, is_whole
from haitang.kernel.errors import did_you_mean, symbol
from haitang.kernel.instants import DAY_US

MAX_TESTS = 100
MAX_TEST_EVENTS = 2_000
MAX_OFFSET_US = 400 * DAY_US
MAX_EVERY_US = 100 * DAY_US

DEFAULTS: dict[str, str | int] = {
    "customer_id": "C1",
    "account_id": "A1",
    "payer_customer_id": "C1",
    "payer_account": "A1",
    "payee_account": "B1",
    "channel": "MOBILE",
    "currency": "CNY",
    "txn_type": "TRANSFER_INTER",
    "amount_minor": 100_000,
}
"""Values of a test event where its type has the field; `field: ~` leaves one out."""

RowValue = str | int | float | bool


class _TypeForm(NamedTuple):
    """What a test needs of an event type: its fields, the required ones and the default row."""

    fields: frozenset[str]
    required: tuple[str, ...]
    row: dict[str, RowValue]


_GIVEN = ("event_type", "event_id", "occurred_at_us")
_FORMS = {
    name: _TypeForm(
        fields=frozenset(specification.fields),
        required=tuple(field for field in specification.required if field not in _GIVEN),
        row={
            "event_type": name,
            **{field: DEFAULTS[field] for field in DEFAULTS if field in specification.fields},
        },
    )
    for name, specification in EVENT_TYPES.items()
}


class EventForm(msgspec.Struct, frozen=True, kw_only=True):
    """One written event, or several alike."""

    node: Mapping
    at_us: int | Formula | None
    """Offset from the beginning of the test; None where the event before it was."""
    times: int | Formula
    every_us: int | Formula
    row: dict[str, RowValue]
    """What is the same for all instances."""
    formulas: tuple[tuple[FieldSpec, Formula], ...]
    open: frozenset[str]
    """Fields that the type has and the event does not state: an instance may fill them in."""


class TestForm(msgspec.Struct, frozen=True, kw_only=True):
    """One written test."""

    __test__ = False

    name: str
    fires: bool
    instances: tuple[str, ...]
    """Those that the test is for; empty for all."""
    events: tuple[EventForm, ...]
    node: Node


class TestWords(msgspec.Struct, frozen=True, kw_only=True):
    """What the tests of one policy may name."""

    __test__ = False

    currency: str
    parameters: Collection[str] = ()
    instances: tuple[str, ...] = ()


def read_test_forms(reader: FileReader, node: Node, words: TestWords) -> tuple[TestForm, ...]:
    """Return the tests of a policy as written; those with a fault are left out."""
    forms: list[TestForm] = []
    items = reader.items(node, "`tests`")
    if len(items) > MAX_TESTS:
        reader.refuse(
            node,
            "value_out_of_range",
            f"`tests` has {len(items)} tests; expected at most {MAX_TESTS}",
        )
        return ()
    for item in items:
        form = _read_form(reader, item, words)
        if form is None:
            continue
        if any(other.name == form.name for other in forms):
            reader.refuse(
                item,
                "id_duplicate",
                f"two tests are called {symbol(form.name)}",
                "give each its own name",
            )
        forms.append(form)
    return tuple(forms)


def _read_form(reader: FileReader, node: Node, words: TestWords) -> TestForm | None:
    before = len(reader.problems)
    entries = reader.entries(
        node, "a test", required=("name", "events", "fires"), optional=("for",)
    )
    name = reader.text(entries["name"], "`name`") if "name" in entries else None
    fires = reader.flag(entries["fires"], "`fires`") if "fires" in entries else None
    instances = _read_for(reader, entries["for"], words) if "for" in entries else ()
    events = _read_events(reader, entries["events"], words) if "events" in entries else []
    if "events" in entries and not events and len(reader.problems) == before:
        reader.refuse(
            entries["events"], "value_missing", "`events` was empty; expected at least one event"
        )
    if name is None or fires is None or len(reader.problems) > before:
        return None
    return TestForm(name=name, fires=fires, instances=instances, events=tuple(events), node=node)


def _read_for(reader: FileReader, node: Node, words: TestWords) -> tuple[str, ...]:
    if words.instances:
        return reader.choices(node, "`for`", words.instances)
    reader.refuse(
        node,
        "value_unknown",
        "`for` names instances, but the policy has none",
        "remove `for`: the test is about the policy itself",
    )
    return ()


def _read_events(reader: FileReader, node: Node, words: TestWords) -> list[EventForm]:
    events: list[EventForm] = []
    for item in reader.items(node, "`events`"):
        if not isinstance(item, Mapping):
            reader.refuse(
                item,
                "value_wrong_type",
                "an event was not a mapping",
                "write `{at: 0s, event_type: LOGIN}`",
            )
            continue
        event = _read_event(reader, item, words)
        if event is not None:
            events.append(event)
    return events


def _read_event(reader: FileReader, item: Mapping, words: TestWords) -> EventForm | None:
    at_us = _read_span(reader, item.entries.get("at"), "`at`", MAX_OFFSET_US, words)
    times, every_us = _read_repeat(reader, item, words)
    if "event_type" not in item.entries:
        reader.refuse(item, "key_missing", "the event has no `event_type`", "add `event_type:`")
        return None
    event_type = reader.choice(item.entries["event_type"], "`event_type`", EVENT_TYPES)
    if event_type is None:
        return None
    form = _FORMS[event_type]
    row = dict(form.row)
    if "currency" in row:
        row["currency"] = words.currency
    formulas = _read_fields(reader, item, row, event_type, words)
    for name in form.required:
        if name not in row and name not in item.entries:
            reader.refuse(
                item,
                "key_missing",
                f"the event has no {symbol(name)}, which {symbol(event_type)} needs",
                f"add {symbol(name + ':')}",
            )
    return EventForm(
        node=item,
        at_us=at_us,
        times=times,
        every_us=every_us,
        row=row,
        formulas=tuple(formulas),
        open=form.fields - item.entries.keys(),
    )


def _read_fields(
    reader: FileReader,
    item: Mapping,
    row: dict[str, RowValue],
    event_type: str,
    words: TestWords,
) -> list[tuple[FieldSpec, Formula]]:
    """Put the stated fields into the row, and return those that are formulas."""
    formulas: list[tuple[FieldSpec, Formula]] = []
    for name, node in item.entries.items():
        if name in ("at", "repeat", "event_type"):
            continue
        if name not in _FORMS[event_type].fields:
            _refuse_field(reader, item, name, event_type)
        elif isinstance(node, Scalar) and node.empty:
            row.pop(name, None)
        elif is_formula(node) and FIELDS[name].type == "number":
            formula = read_formula(reader, node, words.parameters)
            if formula is not None:
                formulas.append((FIELDS[name], formula))
        else:
            value = _read_value(reader, node, FIELDS[name])
            if value is not None:
                row[name] = value
    return formulas


def _read_span(
    reader: FileReader, node: Node | None, what: str, most_us: int, words: TestWords
) -> int | Formula | None:
    if node is None:
        return None
    if is_formula(node):
        return read_formula(reader, node, words.parameters)
    return reader.duration(node, what, 0, most_us)


def _read_repeat(
    reader: FileReader, item: Mapping, words: TestWords
) -> tuple[int | Formula, int | Formula]:
    """Return how often an event happens and how far apart."""
    if "repeat" not in item.entries:
        return 1, 0
    entries = reader.entries(item.entries["repeat"], "`repeat`", required=("times", "every"))
    times: int | Formula | None = None
    if "times" in entries and is_formula(entries["times"]):
        times = read_formula(reader, entries["times"], words.parameters)
    elif "times" in entries:
        times = reader.whole(entries["times"], "`times`", 1, MAX_TEST_EVENTS)
    every_us = _read_span(reader, entries.get("every"), "`every`", MAX_EVERY_US, words)
    return times or 1, every_us or 0


def _refuse_field(reader: FileReader, item: Mapping, name: str, event_type: str) -> None:
    fields = EVENT_TYPES[event_type].fields
    hint = did_you_mean(name, (*fields, "at", "repeat"))
    if name in FIELDS:
        hint = "it belongs to other event types"
    reader.refuse(
        item.keys[name], "key_unknown", f"{symbol(event_type)} has no field {symbol(name)}", hint
    )


def _read_value(reader: FileReader, node: Node, field: FieldSpec) -> RowValue | None:
    what = f"`{field.name}`"
    if field.type == "flag":
        return reader.flag(node, what)
    if field.type == "number":
        least, most = bounds_of(field)
        if field.integer:
            return reader.whole(node, what, int(least), int(most))
        if isinstance(node, Scalar) and is_whole(node):
            return reader.whole(node, what, int(least), int(most))
        return reader.decimal(node, what, least, most)
    if field.allowed:
        return reader.choice(node, what, field.allowed)
    return reader.text(node, what)


def bounds_of(field: FieldSpec) -> tuple[float, float]:
    """Return the least and the largest value of a number in a test event."""
    least = field.minimum if field.minimum is not None else -1e15
    most = field.maximum if field.maximum is not None else 1e16
    return least, most
