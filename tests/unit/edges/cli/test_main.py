from __future__ import annotations

import os
import threading

import pytest

from haitang.edges.cli.faults import ExitCode, exit_code_of
from haitang.edges.cli.main import language_asked, main
from haitang.kernel.errors import HaitangError
from tests.conftest import CheckOutput


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAITANG_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "90")


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        (["--language", "zh", "demo"], "zh"),
        (["demo", "--language=zh"], "zh"),
        (["--language", "en", "demo", "--language", "zh"], "zh"),
        (["bench", "engine", "--", "--language", "zh"], None),
        (["--language", "fr"], None),
        (["--language"], None),
        ([], None),
    ],
)
def test_the_language_is_found_wherever_it_stands(
    arguments: list[str], language: str | None
) -> None:
    assert language_asked(arguments) == language


MISUSES = {
    "unknown_command": ["reply"],
    "unknown_option": ["replay", "--pck", "x"],
    "missing_option": ["replay", "events.jsonl", "--pack", "x"],
    "missing_argument": ["explain"],
    "not_a_number": ["replay", "e", "--pack", "p", "--decisions", "d", "--block", "many"],
    "out_of_range": ["replay", "e", "--pack", "p", "--decisions", "d", "--block", "0"],
    "unknown_language": ["demo", "--language", "fr"],
    "speed": ["demo", "--speed", "fast"],
    "option_without_value": ["replay", "--pack"],
    "too_many": ["check", "a", "b"],
    "currency": ["replay", "e", "--pack", "p", "--decisions", "d", "--base-currency", "RMB"],
    "unknown_story": ["lab", "stories", "AS-9"],
    "two_sources": ["demo", "--events", "x", "--dataset", "y"],
    "unknown_set": ["demo", "--dataset", "handbok_cards"],
    "zone": ["explain", "decisions.jsonl", "E-1", "--zone", "Mars/Olympus"],
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", MISUSES)
def test_wrong_use_is_told_in_the_grammar(
    name: str, language: str, check_output: CheckOutput, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = MISUSES[name]
    if "--language" not in arguments:
        arguments = ["--language", language, *arguments]
    assert main(arguments) == ExitCode.WRONG_USE
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    check_output(said.err)


def test_no_command_shows_the_help_and_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitCode.WRONG_USE
    assert "Commands:" in capsys.readouterr().err


def test_help_and_version_are_no_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("haitang ")
    assert main(["check", "--help", "--language", "zh"]) == ExitCode.DONE
    assert "用法：" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("event_document_too_large", ExitCode.SOME_INPUT_REFUSED),
        ("file_missing", ExitCode.WRONG_USE),
        ("disk_full", ExitCode.WRONG_USE),
        ("mapping_refused", ExitCode.WRONG_USE),
        ("column_unknown", ExitCode.WRONG_USE),
        ("decision_unknown", ExitCode.WRONG_USE),
        ("pack_refused", ExitCode.REFUSED),
        ("pack_missing", ExitCode.REFUSED),
        ("state_malformed", ExitCode.REFUSED),
        ("model_malformed", ExitCode.REFUSED),
    ],
)
def test_exit_codes_say_whose_fault_it_was(code: str, exit_code: ExitCode) -> None:
    assert exit_code_of(HaitangError(code=code, message="was wrong")) == exit_code


def test_a_thread_may_run_it_too() -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["--version"])))
    thread.start()
    thread.join(timeout=30)
    assert codes == [ExitCode.DONE]
    assert os.environ["HAITANG_LANGUAGE"] == "en"
