"""`haitang demo`: a bank's day, watched."""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import click

from haitang.app.demo import run_demo
from haitang.app.demofeed import DemoFeed
from haitang.app.demoframes import DemoFrame, DemoSummary
from haitang.app.demosources import DemoRequest, lab_pack, open_demo
from haitang.app.settings import Settings
from haitang.app.shipped import BANK, shipped_pack
from haitang.app.wiring import MachineClock
from haitang.edges.cli.demo_page import page_served
from haitang.edges.cli.demo_service import HttpService, service_started
from haitang.edges.cli.demo_view import Show, live_view, plain_line, plain_view, service_rate
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.progress import patience
from haitang.edges.cli.replay import bars
from haitang.edges.cli.stories import story_lines, verdict_line
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.values import show_amount
from haitang.edges.cli.wording import Wording
from haitang.edges.console.page import PageSetting

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
        asked = {name: given.pop(name) for name in ("speed", "port", "stay")}
        request = DemoRequest(data_folder=settings.data_folder, **given)
        return _demo(request, **asked, wording=wording, settings=settings)

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
            click.Option(
                ["--port"],
                type=click.IntRange(0, 65_535),
                default=0,
                metavar="N",
                help=text("port"),
            ),
            click.Option(["--stay"], is_flag=True, help=text("stay")),
        ],
    )


def _demo(
    request: DemoRequest,
    *,
    speed: float | None,
    port: int,
    stay: bool,
    wording: Wording,
    settings: Settings,
) -> int:
    clock = MachineClock()
    feed = DemoFeed()
    click.echo(wording.say("demo.preparing"))
    with ExitStack() as stack:
        # The invented bank takes its time to make, in which the service gets ready.
        demo, pack = None, lab_pack(request)
        if pack is None:
            demo = open_demo(request)
            pack = demo.pack_folder
        started = stack.enter_context(service_started(pack, clock=clock))
        demo = demo or open_demo(request)
        with patience(wording):
            service_port = started.wait_until_ready(clock)
        service = stack.enter_context(closing(HttpService(started, port=service_port, clock=clock)))
        setting = PageSetting(title=demo.title, service_url=service.url)
        page = stack.enter_context(page_served(feed, setting, port=port))
        click.echo(wording.say("demo.page", page=page))
        live = sys.stdout.isatty() and not settings.plain
        if speed is None:
            speed = demo.span_us / 1e6 / READABLE_SECONDS if live else 0.0
        title = wording.pick(demo.title)
        view = _view(live=live, title=title, page=page, wording=wording, clock=clock)
        with view as show:
            summary = run_demo(
                demo,
                service=service,
                decisions=request.decisions,
                speed=speed or None,
                clock=clock,
                show=_both(show, feed),
            )
        lines = summary_lines(summary, request=request, title=title, wording=wording)
        click.echo("\n".join(lines))
        if stay and not summary.interrupted:
            _stay(summary, page=page, service=service, key=started.key, wording=wording)
    if summary.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.SOME_INPUT_REFUSED if summary.refused else ExitCode.DONE


def _view(
    *, live: bool, title: str, page: str, wording: Wording, clock: MachineClock
) -> AbstractContextManager[Show]:
    if live:
        return live_view(title=title, page=page, wording=wording)
    return plain_view(wording=wording, clock=clock)


def _both(show: Show, feed: DemoFeed) -> Show:
    """Show a frame in the terminal and on the page."""

    def shown(frame: DemoFrame) -> None:
        feed.publish(frame)
        show(frame)

    return shown


def _stay(
    summary: DemoSummary, *, page: str, service: HttpService, key: str, wording: Wording
) -> None:
    """Keep everything up until Ctrl-C, which then is how it is meant to end."""
    event_id = "EVENT_ID" if summary.strictest is None else summary.strictest.event_id
    said = wording.say("demo.staying", page=page, service=service.url, key=key, event_id=event_id)
    click.echo(f"\n{said}")
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def summary_lines(
    summary: DemoSummary, *, request: DemoRequest, title: str, wording: Wording
) -> list[str]:
    """Tell how the day went, how the stories ended, and what to try next."""
    say, frame = wording.say, summary.frame
    heading = "demo.interrupted" if summary.interrupted else "demo.ended"
    lines = [say(heading, title=title), "", f"  {plain_line(frame, wording=wording)}"]
    stopped = show_amount(frame.stopped_minor, currency=frame.currency, wording=wording)
    lines.append(f"  {say('demo.stopped_line', amount=stopped)}")
    rate = wording.count(service_rate(frame))
    answer = f"{frame.answer_us / 1_000:.1f}"
    lines.append(f"  {say('demo.service_line', rate=rate, answer=answer)}")
    if frame.degraded:
        lines.append(f"  {say('demo.degraded', count=wording.count(frame.degraded))}")
    if summary.refused or summary.duplicates:
        counts = {"refused": summary.refused, "duplicates": summary.duplicates}
        lines.append(f"  {say('demo.left_out', **counts)}")
        lines += [f"    {line}" for line in summary.first_refusal.splitlines()]
    acted = sorted(frame.actions.items(), key=lambda item: -item[1])
    if acted:
        lines += ["", say("replay.by_action"), *bars(acted, wording=wording)]
    ranked = sorted(summary.typologies.items(), key=lambda item: (-item[1], item[0]))
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
        f"  haitang check {_shown(shipped_pack(BANK))}",
        "  haitang lab stories",
        "  haitang lab generate --out out/lab",
        f"  haitang demo --language {'en' if wording.language == 'zh' else 'zh'}",
    ]
    return lines
