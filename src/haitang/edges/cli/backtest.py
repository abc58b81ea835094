"""`haitang backtest`: what a pack would have meant, before anything is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from haitang.app.backtest.running import BacktestRequest, Report, backtest
from haitang.app.settings import Settings
from haitang.app.wiring import Replacement, write_json
from haitang.decision.batch.lines import Line
from haitang.decision.batch.measures import MINUTES_PER_ALERT, Measures
from haitang.decision.batch.sweeping import Sweep, read_sweep
from haitang.edges.cli.backtest_chart import draw_sweeps
from haitang.edges.cli.columns import table
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.progress import patience
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.values import show_value
from haitang.edges.cli.wording import Wording

KEEP = Path(".haitang-backtest")
NAMES_SHOWN = 12
TOLD_EVENTS = 500_000
_PATH = click.Path(path_type=Path)


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `backtest` with its texts in one language."""
    del settings

    def run(pack: Path, chart: Path | None, json: Path | None, **given: Any) -> int:
        sweeps = tuple(read_sweep(one) for one in given.pop("sweep"))
        request = BacktestRequest(
            pack=pack, sweeps=sweeps, minutes_per_alert=given.pop("minutes"), **given
        )
        with patience(wording):
            report = backtest(request, progressed=_telling(wording))
        if chart is not None:
            with Replacement(chart) as file:
                file.write(draw_sweeps(report.sweeps, wording=wording).encode())
        if json is not None and str(json) == "-":
            click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
            return ExitCode.DONE
        if json is not None:
            write_json(json, report)
        click.echo("\n".join(report_lines(report, wording=wording)))
        return ExitCode.DONE

    def option(name: str, **more: object) -> click.Option:
        key = name.strip("-")
        return click.Option([name], help=wording.say(f"backtest.option.{key}"), **more)  # type: ignore[arg-type]

    return TaughtCommand(
        "backtest",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["pack"], type=_PATH, metavar="PACK"),
            option("--events", type=_PATH, metavar="FILE", required=True),
            option("--labels", type=_PATH, metavar="FILE"),
            option("--mapping", type=_PATH, metavar="FILE"),
            option("--keep", type=_PATH, metavar="DIR", default=KEEP, show_default=True),
            option("--minutes", type=click.FloatRange(0.0, 480.0), default=MINUTES_PER_ALERT,
                   show_default=True),
            option("--live", multiple=True, metavar="POLICY"),
            option("--near", multiple=True, metavar="POLICY"),
            option("--sweep", multiple=True, metavar="SPEC"),
            option("--chart", type=_PATH, metavar="FILE"),
            option("--json", type=_PATH, metavar="FILE"),
        ],
    )  # fmt: skip


def report_lines(report: Report, *, wording: Wording) -> list[str]:
    """Lay a report out for the terminal, before beside after where both are known."""
    say, count = wording.say, wording.count
    lines = [
        say("backtest.title", pack=report.pack, version=report.pack_version,
            events=count(report.events), days=f"{report.after.days:.0f}",
            customers=count(report.after.customers)),
        say(f"backtest.way.{report.way}",
            reason=say(f"backtest.reason.{report.reason}") if report.reason else "",
            changed=count(len(report.changed)), affected=count(report.events_affected)),
    ]  # fmt: skip
    lines += _remarks(report, wording)
    lines.append("")
    columns = [] if report.before is None else [report.before]
    heads = ["", *([say("backtest.column.before")] if columns else []), say("backtest.column.now")]
    rows = [tuple(heads)]
    for name in ("alerts", "disturbed", "person", "hours", "stopped", "precision", "recall",
                 "value"):  # fmt: skip
        cells = [_measure(name, one, wording) for one in (*columns, report.after)]
        if any(cells):
            rows.append((say(f"backtest.row.{name}"), *cells))
    lines += table(rows, right=frozenset(range(1, len(heads))))
    for name in ("channel", "segment", "action"):
        found: dict[str, int] = getattr(report.after, f"by_{name}")
        if found:
            said = "  ".join(f"{key} {count(value)}" for key, value in found.items())
            lines += [f"  {say(f'backtest.by.{name}')}: {said}"]
    if report.after.by_typology:
        lines += ["", *_typologies(report.after, wording)]
    most = sorted(report.hits.items(), key=lambda pair: -pair[1])[:NAMES_SHOWN]
    if most:
        lines += ["", say("backtest.hits"), *table([(name, count(hits)) for name, hits in most],
                                                   right=frozenset({1}))]  # fmt: skip
    if report.samples:
        rows = [(one.event_id, one.before, "→", one.after) for one in report.samples]
        lines += ["", say("backtest.samples"), *table(rows)]
    for line in report.lines:
        lines += ["", *_line(line, wording)]
    for sweep in report.sweeps:
        lines += ["", *_sweep(sweep, wording)]
    return lines


def _remarks(report: Report, wording: Wording) -> list[str]:
    say, count = wording.say, wording.count
    told = [
        (report.tried_live, say("backtest.tried_live", policies=", ".join(report.tried_live))),
        (report.refused, say("backtest.refused", rows=count(report.refused))),
        (report.duplicates, say("backtest.duplicates", rows=count(report.duplicates))),
    ]
    return [text for wanted, text in told if wanted]


def _measure(name: str, found: Measures, wording: Wording) -> str:
    match name:
        case "alerts":
            return f"{found.alerts_per_day:,.1f}"
        case "disturbed":
            return f"{found.disturbed_per_10000_a_day:.1f}"
        case "person":
            return wording.count(found.person_alerts)
        case "hours":
            return f"{found.analyst_hours_per_day:.1f}"
        case "stopped":
            return show_value(float(found.money_stopped_minor), unit="money", wording=wording)
        case "precision":
            return _share(found.precision)
        case "recall":
            return _share(found.recall)
        case _:
            return _share(found.value_recall)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _typologies(found: Measures, wording: Wording) -> list[str]:
    heads = ("typology", "stories", "caught", "value")
    rows = [tuple(wording.say(f"backtest.column.{head}") for head in heads)]
    rows += [
        (name, str(one.stories), str(one.caught),
         f"{one.value_stopped_minor / one.value_minor:.0%}" if one.value_minor else "—")
        for name, one in found.by_typology.items()
    ]  # fmt: skip
    return table(rows, right=frozenset({1, 2, 3}))


def _sweep(sweep: Sweep, wording: Wording) -> list[str]:
    heads = ("value", "hits", "customers", "stories")
    rows = [tuple(wording.say(f"backtest.column.{head}") for head in ("at", *heads[1:]))]
    rows += [
        (f"{point.value:g}", wording.count(point.hits), f"{point.customers_per_day:,.1f}",
         "—" if point.stories is None else wording.count(point.stories))
        for point in sweep.points
    ]  # fmt: skip
    title = f"{sweep.policy}.{sweep.parameter} ({sweep.unit})"
    return [title, *table(rows, right=frozenset({0, 1, 2, 3}))]


def _line(line: Line, wording: Wording) -> list[str]:
    lines = [wording.say("backtest.line", instance=line.instance)]
    for side in (line.above, *line.below):
        key = "below" if side.condition else "above"
        said = wording.say(f"backtest.{key}", condition=side.condition,
                           events=wording.count(side.events))  # fmt: skip
        if side.labelled is not None:
            said += wording.say("backtest.labelled", events=wording.count(side.labelled))
        lines.append(f"  {said}")
        rows = [
            (one.event_id, one.typology,
             "  ".join(f"{name} {show_value(value, unit=line.units.get(name, ''), wording=wording)}"
                       for name, value in one.values.items()))
            for one in side.samples
        ]  # fmt: skip
        lines += [f"    {row}" for row in table(rows)] if rows else []
    return lines


def _telling(wording: Wording) -> Callable[[int], None]:
    told = 0

    def progressed(events: int) -> None:
        nonlocal told
        if events - told >= TOLD_EVENTS:
            told = events
            click.echo(wording.say("policy.progress", events=wording.count(events)), err=True)

    return progressed
