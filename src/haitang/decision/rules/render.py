"""A typed tree back to text: the canonical way to write an expression.

Reading the text again gives an equal tree (`parse_expression(render(e)) == e` for every tree that
was read): durations and money are numbers by then, chains are pairs, and only the brackets that are
needed remain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from haitang.data.features.terms import (
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
)

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _ATOM = range(1, 8)
"""How strongly a node binds, weakest first."""


def render(expression: Expression) -> str:
    """Return the canonical text of an expression, on one line."""
    return _render(expression)[0]


def render_number(value: float) -> str:
    """Return the shortest text that reads as exactly this number."""
    return str(int(value)) if value.is_integer() and abs(value) <= 2**53 else repr(value)


def render_text(value: str) -> str:
    """Return a text literal; both kinds of quotes in one, or a backslash, cannot be written."""
    quote = '"' if "'" in value else "'"
    assert not {quote, "\\"} & set(value), f"{value!r} cannot be a literal"
    return f"{quote}{value}{quote}"


def _render(expression: Expression) -> tuple[str, int]:
    return _RENDERERS[type(expression)](expression)


def _render_name(expression: Field | Feature) -> tuple[str, int]:
    return expression.name, _ATOM


def _render_number(expression: Number) -> tuple[str, int]:
    return render_number(expression.value), _ATOM


def _render_text(expression: Text) -> tuple[str, int]:
    return render_text(expression.value), _ATOM


def _render_flag(expression: Flag) -> tuple[str, int]:
    return str(expression.value), _ATOM


def _render_compare(expression: Compare) -> tuple[str, int]:
    left, right = _inside(expression.left, _SUM), _inside(expression.right, _SUM)
    return f"{left} {expression.op} {right}", _COMPARE


def _render_arithmetic(expression: Arithmetic) -> tuple[str, int]:
    level = _SUM if expression.op in "+-" else _PRODUCT
    left, right = _inside(expression.left, level), _inside(expression.right, level + 1)
    return f"{left} {expression.op} {right}", level


def _render_not(expression: Not) -> tuple[str, int]:
    inner = expression.operand
    if isinstance(inner, Contains) and len(inner.needles) == 1:
        return f"{render_text(inner.needles[0])} not in {inner.field}", _COMPARE
    return f"not {_inside(inner, _NOT)}", _NOT


def _render_one_of(expression: OneOf) -> tuple[str, int]:
    return f"{_inside(expression.operand, _SUM)} in {_values(expression)}", _COMPARE


def _render_contains(expression: Contains) -> tuple[str, int]:
    parts = [f"{render_text(needle)} in {expression.field}" for needle in expression.needles]
    return " or ".join(parts), _COMPARE if len(parts) == 1 else _OR


def _render_listed(expression: Listed) -> tuple[str, int]:
    return f"listed({render_text(expression.list)}, {expression.field})", _ATOM


def _render_known(expression: Known) -> tuple[str, int]:
    return f"known({render(expression.operand)})", _ATOM


def _render_logic(expression: Logic) -> tuple[str, int]:
    level = _AND if expression.op == "and" else _OR
    parts: list[str] = []
    operands = expression.operands
    position = 0
    while position < len(operands):
        operand = operands[position]
        absent = _absence(operand, operands[position + 1 : position + 2])
        if absent is not None and level == _AND:
            parts.append(f"{_inside(absent.operand, _SUM)} not in {_values(absent)}")
            position += 2
            continue
        parts.append(
            _inside(
                operand, level + 1 if not isinstance(operand, Contains) or level == _AND else _OR
            )
        )
        position += 1
    if len(parts) == 1:
        return parts[0], _COMPARE
    return f" {expression.op} ".join(parts), level


def _absence(operand: Expression, following: tuple[Expression, ...]) -> OneOf | None:
    """Return the list of `x not in (…)`, which was read as `known(x) and not x in (…)`."""
    if not isinstance(operand, Known) or not following or not isinstance(following[0], Not):
        return None
    one_of = following[0].operand
    return one_of if isinstance(one_of, OneOf) and one_of.operand == operand.operand else None


def _render_call(expression: Call) -> tuple[str, int]:
    arguments = [render(argument) for argument in expression.arguments]
    if expression.zone is not None:
        arguments.append(render_text(expression.zone))
    return f"{expression.function}({', '.join(arguments)})", _ATOM


def _values(expression: OneOf) -> str:
    parts = [
        render_text(value) if isinstance(value, str) else render_number(value)
        for value in expression.values
    ]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _inside(expression: Expression, least: int) -> str:
    text, level = _render(expression)
    return text if level >= least else f"({text})"


_RENDERERS: dict[type[Term], Callable[[Any], tuple[str, int]]] = {
    Field: _render_name,
    Feature: _render_name,
    Number: _render_number,
    Text: _render_text,
    Flag: _render_flag,
    Compare: _render_compare,
    Arithmetic: _render_arithmetic,
    Logic: _render_logic,
    Not: _render_not,
    OneOf: _render_one_of,
    Contains: _render_contains,
    Listed: _render_listed,
    Known: _render_known,
    Call: _render_call,
}
