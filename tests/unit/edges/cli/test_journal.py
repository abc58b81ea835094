from __future__ import annotations

import re
from pathlib import Path

import pytest

from haitang.edges.cli.main import main
from tests.unit.adapters.journal.journal_folders import flip, last_segment, make_journal


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAITANG_LANGUAGE", "en")


def test_a_whole_journal_is_told_as_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_journal(tmp_path)
    assert main(["journal", "verify", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^  segments +3$", said, re.MULTILINE)
    assert said.endswith("every frame was as it was written\n")


def test_damage_is_named_and_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_journal(tmp_path)
    path = last_segment(tmp_path)
    flip(path, byte=400)
    assert main(["journal", "verify", str(tmp_path)]) == 4
    assert f"damaged: {path.name}, byte" in capsys.readouterr().out
    assert main(["journal", "repair", str(tmp_path), "--copy-to", str(tmp_path / "cut")]) == 0
    said = capsys.readouterr().out
    assert "bytes cut away: " in said
    assert re.search(r"^positions \d+ to \d+ are lost$", said, re.MULTILINE)
    assert len(list((tmp_path / "cut").iterdir())) == 1
    assert main(["journal", "verify", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["journal", "repair", str(tmp_path), "--copy-to", str(tmp_path / "cut")]) == 0
    assert capsys.readouterr().out == "no frame was damaged\n"


def test_a_torn_tail_is_no_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_journal(tmp_path)
    path = last_segment(tmp_path)
    path.write_bytes(path.read_bytes()[:-3])
    assert main(["journal", "verify", str(tmp_path), "--language", "zh"]) == 0
    said = capsys.readouterr().out
    assert "未写完的帧" in said
    assert "所有帧均完好" in said


def test_a_folder_without_a_journal_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "verify", str(tmp_path)]) == 3
    assert "there was no journal in this folder" in capsys.readouterr().err
