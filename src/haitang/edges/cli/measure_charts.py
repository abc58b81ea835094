"""Charts of a measurement as SVG written by hand: bars with intervals, and one curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from haitang.app.detection.intervals import Share
from haitang.app.detection.ranking import BudgetPoint

WIDTH = 860
ROW = 20
LEFT, TOP, RIGHT = 300, 48, 70
_BAR, _MARK, _GRID, _INK = "#1f5fa8", "#c2512b", "#ddd", "#222"
CURVE_HIGH = 320


def bars(rows: Sequence[tuple[str, Share]], *, title: str, target: float | None = None) -> str:
    """Draw a bar for each share, with its interval as a line over it."""
    inner, height = WIDTH - LEFT - RIGHT, TOP + len(rows) * ROW + 30
    bottom = height - 26
    parts = _frame(height, title)
    parts += _columns(inner, bottom)
    for place, (name, share) in enumerate(rows):
        parts += _bar(name, share, top=TOP + place * ROW, inner=inner)
    if target is not None:
        x = LEFT + target * inner
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="{_MARK}"'
            ' stroke-dasharray="4 3"/>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _bar(name: str, share: Share, *, top: int, inner: int) -> list[str]:
    middle = top + ROW / 2
    label = f'<text x="{LEFT - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(name)}</text>'
    if share.value is None:
        return [label]
    parts = [
        label,
        (
            f'<rect x="{LEFT}" y="{top + 4}" width="{share.value * inner:.1f}"'
            f' height="{ROW - 8}" fill="{_BAR}" fill-opacity="0.55"/>'
        ),
        f'<text x="{LEFT + inner + 8}" y="{middle + 4:.1f}">{share.part}/{share.whole}</text>',
    ]
    if share.low is not None and share.high is not None:
        low, high = LEFT + share.low * inner, LEFT + share.high * inner
        parts.append(
            f'<path d="M{low:.1f} {top + 6}V{top + ROW - 6}M{low:.1f} {middle:.1f}H{high:.1f}'
            f'M{high:.1f} {top + 6}V{top + ROW - 6}" stroke="{_INK}" fill="none"/>'
        )
    return parts


def curve(points: Sequence[BudgetPoint], *, title: str, across: str, names: tuple[str, str]) -> str:
    """Draw value recall and recall over the alert budget, which runs in powers of ten."""
    left, inner = 70, WIDTH - 70 - RIGHT
    height, bottom = TOP + CURVE_HIGH + 60, TOP + CURVE_HIGH
    parts = _frame(height, title)
    if not points:
        return "\n".join([*parts, "</svg>\n"])
    first = math.log10(points[0].alerts_per_10000)
    wide = (math.log10(points[-1].alerts_per_10000) - first) or 1.0

    def x_of(budget: float) -> float:
        return left + (math.log10(budget) - first) / wide * inner

    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = bottom - share * CURVE_HIGH
        parts += [
            f'<line x1="{left}" x2="{left + inner}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>',
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>',
        ]
    for power in range(math.ceil(first - 1e-9), math.floor(first + wide + 1e-9) + 1):
        x = x_of(10.0**power)
        parts += [
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="{_GRID}"/>',
            f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{10.0**power:g}</text>',
        ]
    middle = left + inner / 2
    parts.append(
        f'<text x="{middle:.0f}" y="{bottom + 34}" text-anchor="middle">{escape(across)}</text>'
    )
    lines = (
        (names[0], _BAR, [one.value_recall for one in points]),
        (names[1], _MARK, [one.recall for one in points]),
    )
    for place, (name, colour, values) in enumerate(lines):
        said = " ".join(
            f"{x_of(one.alerts_per_10000):.1f},{bottom - value * CURVE_HIGH:.1f}"
            for one, value in zip(points, values, strict=True)
        )
        parts += [
            f'<polyline points="{said}" fill="none" stroke="{colour}" stroke-width="1.8"/>',
            (
                f'<text x="{left + 10 + place * 220}" y="{bottom + 52}" fill="{colour}">'
                f"{escape(name)}</text>"
            ),
        ]
    return "\n".join([*parts, "</svg>\n"])


def _frame(height: int, title: str) -> list[str]:
    return [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
            f' viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12" role="img">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="16" y="24" font-size="14">{escape(title)}</text>',
    ]


def _columns(inner: int, bottom: int) -> list[str]:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = LEFT + share * inner
        parts += [
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="{_GRID}"/>',
            f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{share:.0%}</text>',
        ]
    return parts
