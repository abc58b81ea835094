"""A measurement as tables of words and figures, the same for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from haitang.app.detection.effects import FELT
from haitang.app.detection.intervals import Share
from haitang.app.detection.measuring import PER_CUSTOMERS, Measurement
from haitang.app.detection.stories import Recall
from haitang.app.detection.streams import THE_TABLE
from haitang.edges.cli.texts import TEXTS
from haitang.edges.cli.values import show_action
from haitang.edges.cli.wording import Wording

HEAVIEST = 10
"""Instances that are told; the JSON has them all."""
RECALL_TARGET, VALUE_TARGET = 0.90, 0.95
DISTURBED_TARGET = 5.0
"""What the project set itself: least recall by count and by value, most customers disturbed."""

Row = tuple[str, ...]


class Section(NamedTuple):
    """One table with its heading."""

    name: str
    heads: Row
    rows: Sequence[Row]
    right: frozenset[int]
    """Columns of figures."""


def sections(found: Measurement, *, wording: Wording) -> list[Section]:
    """Lay out everything that was measured."""
    made = [
        _summary(found, wording),
        _recalls("families", found.families, wording),
        _recalls("typologies", found.typologies, wording),
        _actions(found, wording),
        _budgets(found, wording),
        _likenesses(found, wording),
        _burdens(found, wording),
    ]
    return [*made, *([_public(found, wording)] if found.public else [])]


def percent(value: float | None) -> str:
    """Write a share as a percentage."""
    return "—" if value is None else f"{value:.1%}"


def interval(share: Share, write: Callable[[float], str] = percent) -> str:
    """Write the ends of an interval."""
    if share.low is None or share.high is None:
        return "—"
    return f"{write(share.low)} – {write(share.high)}"


def per_10000(value: float) -> str:
    """Write a share of customers a day for 10,000 of them."""
    return f"{value * PER_CUSTOMERS:,.1f}"


def _heads(wording: Wording, *names: str) -> Row:
    return tuple(wording.say(f"measure.column.{name}") for name in names)


def _summary(found: Measurement, wording: Wording) -> Section:
    whole = found.recall
    parts = (
        ("recall", whole.caught, RECALL_TARGET), ("stopped", whole.stopped, None),
        ("seen", whole.seen, None),
        ("value_caught", whole.value_caught, VALUE_TARGET),
        ("value", whole.value, VALUE_TARGET), ("value_to_stop", found.value_to_stop, None),
        ("value_stopped", whole.value_stopped, None),
    )  # fmt: skip
    rows: list[Row] = [
        _figure(name, share, wording, target=target, money=name.startswith("value"))
        for name, share, target in parts
    ]
    for name, share in (
        ("disturbed", found.disturbed),
        ("beside_fraud", found.beside_fraud),
        ("handled", found.handled),
        ("quiet", found.quiet),
        ("quiet_handled", found.quiet_handled),
    ):
        said = ""
        if name in ("disturbed", "quiet"):
            most = DISTURBED_TARGET / PER_CUSTOMERS
            said = _verdict(share, most, wording, word=f"≤ {DISTURBED_TARGET:g}", least=False)
        rows.append(
            (
                wording.say(f"measure.figure.{name}"),
                "—" if share.value is None else per_10000(share.value),
                interval(share, per_10000),
                f"{wording.count(share.part)} / {wording.count(share.whole)}",
                said,
            )
        )
    for name, value in (
        ("alerts", found.alerts_per_day_10000),
        ("cases", found.cases_per_day_10000),
    ):
        rows.append((wording.say(f"measure.figure.{name}"), f"{value:,.1f}", "", "", ""))
    for name, share in (
        ("precision", found.precision),
        ("precision_of_parties", found.precision_of_parties),
        ("precision_felt", found.precision_felt),
    ):
        rows.append(_figure(name, share, wording))
    heads = _heads(wording, "what", "figure", "interval", "counts", "target")
    return Section("summary", heads, rows, frozenset({1, 2, 3}))


def _figure(
    name: str,
    share: Share,
    wording: Wording,
    *,
    target: float | None = None,
    money: bool = False,
) -> Row:
    unit = 100 if money else 1
    counts = f"{wording.count(share.part // unit)} / {wording.count(share.whole // unit)}"
    said = "" if target is None else _verdict(share, target, wording, word=f"≥ {target:.0%}")
    return (
        wording.say(f"measure.figure.{name}"), percent(share.value), interval(share), counts, said
    )  # fmt: skip


def _verdict(
    share: Share, target: float, wording: Wording, *, word: str, least: bool = True
) -> str:
    if share.value is None or share.low is None or share.high is None:
        return word
    sign = 1 if least else -1
    ends = sorted((sign * (share.low - target), sign * (share.high - target)))
    if sign * (share.value - target) >= 0:
        verdict = "reached" if ends[0] >= 0 else "open"
    else:
        verdict = "missed" if ends[1] < 0 else "close"
    return wording.say(f"measure.target.{verdict}", target=word)


def _recalls(name: str, recalls: Sequence[Recall], wording: Wording) -> Section:
    rows = []
    for one in recalls:
        title = wording.say(f"policy.family.{one.group}") if len(one.group) == 1 else ""
        title = title or (one.title_zh if wording.language == "zh" else one.title_en)
        rows.append(
            (one.group, title, f"{one.caught.part}/{one.caught.whole}", percent(one.caught.value),
             interval(one.caught), percent(one.seen.value), wording.count(one.value.whole // 100),
             percent(one.value.value), interval(one.value))
        )  # fmt: skip
    heads = _heads(
        wording, "group", "title", "caught", "recall", "interval", "seen", "at_risk", "value",
        "interval",
    )  # fmt: skip
    return Section(name, heads, rows, frozenset(range(2, 9)))


def _actions(found: Measurement, wording: Wording) -> Section:
    rows = [
        (show_action(name, wording=wording), f"{found.disturbed_by_action[name]:,.2f}")
        for name in FELT
        if name in found.disturbed_by_action
    ]
    return Section("actions", _heads(wording, "action", "per_10000"), rows, frozenset({1}))


def _budgets(found: Measurement, wording: Wording) -> Section:
    rows = [
        (f"{one.alerts_per_10000:g}", str(one.least_score), percent(one.recall),
         percent(one.value_recall), percent(one.precision))
        for one in found.budgets
    ]  # fmt: skip
    heads = _heads(wording, "budget", "score", "recall", "value", "precision")
    return Section("budgets", heads, rows, frozenset(range(5)))


def likeness(name: str, wording: Wording) -> str:
    """Return what people call a likeness; one that has no title yet stands by its name."""
    known = f"measure.likeness.{name}"
    return wording.say(known) if known in TEXTS else name.replace("_", " ")


def _likenesses(found: Measurement, wording: Wording) -> Section:
    rows = [
        (likeness(one.likeness, wording), wording.count(one.events),
         wording.count(one.events_felt), wording.count(one.disturbed.whole),
         percent(one.disturbed.value), interval(one.disturbed), percent(one.handled.value),
         ", ".join(one.instances))
        for one in found.likenesses
    ]  # fmt: skip
    heads = _heads(
        wording, "likeness", "events", "felt", "customers", "disturbed", "interval", "handled",
        "instances",
    )  # fmt: skip
    return Section("likenesses", heads, rows, frozenset(range(1, 7)))


def _burdens(found: Measurement, wording: Wording) -> Section:
    rows = [
        (wording.say("measure.table") if one.instance == THE_TABLE else one.instance,
         one.typology, one.action, wording.count(one.customer_days),
         wording.count(one.customer_days_alone), wording.count(one.stories),
         wording.count(one.stories_alone))
        for one in found.burdens[:HEAVIEST]
    ]  # fmt: skip
    heads = _heads(
        wording, "instance", "group", "action", "customer_days", "alone", "stories",
        "stories_alone",
    )  # fmt: skip
    return Section("burdens", heads, rows, frozenset(range(3, 7)))


def _public(found: Measurement, wording: Wording) -> Section:
    rows = []
    for one in found.public:
        ours = wording.say(
            "measure.public.ours", recall=f"{percent(one.recall.value)} ({interval(one.recall)})",
            precision=f"{percent(one.precision.value)} ({interval(one.precision)})",
            ap=f"{one.average_precision:.3f}", auc=f"{one.area:.3f}",
        )  # fmt: skip
        if one.card_precision is not None:
            ours += wording.say("measure.public.cards", cards=f"{one.card_precision:.3f}")
        rows.append(
            (wording.pick(one.title), f"{wording.count(one.subjects)} ({one.positives})",
             str(one.policies), ours, wording.pick(one.published.others))
        )  # fmt: skip
    heads = _heads(wording, "data_set", "judged", "policies", "figure", "others")
    return Section("public", heads, rows, frozenset({1, 2}))
