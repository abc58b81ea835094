"""`measures.yaml`: what each action of the vocabulary means for the customer, and on what it
stands.
"""

from __future__ import annotations

import re
from typing import get_args

from haitang.decision.rules.actions import FURTHER_ACTIONS, PRIMARY_ACTIONS
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.standards import MEASURES, Ending, MeasureSpec, tips_off
from haitang.decision.rules.yamltext import Mapping, Node, Scalar
from haitang.kernel.errors import did_you_mean, symbol
from haitang.kernel.instants import DAY_US, SECOND_US

VOCABULARY = (*PRIMARY_ACTIONS, *FURTHER_ACTIONS)
ENDINGS: tuple[Ending, ...] = get_args(Ending)
MAX_LONGEST_US = 400 * DAY_US

_REQUIRED = ("title", "measure", "restricts", "seen", "reversible", "ends")
_OPTIONAL = ("basis", "longest", "notice", "appeal")
_PLACEHOLDERS = ("reason", "basis", "appeal", "ends", "started")
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


def read_measures(reader: FileReader) -> list[tuple[MeasureSpec, Scalar]]:
    """Return the measures of one file, each with the place of its name."""
    entries = reader.entries(reader.document.root, "`measures.yaml`", required=("measures",))
    if "measures" not in entries:
        return []
    measures = []
    for action, (key, node) in reader.mapping(entries["measures"], "`measures`").items():
        if action not in VOCABULARY:
            reader.refuse(
                key,
                "value_unknown",
                f"{symbol(action)} is not an action",
                did_you_mean(action, VOCABULARY),
            )
            continue
        measure = _read_measure(reader, action, node)
        if measure is not None:
            measures.append((measure, key))
    return measures


def check_all_measured(reader: FileReader, known: frozenset[str]) -> None:
    """Check that every action of the vocabulary has its measure."""
    missing = [action for action in VOCABULARY if action not in known]
    if missing:
        reader.refuse(
            reader.document.root,
            "key_missing",
            f"`measures` has no {', '.join(map(symbol, missing))}",
            f"add {symbol(f'{missing[0]}:')}",
        )


def _read_measure(reader: FileReader, action: str, node: Node) -> MeasureSpec | None:
    before = len(reader.problems)
    what = f"the measure of {symbol(action)}"
    entries = reader.entries(node, what, required=_REQUIRED, optional=_OPTIONAL)
    if any(name not in entries for name in _REQUIRED):
        return None
    title = reader.pair(entries["title"], f"the title of {symbol(action)}")
    word = reader.choice(entries["measure"], "`measure`", MEASURES)
    restricts = reader.flag(entries["restricts"], "`restricts`")
    seen = reader.flag(entries["seen"], "`seen`")
    ending = reader.choice(entries["ends"], "`ends`", ENDINGS)
    texts = {
        name: reader.pair(entries[name], f"the {name} of {symbol(action)}")
        for name in ("notice", "appeal")
        if name in entries
    }
    longest_us = 0
    if "longest" in entries:
        longest_us = (
            reader.duration(entries["longest"], "`longest`", SECOND_US, MAX_LONGEST_US) or 0
        )
    _check_parts(reader, node, what, entries, bool(seen), bool(restricts), ending or "")
    _check_texts(reader, entries, restricts=bool(restricts))
    reversible = reader.flag(entries["reversible"], "`reversible`")
    if title is None or len(reader.problems) > before:
        return None
    return MeasureSpec(
        action=action,
        title=title,
        measure=next(code for code in MEASURES if code == word),
        basis=(reader.text(entries["basis"], "`basis`") or "") if "basis" in entries else "",
        restricts=bool(restricts),
        seen=bool(seen),
        reversible=bool(reversible),
        ending=next(known for known in ENDINGS if known == ending),
        longest_us=longest_us,
        notice=texts.get("notice"),
        appeal=texts.get("appeal"),
    )


def _check_parts(
    reader: FileReader,
    node: Node,
    what: str,
    entries: dict[str, Node],
    seen: bool,
    restricts: bool,
    ending: str,
) -> None:
    """Check which parts a measure needs and which would say the opposite."""
    needed = (["notice", "appeal"] if seen else []) + (["basis"] if restricts else [])
    if ending == "time":
        needed.append("longest")
    missing = [name for name in needed if name not in entries]
    if missing:
        shown = ", ".join(map(symbol, missing))
        reader.refuse(node, "key_missing", f"{what} has no {shown}", f"add {symbol(missing[0])}")
    if restricts and not seen:
        reader.refuse(
            entries["seen"],
            "measure_unseen",
            f"{what} restricts the customer, who is not told",
            "write `seen: true`, with its notice and the way to object",
        )
    for name in ("notice", "appeal"):
        if name in entries and not seen:
            reader.refuse(
                entries[name],
                "measure_unseen",
                f"{what} is not seen by the customer, but has {symbol(name)}",
                "remove it, or write `seen: true`",
            )
    if "longest" in entries and ending in ("once", "order"):
        reader.refuse(
            entries["longest"],
            "key_unknown",
            f"{what} ends by {symbol(ending)} and has no longest time",
            "remove `longest`, or write another `ends`",
        )


def _check_texts(reader: FileReader, entries: dict[str, Node], *, restricts: bool) -> None:
    for name in ("notice", "appeal"):
        node = entries.get(name)
        if not isinstance(node, Mapping):
            continue
        for language, item in node.entries.items():
            if not isinstance(item, Scalar):
                continue
            refuse_tipping_off(reader, item, f"the {name} in {symbol(language)}")
            if name == "notice":
                _check_placeholders(reader, item, restricts=restricts)


def refuse_tipping_off(reader: FileReader, item: Scalar, what: str) -> None:
    """Refuse words that tell a customer of a report that must stay secret."""
    words = tips_off(item.text)
    if words:
        reader.refuse(
            item,
            "text_tips_off",
            f"{what} says {symbol(words)}, which no customer may be told",
            "say what is limited and why, not what is reported",
        )


def _check_placeholders(reader: FileReader, item: Scalar, *, restricts: bool) -> None:
    said = set()
    for match in _BRACES.finditer(item.text):
        name = match[1]
        if name is None:
            reader.refuse_inside(
                item,
                match.start(),
                "placeholder_malformed",
                "a brace stands alone in this notice",
                "write values as `{name}`",
            )
        elif name not in _PLACEHOLDERS:
            reader.refuse_inside(
                item,
                match.start(),
                "placeholder_unknown",
                f"a notice has no {symbol('{' + name + '}')}",
                did_you_mean(name, _PLACEHOLDERS)
                or "a notice may name {reason}, {basis}, {appeal}, {started} and {ends}",
            )
        said.add(name)
    missing = [
        name
        for name in (("reason", "basis", "appeal") if restricts else ("reason",))
        if name not in said
    ]
    if missing:
        reader.refuse(
            item,
            "text_incomplete",
            f"this notice does not name {symbol('{' + missing[0] + '}')}",
            "a notice gives the reason, and with a restriction its basis and the way to object",
        )
