"""`haitang replay`: a file of events in, decisions out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from haitang.app.replay import (
    BLOCK_DEFAULT,
    BLOCK_MAX,
    ReplayRequest,
    ReplaySummary,
    Watcher,
    replay,
)
from haitang.app.settings import Settings
from haitang.app.wiring import MachineClock, RefusedLine
from haitang.edges.cli.columns import bar, pad, pad_left, width_of
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.progress import following, patience
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording

REFUSED_SHOWN_MAX = 20
"""Refused lines printed one by one; the rest is counted, `--bad-lines` keeps all."""

BAR_COLUMNS = 24


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `replay` with its texts in one language."""

    def run(**given: Any) -> int:
        # The parameters below are named as the request's fields.
        return _replay(ReplayRequest(**given), wording=wording, settings=settings)

    def text(name: str) -> str:
        return wording.say(f"replay.option.{name}")

    path = click.Path(path_type=Path)
    return TaughtCommand(
        "replay",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["events"], type=path, metavar="EVENTS"),
            _file("--pack", text("pack"), metavar="DIR", required=True),
            _file("--decisions", text("decisions"), required=True),
            _file("--features", text("features")),
            _file("--mapping", text("mapping")),
            _file("--state-in", text("state_in")),
            _file("--state-out", text("state_out")),
            _file("--bad-lines", text("bad_lines")),
            click.Option(["--base-currency"], metavar="CODE", help=text("base_currency")),
            click.Option(
                ["--block"],
                type=click.IntRange(1, BLOCK_MAX),
                default=BLOCK_DEFAULT,
                metavar="N",
                help=text("block"),
            ),
        ],
    )


def _file(name: str, text: str, *, metavar: str = "FILE", required: bool = False) -> click.Option:
    return click.Option(
        [name], type=click.Path(path_type=Path), metavar=metavar, required=required, help=text
    )


def _replay(request: ReplayRequest, *, wording: Wording, settings: Settings) -> int:
    reported = Reported(wording)
    with following(wording=wording, plain=settings.plain, clock=MachineClock()) as progressed:
        watcher = Watcher(
            progressed=progressed, refused=reported.tell, preparing=partial(patience, wording)
        )
        summary = replay(request, watcher=watcher, clock=MachineClock())
    reported.finish(kept=request.bad_lines)
    # With the decisions on standard output, people read standard error.
    to_error = str(request.decisions) == "-"
    click.echo("\n".join(summary_lines(summary, request=request, wording=wording)), err=to_error)
    return ExitCode.SOME_INPUT_REFUSED if summary.refused else ExitCode.DONE


class Reported:
    """Prints the first refused lines and counts the others."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._count = 0

    def tell(self, line: RefusedLine) -> None:
        """Print one refused line, unless enough were printed already."""
        self._count += 1
        if self._count <= REFUSED_SHOWN_MAX:
            click.echo(line.error.render(), err=True)

    def finish(self, *, kept: Path | None) -> None:
        """Say how many were not printed and where to find them."""
        more = self._count - REFUSED_SHOWN_MAX
        if more > 0:
            name = "replay.more_refused_kept" if kept else "replay.more_refused"
            more_said = self._wording.count(more)
            click.echo(self._wording.say(name, count=more_said, path=kept), err=True)


def summary_lines(summary: ReplaySummary, *, request: ReplayRequest, wording: Wording) -> list[str]:
    """Lay out what a replay did."""
    say, count = wording.say, wording.count
    tally = summary.tally
    lines = [
        say("replay.title", pack=summary.pack, version=summary.pack_version),
        "",
        *_facts(
            [
                (say("replay.decided"), count(tally.decisions)),
                (say("replay.refused"), count(summary.refused)),
                (say("replay.duplicates"), count(summary.duplicates)),
                (say("replay.with_hits"), count(tally.with_hits)),
            ]
        ),
    ]
    if tally.actions:
        lines += ["", say("replay.by_action"), *bars(tally.actions.most_common(), wording=wording)]
    if tally.typologies:
        ranked = sorted(tally.typologies.items(), key=lambda item: (-item[1], item[0]))
        lines += ["", say("replay.by_typology"), *bars(ranked, wording=wording)]
    if tally.shadow_policies:
        shadow = sorted(tally.shadow_policies.items(), key=lambda item: (-item[1], item[0]))
        lines += ["", say("replay.by_shadow"), *bars(shadow[:10], wording=wording)]
    lines += ["", _speed(summary, wording=wording), ""]
    written = [request.decisions, request.features, request.state_out, request.bad_lines]
    lines += [say("replay.written", path=path) for path in written if path and str(path) != "-"]
    if tally.with_hits and str(request.decisions) != "-":
        lines.append(say("replay.next", path=request.decisions))
    return lines


def _facts(rows: list[tuple[str, str]]) -> list[str]:
    left = max(width_of(name) for name, _ in rows)
    right = max(width_of(value) for _, value in rows)
    return [f"  {pad(name, left)}  {pad_left(value, right)}" for name, value in rows]


def bars(rows: list[tuple[str, int]], *, wording: Wording) -> list[str]:
    """Draw counts as small bars, the longest for the largest."""
    full = max(value for _, value in rows)
    left = max(width_of(name) for name, _ in rows)
    right = max(len(wording.count(value)) for _, value in rows)
    return [
        f"  {pad(name, left)}  {wording.count(value):>{right}}  "
        f"{bar(value, full=full, columns=BAR_COLUMNS)}".rstrip()
        for name, value in rows
    ]


def _speed(summary: ReplaySummary, *, wording: Wording) -> str:
    seconds = max(summary.elapsed_us, 1) / 1e6
    engine = max(summary.evaluate_us, 1) / 1e6
    return wording.say(
        "replay.speed",
        seconds=f"{seconds:,.2f}",
        rate=wording.count(round(summary.tally.decisions / seconds)),
        engine=wording.count(round(summary.tally.decisions / engine)),
    )
