"""`regulation/<id>.yaml`: one row of the regulation sheet, with its numbers by time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from haitang.decision.rules.packfile import ChosenReading, PackHead
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.quantities import read_quantity
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.sections import check_identifier
from haitang.decision.rules.standards import (
    REGULATION_UNITS,
    Check,
    Reading,
    RegulationParameter,
    RegulationRow,
    RegulationValue,
)
from haitang.decision.rules.yamltext import Mapping, Node
from haitang.kernel.errors import HaitangError, did_you_mean, symbol
from haitang.kernel.instants import SECOND_US, check_instant, load_zone
from haitang.kernel.money import minor_digits

_ID = re.compile(r"[A-Z]{2,5}-[0-9]{2}")
_CHECK = re.compile(
    r"(?P<policy>policy:[a-z][a-z0-9_]{0,63})"
    r"|(?P<parameter>parameter:[A-Z]{2,5}-[0-9]{2}\.[a-z][a-z0-9_]{0,63})"
    r"|(?P<test>test:tests/[a-z0-9_/]+\.py::test_[a-z0-9_]+)"
)

_REQUIRED = ("id", "title", "source", "requirement")
_OPTIONAL = ("from", "to", "superseded_by", "parameters", "checked_by", "not_checked")
_VALUE_OPTIONAL = ("to", "superseded_by")


def read_regulation(reader: FileReader, path: str, head: PackHead) -> RegulationRow | None:
    """Return one row, or None where its file has a fault."""
    before = len(reader.problems)
    root = reader.document.root
    entries = reader.entries(root, "a row of the sheet", required=_REQUIRED, optional=_OPTIONAL)
    if any(name not in entries for name in _REQUIRED):
        return None
    name = _read_id(reader, entries["id"], path)
    pairs = {
        part: reader.pair(entries[part], symbol(part))
        for part in ("title", "source", "requirement", "not_checked")
        if part in entries
    }
    from_us = _read_day(reader, entries["from"], "`from`", head.zone) if "from" in entries else 0
    to_us = _read_day(reader, entries["to"], "`to`", head.zone) if "to" in entries else 0
    if to_us and to_us <= from_us:
        reader.refuse(
            entries["to"],
            "regulation_overlap",
            "the row ends before it begins",
            "write a later date, or leave `to` out while it is in force",
        )
    if "checked_by" not in entries and "not_checked" not in entries:
        reader.refuse(
            root,
            "key_missing",
            "the row says neither `checked_by` nor `not_checked`",
            "name what checks it, or say in both languages why nothing does",
        )
    parameters = (
        _read_parameters(reader, entries["parameters"], head) if "parameters" in entries else ()
    )
    checks = _read_checks(reader, entries["checked_by"]) if "checked_by" in entries else ()
    superseded = (
        reader.text(entries["superseded_by"], "`superseded_by`")
        if "superseded_by" in entries
        else ""
    )
    title, source, requirement = (pairs[part] for part in ("title", "source", "requirement"))
    if title is None or source is None or requirement is None or len(reader.problems) > before:
        return None
    return RegulationRow(
        id=name,
        title=title,
        source=source,
        requirement=requirement,
        from_us=from_us,
        to_us=to_us,
        superseded_by=superseded or "",
        parameters=parameters,
        checked_by=checks,
        not_checked=pairs.get("not_checked"),
    )


def choose_readings(
    rows: dict[str, RegulationRow],
    chosen: tuple[ChosenReading, ...],
    reader: FileReader,
    broken: frozenset[str],
) -> dict[str, RegulationRow]:
    """Return the rows under the readings that a pack chooses; `reader` is that of the pack file
    that names them.
    """
    rows = dict(rows)
    for choice in chosen:
        row_id, _, name = choice.parameter.partition(".")
        row = rows.get(row_id)
        own = row.parameters if row is not None else ()
        parameter = next((one for one in own if one.name == name), None)
        if row_id in broken:
            continue
        if row is None or parameter is None:
            unsettled = [
                f"{one.id}.{each.name}"
                for one in rows.values()
                for each in one.parameters
                if len(each.readings) > 1
            ]
            reader.refuse(
                choice.key,
                "regulation_unknown",
                f"the sheet has no parameter {symbol(choice.parameter)}",
                did_you_mean(choice.parameter, unsettled),
            )
            continue
        names = [one.name for one in parameter.readings if one.name]
        if choice.reading not in names:
            listing = ", ".join(map(symbol, names))
            reader.refuse(
                choice.value,
                "reading_unknown",
                f"{symbol(choice.parameter)} has no reading {symbol(choice.reading)}",
                did_you_mean(choice.reading, names)
                or (f"one of {listing}" if names else "it is settled: remove this line"),
            )
            continue
        taken = msgspec.structs.replace(parameter, chosen=choice.reading)
        rows[row_id] = msgspec.structs.replace(
            row, parameters=tuple(taken if one is parameter else one for one in row.parameters)
        )
    return rows


def check_references(
    rows: dict[str, RegulationRow], broken: frozenset[str], problems: Problems
) -> None:
    """Check that the parameters and rows that the sheet itself names are there."""
    for row in rows.values():
        for check in row.checked_by:
            own, _, name = check.name.partition(".")
            if check.kind != "parameter" or own in broken:
                continue
            found = rows.get(own)
            if found is None or all(one.name != name for one in found.parameters):
                names = [
                    f"{one.id}.{each.name}" for one in rows.values() for each in one.parameters
                ]
                problems.add(
                    "regulation_unknown",
                    f"the sheet has no parameter {symbol(check.name)}",
                    place=check.place,
                    hint=did_you_mean(check.name, names),
                )


def _read_id(reader: FileReader, node: Node, path: str) -> str:
    name = reader.text(node, "`id`") or ""
    stem = path.rpartition("/")[2].removesuffix(".yaml")
    if name and not _ID.fullmatch(name):
        reader.refuse(
            node,
            "id_malformed",
            f"`id` was {symbol(name)}; expected capitals, a hyphen and two digits",
            "write for example `REG-40`",
        )
    elif name and name != stem:
        reader.refuse(
            node,
            "id_malformed",
            f"`id` was {symbol(name)} in the file {symbol(stem + '.yaml')}; expected the same name",
            "rename one of them",
        )
    return name


def _read_day(reader: FileReader, node: Node, what: str, zone: str) -> int:
    """Return the instant at which a day begins in the pack's zone; 0 where there was a fault."""
    text = reader.text(node, what)
    if text is None:
        return 0
    try:
        if len(text) != 10:
            raise ValueError(text)
        day = datetime.fromisoformat(text).replace(tzinfo=load_zone(zone))
        return check_instant(int(day.astimezone(UTC).timestamp()) * SECOND_US)
    except (ValueError, HaitangError):
        reader.refuse(
            node,
            "value_out_of_range",
            f"{what} was {symbol(text)}; expected a date",
            "write for example `2017-07-01`",
        )
        return 0


def _read_parameters(
    reader: FileReader, node: Node, head: PackHead
) -> tuple[RegulationParameter, ...]:
    parameters = []
    for name, (key, value) in reader.mapping(node, "`parameters`").items():
        check_identifier(reader, key, "the name of a parameter", name)
        parameter = _read_parameter(reader, name, value, head)
        if parameter is not None:
            parameters.append(parameter)
    return tuple(parameters)


def _read_parameter(
    reader: FileReader, name: str, node: Node, head: PackHead
) -> RegulationParameter | None:
    what = f"parameter {symbol(name)}"
    entries = reader.entries(
        node,
        what,
        required=("title", "unit"),
        optional=("currency", "values", "readings"),
    )
    if "title" not in entries or "unit" not in entries:
        return None
    title = reader.pair(entries["title"], f"the title of {what}")
    unit = reader.choice(entries["unit"], "`unit`", REGULATION_UNITS)
    currency = _read_currency(reader, entries.get("currency"), unit, head)
    if ("values" in entries) == ("readings" in entries):
        reader.refuse(
            node,
            "key_missing",
            f"{what} needs either `values` or `readings`",
            "`readings` is for law that can be read in two ways",
        )
        return None
    if unit is None or currency is None or title is None:
        return None
    if "values" in entries:
        values = _read_values(reader, entries["values"], unit, currency, head.zone)
        readings: tuple[Reading, ...] = (Reading(values=values),) if values else ()
    else:
        readings = _read_readings(reader, entries["readings"], unit, currency, head.zone)
    if not readings:
        return None
    return RegulationParameter(
        name=name,
        title=title,
        unit=unit,
        currency=currency if unit == "money" else "",
        readings=readings,
        chosen=readings[0].name,
    )


def _read_currency(
    reader: FileReader, node: Node | None, unit: str | None, head: PackHead
) -> str | None:
    if node is None:
        return head.base_currency
    if unit not in ("money", None):
        reader.refuse(node, "key_unknown", "only money has a currency", "remove `currency`")
        return None
    text = reader.text(node, "`currency`")
    if text is None:
        return None
    try:
        minor_digits(text)
    except HaitangError as error:
        reader.refuse_error(node, error)
        return None
    return text


def _read_readings(
    reader: FileReader, node: Node, unit: str, currency: str, zone: str
) -> tuple[Reading, ...]:
    readings = []
    written = reader.mapping(node, "`readings`")
    if isinstance(node, Mapping) and len(written) < 2:
        reader.refuse(
            node,
            "value_out_of_range",
            f"`readings` names {len(written)}; expected at least 2",
            "write `values` where the law is settled",
        )
    for name, (key, value) in written.items():
        check_identifier(reader, key, "the name of a reading", name)
        what = f"reading {symbol(name)}"
        entries = reader.entries(value, what, required=("title", "values"))
        if len(entries) < 2:
            continue
        title = reader.pair(entries["title"], f"the title of {what}")
        values = _read_values(reader, entries["values"], unit, currency, zone)
        if title is not None and values:
            readings.append(Reading(name=name, title=title, values=values))
    return tuple(readings)


def _read_values(
    reader: FileReader, node: Node, unit: str, currency: str, zone: str
) -> tuple[RegulationValue, ...]:
    """Return values that follow each other; each without an end of its own ends with the next."""
    values: list[RegulationValue] = []
    items = reader.items(node, "`values`")
    if not items:
        reader.refuse(node, "value_missing", "`values` was empty", "write the value in force")
    for item in items:
        required = ("from", "value", "source")
        entries = reader.entries(item, "a value", required=required, optional=_VALUE_OPTIONAL)
        if any(name not in entries for name in required):
            continue
        value = _read_value(reader, entries, unit, currency, zone)
        if value is None:
            continue
        if value.to_us and value.to_us <= value.from_us:
            reader.refuse(
                entries["to"],
                "regulation_overlap",
                "this value ends before it begins",
                "`to` is the first day on which it is no longer in force",
            )
        if values and not _follows(reader, entries, values, value):
            continue
        values.append(value)
    return tuple(values)


def _follows(
    reader: FileReader,
    entries: dict[str, Node],
    values: list[RegulationValue],
    value: RegulationValue,
) -> bool:
    """Check that a value begins where the one before it ends, and end that one there."""
    before = values[-1]
    date = reader.text(entries["from"], "`from`") or ""
    if value.from_us <= before.from_us or value.from_us < before.to_us:
        reader.refuse(
            entries["from"],
            "regulation_overlap",
            f"on {date} the value before this one is still in force",
            "let each value begin on the day on which the one before it ends",
        )
        return False
    if before.to_us and value.from_us > before.to_us:
        reader.refuse(
            entries["from"],
            "regulation_gap",
            f"no value is in force between the end of the one before and {date}",
            "let this one begin on the day on which the one before it ends",
        )
        return False
    values[-1] = msgspec.structs.replace(before, to_us=value.from_us)
    return True


def _read_value(
    reader: FileReader, entries: dict[str, Node], unit: str, currency: str, zone: str
) -> RegulationValue | None:
    from_us = _read_day(reader, entries["from"], "`from`", zone)
    number = read_quantity(reader, entries["value"], "`value`", unit=unit, currency=currency)
    source = reader.text(entries["source"], "`source`")
    to_us = _read_day(reader, entries["to"], "`to`", zone) if "to" in entries else 0
    superseded = (
        reader.text(entries["superseded_by"], "`superseded_by`")
        if "superseded_by" in entries
        else ""
    )
    if not from_us or number is None or source is None:
        return None
    return RegulationValue(
        from_us=from_us,
        to_us=to_us,
        value=number,
        unit=unit,
        source=source,
        superseded_by=superseded or "",
    )


def _read_checks(reader: FileReader, node: Node) -> tuple[Check, ...]:
    checks: list[Check] = []
    for text, item in reader.names(node, "`checked_by`"):
        match = _CHECK.fullmatch(text)
        if match is None:
            reader.refuse(
                item,
                "check_malformed",
                f"`checked_by` was {symbol(text)}; expected a policy, a parameter or a test",
                "write `policy:<id>`, `parameter:<row>.<name>` or `test:<file>::<name>`",
            )
            continue
        _, _, name = text.partition(":")
        place, _ = reader.document.place(item.line, item.column)
        checks.append(
            Check(
                kind="policy" if match["policy"] else "test" if match["test"] else "parameter",
                name=name,
                place=place,
            )
        )
    return tuple(checks)
