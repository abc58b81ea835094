from __future__ import annotations

from pathlib import Path

import pytest

from haitang.app.conformance import Sheet, conformance_sheet
from haitang.decision.rules.problems import PackRefused
from haitang.kernel.errors import HaitangError
from haitang.kernel.instants import parse_instant
from tests.unit.app.small_pack import write_pack
from tests.unit.decision.rules.standard_packs import (
    LAW,
    POLICY,
    POLICY_FILE,
    ROW,
    standard_source,
    with_change,
)

NOW_US = parse_instant("2026-05-01T12:00:00+08:00")
OWN_TEST = "tests/unit/app/test_conformance.py::test_what_checks_a_row_is_told_with_its_status"


def write(folder: Path, *, row: str = ROW, law: str = LAW, policy: str = POLICY) -> Path:
    """Write a pack with standards whose sheet has two rows; return its folder."""
    files = {
        **standard_source({POLICY_FILE: policy}).files,
        "regulation/REG-05.yaml": row.encode(),
        "regulation/REG-40.yaml": law.encode(),
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def checked(*checks: str) -> str:
    return ROW + "checked_by:\n" + "".join(f'  - "{check}"\n' for check in checks)


def sheet(folder: Path, now_us: int = NOW_US) -> Sheet:
    return conformance_sheet(folder, now_us=now_us)


def test_what_checks_a_row_is_told_with_its_status(tmp_path: Path) -> None:
    row = checked("policy:c14_break_and_send", f"test:{OWN_TEST}")
    told = sheet(write(tmp_path, row=row))
    first, second = told.rows
    assert (first.id, first.coverage, second.id, second.coverage) == (
        "REG-05", "partly", "REG-40", "not_checked",
    )  # fmt: skip
    assert [(check.kind, check.status) for check in first.checks] == [
        ("policy", "live"), ("test", ""),
    ]  # fmt: skip
    counts = (told.rows_total, told.rows_checked, told.rows_partly, told.rows_not_checked)
    assert counts == (2, 0, 1, 1)
    assert told.checks_by_kind == {"policy": 1, "parameter": 0, "test": 1}
    assert told.tests_verified


def test_a_row_without_a_reservation_is_checked(tmp_path: Path) -> None:
    whole = checked("policy:c14_break_and_send").replace(
        "not_checked: {en: Needs people., zh: 需人工。}\n", ""
    )
    assert sheet(write(tmp_path, row=whole)).rows[0].coverage == "checked"


@pytest.mark.parametrize(
    ("now", "value"),
    [("2025-12-31T23:59:59", ""), ("2026-01-01T00:00:00", "50000.00"),
     ("2026-06-30T23:59:59", "50000.00"), ("2026-07-01T00:00:00", "100000.00")],
)  # fmt: skip
def test_the_number_of_today_is_that_of_the_day(tmp_path: Path, now: str, value: str) -> None:
    told = sheet(write(tmp_path), parse_instant(f"{now}+08:00"))
    parameter = told.rows[1].parameters[0]
    assert (parameter.name, parameter.value_today) == ("cash_day", value)
    assert [(one.from_, one.to) for one in parameter.readings[0].values] == [
        ("2026-01-01", "2026-07-01"), ("2026-07-01", ""),
    ]  # fmt: skip


def test_policies_that_take_their_number_from_the_law_are_told(tmp_path: Path) -> None:
    policy = with_change("unit: money, value: 30000", "unit: money, regulation: REG-40.cash_day")
    law = LAW + "checked_by: [parameter:REG-40.cash_day]\n"
    told = sheet(write(tmp_path, law=law, policy=policy))
    assert told.rows[1].parameters[0].read_by == ("c14_break_and_send",)
    assert told.parameters_read == 1


@pytest.mark.parametrize(
    ("check", "code", "mend"),
    [
        ("policy:c14_break_and_sent", "check_missing", "did you mean `c14_break_and_send`?"),
        ("policy:i01_large_cash", "check_missing", "say under `not_checked` why none does"),
        ("parameter:REG-40.cash_day", "check_idle", "`regulation: REG-40.cash_day`"),
        ("test:tests/unit/app/test_conformance.py::test_nothing", "check_missing", "test"),
        ("test:tests/unit/app/test_nowhere.py::test_it", "check_missing", "test that is there"),
    ],
)
def test_a_row_that_names_what_is_not_there_is_refused_at_its_line(
    tmp_path: Path, check: str, code: str, mend: str
) -> None:
    with pytest.raises(PackRefused) as refused:
        sheet(write(tmp_path, row=checked(check)))
    (problem,) = refused.value.problems
    assert problem.code == code
    assert str(problem.place) == f"{tmp_path}/regulation/REG-05.yaml:7:5"
    assert mend in problem.hint


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_policy_that_does_not_speak_checks_nothing(tmp_path: Path, status: str) -> None:
    policy = with_change("status: live", f"status: {status}")
    with pytest.raises(PackRefused) as refused:
        sheet(write(tmp_path, row=checked("policy:c14_break_and_send"), policy=policy))
    assert [problem.code for problem in refused.value.problems] == ["check_idle"]


@pytest.mark.parametrize(
    ("written", "standing"),
    [("", "no_law"), ("from: 2022-12-01\n", "in_force"), ("from: 2027-01-01\n", "coming"),
     ("from: 2017-01-01\nto: 2024-12-01\nsuperseded_by: 办法\n", "ended")],
)  # fmt: skip
def test_a_row_says_whether_it_is_in_force(tmp_path: Path, written: str, standing: str) -> None:
    assert sheet(write(tmp_path, row=ROW + written)).rows[0].standing == standing


def test_a_pack_without_a_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HaitangError) as refused:
        sheet(write_pack(tmp_path))
    assert refused.value.code == "regulation_missing"
