"""Reasons: both languages name the same values, and only those of a hit."""

from __future__ import annotations

import re

from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.yamltext import Mapping, Node, Scalar
from haitang.kernel.errors import did_you_mean, symbol

_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


def check_reason(reader: FileReader, node: Node, shown: tuple[str, ...], scope: Scope) -> None:
    """Check that both languages say the same values, and only those of a hit: what is recorded with
    it, and the parameters of its policy.
    """
    assert isinstance(node, Mapping), "a text in both languages was read from a mapping"
    before = len(reader.problems)
    said: dict[str, set[str]] = {}
    for language in ("en", "zh"):
        item = node.entries[language]
        assert isinstance(item, Scalar), "a text was read from a single value"
        said[language] = _read_placeholders(reader, item, shown, scope)
    if len(reader.problems) > before:
        return
    for language, other in (("en", "zh"), ("zh", "en")):
        missing = sorted(said[other] - said[language])
        if missing:
            reader.refuse(
                node.entries[language],
                "text_incomplete",
                f"the reason in `{language}` does not name {symbol('{' + missing[0] + '}')}, "
                "the other language does",
                "say the same values in both",
            )


def _read_placeholders(
    reader: FileReader, item: Scalar, shown: tuple[str, ...], scope: Scope
) -> set[str]:
    """Return the values that a reason names; those that a hit does not record are faults."""
    names: set[str] = set()
    for match in _BRACES.finditer(item.text):
        name = match[1]
        if name is None:
            reader.refuse_inside(
                item,
                match.start(),
                "placeholder_malformed",
                "a brace stands alone in this reason",
                "write values as `{name}`",
            )
        elif name not in shown and name not in names and scope.is_unknown(name):
            known = name in scope.features or name in scope.fields
            reader.refuse_inside(
                item,
                match.start(),
                "placeholder_unknown",
                f"the reason names {symbol('{' + name + '}')}, "
                "which the policy neither reads nor shows",
                "list it under `shows`" if known else did_you_mean(name, shown),
            )
        if name is not None:
            names.add(name)
    return names
