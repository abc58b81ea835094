"""The typed expression tree: what a pack's text means once it was read and checked.

`decision/rules` parses text into these nodes; `data/features` compiles them into column programs.
A missing value is NaN. A comparison with a missing value is false; arithmetic with one is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

ValueType = Literal["number", "text", "flag"]
"""`number` covers money (minor units), durations (seconds), counts and ratios; `flag` is
true/false.
"""


class Term(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="node"):
    """One node of an expression tree."""


class Number(Term, frozen=True, kw_only=True):
    """A numeric literal."""

    value: float


class Text(Term, frozen=True, kw_only=True):
    """A text literal."""

    value: str


class Flag(Term, frozen=True, kw_only=True):
    """`True` or `False`."""

    value: bool


class Field(Term, frozen=True, kw_only=True):
    """A field of the current event, by its name in the event catalogue."""

    name: str
    type: ValueType


class Feature(Term, frozen=True, kw_only=True):
    """Another feature of the pack, read for the current event."""

    name: str
    type: ValueType


class Arithmetic(Term, frozen=True, kw_only=True):
    """`left op right`; division by zero and missing operands give missing."""

    op: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


class Compare(Term, frozen=True, kw_only=True):
    """`left op right`, false when either side is missing (also for `!=`)."""

    op: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Expression
    right: Expression


class Logic(Term, frozen=True, kw_only=True):
    """`and` / `or` over two or more flags."""

    op: Literal["and", "or"]
    operands: tuple[Expression, ...]


class Not(Term, frozen=True, kw_only=True):
    """`not operand`."""

    operand: Expression


class OneOf(Term, frozen=True, kw_only=True):
    """`operand in (literal, …)`; false when missing. All literals are of the operand's type."""

    operand: Expression
    values: tuple[float | str, ...]


class Contains(Term, frozen=True, kw_only=True):
    """`'needle' in field`: case-insensitive containment in a text field of the event."""

    field: str
    needles: tuple[str, ...]


class Listed(Term, frozen=True, kw_only=True):
    """`listed('list', field)`: the field's value is on the list at the event's instant."""

    list: str
    field: str


class Known(Term, frozen=True, kw_only=True):
    """`known(x)`: the operand is not missing. For flags: it can be told."""

    operand: Expression


class Call(Term, frozen=True, kw_only=True):
    """A registered function of `FUNCTIONS` over numeric arguments, or a calendar function.

    `zone` is set for calendar functions (`local_hour`, `weekday`, `is_night`, `is_holiday`).
    """

    function: str
    arguments: tuple[Expression, ...] = ()
    zone: str | None = None


Expression = (
    Number
    | Text
    | Flag
    | Field
    | Feature
    | Arithmetic
    | Compare
    | Logic
    | Not
    | OneOf
    | Contains
    | Listed
    | Known
    | Call
)
"""Any node."""


def implies_known(
    condition: Expression, operand: Expression, derived: Mapping[str, Expression]
) -> bool:
    """Tell whether an operand cannot be missing where a condition holds: the condition says so, or
    compares it. `derived` has what derived features stand for. False where that is not seen.
    """
    match condition:
        case Known(operand=known) | OneOf(operand=known):
            return known == operand
        case Compare(left=left, right=right):
            return operand in (left, right)
        case Logic(op="and", operands=operands):
            return any(implies_known(one, operand, derived) for one in operands)
        case Logic(op="or", operands=operands):
            return all(implies_known(one, operand, derived) for one in operands)
        case Feature(name=name) if name in derived:
            return implies_known(derived[name], operand, derived)
        case _:
            return False


class FunctionSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A function that a pack may call: its arity, result type and what it says to an analyst."""

    arguments: int
    result: ValueType
    calendar: bool = False
    document: str


FUNCTIONS: dict[str, FunctionSpec] = {
    "abs": FunctionSpec(arguments=1, result="number", document="Absolute value."),
    "min": FunctionSpec(
        arguments=2, result="number", document="The smaller of two; missing if either is."
    ),
    "max": FunctionSpec(
        arguments=2, result="number", document="The larger of two; missing if either is."
    ),
    "floor": FunctionSpec(
        arguments=1, result="number", document="The largest whole number not above."
    ),
    "modulo": FunctionSpec(
        arguments=2,
        result="number",
        document="Remainder with the divisor's sign; missing for a zero divisor.",
    ),
    "log": FunctionSpec(
        arguments=1, result="number", document="Natural logarithm; missing for zero and below."
    ),
    "sqrt": FunctionSpec(arguments=1, result="number", document="Square root; missing below zero."),
    "coalesce": FunctionSpec(
        arguments=2,
        result="number",
        document="The first value, or the second where the first is missing.",
    ),
    "choose": FunctionSpec(
        arguments=3,
        result="number",
        document="`choose(flag, a, b)`: a where the flag is true, else b.",
    ),
    "distance_km": FunctionSpec(
        arguments=4,
        result="number",
        document="Great-circle distance of (lat, lon, lat, lon) in km.",
    ),
    "local_hour": FunctionSpec(
        arguments=0,
        result="number",
        calendar=True,
        document="Hour of day 0–23 of the event in the zone.",
    ),
    "weekday": FunctionSpec(
        arguments=0, result="number", calendar=True, document="Day of week, Monday 0, in the zone."
    ),
    "is_night": FunctionSpec(
        arguments=0, result="flag", calendar=True, document="True from 22:00 to 06:00 in the zone."
    ),
    "is_holiday": FunctionSpec(
        arguments=0,
        result="flag",
        calendar=True,
        document=(
            "True on Saturdays, Sundays and the pack's public holidays, "
            "less its make-up working days, in the zone."
        ),
    ),
}
"""Every function an expression may call. `minutes/hours/days(n)` and `money(n)` are folded to
numbers by the reader.
"""
