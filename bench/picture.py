"""A drawing of what was measured minute by minute, as SVG written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 860, 190, 80, 34, 46


class Panel(NamedTuple):
    """One diagram: a title with the unit, and lines by name, one value a minute."""

    title: str
    lines: dict[str, Sequence[float]]


_COLOURS = ("#1f5fa8", "#c2512b", "#4a8a3c", "#7a5aa6")


def draw_panels(path: Path, panels: Sequence[Panel], *, title: str) -> Path:
    """Write the panels one below the other; every scale begins at zero."""
    height = _TOP + len(panels) * (_HEIGHT + _GAP)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            'font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for place, panel in enumerate(panels):
        parts += _panel(panel, top=_TOP + 16 + place * (_HEIGHT + _GAP))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*parts, "</svg>\n"]))
    return path


def _panel(panel: Panel, *, top: int) -> list[str]:
    most = max((max(values, default=0) for values in panel.lines.values()), default=0) or 1.0
    minutes = max((len(values) for values in panel.lines.values()), default=1)
    inner, bottom = _WIDTH - _LEFT - 20, top + _HEIGHT - 30
    high = bottom - top
    parts = [f'<text x="{_LEFT}" y="{top - 4}">{escape(panel.title)}</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = bottom - share * high
        parts += [
            f'<line x1="{_LEFT}" x2="{_LEFT + inner}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>',
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{most * share:,.4g}</text>',
        ]
    parts.append(f'<text x="{_LEFT + inner}" y="{bottom + 16}" text-anchor="end">'
                 f"{minutes} minutes</text>")  # fmt: skip
    for place, (name, values) in enumerate(panel.lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        step = inner / max(1, minutes - 1)
        points = " ".join(
            f"{_LEFT + at * step:.1f},{bottom - value / most * high:.1f}"
            for at, value in enumerate(values)
        )
        parts += [
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>',
            (
                f'<text x="{_LEFT + 8 + place * 130}" y="{bottom + 16}" fill="{colour}">'
                f"{escape(name)}</text>"
            ),
        ]
    return parts
