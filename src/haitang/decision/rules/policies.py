"""The `policies/<id>.yaml` files: when a policy fires, what it concludes, and what it says to
people.
"""

from __future__ import annotations

import re
from typing import get_args

from haitang.decision.rules.actions import ACCOMPANYING_ACTIONS, PRIMARY_ACTIONS
from haitang.decision.rules.feature_building import FeatureTable
from haitang.decision.rules.models import check_readable, read_file_id, read_party
from haitang.decision.rules.policytests import PolicyTest, read_tests
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.sections import prepare, translate_written
from haitang.decision.rules.specs import PolicySpec, Status
from haitang.decision.rules.value_types import names_read
from haitang.decision.rules.yamltext import Mapping, Node, Scalar
from haitang.kernel.errors import did_you_mean, symbol

STATUSES: tuple[Status, ...] = get_args(Status)
TESTED = ("shadow", "live")
"""Policies that speak, or soon will: they need a test that fires and one that does not."""

MAX_SCORE = 1_000
MAX_VERSION = 1_000_000

_REQUIRED = (
    "id", "version", "status", "title", "typology", "party", "when", "score", "action",
    "reason", "owner",
)  # fmt: skip
_OPTIONAL = ("also", "shows", "basis", "runbook", "false_positives", "blind_spots", "tests")
_TYPOLOGY = re.compile(r"[A-Z][0-9]{2}")
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


def read_policy(
    reader: FileReader, path: str, table: FeatureTable, currency: str
) -> tuple[PolicySpec | None, tuple[PolicyTest, ...]]:
    """Return one policy and its tests; the policy is None where its file has a fault."""
    before = len(reader.problems)
    entries = reader.entries(
        reader.document.root, "a policy", required=_REQUIRED, optional=_OPTIONAL
    )
    name = read_file_id(reader, entries["id"], path) if "id" in entries else ""
    before_tests = len(reader.problems)
    tests = read_tests(reader, entries["tests"], name, currency) if "tests" in entries else ()
    tests_are_whole = len(reader.problems) == before_tests
    _read_notes(reader, entries)
    if any(required not in entries for required in _REQUIRED):
        return None, tests
    status_word = reader.choice(entries["status"], "`status`", STATUSES)
    status = next((known for known in STATUSES if known == status_word), None)
    if status in TESTED and tests_are_whole:
        _check_tested(reader, entries, tests)
    version = reader.whole(entries["version"], "`version`", 1, MAX_VERSION)
    score = reader.whole(entries["score"], "`score`", 0, MAX_SCORE)
    party = read_party(reader, entries["party"])
    title = reader.pair(entries["title"], "the title of a policy")
    reason = reader.pair(entries["reason"], "the reason of a policy")
    action = reader.choice(entries["action"], "`action`", PRIMARY_ACTIONS)
    also = (
        reader.choices(entries["also"], "`also`", ACCOMPANYING_ACTIONS) if "also" in entries else ()
    )
    typology = _read_typology(reader, entries["typology"])
    written = prepare(reader, entries["when"], "`when`")
    when = translate_written(reader, written, table.scope, "`when`", "flag") if written else None
    shows = _read_shows(reader, entries["shows"], table) if "shows" in entries else ()
    if when is not None and reason is not None:
        _check_reason(reader, entries["reason"], (*names_read(when), *shows), table.scope)
    if when is None or status is None or party is None or title is None or reason is None:
        return None, tests
    if len(reader.problems) > before:
        return None, tests
    policy = PolicySpec(
        id=name,
        version=version or 1,
        status=status,
        title=title,
        typology=typology,
        party=party,
        when=when,
        score=score or 0,
        action=action or "PASS",
        also=also,
        reason=reason,
        shows=shows,
        basis=(reader.text(entries["basis"], "`basis`") or "") if "basis" in entries else "",
        owner=reader.text(entries["owner"], "`owner`") or "",
        path=path,
    )
    return policy, tests


def _read_notes(reader: FileReader, entries: dict[str, Node]) -> None:
    """Check the shape of what people read; it is no part of the decision."""
    if "runbook" in entries:
        reader.names(entries["runbook"], "`runbook`")
    for name in ("false_positives", "blind_spots"):
        if name in entries:
            reader.names(entries[name], f"`{name}`")


def _check_tested(
    reader: FileReader, entries: dict[str, Node], tests: tuple[PolicyTest, ...]
) -> None:
    node = entries.get("tests", entries["status"])
    for fires, what in ((True, "fires"), (False, "does not fire")):
        if not any(test.fires is fires for test in tests):
            reader.refuse(
                node,
                "policy_untested",
                f"no test shows an event on which the policy {what}",
                f"add a test with {symbol(f'fires: {str(fires).lower()}')}, or set `status: draft`",
            )


def _read_typology(reader: FileReader, node: Node) -> str:
    typology = reader.text(node, "`typology`") or ""
    if typology and not _TYPOLOGY.fullmatch(typology):
        reader.refuse(
            node,
            "value_unknown",
            f"`typology` was {symbol(typology)}; expected an id of the catalogue",
            "write for example `B04`",
        )
    return typology


def _read_shows(reader: FileReader, node: Node, table: FeatureTable) -> tuple[str, ...]:
    shows: list[str] = []
    for name, item in reader.names(node, "`shows`"):
        if not check_readable(reader, item, "`shows`", name, table):
            continue
        if name in shows:
            reader.refuse(item, "value_repeated", f"`shows` names {symbol(name)} twice")
        else:
            shows.append(name)
    return tuple(shows)


def _check_reason(reader: FileReader, node: Node, shown: tuple[str, ...], scope: Scope) -> None:
    """Check that both languages say the same values, and only those that a hit records."""
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
