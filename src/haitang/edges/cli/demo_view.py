"""The live view of a demo: one screen on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from haitang.app.demoframes import DemoFrame, LatestHit
from haitang.app.wiring import MachineClock
from haitang.decision.engine import RANK
from haitang.edges.cli.columns import bar, cut
from haitang.edges.cli.instants import show_instant
from haitang.edges.cli.values import show_action, show_amount
from haitang.edges.cli.wording import Wording

PLAIN_EVERY_US = 2_000_000
"""Pause between two plain lines."""

BAR_COLUMNS = 12

Show = Callable[[DemoFrame], None]


@contextmanager
def live_view(*, title: str, page: str, wording: Wording) -> Iterator[Show]:
    """Redraw one screen with every frame; what was on the terminal before comes back below it."""
    console = Console(highlight=False)
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def show(frame: DemoFrame) -> None:
            live.update(screen(frame, title=title, page=page, wording=wording), refresh=True)

        yield show


@contextmanager
def plain_view(*, wording: Wording, clock: MachineClock) -> Iterator[Show]:
    """Print one line every two seconds."""
    next_us = clock.elapsed_us() + PLAIN_EVERY_US

    def show(frame: DemoFrame) -> None:
        nonlocal next_us
        if clock.elapsed_us() >= next_us:
            next_us = clock.elapsed_us() + PLAIN_EVERY_US
            click.echo(plain_line(frame, wording=wording))

    yield show


def plain_line(frame: DemoFrame, *, wording: Wording) -> str:
    """Say a frame in one line."""
    stopped = sum(count for action, count in frame.actions.items() if action != "PASS")
    return wording.say(
        "demo.line",
        time=show_instant(frame.bank_us, zone=frame.zone),
        events=wording.count(frame.events),
        rate=wording.count(_rate(frame)),
        acted=wording.count(stopped),
        risk=show_amount(frame.at_risk_minor, currency=frame.currency, wording=wording),
    )


def screen(frame: DemoFrame, *, title: str, page: str, wording: Wording) -> Panel:
    """Draw a frame."""
    grid = Table.grid(padding=(0, 4))
    grid.add_row(_figures(frame, wording=wording), _actions(frame, wording=wording))
    parts: list[RenderableType] = [grid, Text(), _latest(frame, wording=wording)]
    if frame.total:
        progress = Table.grid(expand=True)
        progress.add_row(ProgressBar(total=frame.total, completed=frame.events))
        parts += [Text(), progress]
    parts.append(Text(wording.say("demo.how_to_end", page=page), style="dim"))
    clock = show_instant(frame.bank_us, zone=frame.zone) if frame.events else "—"
    return Panel(Group(*parts), title=f"海塘 Haitang · {title} · {clock}", border_style="cyan")


def _rate(frame: DemoFrame) -> int:
    return round(frame.events / max(frame.elapsed_us / 1e6, 1e-3))


def service_rate(frame: DemoFrame) -> int:
    """Return how many events a second the service answered while it was asked."""
    return round(frame.events / max(frame.service_us / 1e6, 1e-6))


def _figures(frame: DemoFrame, *, wording: Wording) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(justify="right")
    service = service_rate(frame) if frame.events else 0
    money = {
        name: show_amount(amount, currency=frame.currency, wording=wording)
        for name, amount in (("risk", frame.at_risk_minor), ("stopped", frame.stopped_minor))
    }
    rows = (
        ("demo.events", wording.count(frame.events), ""),
        ("demo.rate", wording.count(_rate(frame)), ""),
        ("demo.service_rate", wording.count(service), ""),
        ("demo.at_risk", money["risk"], "bold yellow"),
        ("demo.stopped", money["stopped"], "bold green"),
    )
    for name, value, style in rows:
        table.add_row(wording.say(name), Text(value, style=style))
    return table


def _actions(frame: DemoFrame, *, wording: Wording) -> Table:
    table = Table.grid(padding=(0, 1))
    acted = {name: count for name, count in frame.actions.items() if name != "PASS"}
    full = max(acted.values(), default=1)
    for name in sorted(acted, key=lambda action: -RANK[action]):
        table.add_row(
            Text(show_action(name, wording=wording), style=style_of(name), no_wrap=True),
            Text(wording.count(acted[name]), justify="right"),
            Text(bar(acted[name], full=full, columns=BAR_COLUMNS), style=style_of(name)),
        )
    passed = wording.count(frame.actions.get("PASS", 0))
    table.add_row(Text(show_action("PASS", wording=wording), style="dim"), Text(passed), "")
    return table


def _latest(frame: DemoFrame, *, wording: Wording) -> Table:
    table = Table(
        title=wording.say("demo.latest"),
        title_justify="left",
        box=None,
        expand=True,
        pad_edge=False,
    )
    for name, ratio in (("time", None), ("action", None), ("typology", None), ("reason", 1)):
        table.add_column(wording.say(f"demo.column.{name}"), ratio=ratio, no_wrap=True, style="")
    for hit in reversed(frame.latest):
        table.add_row(*_hit_cells(hit, frame=frame, wording=wording))
    return table


def _hit_cells(hit: LatestHit, *, frame: DemoFrame, wording: Wording) -> tuple[Text, ...]:
    time = show_instant(hit.occurred_at_us, zone=frame.zone)[11:19]
    reason = cut(wording.pick(hit.reason), REASON_COLUMNS)
    return (
        Text(time, style="dim"),
        Text(hit.action, style=style_of(hit.action)),
        Text(hit.typology),
        Text(reason),
    )


REASON_COLUMNS = 160


def style_of(action: str) -> str:
    """Colour an action by its strictness; the code beside it says the same without colour."""
    rank = RANK.get(action, 0)
    if rank >= RANK["HOLD"]:
        return "bold red"
    return "yellow" if rank >= RANK["OTP"] else "cyan"
