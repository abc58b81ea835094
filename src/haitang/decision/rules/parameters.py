"""The named numbers of a policy: read with their units, bound to the law where it says them, and
put in place as constants.

Conditions see money in minor units and durations in seconds; files say major units and `2h`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.terms import Arithmetic, Call, Compare, Expression, Field, Number
from haitang.decision.rules.feature_building import FeatureTable
from haitang.decision.rules.quantities import read_quantity
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.scope import Scope, functions
from haitang.decision.rules.sections import check_identifier
from haitang.decision.rules.specs import ParameterSpec
from haitang.decision.rules.standards import PARAMETER_UNITS, RegulationParameter, Standards
from haitang.decision.rules.yamltext import Mapping as MappingNode
from haitang.decision.rules.yamltext import Node, Scalar
from haitang.kernel.errors import did_you_mean, symbol

MAX_PARAMETERS = 50

INSTANCE_KEYS = ("id", "channel", "segment", "score", "action", "also", "status")
"""What an instance may say besides parameters; no parameter is called like these."""

_OCCURRED = Field(name="occurred_at_us", type="number")
_EARLIEST_US = int(FIELDS["occurred_at_us"].minimum or 0)
_MISSING = Arithmetic(op="/", left=Number(value=0.0), right=Number(value=0.0))


def read_parameters(
    reader: FileReader, node: Node, table: FeatureTable, standards: Standards | None
) -> dict[str, ParameterSpec]:
    """Return the parameters of a policy by name; those with a fault are left out."""
    found: dict[str, ParameterSpec] = {}
    written = reader.mapping(node, "`parameters`")
    if len(written) > MAX_PARAMETERS:
        reader.refuse(
            node,
            "value_out_of_range",
            f"`parameters` has {len(written)} entries; expected at most {MAX_PARAMETERS}",
        )
        return {}
    for name, (key, value) in written.items():
        if not check_identifier(reader, key, "the name of a parameter", name):
            continue
        if _is_taken(reader, key, name, table):
            continue
        parameter = _read_parameter(reader, name, value, table.scope.currency, standards)
        if parameter is not None:
            found[name] = parameter
    return found


def read_override(
    reader: FileReader,
    node: Node,
    parameter: ParameterSpec,
    *,
    currency: str,
    standards: Standards | None,
) -> ParameterSpec | None:
    """Return a parameter with the value that an instance gives it: a number, or one of the law."""
    if isinstance(node, Scalar) and not node.style and "." in node.text and "-" in node.text[1:]:
        law = _read_regulation(reader, node, parameter.unit, standards)
        return _bound(parameter, law) if law is not None else None
    value = _read_value(reader, node, symbol(parameter.name), parameter.unit, currency)
    if value is None:
        return None
    return msgspec.structs.replace(parameter, value=value, regulation="", periods=(), currency="")


def constants_of(parameters: Iterable[ParameterSpec]) -> dict[str, Expression]:
    """Return what the name of each parameter stands for in a condition."""
    return {parameter.name: _constant(parameter) for parameter in parameters}


def values_at(parameters: Iterable[ParameterSpec], instant_us: int) -> dict[str, Expression]:
    """Return the parameters as numbers, as of one instant; those without a value are left out."""
    values = {parameter.name: value_at(parameter, instant_us) for parameter in parameters}
    return {name: Number(value=value) for name, value in values.items() if value is not None}


def value_at(parameter: ParameterSpec, instant_us: int) -> float | None:
    """Return a parameter's value as of an instant: None while the law did not say any."""
    if not parameter.periods:
        return parameter.value
    for period in parameter.periods:
        if period.from_us <= instant_us and (not period.to_us or instant_us < period.to_us):
            return period.value
    return None


def with_parameters(
    scope: Scope, constants: Mapping[str, Expression], written: Collection[str]
) -> Scope:
    """Return the scope of a condition that may name parameters.

    `written` are all their names: reading one whose declaration has a fault is no second fault.
    """
    return msgspec.structs.replace(
        scope,
        inlined={**scope.inlined, **constants},
        broken={*scope.broken, *written} if len(written) > len(constants) else scope.broken,
    )


def check_read(
    reader: FileReader, node: Node, parameters: Mapping[str, ParameterSpec], names: Iterable[str]
) -> None:
    """Check that the condition reads every parameter."""
    read = set(names)
    assert isinstance(node, MappingNode), "parameters were read from a mapping"
    for name in parameters:
        if name not in read:
            reader.refuse(
                node.keys[name],
                "parameter_unread",
                f"`when` does not read the parameter {symbol(name)}",
                did_you_mean(name, read - set(parameters)) or "use it, or remove it",
            )


def _constant(parameter: ParameterSpec) -> Expression:
    """Return a number where one value holds for ever, else a choice by the event's time.

    While the law did not say any value, the parameter is missing, and comparisons with it are
    false.
    """
    if not parameter.periods:
        assert parameter.value is not None, "a parameter has a value or takes the law's"
        return Number(value=parameter.value)
    last = parameter.periods[-1]
    # Without gap or overlap: each value ends where the next begins.
    result: Expression = Number(value=last.value)
    if last.to_us:
        result = _before(last.to_us, result, _MISSING)
    for earlier, later in zip(
        reversed(parameter.periods[:-1]), reversed(parameter.periods[1:]), strict=True
    ):
        result = _before(later.from_us, Number(value=earlier.value), result)
    first_us = parameter.periods[0].from_us
    return result if first_us <= _EARLIEST_US else _before(first_us, _MISSING, result)


def _before(instant_us: int, earlier: Expression, later: Expression) -> Expression:
    asked = Compare(op="<", left=_OCCURRED, right=Number(value=float(instant_us)))
    return Call(function="choose", arguments=(asked, earlier, later))


def _is_taken(reader: FileReader, key: Scalar, name: str, table: FeatureTable) -> bool:
    owner = ""
    if name in FIELDS:
        owner = "a field of the event"
    elif name in table.types or name in table.broken:
        owner = "a feature"
    elif name in functions():
        owner = "a function"
    elif name in INSTANCE_KEYS:
        owner = "a key of an instance"
    if not owner:
        return False
    reader.refuse(
        key,
        "parameter_name_taken",
        f"the parameter {symbol(name)} is called like {owner}",
        "give it a name of its own, for example `least_sum`",
    )
    return True


def _read_parameter(
    reader: FileReader, name: str, node: Node, currency: str, standards: Standards | None
) -> ParameterSpec | None:
    before = len(reader.problems)
    what = f"the parameter {symbol(name)}"
    if isinstance(node, MappingNode) and "unit" not in node.entries:
        reader.refuse(node, "parameter_unit_missing", f"{what} has no `unit`", _unit_hint(currency))
        return None
    entries = reader.entries(
        node, what, required=("unit",), optional=("value", "regulation", "title")
    )
    unit = reader.choice(entries["unit"], "`unit`", PARAMETER_UNITS) if "unit" in entries else None
    if ("value" in entries) == ("regulation" in entries) and len(reader.problems) == before:
        both = "value" in entries
        reader.refuse(
            node,
            "parameter_value_unclear",
            f"{what} has {'both' if both else 'neither'} `value` {'and' if both else 'nor'} "
            "`regulation`",
            "say its value, or which parameter of the law it takes",
        )
    law = (
        _read_regulation(reader, entries["regulation"], unit, standards)
        if "regulation" in entries and unit is not None
        else None
    )
    title = reader.pair(entries["title"], f"the title of {what}") if "title" in entries else None
    if title is None and law is not None and "title" not in entries:
        title = law.title
    if title is None and "title" not in entries and isinstance(node, MappingNode):
        reader.refuse(node, "key_missing", f"{what} has no `title`", "add `title:`")
    value = (
        _read_value(reader, entries["value"], symbol(name), unit, currency)
        if "value" in entries and unit is not None
        else None
    )
    if len(reader.problems) > before or unit is None or title is None:
        return None
    parameter = ParameterSpec(name=name, unit=unit, title=title, value=value)
    return _bound(parameter, law) if law is not None else parameter


def _bound(parameter: ParameterSpec, law: RegulationParameter) -> ParameterSpec:
    return msgspec.structs.replace(
        parameter, value=None, regulation=law.name, periods=law.values, currency=law.currency
    )


def _unit_hint(currency: str) -> str:
    shown = ", ".join(map(symbol, PARAMETER_UNITS))
    return f"one of {shown}; `money` counts in {currency}"


def _read_regulation(
    reader: FileReader, node: Node, unit: str, standards: Standards | None
) -> RegulationParameter | None:
    name = reader.text(node, "`regulation`")
    if name is None:
        return None
    if standards is None:
        reader.refuse(
            node,
            "regulation_unknown",
            f"`regulation` was {symbol(name)}, but the pack has no regulation sheet",
            "include the pack that holds it, or write `value:`",
        )
        return None
    law = standards.parameter(name)
    if law is None:
        if name.partition(".")[0] not in standards.broken and name not in standards.broken:
            known = [
                f"{row.id}.{own.name.rpartition('.')[2]}"
                for row in standards.regulation.values()
                for own in row.parameters
            ]
            reader.refuse(
                node,
                "regulation_unknown",
                f"the regulation sheet has no parameter {symbol(name)}",
                did_you_mean(name, known) or "write for example `REG-40.cash_day`",
            )
        return None
    if law.unit != unit:
        reader.refuse(
            node,
            "parameter_unit_other",
            f"{symbol(name)} counts in {symbol(law.unit)}; the parameter in {symbol(unit)}",
            f"write {symbol(f'unit: {law.unit}')}" if law.unit in PARAMETER_UNITS else "",
        )
        return None
    return msgspec.structs.replace(law, name=name)


def _read_value(
    reader: FileReader, node: Node, what: str, unit: str, currency: str
) -> float | None:
    # A ratio to somebody's own habit is often above 1.
    read_as = "count" if unit == "ratio" else unit
    return read_quantity(reader, node, what, unit=read_as, currency=currency)
