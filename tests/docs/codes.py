"""Which error codes the source can say: every literal that reaches a parameter called `code`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.tidy.source import modules

CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")


def error_codes() -> set[str]:
    """Return the codes passed as `code=`, or by position to a function with a parameter `code`."""
    positions = dict(_positions())
    return {
        literal.value
        for _, tree in modules()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for argument in _code_arguments(call, positions)
        for literal in _branches(argument)
        if isinstance(literal, ast.Constant)
        and isinstance(literal.value, str)
        and CODE.fullmatch(literal.value)
    }


def _positions() -> Iterator[tuple[str, int]]:
    """Return, for each function of the source with a parameter `code`, where a caller puts it."""
    for _, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef):
                continue
            names = [argument.arg for argument in node.args.args]
            if "code" in names:
                bound = names[0] in {"self", "cls"}
                yield node.name, names.index("code") - bound


def _code_arguments(call: ast.Call, positions: dict[str, int]) -> Iterator[ast.expr]:
    yield from (keyword.value for keyword in call.keywords if keyword.arg == "code")
    at = positions.get(ast.unparse(call.func).rpartition(".")[2])
    if at is not None and at < len(call.args):
        yield call.args[at]


def _branches(argument: ast.expr) -> Iterator[ast.expr]:
    """Return the expression itself, or both ends of `a if x else b`."""
    if isinstance(argument, ast.IfExp):
        yield from _branches(argument.body)
        yield from _branches(argument.orelse)
    else:
        yield argument
