"""The live page of the demo: the whole document, and its regions that change with every frame."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

import msgspec

from haitang.app.demofeed import Shown
from haitang.app.demoframes import STOPPING, DemoFrame, LatestHit, StoryProgress
from haitang.data.features.specs import TextPair
from haitang.decision.engine import ACTIONS, RANK
from haitang.edges.console import chart, numbers
from haitang.edges.console.texts import HTML_LANGUAGE, Language, say

STATIC = Path(__file__).parent / "static"

_DOCUMENT = Template((STATIC / "page.html").read_text(encoding="utf-8"))
_HELD = RANK["HOLD"]
_TITLES = {action.code: action.title for action in ACTIONS}


class PageSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What stays the same on a page while the demo runs."""

    title: TextPair
    """What is shown: the lab bank, a data set, a file."""
    service_url: str = ""
    """Where the service answers; empty when nobody is to be sent there."""


def document(setting: PageSetting, shown: Shown, *, language: Language) -> str:
    """Return the whole page as it stands now; it tells the same without a script."""
    other: Language = "en" if language == "zh" else "zh"
    regions = regions_of(shown, language=language)
    words = {name.replace(".", "_"): escape(say(language, name)) for name in _WORDS}
    return _DOCUMENT.substitute(
        words,
        language_code=HTML_LANGUAGE[language],
        language_own="简体中文" if language == "zh" else "English",
        other=other,
        other_code=HTML_LANGUAGE[other],
        other_own="简体中文" if other == "zh" else "English",
        stream=f"/stream?language={language}",
        what_is_shown=escape(_pick(setting.title, language)),
        legend=chart.legend(language),
        links=_links(setting),
        **{f"region_{name}": html for name, html in regions.items()},
    )


_WORDS = (
    "title", "name", "what", "skip", "language", "pause", "resume", "lost", "figures",
    "throughput", "interventions", "by_action", "stories", "latest", "service", "invented",
    "how_to_end",
)  # fmt: skip


def regions_of(shown: Shown, *, language: Language) -> dict[str, str]:
    """Return the HTML of every region that changes, by the id of its element."""
    frame = shown.frame
    if frame is None:
        waiting = f'<p class="quiet">{escape(say(language, "waiting"))}</p>'
        return {**dict.fromkeys(REGIONS, ""), "when": _phase("waiting", language), "hits": waiting}
    ended = has_ended(frame)
    return {
        "when": _when(frame, language=language),
        "figures": _figures(frame, shown, language=language),
        "throughput": chart.throughput_chart(shown.samples, language=language, ended=ended),
        "interventions": chart.interventions_chart(shown.samples, language=language, ended=ended),
        "actions": _actions(frame, language=language),
        "stories": "".join(_story(story, language=language) for story in frame.stories),
        "hits": _hits(frame, language=language),
    }


REGIONS = ("when", "figures", "throughput", "interventions", "actions", "stories", "hits")


def has_ended(frame: DemoFrame) -> bool:
    """Tell whether no other frame follows."""
    return frame.phase in ("ended", "interrupted")


def spoken(frame: DemoFrame, *, language: Language) -> str:
    """Say a frame in one sentence, for those who listen."""
    amounts = {
        "risk": _money(frame.at_risk_minor, frame, language),
        "stopped": _money(frame.stopped_minor, frame, language),
    }
    said = say(
        language,
        "said",
        clock=numbers.clock(frame.bank_us, zone=frame.zone, language=language),
        events=numbers.count(frame.events),
        acted=numbers.count(_acted(frame)),
        **amounts,
    )
    return say(language, "said.ended", figures=said) if has_ended(frame) else said


def _pick(pair: TextPair, language: Language) -> str:
    chosen, other = (pair.zh, pair.en) if language == "zh" else (pair.en, pair.zh)
    return chosen or other


def _money(amount_minor: int, frame: DemoFrame, language: Language) -> str:
    return numbers.money(amount_minor, currency=frame.currency, language=language)


def _acted(frame: DemoFrame) -> int:
    return sum(count for action, count in frame.actions.items() if action != "PASS")


def kind_of(action: str) -> str:
    """Return the kind of an action, which chooses its look: passed, asked, delayed or stopped."""
    rank = RANK.get(action, 0)
    if rank >= _HELD:
        return "stopped"
    return "delayed" if rank >= STOPPING else "asked" if rank else "passed"


def _links(setting: PageSetting) -> str:
    if not setting.service_url:
        return ""
    places = ("/docs", "/openapi.json", "/metrics", "/readyz")
    return " · ".join(
        f'<a href="{escape(setting.service_url + place)}">{place}</a>' for place in places
    )


def _phase(name: str, language: Language) -> str:
    return f'<span class="phase {name}">{escape(say(language, f"phase.{name}"))}</span>'


def _when(frame: DemoFrame, *, language: Language) -> str:
    done = numbers.count(frame.events)
    parts = [_phase(frame.phase, language)]
    if frame.events:
        moment = numbers.clock(frame.bank_us, zone=frame.zone, language=language)
        parts.append(f'<span class="clock">{escape(moment)}</span>')
    if frame.total:
        said = say(language, "progress", events=done, total=numbers.count(frame.total))
        parts.append(
            f'<progress max="{frame.total}" value="{frame.events}" aria-label="{escape(said)}">'
            f'</progress><span class="done">{escape(said)}</span>'
        )
    else:
        said = say(language, "progress.open", events=done)
        parts.append(f'<span class="done">{escape(said)}</span>')
    return "".join(parts)


def _figures(frame: DemoFrame, shown: Shown, *, language: Language) -> str:
    answer = say(language, "milliseconds", value=numbers.milliseconds(frame.answer_us))
    kept = numbers.share(frame.stopped_minor, frame.at_risk_minor)
    acted = _acted(frame)
    so_far = say(language, "so_far", events=numbers.count(frame.events))
    of_events = say(language, "of_events", share=numbers.share(acted, frame.events))
    cells = (
        ("rate", numbers.count(_rate(frame, shown)), so_far),
        ("answer", answer if frame.answer_us else "—", say(language, "median")),
        ("acted", numbers.count(acted), of_events),
        ("at_risk", _money(frame.at_risk_minor, frame, language), say(language, "requested")),
        (
            "stopped",
            _money(frame.stopped_minor, frame, language),
            say(language, "share", share=kept),
        ),
    )
    return "".join(
        f'<div class="figure {name}"><dt>{escape(say(language, name))}</dt>'
        f"<dd>{escape(value)} <small>{escape(note)}</small></dd></div>"
        for name, value, note in cells
    )


def _rate(frame: DemoFrame, shown: Shown) -> int:
    """Return the events a second at present, or over the whole run when it is over."""
    if shown.samples and not has_ended(frame):
        return round(chart.rate_at(shown.samples, len(shown.samples) - 1))
    return round(frame.events / max(frame.elapsed_us / 1e6, 1e-3))


def _actions(frame: DemoFrame, *, language: Language) -> str:
    acted = {name: count for name, count in frame.actions.items() if name != "PASS"}
    full = max(acted.values(), default=1)
    rows = [
        f'<tr><th scope="row">{_badge(name)} {escape(_title(name, language))}</th>'
        f'<td class="number">{numbers.count(acted[name])}</td>'
        f"<td>{chart.bar(acted[name], full=full, kind=kind_of(name))}</td></tr>"
        for name in sorted(acted, key=lambda action: -RANK.get(action, 0))
    ]
    passed = frame.actions.get("PASS", 0)
    rows.append(
        '<tr class="quiet"><th scope="row">'
        f"{_badge('PASS')} {escape(_title('PASS', language))}</th>"
        f'<td class="number">{numbers.count(passed)}</td><td></td></tr>'
    )
    head = "".join(
        f'<th scope="col">{escape(say(language, name))}</th>' for name in ("action", "count")
    )
    return (
        f'<table class="actions"><thead class="unseen"><tr>{head}<td></td></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _title(action: str, language: Language) -> str:
    return _pick(_TITLES[action], language) if action in _TITLES else ""


def _badge(action: str) -> str:
    return f'<span class="badge {kind_of(action)}">{escape(action)}</span>'


def _story(story: StoryProgress, *, language: Language) -> str:
    steps = "".join(_step(action, language=language) for action in story.steps)
    done = sum(1 for action in story.steps if action)
    said = [
        say(language, "steps", done=done, all=len(story.steps)),
        say(language, "criteria", met=story.met, checkable=story.checkable),
    ]
    if done == len(story.steps) and story.waiting:
        said.append(say(language, "criteria.waiting", waiting=story.waiting))
    return (
        f'<article class="story"><h3><span class="quiet">{escape(story.id)}</span> '
        f"{escape(_pick(story.title, language))}</h3>"
        f'<ol class="steps">{steps}</ol><p>{escape(" · ".join(said))}</p></article>'
    )


def _step(action: str, *, language: Language) -> str:
    if not action:
        return (
            f'<li class="step open"><span class="unseen">{say(language, "step.open")}</span></li>'
        )
    return f'<li class="step {kind_of(action)}">{escape(action)}</li>'


def _hits(frame: DemoFrame, *, language: Language) -> str:
    if not frame.latest:
        return f'<p class="quiet">{escape(say(language, "none_yet"))}</p>'
    heads = "".join(
        f'<th scope="col">{escape(say(language, name))}</th>'
        for name in ("time", "action", "typology", "amount", "reason")
    )
    rows = "".join(_hit(hit, frame, language) for hit in reversed(frame.latest))
    return f'<table class="hits"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _hit(hit: LatestHit, frame: DemoFrame, language: Language) -> str:
    moment = numbers.time_of_day(hit.occurred_at_us, zone=frame.zone)
    amount = "" if hit.amount_minor is None else _money(hit.amount_minor, frame, language)
    return (
        f'<tr><td class="time">{moment}</td>'
        f'<td>{_badge(hit.action)} <span class="unseen">{escape(_title(hit.action, language))}'
        f'</span></td><td class="typology">{escape(hit.typology)}</td>'
        f'<td class="number">{escape(amount)}</td>'
        f'<td class="reason">{escape(_pick(hit.reason, language))}</td></tr>'
    )


def changed(regions: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    """Return the regions that differ from what a reader has."""
    return {name: html for name, html in regions.items() if sent.get(name) != html}
