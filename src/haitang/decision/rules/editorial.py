"""What a policy says to people, and what a pack with standards asks of it.

A study, which is a pack without measures and typologies, may leave all of it out.
"""

from __future__ import annotations

import re

import msgspec

from haitang.data.features.specs import TextPair
from haitang.decision.rules.measures import refuse_tipping_off
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.specs import PolicySpec, Severity
from haitang.decision.rules.standards import STAGES, Stage, Standards
from haitang.decision.rules.yamltext import Mapping, Node, Scalar
from haitang.kernel.errors import did_you_mean, symbol

SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
REQUIRED_NOTES = (
    "stages", "severity", "catches", "misses", "basis", "runbook", "false_positives",
)  # fmt: skip
"""Keys that a shadow or live policy of a pack with standards needs beyond those of a draft."""

OPTIONAL_NOTES = ("customer_text", "call_script", "techniques")
NOTES = (*REQUIRED_NOTES, *OPTIONAL_NOTES)

LEAST_RUNBOOK_STEPS, MOST_RUNBOOK_STEPS = 2, 4
LEAST_TESTS = 2
"""Tests each way of a live instance under standards; a study needs one."""

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_TECHNIQUE = re.compile(r"[FT][0-9]{4}(\.[0-9]{3})?")
_BASIS = re.compile(r"[A-Z]{2,5}-[0-9]{2}")


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What people read of a policy; its names are those of `PolicySpec`."""

    stages: tuple[Stage, ...] = ()
    severity: Severity | None = None
    catches: TextPair | None = None
    misses: TextPair | None = None
    basis: tuple[str, ...] = ()
    runbook: tuple[TextPair, ...] = ()
    false_positives: TextPair | None = None
    customer_text: TextPair | None = None
    call_script: str = ""
    techniques: tuple[str, ...] = ()


def read_notes(
    reader: FileReader, entries: dict[str, Node], typology: str, standards: Standards | None
) -> Notes:
    """Return what people read; faults are noted and leave nothing."""
    pairs = {
        name: reader.pair(entries[name], symbol(name)) if name in entries else None
        for name in ("catches", "misses", "false_positives", "customer_text")
    }
    steps = reader.items(entries["runbook"], "`runbook`") if "runbook" in entries else ()
    runbook = [reader.pair(step, "a step of `runbook`") for step in steps]
    stages = reader.choices(entries["stages"], "`stages`", STAGES) if "stages" in entries else ()
    severity = (
        reader.choice(entries["severity"], "`severity`", SEVERITIES)
        if "severity" in entries
        else None
    )
    known = standards.typologies.get(typology) if standards is not None else None
    techniques = known.techniques if known is not None else ()
    if "techniques" in entries:
        techniques = _read_codes(
            reader, entries["techniques"], "`techniques`", _TECHNIQUE, "`F1032` or `T1585`"
        )
    return Notes(
        stages=tuple(stage for stage in STAGES if stage in stages),
        severity=next((word for word in SEVERITIES if word == severity), None),
        catches=pairs["catches"],
        misses=pairs["misses"],
        basis=_read_basis(reader, entries["basis"], standards) if "basis" in entries else (),
        runbook=tuple(step for step in runbook if step is not None),
        false_positives=pairs["false_positives"],
        customer_text=pairs["customer_text"],
        call_script=_read_script(reader, entries["call_script"], standards)
        if "call_script" in entries
        else "",
        techniques=techniques,
    )


def _read_codes(
    reader: FileReader, node: Node, what: str, form: re.Pattern[str], example: str
) -> tuple[str, ...]:
    found: list[str] = []
    for name, item in reader.names(node, what):
        if not form.fullmatch(name):
            reader.refuse(
                item,
                "value_unknown",
                f"{what} was {symbol(name)}",
                f"write for example {example}",
            )
        elif name in found:
            reader.refuse(item, "value_repeated", f"{what} names {symbol(name)} twice")
        else:
            found.append(name)
    return tuple(found)


def _read_basis(reader: FileReader, node: Node, standards: Standards | None) -> tuple[str, ...]:
    if standards is None:
        return _read_codes(reader, node, "`basis`", _BASIS, "`REG-05`")
    found: list[str] = []
    for name, item in reader.names(node, "`basis`"):
        if name not in standards.regulation and name not in standards.broken:
            reader.refuse(
                item,
                "regulation_unknown",
                f"`basis` was {symbol(name)}, which the regulation sheet does not have",
                did_you_mean(name, standards.regulation) or "write for example `[REG-05]`",
            )
        elif name in found:
            reader.refuse(item, "value_repeated", f"`basis` names {symbol(name)} twice")
        else:
            found.append(name)
    return tuple(found)


def _read_script(reader: FileReader, node: Node, standards: Standards | None) -> str:
    name = reader.text(node, "`call_script`") or ""
    if standards is None or not name or name in standards.scripts or name in standards.broken:
        return name
    reader.refuse(
        node,
        "call_script_unknown",
        f"there is no call script {symbol(name)}",
        did_you_mean(name, standards.scripts) or "write it as `scripts/<id>.yaml`",
    )
    return ""


def check_typology(
    reader: FileReader, entries: dict[str, Node], policy: str, standards: Standards | None
) -> None:
    """Check that the typology is in the catalogue, and that the policy is called after it."""
    node = entries.get("typology")
    if standards is None or not isinstance(node, Scalar):
        return
    typology = node.text.strip()
    if typology not in standards.typologies:
        if typology not in standards.broken:
            reader.refuse(
                node,
                "typology_unknown",
                f"the catalogue has no typology {symbol(typology)}",
                did_you_mean(typology, standards.typologies) or "see `typologies.yaml`",
            )
    elif policy and not policy.startswith(typology.lower() + "_"):
        reader.refuse(
            entries["id"],
            "id_malformed",
            f"`id` was {symbol(policy)}; expected a name that begins with its typology",
            f"call it {symbol(f'{typology.lower()}_…')}",
        )


def check_notes(
    reader: FileReader,
    entries: dict[str, Node],
    speaking: tuple[PolicySpec, ...],
    standards: Standards,
) -> None:
    """Check that a policy which speaks, or soon will, says what people need.

    `speaking` are its instances in shadow or live.
    """
    missing = [name for name in REQUIRED_NOTES if name not in entries]
    if missing:
        reader.refuse(
            entries["status"],
            "key_missing",
            f"a policy that is {symbol(speaking[0].status)} has no "
            + ", ".join(map(symbol, missing)),
            "add them, or set `status: draft`",
        )
    _check_runbook(reader, entries)
    _check_basis(reader, entries, speaking, standards)
    _check_customer_text(reader, entries, speaking, standards)
    _check_calls(reader, entries, speaking)
    for name in ("title", "reason", "catches", "misses", "false_positives", "customer_text"):
        if name in entries:
            _check_chinese(reader, entries[name], symbol(name))
    steps = reader.items(entries["runbook"], "`runbook`") if "runbook" in entries else ()
    for step in steps:
        _check_chinese(reader, step, "a step of `runbook`")


def _check_runbook(reader: FileReader, entries: dict[str, Node]) -> None:
    if "runbook" not in entries:
        return
    count = len(reader.items(entries["runbook"], "`runbook`"))
    if not LEAST_RUNBOOK_STEPS <= count <= MOST_RUNBOOK_STEPS:
        reader.refuse(
            entries["runbook"],
            "value_out_of_range",
            f"the steps of `runbook` were {count}; expected {LEAST_RUNBOOK_STEPS} to "
            f"{MOST_RUNBOOK_STEPS}",
            "say what to look at, in which window, and what to do then",
        )


def _check_basis(
    reader: FileReader,
    entries: dict[str, Node],
    speaking: tuple[PolicySpec, ...],
    standards: Standards,
) -> None:
    for policy in speaking:
        asked = _asked(policy)
        restricting = [
            action
            for action in asked
            if action in standards.measures and standards.measures[action].restricts
        ]
        if restricting and not policy.basis and "basis" in entries:
            reader.refuse(
                entries["basis"],
                "basis_missing",
                f"{symbol(restricting[0])} restricts the customer, but `basis` is empty",
                "name the row of the regulation sheet that allows it, for example `[REG-05]`",
            )
            return
    for policy in speaking:
        if "REJ" in _asked(policy) and not {"CV", "CALL"} & set(policy.also):
            reader.refuse(
                entries["action"],
                "refusal_without_person",
                f"{symbol(policy.id)} refuses for good without a person",
                "write `also: [CV]` or `also: [CALL]`",
            )
            return


def _check_customer_text(
    reader: FileReader,
    entries: dict[str, Node],
    speaking: tuple[PolicySpec, ...],
    standards: Standards,
) -> None:
    measures = [
        standards.measures[action]
        for policy in speaking
        for action in _asked(policy)
        if action in standards.measures
    ]
    seen = [measure.action for measure in measures if measure.seen]
    reported = any("STR" in policy.also for policy in speaking)
    if seen and "customer_text" not in entries:
        reader.refuse(
            entries["action"],
            "customer_text_missing",
            f"the customer sees {symbol(seen[0])}, but the policy has no `customer_text`",
            "say what is going on and what to do, in both languages",
        )
    elif not seen and reported and "customer_text" in entries:
        reader.refuse(
            entries["customer_text"],
            "customer_text_forbidden",
            "a policy that only reports has a `customer_text`; nobody may be told of a report",
            "remove it",
        )
    node = entries.get("customer_text")
    for language, item in node.entries.items() if isinstance(node, Mapping) else ():
        if isinstance(item, Scalar):
            refuse_tipping_off(reader, item, f"`customer_text` in {symbol(language)}")


def _check_calls(
    reader: FileReader, entries: dict[str, Node], speaking: tuple[PolicySpec, ...]
) -> None:
    if "call_script" not in entries and any("CALL" in policy.also for policy in speaking):
        reader.refuse(
            entries.get("also", entries["action"]),
            "call_script_missing",
            "the policy asks for `CALL`, but has no `call_script`",
            "name what the colleague says, for example `call_script: victim_call`",
        )


def _check_chinese(reader: FileReader, node: Node, what: str) -> None:
    if not isinstance(node, Mapping) or not isinstance(node.entries.get("zh"), Scalar):
        return
    item = node.entries["zh"]
    assert isinstance(item, Scalar), "looked at above"
    if not _CHINESE.search(item.text):
        reader.refuse(
            item, "translation_missing", f"{what} has no Chinese under `zh`", "translate it"
        )


def _asked(policy: PolicySpec) -> tuple[str, ...]:
    return (policy.action, *policy.also)
