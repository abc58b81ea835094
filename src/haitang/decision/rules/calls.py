"""Calls: registered functions, calendar functions, `known`, `listed`, and constants that are
folded.
"""

from __future__ import annotations

import ast
import math
from decimal import Decimal

from haitang.data.features.terms import (
    FUNCTIONS,
    Call,
    Expression,
    Flag,
    FunctionSpec,
    Known,
    Listed,
    Number,
    Text,
    ValueType,
)
from haitang.decision.rules.context import Context
from haitang.decision.rules.scope import CONSTANT_FUNCTIONS, functions
from haitang.kernel.errors import HaitangError, did_you_mean, symbol
from haitang.kernel.instants import load_zone
from haitang.kernel.money import minor_from_major

_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
_NUMBER: ValueType = "number"
_ARGUMENT_TYPES: dict[str, tuple[ValueType, ...]] = {"choose": ("flag", "number", "number")}
_KNOWN_ARGUMENTS = {"known": 1, "listed": 2}


def read_call(context: Context, node: ast.Call) -> Expression | None:
    """Translate one call."""
    assert isinstance(node.func, ast.Name), "the order of words leaves only names before a bracket"
    name = node.func.id
    specification = FUNCTIONS.get(name)
    if specification is not None and specification.calendar:
        return _calendar(context, node, name)
    if specification is not None:
        return _registered(context, node, name, specification)
    if name in CONSTANT_FUNCTIONS:
        return _constant(context, node, name)
    if name == "known":
        return _known(context, node)
    if name == "listed":
        return _listed(context, node)
    hint = did_you_mean(name, functions())
    if name in context.scope.fields or name in context.scope.features:
        hint = f"{symbol(name)} is a value; write it without brackets"
    hint = hint or "the functions are listed in `docs/reference/expressions.md`"
    context.fault("function_unknown", f"unknown function {symbol(name)}", node, hint)
    return None


def _registered(
    context: Context, node: ast.Call, name: str, specification: FunctionSpec
) -> Expression | None:
    if not _counted(context, node, name, specification.arguments):
        return None
    expected = _ARGUMENT_TYPES.get(name, (_NUMBER,) * specification.arguments)
    arguments: list[Expression] = []
    for argument, argument_type in zip(node.args, expected, strict=True):
        read = context.read_typed(argument, argument_type, f"`{name}`")
        if read is not None:
            arguments.append(read)
    if len(arguments) < len(node.args):
        return None
    return Call(function=name, arguments=tuple(arguments))


def _calendar(context: Context, node: ast.Call, name: str) -> Expression | None:
    if len(node.args) > 1:
        context.fault(
            "argument_wrong",
            f"{symbol(name)} takes at most one argument, a zone; it was given {len(node.args)}",
            node,
            f"write {symbol(f'{name}()')} for the zone of the pack",
        )
        return None
    zone = context.scope.zone
    if node.args:
        argument = node.args[0]
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            context.fault(
                "argument_wrong",
                f"{symbol(name)} was given {context.quoted(argument)}; expected a zone in quotes",
                argument,
                "write " + symbol(f"{name}('Asia/Shanghai')"),
            )
            return None
        zone = argument.value
        try:
            load_zone(zone)
        except HaitangError as error:
            context.fault(error.code, error.message, argument, error.hint)
            return None
    return Call(function=name, zone=zone)


def _constant(context: Context, node: ast.Call, name: str) -> Expression | None:
    if not _counted(context, node, name, 1):
        return None
    argument = context.read_typed(node.args[0], "number", f"`{name}`")
    if argument is None:
        return None
    if not isinstance(argument, Number):
        context.fault(
            "argument_wrong",
            f"{symbol(name)} was given {context.quoted(node.args[0])}; expected a literal number",
            node.args[0],
            "multiply by a constant instead",
        )
        return None
    value = argument.value
    if name == "money":
        try:
            return Number(
                value=float(minor_from_major(Decimal(repr(value)), context.scope.currency))
            )
        except HaitangError as error:
            context.fault(error.code, error.message, node.args[0], error.hint)
            return None
    seconds = value * _SECONDS[name]
    if not math.isfinite(seconds):
        context.fault("number_out_of_range", f"{context.quoted(node)} is too large", node)
        return None
    return Number(value=seconds)


def _known(context: Context, node: ast.Call) -> Expression | None:
    if not _counted(context, node, "known", 1):
        return None
    operand = context.read(node.args[0])
    if operand is None:
        return None
    if isinstance(operand, Number | Text | Flag):
        context.fault("constant_wrong", "a constant is always known", node.args[0])
        return None
    return Known(operand=operand)


def _listed(context: Context, node: ast.Call) -> Expression | None:
    if not _counted(context, node, "listed", 2):
        return None
    first, second = node.args
    found = True
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        context.fault(
            "argument_wrong",
            f"`listed` was given {context.quoted(first)}; expected the name of a list in quotes",
            first,
            "write `listed('list', field)`",
        )
        found = False
    elif first.value not in context.scope.lists:
        context.fault(
            "list_unknown",
            f"unknown list {symbol(first.value)}",
            first,
            did_you_mean(first.value, context.scope.lists)
            or "declare it under `lists` in `pack.yaml`",
        )
        found = False
    field = context.scope.fields.get(second.id) if isinstance(second, ast.Name) else None
    if field is None or field.kind not in ("id", "text"):
        _refuse_listed_field(context, second)
        return None
    assert isinstance(second, ast.Name)
    return Listed(list=str(first.value), field=second.id) if found else None  # type: ignore[attr-defined]


def _refuse_listed_field(context: Context, node: ast.expr) -> None:
    hint = ""
    if isinstance(node, ast.Name) and node.id not in context.scope.fields:
        hint = did_you_mean(node.id, context.scope.fields)
    context.fault(
        "argument_wrong",
        f"`listed` was given {context.quoted(node)}; expected a field of the event that holds an "
        "id or a text",
        node,
        hint or "write `listed('list', field)`",
    )


def _counted(context: Context, node: ast.Call, name: str, expected: int) -> bool:
    if len(node.args) == expected:
        return True
    wanted = "1 argument" if expected == 1 else f"{expected} arguments"
    context.fault(
        "argument_wrong",
        f"{symbol(name)} was given {len(node.args)}; expected {wanted}",
        node,
        FUNCTIONS[name].document.rstrip(".").lower() if name in FUNCTIONS else _usage(name),
    )
    return False


def _usage(name: str) -> str:
    if name == "listed":
        return "write `listed('list', field)`"
    if name == "known":
        return "write `known(x)`"
    return f"write {symbol(f'{name}(10)')}"
