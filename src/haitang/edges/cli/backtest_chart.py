"""Curves of a sweep, drawn as SVG: what a threshold catches against what it costs."""

from __future__ import annotations

from html import escape

from haitang.decision.batch.sweeping import Sweep
from haitang.edges.cli.wording import Wording

WIDTH, HEIGHT, LEFT, TOP, GAP = 760, 260, 80, 40, 60
_COLOURS = ("#1f5fa8", "#c2512b", "#4a8a3c")


def draw_sweeps(sweeps: tuple[Sweep, ...], *, wording: Wording) -> str:
    """Return one panel for each sweep; each line has a scale of its own, told beside its name."""
    height = TOP + len(sweeps) * (HEIGHT + GAP)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            'font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    for place, sweep in enumerate(sweeps):
        parts += _panel(sweep, TOP + place * (HEIGHT + GAP), wording)
    return "\n".join([*parts, "</svg>\n"])


def _panel(sweep: Sweep, top: int, wording: Wording) -> list[str]:
    lines = {"hits": [float(point.hits) for point in sweep.points],
             "customers": [point.customers_per_day for point in sweep.points]}  # fmt: skip
    if sweep.points[0].stories is not None:
        lines["stories"] = [float(point.stories or 0) for point in sweep.points]
    inner, bottom = WIDTH - LEFT - 20, top + HEIGHT - 40
    high = bottom - top - 30
    title = f"{sweep.policy}.{sweep.parameter} ({sweep.unit})"
    first, last = sweep.points[0].value, sweep.points[-1].value
    parts = [
        f'<text x="{LEFT}" y="{top}" font-size="14">{escape(title)}</text>',
        f'<line x1="{LEFT}" x2="{LEFT + inner}" y1="{bottom}" y2="{bottom}" stroke="#888"/>',
        f'<text x="{LEFT}" y="{bottom + 16}">{first:g}</text>',
        f'<text x="{LEFT + inner}" y="{bottom + 16}" text-anchor="end">{last:g}</text>',
    ]
    for number, (name, values) in enumerate(lines.items()):
        most = max(values) or 1.0
        points = " ".join(
            f"{LEFT + (point.value - first) / (last - first) * inner:.1f},"
            f"{bottom - value / most * high:.1f}"
            for point, value in zip(sweep.points, values, strict=True)
        )
        colour = _COLOURS[number]
        said = wording.say(f"backtest.line.{name}", most=f"{most:,.4g}")
        parts += [
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<text x="{LEFT + number * 210}" y="{top + 18}" fill="{colour}">{escape(said)}</text>',
        ]
    return parts
