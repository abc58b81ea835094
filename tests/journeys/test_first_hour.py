"""The guide for the first hour does what it says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.journeys.program import haitang

pytestmark = pytest.mark.slow

GUIDE = ROOT / "docs" / "guides" / "first-hour.md"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

EXIT_CODES = {"payments.jsonl": 1}
"""Replays of the file with a bad line end with 1, as the guide says."""


def test_every_file_and_command_of_the_guide_works(tmp_path: Path) -> None:
    (tmp_path / "packs").symlink_to(ROOT / "packs")
    ran = 0
    for kind, name, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
        if name:
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif kind == "sh":
            for line in text.splitlines():
                ran += run(shlex.split(line), tmp_path)
    assert ran == 7
    assert (tmp_path / "refused.jsonl").read_bytes().count(b"\n") == 1
    assert (tmp_path / "tuesday.jsonl").read_bytes().count(b"\n") == 2


def run(words: list[str], place: Path) -> int:
    """Run one line of the guide; the demo and what explains it are journeys of their own."""
    if words[0] == "mkdir":
        (place / words[1]).mkdir()
    if words[:2] == ["cp", "-r"]:
        for copied in words[2:-1]:
            shutil.copytree(place / copied, place / words[-1] / Path(copied).name)
    if words[0] != "haitang" or "out/demo/decisions.jsonl" in words:
        return 0
    done = haitang(*words[1:], cwd=place)
    expected = EXIT_CODES.get(words[2], 0) if words[1] == "replay" else 0
    assert done.returncode == expected, f"{words}: {done.stderr.decode()}"
    return 1
