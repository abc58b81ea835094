"""The `tests` of a policy: short event lists with defaults, made into rows that the event codec
reads.

Nothing is run here. A test says whether the policy fires on the last of its events.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS, FieldSpec
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.yamltext import Mapping, Node, Scalar, is_whole
from haitang.kernel.errors import Place, did_you_mean, symbol
from haitang.kernel.instants import DAY_US, parse_instant

TEST_START_US = parse_instant("2026-03-02T10:00:00+08:00")
"""A Monday morning in Shanghai: offsets of test events count from here."""

MAX_TESTS = 100
MAX_TEST_EVENTS = 2_000
MAX_OFFSET_US = 400 * DAY_US

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


class _EventForm(NamedTuple):
    """What a test needs of an event type: its fields, the required ones and the default row."""

    fields: frozenset[str]
    required: tuple[str, ...]
    row: dict[str, RowValue]


_GIVEN = ("event_type", "event_id", "occurred_at_us")
_FORMS = {
    name: _EventForm(
        fields=frozenset(specification.fields),
        required=tuple(field for field in specification.required if field not in _GIVEN),
        row={
            "event_type": name,
            **{field: DEFAULTS[field] for field in DEFAULTS if field in specification.fields},
        },
    )
    for name, specification in EVENT_TYPES.items()
}


class PolicyTest(msgspec.Struct, frozen=True, kw_only=True):
    """One test of one policy: event rows in journal order, as `decode_row` takes them."""

    policy: str
    name: str
    rows: tuple[dict[str, RowValue], ...]
    fires: bool
    """Whether the policy fires on the last row."""
    place: Place
    """Where the test is written, for telling that it failed."""


def read_tests(
    reader: FileReader, node: Node, policy: str, currency: str
) -> tuple[PolicyTest, ...]:
    """Return the tests of a policy; those with a fault are left out."""
    tests: list[PolicyTest] = []
    items = reader.items(node, "`tests`")
    if len(items) > MAX_TESTS:
        reader.refuse(
            node,
            "value_out_of_range",
            f"`tests` has {len(items)} tests; expected at most {MAX_TESTS}",
        )
        return ()
    for item in items:
        test = _read_test(reader, item, policy, currency)
        if test is None:
            continue
        if any(other.name == test.name for other in tests):
            reader.refuse(
                item,
                "id_duplicate",
                f"two tests are called {symbol(test.name)}",
                "give each its own name",
            )
        tests.append(test)
    return tuple(tests)


def _read_test(reader: FileReader, node: Node, policy: str, currency: str) -> PolicyTest | None:
    before = len(reader.problems)
    entries = reader.entries(node, "a test", required=("name", "events", "fires"))
    name = reader.text(entries["name"], "`name`") if "name" in entries else None
    fires = reader.flag(entries["fires"], "`fires`") if "fires" in entries else None
    rows = _read_events(reader, entries["events"], currency) if "events" in entries else []
    if "events" in entries and not rows and len(reader.problems) == before:
        reader.refuse(
            entries["events"], "value_missing", "`events` was empty; expected at least one event"
        )
    if name is None or fires is None or len(reader.problems) > before:
        return None
    place, _ = reader.document.place(node.line, node.column)
    return PolicyTest(policy=policy, name=name, rows=tuple(rows), fires=fires, place=place)


def _read_events(reader: FileReader, node: Node, currency: str) -> list[dict[str, RowValue]]:
    rows: list[dict[str, RowValue]] = []
    offset_us = 0
    for item in reader.items(node, "`events`"):
        if not isinstance(item, Mapping):
            reader.refuse(
                item,
                "value_wrong_type",
                "an event was not a mapping",
                "write `{at: 0s, event_type: LOGIN}`",
            )
            continue
        if "at" in item.entries:
            at = reader.duration(item.entries["at"], "`at`", 0, MAX_OFFSET_US)
            offset_us = offset_us if at is None else at
        times, every_us = _read_repeat(reader, item)
        row = _read_row(reader, item, currency)
        if len(rows) + times > MAX_TEST_EVENTS:
            reader.refuse(
                item, "value_out_of_range", f"the test has more than {MAX_TEST_EVENTS:,} events"
            )
            return rows
        for _ in range(times if row else 0):
            rows.append(
                {
                    "event_id": f"E{len(rows) + 1}",
                    "occurred_at_us": TEST_START_US + offset_us,
                    **row,
                }
            )
            offset_us += every_us
        offset_us -= every_us
    return rows


def _read_repeat(reader: FileReader, item: Mapping) -> tuple[int, int]:
    """Return how often an event happens and how far apart."""
    if "repeat" not in item.entries:
        return 1, 0
    entries = reader.entries(item.entries["repeat"], "`repeat`", required=("times", "every"))
    times = (
        reader.whole(entries["times"], "`times`", 1, MAX_TEST_EVENTS)
        if "times" in entries
        else None
    )
    every_us = (
        reader.duration(entries["every"], "`every`", 0, 100 * DAY_US)
        if "every" in entries
        else None
    )
    return times or 1, every_us or 0


def _read_row(reader: FileReader, item: Mapping, currency: str) -> dict[str, RowValue]:
    """Return the fields of one event with its defaults, or nothing when its type is not known."""
    if "event_type" not in item.entries:
        reader.refuse(item, "key_missing", "the event has no `event_type`", "add `event_type:`")
        return {}
    event_type = reader.choice(item.entries["event_type"], "`event_type`", EVENT_TYPES)
    if event_type is None:
        return {}
    form = _FORMS[event_type]
    row = dict(form.row)
    if "currency" in row:
        row["currency"] = currency
    for name, node in item.entries.items():
        if name in ("at", "repeat", "event_type"):
            continue
        if name not in form.fields:
            _refuse_field(reader, item, name, event_type)
        elif isinstance(node, Scalar) and node.empty:
            row.pop(name, None)
        else:
            value = _read_value(reader, node, FIELDS[name])
            if value is not None:
                row[name] = value
    # The edge fills this from the bank's base currency; tests have no edge.
    if (
        "amount_base_minor" in form.fields
        and "amount_minor" in row
        and row.get("currency") == currency
    ):
        row.setdefault("amount_base_minor", row["amount_minor"])
    for name in form.required:
        if name not in row and name not in item.entries:
            reader.refuse(
                item,
                "key_missing",
                f"the event has no {symbol(name)}, which {symbol(event_type)} needs",
                f"add {symbol(name + ':')}",
            )
    return row


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
        least = field.minimum if field.minimum is not None else -1e15
        most = field.maximum if field.maximum is not None else 1e16
        if field.integer:
            return reader.whole(node, what, int(least), int(most))
        if isinstance(node, Scalar) and is_whole(node):
            return reader.whole(node, what, int(least), int(most))
        return reader.decimal(node, what, least, most)
    if field.allowed:
        return reader.choice(node, what, field.allowed)
    return reader.text(node, what)
