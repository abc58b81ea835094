"""What every section of a pack is read with: the reader of its file, and the names that exist so
far.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from haitang.data.events.catalogue import FieldSpec
from haitang.data.features.terms import Expression, ValueType
from haitang.decision.rules.context import TYPE_WORDS
from haitang.decision.rules.expression import Prepared
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.tokens import ExpressionFault
from haitang.decision.rules.value_types import type_of
from haitang.decision.rules.yamltext import Node, Scalar
from haitang.kernel.errors import symbol

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""Ids of packs, policies, lists, models, entities, slots and features."""


class WrittenExpression(msgspec.Struct, frozen=True, kw_only=True):
    """An expression whose form is right, with the place where it stands."""

    prepared: Prepared
    scalar: Scalar


def prepare(reader: FileReader, node: Node, what: str) -> WrittenExpression | None:
    """Read the form of an expression."""
    scalar = reader.scalar(node, what, "an expression")
    if scalar is None:
        return None
    try:
        return WrittenExpression(prepared=Prepared(scalar.text), scalar=scalar)
    except ExpressionFault as stopped:
        reader.refuse_faults(scalar, (stopped.fault,))
        return None


def translate_written(
    reader: FileReader,
    written: WrittenExpression,
    scope: Scope,
    what: str,
    expected: ValueType | None = None,
) -> Expression | None:
    """Look up names, check types, and check the type of the whole."""
    reading = written.prepared.translate(scope)
    if reading.expression is None:
        reader.refuse_faults(written.scalar, reading.faults)
        return None
    found = type_of(reading.expression)
    if expected is not None and found != expected:
        reader.refuse(
            written.scalar,
            "type_mismatch",
            f"{what} is {TYPE_WORDS[found]}; expected {TYPE_WORDS[expected]}",
            "compare it, for example `x > 0`" if expected == "flag" else "",
        )
        return None
    return reading.expression


def check_identifier(reader: FileReader, node: Node, what: str, name: str) -> bool:
    """Check that a name of the author's has the form of one."""
    if IDENTIFIER.fullmatch(name):
        return True
    reader.refuse(
        node,
        "id_malformed",
        f"{what} was {symbol(name)}; expected lower-case ASCII letters, digits and `_`, a letter "
        "first, at most 64",
    )
    return False


def integer_fields(fields: Mapping[str, FieldSpec]) -> frozenset[str]:
    """Return the fields that hold whole numbers: minor money, counts, instants."""
    return frozenset(
        name for name, field in fields.items() if field.integer or field.type == "flag"
    )
