from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import haitang.edges.cli
from haitang.edges.cli.texts import TEXTS
from haitang.edges.cli.wording import Wording

SOURCES = sorted(Path(haitang.edges.cli.__path__[0]).rglob("*.py"))


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def has_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_placeholders(name: str) -> None:
    en, zh = TEXTS[name]
    assert en.strip()
    assert zh.strip()
    # Examples are commands; their words are the reader's only where they explain something.
    if not name.endswith(".examples"):
        assert placeholders(en) == placeholders(zh)
    assert not has_chinese(en.replace("海塘", "").replace("中文", ""))
    if any(character.isalpha() for character in en) and name not in SAME_IN_BOTH:
        assert has_chinese(zh)


SAME_IN_BOTH = {
    "bench.examples", "bench.engine.examples", "bench.serve.examples", "bench.recovery.examples",
    "lab.examples", "lab.generate.examples",
    "lab.leaks.examples", "lab.stories.examples", "explain.examples", "replay.examples",
    "story.title", "check.status_count", "lists.examples", "lists.load.examples",
    "lists.show.examples", "lists.template.examples", "policy.coverage.title",
    "policy.promote.examples", "lab.measure.examples",
}  # fmt: skip
"""Texts that are commands or nothing but placeholders."""


def asked_names() -> set[str]:
    """Every literal first argument of `say` in the sources of the command line."""
    found: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute | ast.Name)
                and (node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id)
                == "say"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value))
    return found


def test_every_text_that_is_asked_for_exists() -> None:
    asked = asked_names()
    assert len(asked) > 60
    assert asked <= TEXTS.keys()


def test_no_text_is_left_over() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in SOURCES if path.parent.name != "texts"
    )
    left_over = [name for name in TEXTS if name not in sources and not is_built(name)]
    assert left_over == []


def is_built(name: str) -> bool:
    """Tell whether a name is put together from parts, such as `replay.help` or `tier.high`."""
    return name.endswith((".help", ".examples", ".short")) or name.startswith(
        ("tier.", "party.", "value.", "check.status.", "story.", "demo.column.", "progress.",
         "regulation.standing.", "regulation.kind.", "regulation.unit.", "policy.column.",
         "policy.family.", "policy.party.", "policy.stage.", "policy.severity.", "policy.page.",
         "policy.option.", "backtest.", "measure.")
    ) or ".option." in name  # fmt: skip


def test_wording_speaks_one_language_and_falls_back_to_the_other_half() -> None:
    wording = Wording("zh")
    assert wording.say("value.hour", count=3) == "3 小时"
    assert wording.pick(TEXTS["value.yes"]) == "是"
    assert wording.pick(TEXTS["value.yes"]._replace(zh="")) == "yes"
    assert Wording("fr").language == "en"
    with pytest.raises(KeyError):
        wording.say("no.such.text")
