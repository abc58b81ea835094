"""`scripts/<id>.yaml`: what a colleague says to somebody who may be being deceived."""

from __future__ import annotations

from haitang.data.features.specs import TextPair
from haitang.decision.rules.measures import refuse_tipping_off
from haitang.decision.rules.models import read_file_id
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.standards import CallScript
from haitang.decision.rules.yamltext import Mapping, Node, Scalar
from haitang.kernel.errors import symbol

_TEXTS = ("title", "when_to_use", "opening", "if_yes", "if_no", "if_unreachable")
_LISTS = {"questions": 3, "signs": 2, "never_say": 2}
"""Parts of a script that hold several texts, and how many at least."""

_SPOKEN = ("opening", "questions", "if_yes", "if_no")
"""Parts that the other side hears."""

MAX_TEXTS = 20


def read_script(reader: FileReader, path: str) -> CallScript | None:
    """Return one call script, or None where its file has a fault."""
    before = len(reader.problems)
    required = ("id", *_TEXTS, *_LISTS)
    entries = reader.entries(reader.document.root, "a call script", required=required)
    if any(name not in entries for name in required):
        return None
    name = read_file_id(reader, entries["id"], path)
    texts = {part: reader.pair(entries[part], symbol(part)) for part in _TEXTS}
    lists = {
        part: _read_texts(reader, entries[part], symbol(part), least)
        for part, least in _LISTS.items()
    }
    for part in _SPOKEN:
        for item in _spoken(entries[part]):
            refuse_tipping_off(reader, item, symbol(part))
    if len(reader.problems) > before:
        return None
    known = {part: text for part, text in texts.items() if text is not None}
    return CallScript(
        id=name,
        title=known["title"],
        when_to_use=known["when_to_use"],
        opening=known["opening"],
        questions=lists["questions"],
        signs=lists["signs"],
        if_yes=known["if_yes"],
        if_no=known["if_no"],
        if_unreachable=known["if_unreachable"],
        never_say=lists["never_say"],
    )


def _read_texts(reader: FileReader, node: Node, what: str, least: int) -> tuple[TextPair, ...]:
    items = reader.items(node, what)
    if not least <= len(items) <= MAX_TEXTS:
        reader.refuse(
            node,
            "value_out_of_range",
            f"{what} has {len(items)} texts; expected {least} to {MAX_TEXTS}",
        )
    pairs = [reader.pair(item, f"a text of {what}") for item in items]
    return tuple(pair for pair in pairs if pair is not None)


def _spoken(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    children = node.entries.values() if isinstance(node, Mapping) else node.items
    return [item for child in children for item in _spoken(child)]
