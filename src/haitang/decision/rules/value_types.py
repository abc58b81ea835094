"""The type of each node, and what an expression reads."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from haitang.data.features.terms import (
    FUNCTIONS,
    Arithmetic,
    Call,
    Compare,
    Contains,
    Expression,
    Feature,
    Field,
    Flag,
    Known,
    Listed,
    Logic,
    Not,
    Number,
    OneOf,
    Term,
    Text,
    ValueType,
)

_FIXED: dict[type[Term], ValueType] = {
    Number: "number",
    Arithmetic: "number",
    Text: "text",
    Flag: "flag",
    Compare: "flag",
    Logic: "flag",
    Not: "flag",
    OneOf: "flag",
    Contains: "flag",
    Listed: "flag",
    Known: "flag",
}
_PAIRS = (Arithmetic, Compare)
_SINGLES = (Not, Known, OneOf)
_NAMES = (Field, Feature)
_SEARCHES = (Contains, Listed)
_INTEGER_FUNCTIONS = frozenset(("floor", "local_hour", "weekday"))
_KEEPING_FUNCTIONS = frozenset(("abs", "min", "max", "coalesce"))


def type_of(expression: Expression) -> ValueType:
    """Return the type of a checked expression; looks at its top node only."""
    fixed = _FIXED.get(type(expression))
    if fixed is not None:
        return fixed
    if isinstance(expression, Call):
        return FUNCTIONS[expression.function].result
    assert isinstance(expression, Field | Feature), f"{expression!r} has no type"
    return expression.type


def operands_of(expression: Expression) -> tuple[Expression, ...]:
    """Return the expressions directly below a node."""
    if isinstance(expression, _PAIRS):
        return (expression.left, expression.right)
    if isinstance(expression, Logic):
        return expression.operands
    if isinstance(expression, _SINGLES):
        return (expression.operand,)
    if isinstance(expression, Call):
        return expression.arguments
    return ()


def names_read(expression: Expression) -> tuple[str, ...]:
    """Return the fields and features that an expression reads, each once, in the order they are
    written.
    """
    found: dict[str, None] = {}
    _collect(expression, found)
    return tuple(found)


def _collect(expression: Expression, found: dict[str, None]) -> None:
    if isinstance(expression, _NAMES):
        found[expression.name] = None
    elif isinstance(expression, _SEARCHES):
        found[expression.field] = None
    else:
        for operand in operands_of(expression):
            _collect(operand, found)


def reads_features(expression: Expression) -> bool:
    """Return True when an expression reads any feature, not only fields of the current event."""
    return isinstance(expression, Feature) or any(map(reads_features, operands_of(expression)))


def is_integral(expression: Expression, integer_fields: frozenset[str]) -> bool:
    """Return True when an expression over event fields is a whole number wherever it is known.

    This is what decides whether sums of it are kept without decimal places.
    """
    if isinstance(expression, Number):
        return expression.value.is_integer()
    if isinstance(expression, Field):
        return expression.type == "flag" or expression.name in integer_fields
    if isinstance(expression, Arithmetic):
        return expression.op != "/" and _all_integral(
            (expression.left, expression.right), integer_fields
        )
    if isinstance(expression, Call):
        if expression.function in _KEEPING_FUNCTIONS:
            return _all_integral(expression.arguments, integer_fields)
        if expression.function == "choose":
            return _all_integral(expression.arguments[1:], integer_fields)
        return expression.function in _INTEGER_FUNCTIONS
    return type_of(expression) == "flag"


def _all_integral(expressions: tuple[Expression, ...], integer_fields: frozenset[str]) -> bool:
    return all(is_integral(expression, integer_fields) for expression in expressions)


def substitute(expression: Expression, inlined: Mapping[str, Expression]) -> Expression:
    """Return the expression with features replaced by what they stand for."""
    if isinstance(expression, Feature):
        return inlined.get(expression.name, expression)
    if isinstance(expression, Arithmetic | Compare):
        return msgspec.structs.replace(
            expression,
            left=substitute(expression.left, inlined),
            right=substitute(expression.right, inlined),
        )
    if isinstance(expression, Not | Known | OneOf):
        return msgspec.structs.replace(expression, operand=substitute(expression.operand, inlined))
    if isinstance(expression, Logic):
        operands = tuple(substitute(operand, inlined) for operand in expression.operands)
        return msgspec.structs.replace(expression, operands=operands)
    if isinstance(expression, Call):
        arguments = tuple(substitute(argument, inlined) for argument in expression.arguments)
        return msgspec.structs.replace(expression, arguments=arguments)
    return expression


def is_within(expression: Expression, *, parts: int, depth: int) -> bool:
    """Return True when a tree has at most so many nodes and levels; stops looking as soon as it has
    more.
    """
    left = parts
    pending = [(expression, 1)]
    while pending:
        node, level = pending.pop()
        left -= 1
        if left < 0 or level > depth:
            return False
        pending += [(operand, level + 1) for operand in operands_of(node)]
    return True
