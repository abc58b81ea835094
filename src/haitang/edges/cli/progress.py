"""Progress on standard error: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from haitang.app.replay import ReplayProgress
from haitang.app.wiring import MachineClock
from haitang.edges.cli.wording import Wording

PLAIN_EVERY_US = 5_000_000
"""Pause between two plain lines: a log of a long run stays readable."""


PATIENCE_SECONDS = 2.0
"""How long the engine may take to get ready before somebody is told why."""


@contextmanager
def patience(wording: Wording) -> Iterator[None]:
    """Say that the engine is being made ready, if that takes longer than a moment."""
    said = wording.say("engine.preparing")
    timer = threading.Timer(PATIENCE_SECONDS, click.echo, args=(said,), kwargs={"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def following(
    *, wording: Wording, plain: bool, clock: MachineClock, topic: str = "progress"
) -> Iterator[Callable[[ReplayProgress], None]]:
    """Show how far a long work has come until the block ends, in the words of a topic."""
    if sys.stderr.isatty() and not plain:
        with _bar(wording, topic=topic) as show:
            yield show
    else:
        yield _lines(wording, clock=clock, topic=topic)


@contextmanager
def _bar(wording: Wording, *, topic: str) -> Iterator[Callable[[ReplayProgress], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(wording.say(f"{topic}.title"), total=None, events="")

        def show(now: ReplayProgress) -> None:
            said = wording.say(f"{topic}.events", count=wording.count(now.events))
            shown.update(task, completed=now.done, total=now.total or None, events=said)

        yield show


def _lines(
    wording: Wording, *, clock: MachineClock, topic: str
) -> Callable[[ReplayProgress], None]:
    next_us = clock.elapsed_us() + PLAIN_EVERY_US

    def show(now: ReplayProgress) -> None:
        nonlocal next_us
        if clock.elapsed_us() < next_us:
            return
        next_us = clock.elapsed_us() + PLAIN_EVERY_US
        share = f"{now.done / now.total:.0%}" if now.total else "…"
        said = wording.say(f"{topic}.line", share=share, count=wording.count(now.events))
        click.echo(said, err=True)

    return show
