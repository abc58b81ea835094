"""The reference pages say what the code does."""

from __future__ import annotations

import re

import pytest

from haitang.data.events.codec import decode_event
from haitang.data.events.mapping_reader import _FIELD_KEYS, _TIME_KEYS, read_mapping
from tests.conftest import ROOT
from tests.unit.data.events.reference import BEGIN, END, tables

EVENTS = ROOT / "docs" / "reference" / "events.md"
MAPPING = ROOT / "docs" / "reference" / "mapping.md"


def fenced(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_events_page_lists_the_catalogue(request: pytest.FixtureRequest) -> None:
    page = EVENTS.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    shown, _, tail = rest.partition(END)
    wanted = f"\n\n{tables()}\n\n"
    if request.config.getoption("--update-golden"):
        EVENTS.write_text(f"{head}{BEGIN}{wanted}{END}{tail}", encoding="utf-8")
        return
    assert shown == wanted


def test_the_examples_of_the_events_page_are_events() -> None:
    examples = fenced(EVENTS.read_text(encoding="utf-8"), "json")
    assert examples
    for example in examples:
        decode_event(example.encode())


def test_the_examples_of_the_mapping_page_are_mappings() -> None:
    examples = fenced(MAPPING.read_text(encoding="utf-8"), "yaml")
    assert examples
    for example in examples:
        assert read_mapping(example).events


def test_the_mapping_page_explains_every_key() -> None:
    page = MAPPING.read_text(encoding="utf-8")
    keys = {"mapping", "missing", "skip", "events", "event_type", "when", "fields"}
    for key in sorted({*keys, *_FIELD_KEYS, *_TIME_KEYS, "is", "not", "empty"}):
        assert f"| `{key}` |" in page, f"`{key}` has no row in docs/reference/mapping.md"
