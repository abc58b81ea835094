"""Documentation that cannot rot: links lead somewhere, and what is public has a heading."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from haitang.app.settings import Settings
from haitang.data.features.terms import FUNCTIONS
from haitang.edges.cli.tree import build_program
from haitang.edges.cli.wording import Wording
from tests.docs.codes import error_codes
from tests.tidy.source import ROOT, shown

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def headings(folder: Path) -> set[str]:
    text = "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.md")))
    return {re.sub(r"[`*]", "", heading).strip() for heading in HEADING.findall(text)}


@pytest.mark.parametrize("page", pages(), ids=shown)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    broken = [
        target
        for target in LINK.findall(page.read_text("utf-8"))
        if not (page.parent / target.strip()).exists()
    ]
    assert not broken, "\n".join(broken)


def test_every_function_of_the_expression_language_has_a_heading() -> None:
    missing = sorted(set(FUNCTIONS) - {heading.split("(")[0] for heading in headings(REFERENCE)})
    assert not missing, "\n".join(missing)


def test_every_command_has_a_heading() -> None:
    missing = sorted({name for name, _ in commands()} - headings(REFERENCE))
    assert not missing, "\n".join(missing)


def test_every_option_stands_below_its_command() -> None:
    page = (REFERENCE / "commands.md").read_text("utf-8")
    below = dict(re.findall(r"^## `(.+?)`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    missing = [
        f"{name} {option}"
        for name, command in commands()
        for parameter in command.params
        # Hidden ones are what our own processes say to each other.
        if not getattr(parameter, "hidden", False)
        for option in parameter.opts
        if option.startswith("--")
        and option not in {"--help", "--language"}
        and f"`{option}" not in below.get(name, "")
    ]
    assert not missing, "\n".join(missing)


def test_every_error_code_has_a_heading() -> None:
    written = {heading.split(" ")[0] for heading in headings(REFERENCE)}
    missing = sorted(error_codes() - written)
    assert not missing, "\n".join(missing)


def test_no_heading_speaks_of_a_code_that_is_gone() -> None:
    text = (REFERENCE / "errors.md").read_text("utf-8")
    written = re.findall(r"^### `(\w+)`$", text, re.MULTILINE)
    gone = sorted(set(written) - error_codes())
    assert not gone, "\n".join(gone)
    assert len(written) == len(set(written))


def test_every_dependency_says_why_it_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"].values()
    declared = [*project["dependencies"], *(name for names in optional for name in names)]
    names = {re.split(r"[<>=\[]", requirement)[0].lower() for requirement in declared}
    page = (DOCS / "internals" / "dependencies.md").read_text("utf-8")
    explained = {name.lower() for title in HEADING.findall(page) for name in title.split(", ")}
    assert not names - explained, "\n".join(sorted(names - explained))


def test_the_glossary_says_each_term_once_in_both_languages() -> None:
    rows = glossary_rows()
    assert len(rows) >= 90
    terms = [row[0] for row in rows]
    assert sorted(set(terms)) == sorted(terms)
    untranslated = [
        row[0] for row in rows if not re.search(r"[\u4e00-\u9fff]", row[1]) or not row[2]
    ]
    assert not untranslated, "\n".join(untranslated)


def test_the_readme_fits_one_screen_and_has_a_chinese_twin() -> None:
    english, chinese = (
        (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")
    )
    assert len(english.splitlines()) <= 60
    assert len(HEADING.findall(english)) == len(HEADING.findall(chinese))
    assert set(LINK.findall(english)) - {"README.zh-CN.md"} == set(LINK.findall(chinese)) - {
        "README.md"
    }


def glossary_rows() -> list[list[str]]:
    lines = (DOCS / "glossary.md").read_text("utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    return [row for row in rows if row[0] != "English" and not row[0].startswith("---")]


def commands() -> Iterator[tuple[str, click.Command]]:
    """Return every command that runs with its full name, e.g. `haitang lab generate`."""
    program = build_program(wording=Wording("en"), settings=Settings())
    yield from _commands(program, "haitang")


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command, info_name=name)
    for child in command.list_commands(context):
        found = command.get_command(context, child)
        assert found is not None, child
        yield from _commands(found, f"{name} {child}")
