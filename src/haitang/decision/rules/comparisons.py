"""Comparisons, membership and search: `a < b <= c`, `x in ('A', 'B')`, `'text' in remark`."""

from __future__ import annotations

import ast
from typing import Literal

from haitang.data.features.terms import (
    Compare,
    Contains,
    Expression,
    Field,
    Flag,
    Known,
    Logic,
    Not,
    Number,
    OneOf,
    Text,
)
from haitang.decision.rules.context import TYPE_WORDS, Context
from haitang.decision.rules.value_types import type_of
from haitang.kernel.errors import did_you_mean, symbol

Operator = Literal["<", "<=", ">", ">=", "==", "!="]

_OPERATORS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def read_comparison(context: Context, node: ast.Compare) -> Expression | None:
    """Translate a comparison; a chain becomes the `and` of its pairs."""
    sides = [node.left, *node.comparators]
    pairs: list[Expression] = []
    complete = True
    # The middle of a chain is read for both of its pairs, so its faults must be told once.
    for position, operator in enumerate(node.ops):
        known_faults = len(context.faults)
        pair = _pair(context, operator, sides[position], sides[position + 1])
        if pair is None:
            complete = False
            if position and len(context.faults) > known_faults:
                _drop_repeated(context, known_faults)
        elif isinstance(pair, Logic) and pair.op == "and":
            pairs += pair.operands
        else:
            pairs.append(pair)
    if not complete:
        return None
    return pairs[0] if len(pairs) == 1 else Logic(op="and", operands=tuple(pairs))


def _drop_repeated(context: Context, known_faults: int) -> None:
    earlier = context.faults[:known_faults]
    context.faults[known_faults:] = [
        fault for fault in context.faults[known_faults:] if fault not in earlier
    ]


def _pair(
    context: Context, operator: ast.cmpop, left: ast.expr, right: ast.expr
) -> Expression | None:
    if isinstance(operator, ast.In | ast.NotIn):
        return _membership(context, left, right, negated=isinstance(operator, ast.NotIn))
    word = _OPERATORS.get(type(operator))
    if word is None:
        context.fault("expression_unsupported", "this comparison is not part of the language", left)
        return None
    first = context.read(left)
    second = context.read(right)
    if first is None or second is None:
        return None
    if not _comparable(context, word, left, right, first, second):
        return None
    return Compare(op=word, left=first, right=second)


def _comparable(
    context: Context,
    word: Operator,
    left: ast.expr,
    right: ast.expr,
    first: Expression,
    second: Expression,
) -> bool:
    """Check types, enumerations and constants of one pair."""
    first_type, second_type = type_of(first), type_of(second)
    if first_type != second_type:
        context.fault(
            "type_mismatch",
            f"{context.quoted(left)} is {TYPE_WORDS[first_type]} and {context.quoted(right)} is "
            f"{TYPE_WORDS[second_type]}; only values of one type can be compared",
            left,
            _mismatch_hint(context, left, right, first, second),
        )
        return False
    if first_type != "number" and word not in ("==", "!="):
        context.fault(
            "type_mismatch",
            f"{TYPE_WORDS[first_type]} has no order, so {symbol(word)} means nothing here",
            left,
            "write `==`, `!=` or `in (…)`",
        )
        return False
    if isinstance(first, Number | Text | Flag) and isinstance(second, Number | Text | Flag):
        context.fault(
            "constant_wrong", "two constants are compared, so the answer is always the same", left
        )
        return False
    return _allowed(context, left, first, second) and _allowed(context, right, second, first)


def _mismatch_hint(
    context: Context, left: ast.expr, right: ast.expr, first: Expression, second: Expression
) -> str:
    for this, node, that, other in ((first, left, second, right), (second, right, first, left)):
        if type_of(this) == "number" and isinstance(that, Text):
            return "write numbers without quotes"
        if type_of(this) == "text" and isinstance(that, Number):
            return f"write {symbol(repr(context.segment(other)))} for a text"
        if type_of(this) == "flag" and isinstance(that, Number | Text):
            return f"write {symbol(context.segment(node))} alone, or `not` before it"
    return ""


def _allowed(context: Context, node: ast.expr, literal: Expression, other: Expression) -> bool:
    """Check a literal against the enumeration of the field that it is compared with."""
    if not isinstance(literal, Text):
        return True
    if not literal.value:
        context.fault(
            "value_unknown", "a text of the event is never empty", node, "write `not known(x)`"
        )
        return False
    if not isinstance(other, Field):
        return True
    allowed = context.scope.fields[other.name].allowed
    if not allowed or literal.value in allowed:
        return True
    hint = did_you_mean(literal.value, allowed)
    if not hint and len(allowed) <= 8:
        hint = f"one of {', '.join(map(symbol, allowed))}"
    context.fault(
        "value_unknown",
        f"{symbol(other.name)} is never {symbol(literal.value)}",
        node,
        hint or f"its values are listed with {symbol(other.name)} in the event catalogue",
    )
    return False


def _membership(
    context: Context, left: ast.expr, right: ast.expr, *, negated: bool
) -> Expression | None:
    if isinstance(right, ast.Tuple):
        return _one_of(context, left, right, negated=negated)
    if (
        isinstance(right, ast.Name)
        and isinstance(left, ast.Constant)
        and isinstance(left.value, str)
    ):
        return _search(context, left, left.value, right, negated=negated)
    if isinstance(right, ast.Constant):
        written = context.segment(right)
        context.fault(
            "expression_unsupported",
            f"`in` was given {symbol(written)} alone; expected a list or a free text",
            right,
            f"write {symbol(f'in ({written},)')} with a comma, or `==`",
        )
        return None
    listed = isinstance(right, ast.Name) and right.id in context.scope.lists
    hint = (
        "write " + symbol(f"listed('{context.segment(right)}', {context.segment(left)})")
        if listed
        else "write literals, `x in ('A', 'B')`, or search a free text, `'text' in remark`"
    )
    context.fault(
        "expression_unsupported",
        f"`in` was given {context.quoted(right)}; expected a list of literals or a free text",
        right,
        hint,
    )
    return None


def _one_of(
    context: Context, left: ast.expr, right: ast.Tuple, *, negated: bool
) -> Expression | None:
    operand = context.read(left)
    literals = [context.read(item) for item in right.elts]
    if not right.elts:
        context.fault(
            "constant_wrong", "the list after `in` is empty", right, "name at least one value"
        )
        return None
    if operand is None or None in literals:
        return None
    if type_of(operand) == "flag" or isinstance(operand, Number | Text):
        context.fault(
            "type_mismatch",
            f"{context.quoted(left)} cannot be looked for in a list; expected a number or text "
            "of the event",
            left,
        )
        return None
    values = [
        _literal(context, item, literal, operand)
        for item, literal in zip(right.elts, literals, strict=True)
        if literal is not None
    ]
    found = [value for value in values if value is not None]
    if len(found) < len(values):
        return None
    for position, value in enumerate(found):
        if value in found[:position]:
            context.fault(
                "constant_wrong",
                f"{context.quoted(right.elts[position])} stands twice in this list",
                right.elts[position],
            )
            return None
    one_of = OneOf(operand=operand, values=tuple(found))
    if not negated:
        return one_of
    # Like every comparison, `not in` is false where the value is missing.
    return Logic(op="and", operands=(Known(operand=operand), Not(operand=one_of)))


def _literal(
    context: Context, node: ast.expr, literal: Expression, operand: Expression
) -> float | str | None:
    if not isinstance(literal, Number | Text):
        context.fault(
            "expression_unsupported",
            f"the list after `in` holds {context.quoted(node)}; expected literals only",
            node,
            "compare with `==`, joined by `or`",
        )
        return None
    if type_of(literal) != type_of(operand):
        context.fault(
            "type_mismatch",
            f"the list after `in` holds {context.quoted(node)}, which is "
            f"{TYPE_WORDS[type_of(literal)]}; "
            f"expected {TYPE_WORDS[type_of(operand)]}",
            node,
        )
        return None
    return literal.value if _allowed(context, node, literal, operand) else None


def _search(
    context: Context, left: ast.Constant, needle: str, right: ast.Name, *, negated: bool
) -> Expression | None:
    field = context.scope.fields.get(right.id)
    if field is None:
        if right.id in context.scope.lists:
            context.fault(
                "expression_unsupported",
                f"{symbol(right.id)} is a list",
                right,
                "write " + symbol(f"listed('{right.id}', field)"),
            )
        elif context.read(right) is not None:
            context.fault(
                "type_mismatch",
                f"{symbol(right.id)} is not free text of the event and cannot be searched",
                right,
                "write `==` or `in (…)`",
            )
        return None
    if field.kind != "remark":
        remarks = sorted(
            name for name, spec in context.scope.fields.items() if spec.kind == "remark"
        )
        context.fault(
            "type_mismatch",
            f"{symbol(right.id)} cannot be searched; only free text can "
            f"({', '.join(map(symbol, remarks))})",
            right,
            "write `==` or `in (…)`",
        )
        return None
    if not needle.strip():
        context.fault(
            "constant_wrong", "an empty text is found everywhere", left, "name what to find"
        )
        return None
    contains = Contains(field=right.id, needles=(needle,))
    return Not(operand=contains) if negated else contains
