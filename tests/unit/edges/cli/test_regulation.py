from __future__ import annotations

import json
from pathlib import Path

import pytest

from haitang.app.conformance import conformance_sheet
from haitang.edges.cli.columns import width_of
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.main import main
from haitang.edges.cli.regulation import COLUMNS, count_lines, row_lines
from haitang.edges.cli.wording import Wording
from tests.conftest import CheckOutput
from tests.unit.app.test_conformance import NOW_US, OWN_TEST, checked, write
from tests.unit.decision.rules.standard_packs import LAW

READINGS = """\
  term:
    unit: years
    title: {en: Term, zh: 期限}
    readings:
      joint:
        title: {en: the younger text replaces the older, zh: 以新办法为准}
        values:
          - {from: 2024-12-01, value: 2, source: Measures}
      older:
        title: {en: both stand, zh: 两者并行}
        values:
          - {from: 2019-04-01, value: 5, source: Notice 85, superseded_by: Measures}
  stop:
    unit: seconds
    title: {en: Stop, zh: 止付}
    values:
      - {from: 2016-06-01, value: 48h, source: Notice 86}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    row = checked("policy:c14_break_and_send", f"test:{OWN_TEST}") + "from: 2022-12-01\n"
    return write(tmp_path / "pack", row=row, law=LAW + READINGS)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("numbers", [False, True])
def test_the_sheet_is_laid_out_for_a_person(
    folder: Path, language: str, numbers: bool, check_output: CheckOutput
) -> None:
    wording = Wording(language)
    sheet = conformance_sheet(folder, now_us=NOW_US)
    lines: list[str] = []
    for row in sheet.rows:
        lines += [*row_lines(row, wording=wording, numbers=numbers), ""]
    lines += count_lines(sheet, wording=wording)
    named = [line for line in lines if "::" in line]
    assert [line for line in lines if width_of(line) > COLUMNS and line not in named] == []
    check_output("\n".join(lines) + "\n")


def test_the_sheet_for_a_program_says_the_same(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sheet.json"
    assert main(["regulation", str(folder), "--json", str(file)]) == ExitCode.DONE
    assert "REG-05" in capsys.readouterr().out
    written = json.loads(file.read_text("utf-8"))
    assert [row["id"] for row in written["rows"]] == ["REG-05", "REG-40"]
    assert written["rows"][0]["from"] == "2022-12-01"
    assert written["rows_total"] == 2
    assert main(["regulation", str(folder), "--json", "-"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == written


def test_one_row_is_shown_with_both_readings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--language", "en", "regulation", str(folder), "--row", "REG-40"]) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "joint: the younger text replaces the older" in said
    assert "older: both stand" in said
    assert "REG-05" not in said


def test_a_row_that_the_sheet_lacks_is_wrong_use(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--language", "en", "regulation", str(folder), "--row", "REG-99"]
    assert main(asked) == ExitCode.WRONG_USE
    assert "the sheet has no row REG-99" in capsys.readouterr().err


def test_a_row_that_names_a_missing_policy_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path, row=checked("policy:i01_large_cash"))
    assert main(["--language", "en", "regulation", str(folder)]) == ExitCode.REFUSED
    assert f"{folder}/regulation/REG-05.yaml:7:5: there was no policy" in capsys.readouterr().err
