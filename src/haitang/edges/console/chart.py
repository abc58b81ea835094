"""Charts as SVG shapes; the words around them are HTML, so that they stay readable at any width.

Shapes are drawn on a field of 1000 × 300 that is stretched to its place. What colours say is said
again by patterns and by the words of the legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from haitang.app.demofeed import SAMPLE_EVERY_US, Sample
from haitang.edges.console import numbers
from haitang.edges.console.texts import Language, say

WIDTH, HEIGHT = 1000, 300
SPAN_SECONDS_MIN = 30
"""A chart never shows less; it fills from the right."""

BINS_MAX = 60

RATE_SAMPLES = 4
"""Points over which a rate is taken, two seconds: a shorter one shows how requests are cut."""

KINDS = (("stopped", "held"), ("delayed", "delayed"), ("asked", "asked"))
"""Kinds of actions, the strictest at the bottom, and the text of each."""


def nice_top(value: float) -> int:
    """Return the next number of the row 1, 2, 5, 10, 20, 50 and so on."""
    top = 1
    while top < value:
        top = top * 5 // 2 if str(top)[0] == "2" else top * 2
    return top


def rate_at(samples: Sequence[Sample], place: int) -> float:
    """Return the events per second up to one sample, over the latest `RATE_SAMPLES`."""
    latest = samples[max(0, place + 1 - RATE_SAMPLES) : place + 1]
    span_us = sum(sample.span_us for sample in latest)
    return sum(sample.events for sample in latest) * 1e6 / max(span_us, 1)


def throughput_chart(samples: Sequence[Sample], *, language: Language, ended: bool) -> str:
    """Draw events per second over time."""
    rates = [rate_at(samples, place) for place in range(len(samples))]
    top = nice_top(max(rates, default=1))
    span_s = _span_s(samples)
    points = [
        (WIDTH * (1 - ago / span_s), HEIGHT * (1 - rate / top))
        for ago, rate in zip(_ages_s(samples), rates, strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    shapes = ""
    if points:
        shapes = (
            f'<polygon class="area" points="{points[0][0]:.1f},{HEIGHT} {line} '
            f'{points[-1][0]:.1f},{HEIGHT}"/><polyline class="line" points="{line}"/>'
        )
    said = say(
        language,
        "throughput.said",
        seconds=round(span_s),
        now=numbers.count(round(rates[-1] if rates else 0)),
        most=numbers.count(round(max(rates, default=0))),
    )
    axis = _axis(span_s, "", language=language, ended=ended)
    return _framed(shapes, top=top, said=said, axis=axis)


def interventions_chart(samples: Sequence[Sample], *, language: Language, ended: bool) -> str:
    """Draw actions other than passing over time, stacked by kind, in at most `BINS_MAX` bars."""
    span_s = _span_s(samples)
    bin_s = bin_seconds(samples)
    bins: dict[int, dict[str, int]] = {}
    for sample, ago in zip(samples, _ages_s(samples), strict=True):
        counts = bins.setdefault(
            int(ago // bin_s), dict.fromkeys(("stopped", "delayed", "asked"), 0)
        )
        counts["stopped"] += sample.stopped
        counts["delayed"] += sample.delayed
        counts["asked"] += sample.asked
    top = nice_top(max((sum(counts.values()) for counts in bins.values()), default=1))
    width = WIDTH * bin_s / span_s
    shapes = []
    for place, counts in sorted(bins.items()):
        x = WIDTH - (place + 1) * width
        below = 0
        for kind, _ in KINDS:
            if counts[kind]:
                high = HEIGHT * counts[kind] / top
                y = HEIGHT - HEIGHT * below / top - high
                shapes.append(
                    f'<rect class="{kind}" x="{x + width * 0.1:.1f}" y="{y:.1f}" '
                    f'width="{width * 0.8:.1f}" height="{high:.1f}"/>'
                )
                below += counts[kind]
    totals = {kind: sum(getattr(sample, kind) for sample in samples) for kind, _ in KINDS}
    said = say(language, "actions.said", seconds=round(span_s), **totals)
    bar_said = say(language, "bar", seconds=f"{bin_s:g}")
    axis = _axis(span_s, bar_said, language=language, ended=ended)
    return _framed("".join(shapes), top=top, said=said, axis=axis)


def bin_seconds(samples: Sequence[Sample]) -> float:
    """Return how many seconds a bar stands for, a whole number of samples."""
    sample_s = SAMPLE_EVERY_US / 1e6
    return sample_s * max(2, -(-round(_span_s(samples) / sample_s) // BINS_MAX))


def legend(language: Language) -> str:
    """Name the kinds of actions beside a swatch of each."""
    entries = "".join(
        f'<li><svg class="swatch" viewBox="0 0 20 20" aria-hidden="true">'
        f'<rect class="{kind}" width="20" height="20"/></svg>{escape(say(language, text))}</li>'
        for kind, text in KINDS
    )
    return f'<ul class="legend">{entries}</ul>'


def bar(value: int, *, full: int, kind: str) -> str:
    """Draw a bar of one row of a table; anything above zero shows."""
    width = max(1.0, 100 * value / full) if value and full else 0.0
    return (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{kind}" width="{width:.1f}" height="10"/></svg>'
    )


def _framed(shapes: str, *, top: int, said: str, axis: str) -> str:
    lines = "".join(
        f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>' for y in (0, HEIGHT // 2)
    )
    middle = numbers.count(top // 2) if top % 2 == 0 else ""
    return (
        f'<div class="plot"><div class="scale" aria-hidden="true"><span>{numbers.count(top)}</span>'
        f"<span>{middle}</span><span>0</span></div>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(said)}">{lines}{shapes}</svg>{axis}</div>'
    )


def _axis(span_s: float, middle: str, *, language: Language, ended: bool) -> str:
    ago = say(language, "ago", seconds=round(span_s))
    last = say(language, "end" if ended else "now")
    words = "".join(f"<span>{escape(word)}</span>" for word in (ago, middle, last))
    return f'<div class="span" aria-hidden="true">{words}</div>'


def _ages_s(samples: Sequence[Sample]) -> list[float]:
    """Return how long before the newest each sample was, without the pauses of a clock."""
    if not samples:
        return []
    last_us = samples[-1].elapsed_us
    return [(last_us - sample.elapsed_us) / 1e6 for sample in samples]


def _span_s(samples: Sequence[Sample]) -> float:
    ages = _ages_s(samples)
    assert all(older >= newer for older, newer in pairwise(ages))
    return max(SPAN_SECONDS_MIN, *ages[:1]) if ages else SPAN_SECONDS_MIN
