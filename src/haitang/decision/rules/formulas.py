"""Arithmetic over the parameters of an instance, as test events write it: `=least_sum - 1`.

A formula sees parameters as conditions do: money in minor units, durations in seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from haitang.data.features.terms import Expression, Number
from haitang.decision.rules.expression import Prepared
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.tokens import ExpressionFault
from haitang.decision.rules.yamltext import Node, Scalar
from haitang.kernel.errors import did_you_mean, symbol

SIGN = "="


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """A formula whose form is right and whose names are parameters."""

    prepared: Prepared
    scalar: Scalar


def is_formula(node: Node) -> bool:
    """Tell whether a value is arithmetic: it begins with `=`, in quotes where it holds a comma."""
    return isinstance(node, Scalar) and node.text.startswith(SIGN)


def read_formula(reader: FileReader, node: Node, parameters: Collection[str]) -> Formula | None:
    """Return a formula, or None where its form or a name of it is wrong."""
    assert isinstance(node, Scalar), "a formula is a single value"
    try:
        # A blank in the place of the sign keeps every character where the author wrote it.
        prepared = Prepared(" " + node.text.removeprefix(SIGN))
    except ExpressionFault as stopped:
        reader.refuse_faults(node, (stopped.fault,))
        return None
    for name in prepared.names:
        if name not in parameters:
            reader.refuse(
                node,
                "name_unknown",
                f"{symbol(node.text)} names {symbol(name)}, which is no parameter of the policy",
                did_you_mean(name, parameters)
                or "write numbers and names that stand under `parameters`",
            )
            return None
    return Formula(prepared=prepared, scalar=node)


class Calculator:
    """Formulas as one instance has them; a fault that all instances have is told once."""

    def __init__(self, reader: FileReader, *, currency: str) -> None:
        self.reader = reader
        self._currency = currency
        self._scope = self._scope_of({})
        self._told: set[tuple[int, int]] = set()

    def take(self, values: Mapping[str, Expression]) -> None:
        """Calculate with these parameters from now on."""
        self._scope = self._scope_of(values)

    def _scope_of(self, values: Mapping[str, Expression]) -> Scope:
        return Scope(fields={}, inlined=values, currency=self._currency)

    def number(self, formula: Formula) -> float | None:
        """Return what a formula comes to."""
        reading = formula.prepared.translate(self._scope)
        if isinstance(reading.expression, Number):
            return reading.expression.value
        if not self._is_new(formula.scalar):
            return None
        if reading.faults:
            self.reader.refuse_faults(formula.scalar, reading.faults)
        else:
            self.reader.refuse(
                formula.scalar,
                "formula_not_arithmetic",
                f"{symbol(formula.scalar.text)} is not arithmetic over parameters",
                "use `+`, `-`, `*`, `/`, brackets, `money(…)`, `minutes(…)` and the like",
            )
        return None

    def number_within(self, formula: Formula, what: str, least: float, most: float) -> float | None:
        """Return what a formula comes to, if that lies within bounds."""
        value = self.number(formula)
        if value is None or least <= value <= most:
            return value
        if self._is_new(formula.scalar):
            self.reader.refuse(
                formula.scalar,
                "value_out_of_range",
                f"{what} was {symbol(formula.scalar.text)}, which is {value:g} in this instance; "
                f"expected a number from {least:g} to {most:g}",
            )
        return None

    def _is_new(self, scalar: Scalar) -> bool:
        place = (scalar.line, scalar.column)
        if place in self._told:
            return False
        self._told.add(place)
        return True
