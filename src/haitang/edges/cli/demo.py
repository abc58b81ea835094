"""`haitang demo`: a bank's day, watched."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from haitang.app.demo import DemoSummary, run_demo
from haitang.app.demosources import DemoRequest, open_demo
from haitang.app.programs import warm_up
from haitang.app.settings import Settings
from haitang.app.shipped import RETAIL, shipped_pack
from haitang.app.wiring import MachineClock
from haitang.edges.cli.demo_view import Show, live_view, plain_line, plain_view
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.progress import patience
from haitang.edges.cli.replay import bars
from haitang.edges.cli.stories import story_lines, verdict_line
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.values import show_amount
from haitang.edges.cli.wording import Wording

READABLE_SECONDS = 75
"""How long the lab day takes on a terminal unless told otherwise."""


class Speed(click.ParamType[float | None]):
    """`flat`, or how many bank seconds pass in a second: `600×`, `600x`, `600`."""

    name = "speed"

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """Return bank seconds per second; 0 is flat out."""
        if isinstance(value, float):
            return value
        text = str(value).strip().lower()
        if text == "flat":
            return 0.0
        try:
            speed = float(text.removesuffix("×").removesuffix("x"))
        except ValueError:
            speed = 0.0
        if not 0.01 <= speed <= 1e9:
            self.fail(self._wording.say("demo.bad_speed", value=value), param, ctx)
        return speed


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `demo` with its texts in one language."""

    def run(**given: Any) -> int:
        speed = given.pop("speed")
        request = DemoRequest(data_folder=settings.data_folder, **given)
        return _demo(request, speed=speed, wording=wording, settings=settings)

    def text(name: str) -> str:
        return wording.say(f"demo.option.{name}")

    path = click.Path(path_type=Path)
    return TaughtCommand(
        "demo",
        wording=wording,
        callback=run,
        params=[
            click.Option(["--events"], type=path, metavar="FILE", help=text("events")),
            click.Option(["--dataset", "data_set"], metavar="NAME", help=text("dataset")),
            click.Option(["--pack"], type=path, metavar="DIR", help=text("pack")),
            click.Option(["--speed"], type=Speed(wording), metavar="flat|N×", help=text("speed")),
            click.Option(
                ["--seed"],
                type=click.IntRange(0, 2**32 - 1),
                default=DemoRequest().seed,
                metavar="N",
                help=text("seed"),
            ),
            click.Option(
                ["--decisions"],
                type=path,
                default=DemoRequest().decisions,
                metavar="FILE",
                help=text("decisions"),
            ),
        ],
    )


def _demo(
    request: DemoRequest, *, speed: float | None, wording: Wording, settings: Settings
) -> int:
    clock = MachineClock()
    click.echo(wording.say("demo.preparing"))
    demo = open_demo(request)
    with patience(wording):
        warm_up(demo.opened.program)
    title = wording.pick(demo.title)
    live = sys.stdout.isatty() and not settings.plain
    if speed is None:
        speed = demo.span_us / 1e6 / READABLE_SECONDS if live else 0.0
    view: AbstractContextManager[Show]
    if live:
        view = live_view(title=title, wording=wording)
    else:
        view = plain_view(wording=wording, clock=clock)
    with view as show:
        summary = run_demo(
            demo, decisions=request.decisions, speed=speed or None, clock=clock, show=show
        )
    click.echo("\n".join(summary_lines(summary, request=request, title=title, wording=wording)))
    if summary.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.SOME_INPUT_REFUSED if summary.refused else ExitCode.DONE


def summary_lines(
    summary: DemoSummary, *, request: DemoRequest, title: str, wording: Wording
) -> list[str]:
    """Tell how the day went, how the stories ended, and what to try next."""
    say, frame = wording.say, summary.frame
    heading = "demo.interrupted" if summary.interrupted else "demo.ended"
    lines = [say(heading, title=title), "", f"  {plain_line(frame, wording=wording)}"]
    stopped = show_amount(frame.stopped_minor, currency=frame.currency, wording=wording)
    lines.append(f"  {say('demo.stopped_line', amount=stopped)}")
    engine = round(frame.events / max(frame.evaluate_us / 1e6, 1e-6))
    lines.append(f"  {say('demo.engine_line', rate=wording.count(engine))}")
    if summary.refused or summary.duplicates:
        counts = {"refused": summary.refused, "duplicates": summary.duplicates}
        lines.append(f"  {say('demo.left_out', **counts)}")
    acted = [(name, count) for name, count in summary.tally.actions.most_common()]
    if acted:
        lines += ["", say("replay.by_action"), *bars(acted, wording=wording)]
    ranked = sorted(summary.tally.typologies.items(), key=lambda item: (-item[1], item[0]))
    if ranked:
        lines += ["", say("replay.by_typology"), *bars(ranked[:TYPOLOGIES_SHOWN], wording=wording)]
    if summary.stories and not summary.interrupted:
        lines += ["", say("demo.stories"), ""]
        for report in summary.stories:
            lines += [*story_lines(report, wording=wording, brief=True), ""]
        lines.append(verdict_line(list(summary.stories), wording=wording))
    return [*lines, "", *_next(summary, request=request, wording=wording)]


TYPOLOGIES_SHOWN = 12


def _shown(path: Path) -> Path:
    """Return a path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _next(summary: DemoSummary, *, request: DemoRequest, wording: Wording) -> list[str]:
    say = wording.say
    lines = [say("demo.next")]
    if summary.strictest is not None:
        event_id = summary.strictest.event_id
        lines.append(f"  haitang explain {request.decisions} {event_id}")
    lines += [
        f"  haitang check {_shown(shipped_pack(RETAIL))}",
        "  haitang lab stories",
        "  haitang lab generate --out out/lab",
        f"  haitang demo --language {'en' if wording.language == 'zh' else 'zh'}",
    ]
    return lines
