"""Friction budgets: what a pack says about asking the same customer again, and about whom it asks.

A challenge asks something of the customer; what takes something away or waits for a person is none.
"""

from __future__ import annotations

from collections.abc import Iterable

from haitang.data.events.catalogue import FIELDS
from haitang.decision.rules.actions import PRIMARY_ACTIONS
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import FrictionSpec, PolicySpec, TableRow
from haitang.decision.rules.yamltext import Mapping, Node
from haitang.kernel.errors import Place, symbol
from haitang.kernel.instants import DAY_US

CHALLENGES = ("TIP", "ACK", "EDU", "OTP", "FACE", "SIGN", "VID")
"""Actions that ask something of the customer and take nothing away, mildest first."""

LESSON = "EDU"
"""The challenge that is a quiz."""

AGAIN_LEAST_US, AGAIN_MOST_US = 60_000_000, 30 * DAY_US

_REQUIRED = ("challenges", "again_after", "instead")


def read_friction(reader: FileReader, node: Node) -> FrictionSpec | None:
    """Return what `friction` of `pack.yaml` says, or None where it has a fault."""
    entries = reader.entries(node, "`friction`", required=_REQUIRED, optional=("people_for",))
    if any(name not in entries for name in _REQUIRED):
        return None
    named = reader.choices(entries["challenges"], "`challenges`", CHALLENGES)
    if not named:
        reader.refuse(
            entries["challenges"],
            "value_missing",
            "`challenges` named none",
            "name those that are not to be asked twice, or leave `friction` out",
        )
        return None
    again_after_us = reader.duration(
        entries["again_after"], "`again_after`", AGAIN_LEAST_US, AGAIN_MOST_US
    )
    mildest = min(map(PRIMARY_ACTIONS.index, named))
    instead = reader.choice(entries["instead"], "`instead`", PRIMARY_ACTIONS)
    if instead is not None and PRIMARY_ACTIONS.index(instead) >= mildest:
        reader.refuse(
            entries["instead"],
            "value_out_of_range",
            f"`instead` was {symbol(instead)}; expected an action milder than every challenge",
            f"name one before {symbol(PRIMARY_ACTIONS[mildest])}",
        )
        instead = None
    people: tuple[str, ...] = ()
    if "people_for" in entries:
        people = tuple(
            dict.fromkeys(n for n, _ in reader.names(entries["people_for"], "`people_for`"))
        )
    if again_after_us is None or instead is None:
        return None
    return FrictionSpec(
        challenges=tuple(one for one in CHALLENGES if one in named),
        again_after_us=again_after_us,
        instead=instead,
        people_for=people,
    )


def check_friction_segment(
    reader: FileReader,
    node: Node,
    friction: FrictionSpec,
    segment: str,
    table: tuple[TableRow, ...],
) -> None:
    """Check that segments can be told from the event alone: friction works behind the kernel,
    where features are gone.
    """
    field = FIELDS.get(segment)
    reads = friction.people_for or any(row.segments for row in table)
    if reads and (field is None or field.kind != "text"):
        reader.refuse(
            node,
            "friction_segment",
            f"`segment` was {symbol(segment)}; `friction` needs a text field of the event"
            if segment
            else "`friction` names segments and the pack has no `segment`",
            "write `segment: customer_segment`",
        )
        return
    own = node.entries.get("people_for") if isinstance(node, Mapping) else None
    if own is not None and field is not None and field.allowed:
        reader.choices(own, "`people_for`", field.allowed)


def refuse_lessons(
    read: Iterable[tuple[PackSource, Iterable[PolicySpec]]],
    friction: FrictionSpec | None,
    problems: Problems,
) -> None:
    """Refuse instances that ask people for a lesson who get a person instead, and nobody else."""
    people = frozenset(friction.people_for) if friction is not None else frozenset()
    for source, policies in read:
        for policy in policies:
            segments = {segment for _, segment in policy.scope or ((None, None),)}
            asks = policy.status != "retired" and LESSON in (policy.action, *policy.also)
            if asks and segments <= people:
                problems.add(
                    "lesson_for_people",
                    f"{symbol(policy.id)} asks for {symbol(LESSON)} of people who get a person",
                    place=Place(source.shown(policy.path), policy.line),
                    hint="write `action: TIP` with `also: [CALL]`, or `action: HOLD` with CALL",
                )


def refuse_refusing_rows(reader: FileReader, table: tuple[TableRow, ...]) -> None:
    """Refuse table rows that refuse for good with nobody looking: a score is never so sure."""
    for number, row in enumerate(table):
        if "REJ" in (row.action, *row.also) and not {"CV", "CALL"} & {row.action, *row.also}:
            reader.refuse(
                _table(reader),
                "refusal_without_person",
                f"row {number + 1} of `table` refuses for good without a person",
                "write `also: [CV]` or `also: [CALL]`",
            )


def refuse_lesson_rows(
    reader: FileReader, friction: FrictionSpec, table: tuple[TableRow, ...]
) -> None:
    """Refuse table rows that ask nobody for a lesson but people who get a person instead."""
    people = frozenset(friction.people_for)
    for number, row in enumerate(table):
        if row.segments and LESSON in (row.action, *row.also) and set(row.segments) <= people:
            reader.refuse(
                _table(reader),
                "lesson_for_people",
                f"row {number + 1} of `table` asks for {symbol(LESSON)} of people who get a person",
                "write `action: TIP` with `also: [CALL]`, or `action: HOLD` with CALL",
            )


def _table(reader: FileReader) -> Node:
    root = reader.document.root
    assert isinstance(root, Mapping), "the table was read from it"
    return root.entries["table"]
