from __future__ import annotations

import click
import pytest

from haitang.app.settings import Settings
from haitang.edges.cli.columns import width_of
from haitang.edges.cli.tree import COMMANDS, build_program
from haitang.edges.cli.wording import Wording
from tests.conftest import CheckOutput

PAGES = [
    "", "demo", "replay", "explain", "check", "lab", "lab generate", "lab stories", "lab leaks",
    "lab measure", "bench", "bench engine", "bench serve", "bench recovery",
    "lists", "lists load", "lists show", "lists template", "serve", "publish", "follow", "send",
    "policy", "policy new", "policy test", "policy lint", "policy explain", "policy coverage",
    "policy overlap", "policy dead", "policy diff", "policy promote", "backtest",
    "regulation", "journal", "journal verify", "journal repair", "journal export", "settings",
    "keys", "backup", "restore",
]  # fmt: skip


def page(path: str, language: str, monkeypatch: pytest.MonkeyPatch, columns: int = 90) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    program = build_program(wording=Wording(language), settings=Settings())
    context = click.Context(program, info_name="haitang")
    command: click.Command = program
    for name in path.split():
        assert isinstance(command, click.Group)
        found = command.get_command(context, name)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    return command.get_help(context)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_help_teaches_with_examples(
    path: str, language: str, check_output: CheckOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_output(page(path, language, monkeypatch))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_help_fits_the_terminal(path: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = page(path, language, monkeypatch, columns=100)
    assert [line for line in said.splitlines() if width_of(line) > 100] == []


def test_every_command_has_a_page() -> None:
    assert {path.split()[0] for path in PAGES if path} == set(COMMANDS)
