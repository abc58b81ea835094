from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import haitang.edges.console
from haitang.edges.console.texts import TEXTS, language_of

SOURCES = Path(haitang.edges.console.__path__[0])


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_placeholders(name: str) -> None:
    en, zh = TEXTS[name]
    assert placeholders(en) == placeholders(zh)
    assert not re.search(r"[\u4e00-\u9fff]", en.replace("海塘", ""))
    assert re.search(r"[\u4e00-\u9fff]", zh)


def test_no_text_is_left_over() -> None:
    parts = [
        path.read_text("utf-8") for path in SOURCES.rglob("*") if path.suffix in {".py", ".html"}
    ]
    used = "\n".join(parts).replace((SOURCES / "texts.py").read_text("utf-8"), "")
    left_over = [
        name
        for name in TEXTS
        if f'"{name}"' not in used and f"${name}" not in used and not name.startswith("phase.")
    ]
    assert left_over == []


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "en"),
        ("zh", "en", "zh"),
        ("en", "zh-CN", "en"),
        ("fr", "zh-CN,zh;q=0.9", "zh"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr-FR, en;q=0.4, zh-Hans;q=0.7", "zh"),
        ("", "de, *;q=0.5", "en"),
        ("", "zh;q=0, en;q=0.1", "en"),
        ("", "zh;q=nonsense,,;;q=1", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_one_preferred(
    asked: str, accepted: str, language: str
) -> None:
    assert language_of(asked=asked, accepted=accepted) == language
