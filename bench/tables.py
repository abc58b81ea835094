"""Bars and what was measured against them, as one plain table; shared by all benchmarks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.measures import Measured

EXIT_MISSED = 4


class Bar(NamedTuple):
    """What a figure has to reach and what it should; a bar of None is only stated."""

    title: str
    figure: str
    """Part and figure, `engine.events_per_second_cpu`."""
    bar: float | None
    aim: float
    unit: str = ""
    more: bool = True
    """More is better."""


def judged(bar: Bar, medians: Mapping[str, Measured]) -> Measured:
    """Hold one figure against its bar and its aim; what was not measured has not met it."""
    part, _, figure = bar.figure.partition(".")
    value: float | None = medians.get(part, {}).get(figure)

    def reached(goal: float) -> bool:
        if value is None:
            return False
        return value >= goal if bar.more else value <= goal

    return {
        "what": bar.title,
        "bar": bar.bar,
        "aim": bar.aim,
        "measured": value,
        "unit": bar.unit,
        "met": value is not None and (bar.bar is None or reached(bar.bar)),
        "aim_reached": reached(bar.aim),
    }


def draw(report: Measured, *, note: str) -> None:
    """Print what, bar, aim, measured and whether it was reached; below it machine and note."""
    print_line("")
    print_line(f"{'what':<46}{'bar':>12}{'aim':>12}{'measured':>14}")
    for row in report["table"]:
        verdict = "aim reached" if row["aim_reached"] else ("" if row["met"] else "BAR MISSED")
        bar = "stated" if row["bar"] is None else figure(row["bar"], row["unit"])
        aim, found = (figure(row[name], row["unit"]) for name in ("aim", "measured"))
        print_line(f"{row['what']:<46}{bar:>12}{aim:>12}{found:>14}  {verdict}")
    about = report["machine"]
    print_line("")
    print_line(
        f"{about['processor']}, {about['cores']} cores, Python {about['python']}, "
        f"numba {about['numba']}; load {about['load_average_1m']:.1f} at the start, "
        f"{report['load_average_1m_at_end']:.1f} at the end"
    )
    print_line(note)


def report_frame(
    *, bars: Sequence[Bar], medians: Mapping[str, Measured], started: Measured, quick: bool
) -> Measured:
    """Return the frame of a report: machine, table and whether every bar was met."""
    rows = [judged(bar, medians) for bar in bars]
    return {
        "quick": quick,
        "machine": started,
        "load_average_1m_at_end": os.getloadavg()[0],
        "bars_met": all(row["met"] for row in rows),
        "table": rows,
    }


def write_json(path: Path, report: Measured) -> None:
    """Write all figures, with the folder that the file is to lie in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def figure(value: float | None, unit: str) -> str:
    """Show a figure with as many digits as mean something."""
    if value is None:
        return "not measured"
    shown = f"{value:,.0f}" if value >= 1_000 or value == int(value) else f"{value:,.2f}"
    return f"{shown} {unit}".rstrip() if unit != "×" else f"{shown}{unit}"


def say(text: str) -> None:
    """Tell progress: to standard error, at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def print_line(text: str) -> None:
    """Write one line of the result."""
    sys.stdout.write(f"{text}\n")
