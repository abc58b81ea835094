"""The conformance sheet: what the law asks, what checks it here, and what nothing checks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from haitang.app.wiring import read_pack_folder
from haitang.data.features.specs import TextPair
from haitang.decision.rules.pack import LoadedPack, load_pack_unlocked
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.specs import Pack, PolicySpec, Status
from haitang.decision.rules.standards import (
    Check,
    RegulationParameter,
    RegulationRow,
    RegulationValue,
    Standards,
)
from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol
from haitang.kernel.instants import SECOND_US, load_zone
from haitang.kernel.money import major_text

Standing = Literal["in_force", "coming", "ended", "no_law"]
Coverage = Literal["checked", "partly", "not_checked"]

_STRENGTH: tuple[Status, ...] = ("live", "shadow", "draft", "retired")
_CHECKING: tuple[Status, ...] = ("live", "shadow")
_TEST = re.compile(r"^(?:async )?def (test_[a-z0-9_]+)\(", re.MULTILINE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SheetCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that checks a row; `status` is that of a policy."""

    kind: Literal["policy", "parameter", "test"]
    name: str
    status: str = ""


class SheetValue(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A number of the law between two days, as the law writes it."""

    from_: str
    to: str
    value: str
    source: str
    superseded_by: str


class SheetReading(msgspec.Struct, frozen=True, kw_only=True):
    """One way to read the law; `name` is empty where it is settled."""

    name: str
    title: TextPair
    values: tuple[SheetValue, ...]


class SheetParameter(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a row, and which policies take it."""

    name: str
    title: TextPair
    unit: str
    currency: str
    reading: str
    readings: tuple[SheetReading, ...]
    value_today: str
    """Under the chosen reading; empty where none is in force."""
    read_by: tuple[str, ...]


class SheetRow(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One row of the sheet."""

    id: str
    title: TextPair
    source: TextPair
    requirement: TextPair
    standing: Standing
    from_: str
    to: str
    superseded_by: str
    coverage: Coverage
    checks: tuple[SheetCheck, ...]
    not_checked: TextPair | None
    parameters: tuple[SheetParameter, ...]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The whole sheet, and the counts at its end."""

    pack: str
    pack_version: str
    pack_digest: str
    rows: tuple[SheetRow, ...]
    rows_total: int
    rows_checked: int
    rows_partly: int
    rows_not_checked: int
    parameters_total: int
    parameters_read: int
    """Parameters that a shadow or live policy takes its number from."""
    unsettled: int
    """Parameters with more than one reading."""
    checks_by_kind: dict[str, int]
    tests_verified: bool
    """False where the tests are not beside the program, as in an installed package."""


def conformance_sheet(folder: Path, *, now_us: int) -> Sheet:
    """Return the sheet of the pack in a folder, as of an instant.

    A row that names a policy or test which does not exist, or a policy that is neither shadow nor
    live, is refused: it would claim a check that nobody makes.
    """
    loaded = load_pack_unlocked(read_pack_folder(folder)).loaded
    standards = loaded.standards
    if standards is None or not standards.regulation:
        raise HaitangError(
            code="regulation_missing",
            message="the pack has no regulation sheet",
            place=Place(str(folder)),
            hint="include a pack that has `regulation/`, such as `common`",
        )
    tests = _tests_folder()
    _check(loaded, standards, tests)
    return _sheet(loaded, standards, now_us=now_us, tests_verified=tests is not None)


def _tests_folder() -> Path | None:
    root = Path(__file__).resolve().parents[3]
    return root if (root / "tests" / "unit").is_dir() else None


def _check(loaded: LoadedPack, standards: Standards, tests: Path | None) -> None:
    problems = Problems()
    statuses = _statuses(loaded.pack.policies)
    taken = _taken(loaded.pack.policies)
    for row in standards.regulation.values():
        for check in row.checked_by:
            if check.kind == "policy":
                _check_policy(check, statuses, problems)
            elif check.kind == "parameter":
                _check_parameter(check, taken, problems)
            elif tests is not None:
                _check_test(check, tests, problems)
    problems.refuse()


def _check_policy(check: Check, statuses: dict[str, Status], problems: Problems) -> None:
    status = statuses.get(check.name)
    if status is None:
        problems.add(
            "check_missing",
            f"there was no policy {symbol(check.name)} in this pack",
            place=check.place,
            hint=did_you_mean(check.name, list(statuses))
            or "print the sheet of the pack that has it, or say under `not_checked` why none does",
        )
    elif status not in _CHECKING:
        problems.add(
            "check_idle",
            f"the policy {symbol(check.name)} is {symbol(status)} and checks nothing",
            place=check.place,
            hint="name one that is shadow or live",
        )


def _check_parameter(check: Check, taken: dict[str, tuple[str, ...]], problems: Problems) -> None:
    if check.name not in taken:
        problems.add(
            "check_idle",
            f"no shadow or live policy takes its number from {symbol(check.name)}",
            place=check.place,
            hint=f"write {symbol(f'regulation: {check.name}')} in the policy that checks it",
        )


def _check_test(check: Check, root: Path, problems: Problems) -> None:
    file, _, name = check.name.partition("::")
    path = root / file
    names = _TEST.findall(path.read_text(encoding="utf-8")) if path.is_file() else []
    if name not in names:
        problems.add(
            "check_missing",
            f"there was no test {symbol(check.name)}",
            place=check.place,
            hint=did_you_mean(name, names) or "name a test that is there",
        )


def _statuses(policies: Iterable[PolicySpec]) -> dict[str, Status]:
    """Return for each policy the strongest status among its instances."""
    found: dict[str, Status] = {}
    for policy in policies:
        known = found.get(policy.policy_id, policy.status)
        found[policy.policy_id] = min(known, policy.status, key=_STRENGTH.index)
    return found


def _taken(policies: Iterable[PolicySpec]) -> dict[str, tuple[str, ...]]:
    """Return which shadow and live policies take their number from each parameter."""
    found: dict[str, list[str]] = {}
    for policy in policies:
        for parameter in policy.parameters:
            if parameter.regulation and policy.status in _CHECKING:
                names = found.setdefault(parameter.regulation, [])
                if policy.policy_id not in names:
                    names.append(policy.policy_id)
    return {name: tuple(sorted(readers)) for name, readers in found.items()}


def _sheet(loaded: LoadedPack, standards: Standards, *, now_us: int, tests_verified: bool) -> Sheet:
    pack = loaded.pack
    statuses, taken = _statuses(pack.policies), _taken(pack.policies)
    rows = tuple(
        _row(row, statuses, taken, pack=pack, now_us=now_us)
        for row in standards.regulation.values()
    )
    coverage = Counter(row.coverage for row in rows)
    kinds = Counter(check.kind for row in rows for check in row.checks)
    parameters = [parameter for row in rows for parameter in row.parameters]
    return Sheet(
        pack=pack.id,
        pack_version=pack.version,
        pack_digest=pack.digest,
        rows=rows,
        rows_total=len(rows),
        rows_checked=coverage["checked"],
        rows_partly=coverage["partly"],
        rows_not_checked=coverage["not_checked"],
        parameters_total=len(parameters),
        parameters_read=sum(1 for parameter in parameters if parameter.read_by),
        unsettled=sum(1 for parameter in parameters if len(parameter.readings) > 1),
        checks_by_kind={kind: kinds[kind] for kind in ("policy", "parameter", "test")},
        tests_verified=tests_verified,
    )


def _row(
    row: RegulationRow,
    statuses: dict[str, Status],
    taken: dict[str, tuple[str, ...]],
    *,
    pack: Pack,
    now_us: int,
) -> SheetRow:
    coverage: Coverage = "not_checked"
    if row.checked_by:
        coverage = "partly" if row.not_checked else "checked"
    return SheetRow(
        id=row.id,
        title=row.title,
        source=row.source,
        requirement=row.requirement,
        standing=_standing(row, now_us),
        from_=_day(row.from_us, pack.zone),
        to=_day(row.to_us, pack.zone),
        superseded_by=row.superseded_by,
        coverage=coverage,
        checks=tuple(
            SheetCheck(kind=one.kind, name=one.name, status=statuses.get(one.name, ""))
            for one in row.checked_by
        ),
        not_checked=row.not_checked,
        parameters=tuple(
            _parameter(one, taken.get(f"{row.id}.{one.name}", ()), zone=pack.zone, now_us=now_us)
            for one in row.parameters
        ),
    )


def _standing(row: RegulationRow, now_us: int) -> Standing:
    if not row.from_us:
        return "no_law"
    if row.from_us > now_us:
        return "coming"
    return "ended" if row.to_us and row.to_us <= now_us else "in_force"


def _parameter(
    parameter: RegulationParameter, read_by: tuple[str, ...], *, zone: str, now_us: int
) -> SheetParameter:
    today = next(
        (one for one in parameter.values if one.from_us <= now_us < (one.to_us or now_us + 1)), None
    )
    return SheetParameter(
        name=parameter.name,
        title=parameter.title,
        unit=parameter.unit,
        currency=parameter.currency,
        reading=parameter.chosen,
        readings=tuple(
            SheetReading(
                name=reading.name,
                title=reading.title or TextPair(en="", zh=""),
                values=tuple(
                    SheetValue(
                        from_=_day(value.from_us, zone),
                        to=_day(value.to_us, zone),
                        value=_written(value, parameter.currency),
                        source=value.source,
                        superseded_by=value.superseded_by,
                    )
                    for value in reading.values
                ),
            )
            for reading in parameter.readings
        ),
        value_today=_written(today, parameter.currency) if today is not None else "",
        read_by=read_by,
    )


def _written(value: RegulationValue, currency: str) -> str:
    """Return a number as the law writes it: money in the major unit, time in seconds."""
    if value.unit == "money":
        return major_text(int(value.value), currency)
    return format(value.value, "f").rstrip("0").rstrip(".")


def _day(instant_us: int, zone: str) -> str:
    if not instant_us:
        return ""
    instant = _EPOCH + timedelta(seconds=instant_us // SECOND_US)
    return instant.astimezone(load_zone(zone)).date().isoformat()
