"""One policy on one page, as its owner, an analyst or an auditor wants to read it."""

from __future__ import annotations

from collections.abc import Sequence

from haitang.decision.rules.pack import LoadedPack
from haitang.decision.rules.places import file_of
from haitang.decision.rules.render import render
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import ParameterSpec, PolicySpec, ScopeCell
from haitang.edges.cli.columns import table, wrap
from haitang.edges.cli.values import show_action, show_value
from haitang.edges.cli.wording import Wording

COLUMNS = 96


def page_lines(
    instances: Sequence[PolicySpec], loaded: LoadedPack, source: PackSource, *, wording: Wording
) -> list[str]:
    """Lay out a policy with its instances; all are of one file."""
    say, pick, policy = wording.say, wording.pick, instances[0]
    actions = " · ".join(
        show_action(code, wording=wording) for code in (policy.action, *policy.also)
    )
    facts = [
        (say("policy.page.typology"), _typology(policy, loaded, wording)),
        (say("policy.page.status"), f"{say(f'check.status.{policy.status}')} · {policy.version}"),
        (say("policy.page.owner"), policy.owner),
        (say("policy.page.party"), say(f"policy.party.{policy.party}")),
        (say("policy.page.stages"), " ".join(say(f"policy.stage.{one}") for one in policy.stages)),
        (
            say("policy.page.severity"),
            say(f"policy.severity.{policy.severity}") if policy.severity else "",
        ),
        (say("policy.page.action"), f"{actions} · {policy.score}"),
        (say("policy.page.basis"), " ".join(policy.basis)),
        (say("policy.page.techniques"), " ".join(policy.techniques)),
        (say("policy.page.file"), source.shown(file_of(policy, source))),
    ]
    lines = [f"{policy.policy_id}  {pick(policy.title)}", ""]
    lines += table([fact for fact in facts if fact[1]])
    for key, text in (
        ("catches", policy.catches),
        ("misses", policy.misses),
        ("false_positives", policy.false_positives),
        ("reason", policy.reason),
        ("customer_text", policy.customer_text),
    ):
        if text is not None:
            lines += _part(say(f"policy.page.{key}"), [pick(text)])
    lines += _part(say("policy.page.when"), [render(policy.when)])
    lines += ["", say("policy.page.instances"), *_instances(instances, wording)]
    if policy.runbook:
        lines += _part(say("policy.page.runbook"), [pick(step) for step in policy.runbook])
    if policy.call_script:
        lines += _part(say("policy.page.call_script"), [_script(policy, loaded, wording)])
    own = {one.id for one in instances}
    tests = dict.fromkeys(
        f"{'●' if test.fires else '○'} {test.name}" for test in loaded.tests if test.policy in own
    )
    return [*lines, *_part(say("policy.page.tests"), list(tests))]


def _part(title: str, texts: Sequence[str]) -> list[str]:
    return [
        "", title, *(line for text in texts for line in wrap(text, columns=COLUMNS, indent="  "))
    ]  # fmt: skip


def _typology(policy: PolicySpec, loaded: LoadedPack, wording: Wording) -> str:
    known = loaded.standards.typologies if loaded.standards else {}
    found = known.get(policy.typology)
    return policy.typology if found is None else f"{policy.typology} {wording.pick(found.title)}"


def _script(policy: PolicySpec, loaded: LoadedPack, wording: Wording) -> str:
    known = loaded.standards.scripts if loaded.standards else {}
    found = known.get(policy.call_script)
    return policy.call_script if found is None else wording.pick(found.title)


def _instances(instances: Sequence[PolicySpec], wording: Wording) -> list[str]:
    """Lay the instances out as a table: what differs from one to the next can be seen at once."""
    names = list(dict.fromkeys(one.name for policy in instances for one in policy.parameters))
    titles = {one.name: one for policy in instances for one in policy.parameters}
    head = (
        wording.say("policy.column.instance"), wording.say("policy.column.scope"),
        wording.say("policy.column.action"), wording.say("policy.column.score"),
        *(wording.pick(titles[name].title) for name in names),
    )  # fmt: skip
    rows = [head]
    for policy in instances:
        own = {one.name: one for one in policy.parameters}
        rows.append(
            (
                policy.instance or policy.id,
                _scope(policy.scope, wording),
                policy.action,
                str(policy.score),
                *(_value(own[name], wording) if name in own else "—" for name in names),
            )
        )
    return table(rows)


def _value(parameter: ParameterSpec, wording: Wording) -> str:
    if parameter.value is None:
        return parameter.regulation
    return show_value(parameter.value, unit=parameter.unit, wording=wording)


def _scope(cells: tuple[ScopeCell, ...] | None, wording: Wording) -> str:
    if cells is None:
        return wording.say("policy.scope.all")
    rest = wording.say("policy.scope.rest")
    channels = dict.fromkeys(rest if channel is None else channel for channel, _ in cells)
    segments = dict.fromkeys(rest if segment is None else segment for _, segment in cells)
    return f"{'|'.join(channels)} × {'|'.join(segments)}"
