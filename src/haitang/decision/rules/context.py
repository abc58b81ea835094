"""What the translation of one expression carries along: its text, its scope and the faults found so
far.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from haitang.data.features.terms import Expression, ValueType
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.tokens import MAX_EXPRESSION_NESTING, Fault, form_fault
from haitang.decision.rules.value_types import type_of
from haitang.kernel.errors import symbol

TYPE_WORDS: dict[ValueType, str] = {"number": "a number", "text": "a text", "flag": "a flag"}


class Context:
    """One translation under way; mutable.

    Reading goes on after a fault: an operand that could not be read is None, and whatever holds it
    keeps silent, so that one slip of an author is one message.
    """

    def __init__(
        self,
        text: str,
        parsed: str,
        start: int,
        scope: Scope,
        readers: Mapping[type[ast.expr], Callable[[Context, Any], Expression | None]],
    ) -> None:
        self.text = text
        self._parsed = parsed
        self.scope = scope
        self.faults: list[Fault] = []
        self._readers = readers
        self._depth = 0
        self._start = start
        self._ascii = text.isascii()

    def read(self, node: ast.expr) -> Expression | None:
        """Translate one node and everything below it."""
        self._depth += 1
        if self._depth > MAX_EXPRESSION_NESTING:
            raise form_fault(
                "expression_too_deep",
                f"the expression is nested more than {MAX_EXPRESSION_NESTING} deep",
                self.offset(node),
                "move parts of it into features",
            )
        reader = self._readers.get(type(node))
        if reader is None:
            self._refuse_kind(node)
            expression = None
        else:
            expression = reader(self, node)
        self._depth -= 1
        return expression

    def read_typed(self, node: ast.expr, expected: ValueType, asker: str) -> Expression | None:
        """Translate a node that must be of one type; `asker` says who wants it, in backticks."""
        expression = self.read(node)
        if expression is None:
            return None
        found = type_of(expression)
        if found == expected:
            return expression
        self.fault(
            "type_mismatch",
            f"{asker} was given {self.quoted(node)}, which is {TYPE_WORDS[found]}; expected "
            f"{TYPE_WORDS[expected]}",
            node,
            _conversion_hint(found, expected, self.segment(node)),
        )
        return None

    def fault(self, code: str, message: str, node: ast.expr, hint: str = "") -> None:
        """Note a fault at the start of a node."""
        self.faults.append(Fault(code=code, message=message, offset=self.offset(node), hint=hint))

    def _refuse_kind(self, node: ast.expr) -> None:
        code = "expression_unsupported"
        if isinstance(node, ast.Tuple):
            self.fault(code, "a list of values stands here alone", node, "write it after `in`")
        else:
            self.fault(code, f"{self.quoted(node)} is not part of the language", node)

    def offset(self, node: ast.expr) -> int:
        """Return the character of the expression's text at which a node starts."""
        return self._start + self._characters(node.col_offset)

    def segment(self, node: ast.expr) -> str:
        """Return the text of a node as it was written, on one line."""
        end = node.end_col_offset
        assert end is not None, "the parser gives every expression its end"
        written = self.text[self.offset(node) : self._start + self._characters(end)]
        return " ".join(written.split())

    def quoted(self, node: ast.expr) -> str:
        """Return the text of a node in backticks, for a message."""
        return symbol(self.segment(node))

    def _characters(self, byte_offset: int) -> int:
        if self._ascii:
            return byte_offset
        # Python counts bytes of UTF-8 in the text that it saw, we count characters.
        return len(self._parsed.encode()[:byte_offset].decode("utf-8", "ignore"))


def _conversion_hint(found: ValueType, expected: ValueType, written: str) -> str:
    if expected == "flag" and found == "number":
        return f"compare it, for example {symbol(f'{written} > 0')}"
    if expected == "flag" and found == "text":
        return (
            f"compare it, for example {symbol(f'{written} ==')} and a text, or ask "
            f"{symbol(f'known({written})')}"
        )
    if expected == "number" and found == "flag":
        return f"write {symbol(f'choose({written}, 1, 0)')}"
    return ""
