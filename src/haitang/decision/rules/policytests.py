"""The tests of every instance of a policy: written tests filled with an instance's channel, segment
and numbers, made into rows that the event codec reads.

Nothing is run here. A test says whether the instance fires on the last of its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from haitang.data.features.terms import Expression
from haitang.decision.rules.formulas import Calculator, Formula
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.silence import Kind, Possibilities
from haitang.decision.rules.testforms import (
    MAX_EVERY_US,
    MAX_OFFSET_US,
    MAX_TEST_EVENTS,
    EventForm,
    RowValue,
    TestForm,
    bounds_of,
)
from haitang.decision.rules.yamltext import Mapping as MappingNode
from haitang.decision.rules.yamltext import Node
from haitang.kernel.errors import Place, symbol
from haitang.kernel.instants import SECOND_US, parse_instant

TEST_START_US = parse_instant("2026-03-02T10:00:00+08:00")
"""A Monday morning in Shanghai: offsets of test events count from here."""

SPEAKING = ("shadow", "live")
"""Policies that speak, or soon will: they are tested both ways."""


class PolicyTest(msgspec.Struct, frozen=True, kw_only=True):
    """One test of one instance: event rows in journal order, as `decode_row` takes them."""

    policy: str
    """Full name of the instance."""
    name: str
    rows: tuple[dict[str, RowValue], ...]
    fires: bool
    """Whether the instance fires on the last row."""
    place: Place
    """Where the test is written, for telling that it failed."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One instance as its tests need it."""

    name: str
    """Full name."""
    instance: str = ""
    node: Node
    """Where the instance stands; for a policy without instances, its status."""
    status: str
    when: Expression
    channel: str | None
    """Of events that state none; None leaves it out."""
    segment: str | None
    segment_field: str = ""
    """The field that holds the segment, where a field does."""
    in_scope: frozenset[tuple[str | None, str | None]] | None = None
    """Channels and segments that the instance holds; None for all."""
    segments: frozenset[str] = frozenset()
    """Segments that the scopes of the policy tell apart; every other counts as None."""
    values: Mapping[str, Expression] = {}
    """The parameters, as of the beginning of the tests."""


def fill_tests(
    reader: FileReader,
    forms: tuple[TestForm, ...],
    subjects: Iterable[Subject],
    *,
    currency: str,
    possibilities: Possibilities,
) -> tuple[PolicyTest, ...]:
    """Return the tests of every instance; a test that could not fail is refused."""
    calculator = Calculator(reader, currency=currency)
    places = [reader.document.place(form.node.line, form.node.column)[0] for form in forms]
    told: set[int] = set()
    tests: list[PolicyTest] = []
    for subject in subjects:
        calculator.take(subject.values)
        for position, (form, place) in enumerate(zip(forms, places, strict=True)):
            if form.instances and subject.instance not in form.instances:
                continue
            rows = _rows(form, subject, calculator, currency)
            if rows is None:
                continue
            tests.append(
                PolicyTest(
                    policy=subject.name, name=form.name, rows=rows, fires=form.fires, place=place
                )
            )
            if position not in told and subject.status in SPEAKING:
                fault = _check_meaning(reader, form, subject, rows[-1], possibilities)
                told |= {position} if fault else set()
    return tuple(tests)


def check_tested(
    reader: FileReader,
    node: Node | None,
    subjects: Iterable[Subject],
    tests: Iterable[PolicyTest],
    *,
    least_live: int,
) -> None:
    """Check that every instance that speaks has tests both ways, a live one enough of them."""
    counts: dict[tuple[str, bool], int] = {}
    for test in tests:
        counts[test.policy, test.fires] = counts.get((test.policy, test.fires), 0) + 1
    for subject in subjects:
        if subject.status not in SPEAKING:
            continue
        least = least_live if subject.status == "live" else 1
        for fires, what in ((True, "fires"), (False, "does not fire")):
            found = counts.get((subject.name, fires), 0)
            if found >= least:
                continue
            owner = f" of the instance {symbol(subject.instance)}" if subject.instance else ""
            reader.refuse(
                subject.node if subject.instance or node is None else node,
                "policy_untested",
                f"{_count(found)}{owner} shows an event on which the policy {what}"
                + (f"; expected {least}" if least > 1 else ""),
                f"add a test with {symbol(f'fires: {str(fires).lower()}')}, or set `status: draft`",
            )


def _count(found: int) -> str:
    return {0: "no test", 1: "only one test"}.get(found, f"only {found} tests")


def _rows(
    form: TestForm, subject: Subject, calculator: Calculator, currency: str
) -> tuple[dict[str, RowValue], ...] | None:
    """Return the events of a test for one instance, or None where a formula has a fault."""
    rows: list[dict[str, RowValue]] = []
    offset_us = 0
    for event in form.events:
        at_us = _microseconds(event.at_us, "`at`", MAX_OFFSET_US, calculator)
        every_us = _microseconds(event.every_us, "`every`", MAX_EVERY_US, calculator)
        times = _times(event.times, calculator)
        row = _row(event, subject, calculator, currency)
        if row is None or times is None or every_us is None:
            return None
        if event.at_us is not None:
            if at_us is None:
                return None
            offset_us = at_us
        if len(rows) + times > MAX_TEST_EVENTS:
            calculator.reader.refuse(
                event.node,
                "value_out_of_range",
                f"the test has more than {MAX_TEST_EVENTS:,} events",
            )
            return None
        for _ in range(times):
            rows.append(
                {
                    "event_id": f"E{len(rows) + 1}",
                    "occurred_at_us": TEST_START_US + offset_us,
                    **row,
                }
            )
            offset_us += every_us
        # The next event, unless it says otherwise, happens together with the last of these.
        offset_us -= every_us if times else 0
    if not rows:
        calculator.reader.refuse(
            form.node, "value_missing", f"the test {symbol(form.name)} has no event left to judge"
        )
        return None
    return tuple(rows)


def _row(
    event: EventForm, subject: Subject, calculator: Calculator, currency: str
) -> dict[str, RowValue] | None:
    row = dict(event.row)
    for name, word in (("channel", subject.channel), (subject.segment_field, subject.segment)):
        if name in event.open:
            if word is not None:
                row[name] = word
            elif name == "channel":
                row.pop(name, None)
    for field, formula in event.formulas:
        value = calculator.number_within(formula, f"`{field.name}`", *bounds_of(field))
        if value is None:
            return None
        row[field.name] = round(value) if field.integer else value
    # The edge fills this from the bank's base currency; tests have no edge.
    if (
        "amount_base_minor" in event.open
        and "amount_minor" in row
        and row.get("currency") == currency
    ):
        row["amount_base_minor"] = row["amount_minor"]
    return row


def _microseconds(
    span: int | Formula | None, what: str, most_us: int, calculator: Calculator
) -> int | None:
    if not isinstance(span, Formula):
        return span
    seconds = calculator.number_within(span, what, 0, most_us / SECOND_US)
    return None if seconds is None else round(seconds * SECOND_US)


def _times(times: int | Formula, calculator: Calculator) -> int | None:
    if not isinstance(times, Formula):
        return times
    value = calculator.number_within(times, "`times`", 0, MAX_TEST_EVENTS)
    return None if value is None else round(value)


def _check_meaning(
    reader: FileReader,
    form: TestForm,
    subject: Subject,
    last: Mapping[str, RowValue],
    possibilities: Possibilities,
) -> bool:
    """Refuse a test whose last event says nothing about the instance; True where it was refused."""
    event = form.events[-1].node
    channel, segment = last.get("channel"), last.get(subject.segment_field)
    if subject.in_scope is not None and not _holds(subject, channel, segment):
        key = "channel" if not _holds_channel(subject, channel) else subject.segment_field
        _refuse_outside(reader, event, form, subject, key, last.get(key))
        return True
    words = [("channel", _text(channel))]
    if subject.segment_field:
        words.append((subject.segment_field, _text(segment)))
    kind = Kind(str(last["event_type"]), tuple(words))
    if form.fires or possibilities.could_hold(subject.when, kind):
        return False
    reader.refuse(
        event.entries.get("event_type", event),
        "test_cannot_fail",
        f"the test {symbol(form.name)} cannot fail: whatever its amounts, the policy never fires "
        f"on {symbol(kind.event_type)} through {symbol(str(channel or 'no channel'))}",
        "end with an event that the policy could fire on, and let it differ by a fact",
    )
    return True


def _holds(subject: Subject, channel: object, segment: object) -> bool:
    assert subject.in_scope is not None, "only scopes are asked"
    word = segment if segment in subject.segments else None
    return (_text(channel), _text(word)) in subject.in_scope


def _holds_channel(subject: Subject, channel: object) -> bool:
    assert subject.in_scope is not None, "only scopes are asked"
    return any(own == channel for own, _ in subject.in_scope)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _refuse_outside(
    reader: FileReader,
    event: MappingNode,
    form: TestForm,
    subject: Subject,
    key: str,
    value: object,
) -> None:
    stated = symbol(value) if isinstance(value, str) else "missing"
    if subject.instance:
        what = f"the instance {symbol(subject.instance)}"
        hint = f"leave {symbol(key)} out, or name the instances that are meant under `for`"
    else:
        what, hint = "the policy", f"leave {symbol(key)} out, or change the scope of the policy"
    reader.refuse(
        event.entries.get(key, event),
        "test_out_of_scope",
        f"the test {symbol(form.name)} ends outside of {what}: {symbol(key)} is {stated}",
        hint,
    )
