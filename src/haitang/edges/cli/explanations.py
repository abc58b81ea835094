"""The page that explains one decision."""

from __future__ import annotations

from haitang.data.events.catalogue import FIELDS
from haitang.decision.engine.actions import ACTIONS
from haitang.decision.engine.decisions import Contribution, Decision, Hit, ModelScore, ReadValue
from haitang.edges.cli.columns import bar, pad, pad_left, table, width_of, wrap
from haitang.edges.cli.instants import show_instant
from haitang.edges.cli.values import show_action, show_value
from haitang.edges.cli.wording import Wording

COLUMNS = 96
BAR_COLUMNS = 16
CONTRIBUTIONS_MAX = 10
"""Inputs of a model that are shown; the file holds them all."""


def explanation_lines(decision: Decision, *, wording: Wording, zone: str = "UTC") -> list[str]:
    """Tell what was decided, why, on what values, under which measure and by which versions."""
    sections = [
        _head(decision, wording, zone),
        _hits(decision.hits, "explain.hits", wording),
        _models(decision.models, wording),
        _measures(decision, wording),
        _hits(decision.shadow_hits, "explain.shadow_hits", wording),
        _versions(decision, wording),
    ]
    lines: list[str] = []
    for section in sections:
        if section:
            lines += [*section, ""]
    return lines[:-1]


def _head(decision: Decision, wording: Wording, zone: str) -> list[str]:
    say = wording.say
    also = [action for action in decision.actions if action != decision.action]
    rows = [
        (say("explain.event"), decision.event_id),
        (say("explain.time"), show_instant(decision.occurred_at_us, zone=zone)),
        (say("explain.action"), show_action(decision.action, wording=wording)),
    ]
    if also:
        rows.append(
            (say("explain.also"), "  ".join(show_action(name, wording=wording) for name in also))
        )
    rows += [
        (say("explain.tier"), say(f"tier.{decision.tier}")),
        (say("explain.score_payer"), _score(decision.score_payer)),
        (say("explain.score_payee"), _score(decision.score_payee)),
    ]
    if decision.typologies:
        rows.append((say("explain.typologies"), " ".join(decision.typologies)))
    if decision.degraded:
        rows.append((say("explain.degraded"), decision.degraded))
    if decision.spared:
        rows.append((say("explain.spared"), wording.pick(decision.spared.shown)))
    return [say("explain.title", id=decision.decision_id), "", *table(rows)]


def _score(score: int) -> str:
    return f"{score:>4} / 1000  {bar(score, full=1000, columns=BAR_COLUMNS)}".rstrip()


def _hits(hits: tuple[Hit, ...], heading: str, wording: Wording) -> list[str]:
    if not hits:
        # A quiet decision says so; nobody asks after shadow policies that stayed silent.
        return [wording.say("explain.no_hits")] if heading == "explain.hits" else []
    lines = [wording.say(heading, count=len(hits))]
    for hit in sorted(hits, key=lambda one: (-one.score, one.policy)):
        lines += ["", *_hit(hit, wording)]
    return lines


def _hit(hit: Hit, wording: Wording) -> list[str]:
    party = wording.say(f"party.{hit.party}")
    title = f"  ● {wording.pick(hit.title)}  [{hit.typology}]"
    actions = " + ".join(show_action(name, wording=wording) for name in (hit.action, *hit.also))
    facts = wording.say("explain.hit_facts", party=party, score=hit.score, actions=actions)
    lines = [title, *wrap(wording.pick(hit.reason), columns=COLUMNS, indent="    "), f"    {facts}"]
    lines += _values(hit.values, wording)
    policy = wording.say("explain.policy", id=hit.policy, version=hit.version)
    basis = f" · {wording.say('explain.basis', basis=hit.basis)}" if hit.basis else ""
    return [*lines, f"    {policy}{basis}"]


def _values(values: tuple[ReadValue, ...], wording: Wording) -> list[str]:
    """Set each value beside what it was held against."""
    rows = []
    for read in values:
        against = (
            wording.say(
                "explain.against",
                baseline=show_value(read.baseline, unit=read.unit, wording=wording),
            )
            if read.baseline is not None and read.baseline != read.value
            else ""
        )
        rows.append((_title(read, wording), wording.pick(read.shown), against))
    return table(rows, indent="      ", right=frozenset({1}))


def _title(read: ReadValue | Contribution, wording: Wording) -> str:
    """Return what people call a value; in decisions without titles, a feature has only its name."""
    name = read.name
    if read.title.en:
        return wording.pick(read.title)
    if name not in FIELDS:
        return name
    return FIELDS[name].title_zh if wording.language == "zh" else FIELDS[name].title_en


def _models(models: tuple[ModelScore, ...], wording: Wording) -> list[str]:
    if not models:
        return []
    lines = [wording.say("explain.models")]
    for model in models:
        party = wording.say(f"party.{model.party}")
        said = wording.say(
            "explain.model", id=model.model, version=model.version, party=party,
            score=f"{model.score:.4f}",
        )  # fmt: skip
        lines += ["", f"  ● {said}", *_contributions(model.contributions, wording)]
    return lines


def _contributions(contributions: tuple[Contribution, ...], wording: Wording) -> list[str]:
    """Draw what pushed the score up (to the right) and down (to the left)."""
    shown = sorted(contributions, key=lambda one: -abs(one.weight))[:CONTRIBUTIONS_MAX]
    if not shown:
        return []
    full = max(abs(one.weight) for one in shown)
    left = max(width_of(_title(one, wording)) for one in shown)
    values = [show_value(one.value, unit="", wording=wording) for one in shown]
    middle = max(width_of(value) for value in values)
    lines = [f"    {wording.say('explain.contributions')}"]
    for one, value in zip(shown, values, strict=True):
        drawn = bar(abs(one.weight), full=full, columns=BAR_COLUMNS)
        sign = "+" if one.weight >= 0 else "−"
        lines.append(
            f"      {pad(_title(one, wording), left)}  {pad_left(value, middle)}  "
            f"{sign}{abs(one.weight):.3f}  {sign} {drawn}".rstrip()
        )
    return lines


def _measures(decision: Decision, wording: Wording) -> list[str]:
    if not decision.measures:
        return []
    known = {action.code: action.measure for action in ACTIONS}
    rows = [
        (
            show_action(one.action, wording=wording),
            wording.pick(known[one.action]) if one.action in known else one.measure,
            one.basis,
        )
        for one in decision.measures
    ]
    return [wording.say("explain.measures"), *table(rows)]


def _versions(decision: Decision, wording: Wording) -> list[str]:
    return [
        wording.say(
            "explain.versions",
            pack=decision.pack,
            version=decision.pack_version,
            digest=decision.pack_digest[:16],
        )
    ]
