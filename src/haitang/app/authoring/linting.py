"""What a careful editor would say of a policy that is right: advice, never a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.specs import TextPair
from haitang.data.features.terms import Compare, Expression, Feature, Field, Number
from haitang.decision.rules.pack import LoadedPack
from haitang.decision.rules.places import file_of
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import PolicySpec
from haitang.kernel.errors import HaitangError, Place, symbol

REASON_COLUMNS_MAX = 260
TITLE_COLUMNS_MAX = 90
RUNBOOK_STEPS = range(2, 6)

_HAN = re.compile(r"[\u4e00-\u9fff]")
_PERIOD = re.compile(
    r"\d+ ?(second|minute|hour|day|week|month|min|s\b|m\b|h\b|d\b)|today|"
    r"\d+ ?(秒|分钟|小时|天|日|周|个月)|今日|当日"
)
_NAME = re.compile(r"`[a-z][a-z0-9_]*`")


def lint(loaded: LoadedPack, source: PackSource) -> tuple[HaitangError, ...]:
    """Return the advice on all policies, file by file; each with its place."""
    found: list[HaitangError] = []
    by_file: dict[str, PolicySpec] = {}
    for policy in loaded.pack.policies:
        if policy.status in ("live", "shadow"):
            by_file.setdefault(policy.path, policy)
    titles: dict[str, str] = {}
    features = loaded.pack.catalogue.features
    money = frozenset(
        (
            *(one.name for one in features if one.unit == "money"),
            *(name for name in FIELDS if name.endswith("_minor")),
        )
    )
    for policy in by_file.values():
        advice = list(_of_policy(policy, money))
        other = titles.setdefault(policy.title.en.casefold(), policy.policy_id)
        if other != policy.policy_id:
            advice.append(
                _advice(policy, "lint_title_twice", f"{symbol(other)} has the same title")
            )
        path = source.shown(file_of(policy, source))
        found += [one.at(Place(path, policy.line or 1)) for one in advice]
    return tuple(found)


def _of_policy(policy: PolicySpec, money: frozenset[str]) -> Iterator[HaitangError]:
    yield from _languages(policy)
    for text in (policy.reason.en, policy.reason.zh):
        if len(text) > REASON_COLUMNS_MAX:
            yield _advice(
                policy, "lint_reason_long", f"a reason had {len(text)} characters", "one sentence"
            )
            break
    if len(policy.title.en) > TITLE_COLUMNS_MAX:
        yield _advice(policy, "lint_title_long", f"the title had {len(policy.title.en)} characters")
    if policy.runbook and len(policy.runbook) not in RUNBOOK_STEPS:
        yield _advice(
            policy, "lint_runbook_steps", f"the runbook had {len(policy.runbook)} steps",
            "two to five, each something to do",
        )  # fmt: skip
    steps = " ".join(step.en for step in policy.runbook)
    if policy.runbook and not (_PERIOD.search(steps) and _NAME.search(steps)):
        yield _advice(
            policy, "lint_runbook_vague", "no step of the runbook named a field and a time",
            "say what to look at, and over which time",
        )  # fmt: skip
    if "{" in (policy.customer_text.en if policy.customer_text else ""):
        yield _advice(
            policy, "lint_customer_value", "the customer text showed a value",
            "what was measured teaches how it is found",
        )  # fmt: skip
    known = {one.value for one in policy.parameters if one.value is not None}
    fixed = sorted(_fixed_amounts(policy.when, money, known))
    if fixed:
        yield _advice(
            policy, "lint_fixed_amount", f"the condition compared money with {fixed[0]:g} (minor)",
            "make it a parameter: then it has a unit and a name, and instances can change it",
        )  # fmt: skip


def _languages(policy: PolicySpec) -> Iterator[HaitangError]:
    pairs = {
        "title": (policy.title,),
        "reason": (policy.reason,),
        "catches": (policy.catches,),
        "misses": (policy.misses,),
        "customer_text": (policy.customer_text,),
        "runbook": policy.runbook,
        "false_positives": (policy.false_positives,),
    }
    for key, texts in pairs.items():
        for text in texts:
            if isinstance(text, TextPair) and (
                _HAN.search(text.en) or not _HAN.search(text.zh) or "TODO" in text.en
            ):
                yield _advice(
                    policy, "lint_language", f"{symbol(key)} was not written in both languages"
                )
                break


def _fixed_amounts(when: Expression, money: frozenset[str], known: set[float]) -> set[float]:
    """Return the amounts, in minor units, that a condition states itself instead of by a
    parameter.
    """
    found: set[float] = set()
    waiting: list[object] = [when]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Compare):
            sides = (node.left, node.right)
            names = {one.name for one in sides if isinstance(one, Field | Feature)}
            found |= {
                one.value
                for one in sides
                if isinstance(one, Number) and names & money and one.value not in {0.0, *known}
            }
        if isinstance(node, msgspec.Struct):
            waiting += [getattr(node, name) for name in node.__struct_fields__]
        elif isinstance(node, tuple):
            waiting += node
    return found


def _advice(policy: PolicySpec, code: str, message: str, hint: str = "") -> HaitangError:
    return HaitangError(
        code=code,
        message=f"policy {symbol(policy.policy_id)}: {message}",
        hint=hint,
    )
