"""Python's tree to ours: names, literals, arithmetic and logic; comparisons and calls have modules
of their own.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any, Literal

from haitang.data.features.terms import (
    Arithmetic,
    Contains,
    Expression,
    Feature,
    Field,
    Flag,
    Logic,
    Not,
    Number,
    Text,
)
from haitang.decision.rules.calls import read_call
from haitang.decision.rules.comparisons import read_comparison
from haitang.decision.rules.context import Context
from haitang.decision.rules.scope import Scope, functions
from haitang.decision.rules.spellings import WORDS
from haitang.decision.rules.tokens import Fault
from haitang.kernel.errors import symbol

LARGEST_EXACT = 2**53
"""Whole numbers beyond this are not exact in float64."""


def translate(
    text: str, parsed: str, start: int, tree: ast.expr, scope: Scope
) -> tuple[Expression | None, list[Fault]]:
    """Return the typed tree, or None and what is wrong.

    `parsed` is what Python saw: `text` from `start` on, as one line, without comments.
    """
    context = Context(text, parsed, start, scope, _READERS)
    expression = context.read(tree)
    return expression, context.faults


def _name(context: Context, node: ast.Name) -> Expression | None:
    name = node.id
    scope = context.scope
    field = scope.fields.get(name)
    if field is not None:
        if field.kind == "remark":
            context.fault(
                "remark_misused",
                f"{symbol(name)} is free text and can only be searched",
                node,
                "write " + symbol(f"'text' in {name}"),
            )
            return None
        return Field(name=name, type=field.type)
    inlined = scope.inlined.get(name)
    if inlined is not None:
        return inlined
    feature = scope.features.get(name)
    if feature is not None:
        return Feature(name=name, type=feature)
    if scope.is_unknown(name):
        _unknown_name(context, node)
    return None


def _unknown_name(context: Context, node: ast.Name) -> None:
    name = node.id
    if name in context.scope.hidden:
        context.fault(
            "name_out_of_reach",
            f"{symbol(name)} cannot be read here; only event fields and features made of them "
            "alone can",
            node,
            "write the condition on the event, or make a derived feature of the two",
        )
        return
    hint = WORDS.get(name) or context.scope.did_you_mean(name)
    if not hint and name in functions():
        hint = f"{symbol(name)} is a function; write {symbol(name + '(…)')}"
    hint = hint or "name a field of the event catalogue, or declare a feature"
    context.fault("name_unknown", f"unknown field or feature {symbol(name)}", node, hint)


def _constant(context: Context, node: ast.Constant) -> Expression | None:
    value = node.value
    if isinstance(value, bool):
        return Flag(value=value)
    if isinstance(value, str):
        return Text(value=value)
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        exact = math.isfinite(number) and (isinstance(value, float) or abs(value) <= LARGEST_EXACT)
        if exact:
            return Number(value=number)
        context.fault(
            "number_out_of_range",
            f"the number was {context.quoted(node)}; expected one that a float64 holds exactly",
            node,
            "write identifiers in quotes" if isinstance(value, int) else "",
        )
        return None
    context.fault(
        "expression_unsupported", f"{context.quoted(node)} is not part of the language", node
    )
    return None


def _unary(context: Context, node: ast.UnaryOp) -> Expression | None:
    if isinstance(node.op, ast.Not):
        operand = context.read_typed(node.operand, "flag", "`not`")
        if operand is None:
            return None
        return Flag(value=not operand.value) if isinstance(operand, Flag) else Not(operand=operand)
    if not isinstance(node.op, ast.USub):
        context.fault("expression_unsupported", "this sign is not part of the language", node)
        return None
    operand = context.read_typed(node.operand, "number", "`-`")
    if operand is None:
        return None
    if isinstance(operand, Number):
        return Number(value=0.0 - operand.value)
    return Arithmetic(op="-", left=Number(value=0.0), right=operand)


def _arithmetic(context: Context, node: ast.BinOp) -> Expression | None:
    op = _ARITHMETIC.get(type(node.op))
    if op is None:
        context.fault(
            "expression_unsupported", f"{context.quoted(node)} is not part of the language", node
        )
        return None
    left = context.read_typed(node.left, "number", f"`{op}`")
    right = context.read_typed(node.right, "number", f"`{op}`")
    if left is None or right is None:
        return None
    if isinstance(right, Number) and op == "/" and right.value == 0:
        context.fault("constant_wrong", "a division by zero is always missing", node.right)
        return None
    if isinstance(left, Number) and isinstance(right, Number):
        value = _FOLD[op](left.value, right.value)
        if not math.isfinite(value):
            context.fault("number_out_of_range", f"{context.quoted(node)} is too large", node)
            return None
        return Number(value=value)
    return Arithmetic(op=op, left=left, right=right)


def _logic(context: Context, node: ast.BoolOp) -> Expression | None:
    op: Literal["and", "or"] = "and" if isinstance(node.op, ast.And) else "or"
    asker = f"`{op}`"
    operands: list[Expression] = []
    complete = True
    for value in node.values:
        operand = context.read_typed(value, "flag", asker)
        if operand is None:
            complete = False
        elif isinstance(operand, Logic) and operand.op == op:
            operands += operand.operands
        else:
            operands.append(operand)
    if not complete:
        return None
    if op == "or":
        operands = _merge_searches(operands)
        if len(operands) == 1:
            return operands[0]
        return Logic(op="or", operands=tuple(operands))
    return Logic(op="and", operands=tuple(operands))


def _merge_searches(operands: list[Expression]) -> list[Expression]:
    """Make one node of searches in the same free text that stand side by side: it is read once
    then.
    """
    merged: list[Expression] = []
    for operand in operands:
        last = merged[-1] if merged else None
        if (
            isinstance(operand, Contains)
            and isinstance(last, Contains)
            and operand.field == last.field
        ):
            needles = tuple(dict.fromkeys((*last.needles, *operand.needles)))
            merged[-1] = Contains(field=last.field, needles=needles)
        else:
            merged.append(operand)
    return merged


_ARITHMETIC: dict[type[ast.operator], Literal["+", "-", "*", "/"]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_FOLD: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}
_READERS: dict[type[ast.expr], Callable[[Context, Any], Expression | None]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.UnaryOp: _unary,
    ast.BinOp: _arithmetic,
    ast.BoolOp: _logic,
    ast.Compare: read_comparison,
    ast.Call: read_call,
}
