from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from haitang.adapters.files.decisions import find_decision, strictest_decisions
from haitang.kernel.errors import HaitangError
from tests.conftest import CheckOutput
from tests.unit.edges.cli.builders import decision


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("decisions.jsonl")
    decisions = [
        decision(event_id=f"E-{number}", decision_id=f"{number:032x}", score_payer=score)
        for number, score in enumerate([100, 900, 500])
    ]
    path.write_bytes(msgspec.json.Encoder().encode_lines(decisions))
    return path


@pytest.mark.parametrize("identifier", ["E-1", f"{1:032x}"])
def test_a_decision_is_found_by_event_and_by_decision(written: Path, identifier: str) -> None:
    assert find_decision(written, identifier).score_payer == 900


def test_the_identifier_must_be_whole(written: Path) -> None:
    with pytest.raises(HaitangError) as refused:
        find_decision(written, "E-")
    assert refused.value.code == "decision_unknown"


def test_an_unknown_identifier_suggests_the_one_that_was_meant(
    written: Path, check_output: CheckOutput
) -> None:
    for name, identifier in {"near": "e-11", "far": "nothing like it"}.items():
        with pytest.raises(HaitangError) as refused:
            find_decision(written, identifier)
        check_output(refused.value.render(), name)


def test_a_line_that_is_no_decision_is_named(written: Path, check_output: CheckOutput) -> None:
    written.write_bytes(written.read_bytes() + b'{"event_id": "E-9"}\n')
    with pytest.raises(HaitangError) as refused:
        find_decision(written, "E-9")
    check_output(refused.value.render())


def test_the_overview_starts_with_the_highest_scores(written: Path) -> None:
    best = strictest_decisions(written, count=2)
    assert [(one.event_id, one.score) for one in best] == [("E-1", 900), ("E-2", 500)]
