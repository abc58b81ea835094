"""The expression language: text to a typed tree, with every fault named, placed and answered.

Syntax is Python's, parsed by Python; meaning is ours (see `docs/reference/expressions.md`). Reading
never evaluates anything, never raises anything but `ExpressionRefused`, and takes time linear in a
bounded text.
"""

from __future__ import annotations

import ast

import msgspec

from haitang.data.features.terms import Expression
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.tokens import (
    ExpressionFault,
    Fault,
    Token,
    form_fault,
    read_tokens,
)
from haitang.decision.rules.translate import translate
from haitang.kernel.errors import HaitangError, Place


class ExpressionRefused(HaitangError):
    """The first fault of an expression; its place counts lines and columns of the expression
    itself.
    """


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """An expression that was read, or else its faults in the order of the text."""

    expression: Expression | None
    faults: tuple[Fault, ...] = ()


class Prepared:
    """An expression whose form is right and whose names are not looked up yet."""

    def __init__(self, text: str) -> None:
        """Read the form; raises `ExpressionFault`."""
        tokens = read_tokens(text)
        self.text = text
        self.names = _value_names(tokens)
        """Names that are read as values, each once, in order."""
        self._start = tokens[0].offset
        one_line = _one_line(tokens) if "#" in text else text.replace("\n", " ")
        self._parsed = one_line[self._start :]
        self._tree = _parse(self._parsed, self._start)

    def translate(self, scope: Scope) -> Reading:
        """Look up names and check types."""
        try:
            expression, faults = translate(self.text, self._parsed, self._start, self._tree, scope)
        except ExpressionFault as stopped:
            expression, faults = None, [stopped.fault]
        if faults:
            faults.sort(key=lambda fault: fault.offset)
            return Reading(expression=None, faults=tuple(faults))
        return Reading(expression=expression)


def parse_expression(text: str, scope: Scope, *, path: str = "") -> Expression:
    """Return the tree of an expression, or raise `ExpressionRefused` with its first fault."""
    reading = read_expression(text, scope)
    if reading.expression is None:
        fault = reading.faults[0]
        lines = text.split("\n")
        line = text.count("\n", 0, fault.offset)
        column = fault.offset - (text.rfind("\n", 0, fault.offset) + 1)
        raise ExpressionRefused(
            code=fault.code,
            message=fault.message,
            place=Place(path, line + 1, column + 1),
            hint=fault.hint,
            source_line=lines[line],
        )
    return reading.expression


def read_expression(text: str, scope: Scope) -> Reading:
    """Return the tree of an expression, or all faults of its names and types (or the first of its
    form).
    """
    try:
        prepared = Prepared(text)
    except ExpressionFault as stopped:
        return Reading(expression=None, faults=(stopped.fault,))
    return prepared.translate(scope)


def _value_names(tokens: list[Token]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for position, token in enumerate(tokens):
        if token.kind == "name":
            following = tokens[position + 1] if position + 1 < len(tokens) else None
            if following is None or following.kind != "open":
                names[token.text] = None
    return tuple(names)


def _parse(line: str, start: int) -> ast.expr:
    try:
        return ast.parse(line, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        # The order of words was checked, so this is a number that Python refuses, or nothing we
        # know of.
        column = (error.offset or 1) - 1 if isinstance(error, SyntaxError) else 0
        raise form_fault(
            "expression_malformed",
            "this is not an expression",
            start + max(0, min(column, len(line) - 1)),
            "check brackets and operators here",
        ) from None


def _one_line(tokens: list[Token]) -> str:
    """Return the words alone, each at its own offset: line ends and comments become spaces."""
    parts: list[str] = []
    end = 0
    for token in tokens:
        parts.append(" " * (token.offset - end))
        parts.append(token.text)
        end = token.offset + len(token.text)
    return "".join(parts)
