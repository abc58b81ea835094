"""`haitang send`: a file of events to a running service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec

from haitang.app.replay import ReplayProgress
from haitang.app.settings import Settings
from haitang.app.wiring import EventChunk, MachineClock, open_events
from haitang.edges.cli.columns import pad, pad_left, width_of
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.progress import following
from haitang.edges.cli.publish import URL_DEFAULT
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording
from haitang.edges.client import Client, Receipt, ServiceError, error_of_event
from haitang.kernel.errors import HaitangError

BATCH_DEFAULT = 1_000
BATCH_MAX = 10_000

TIMEOUT_S = 60.0
"""How long one batch may take, a service that restarts included."""

REFUSED_SHOWN_MAX = 20
"""Refused lines printed one by one; the rest is counted."""


class SendRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, and to whom."""

    events: Path
    url: str
    key: str
    mapping: Path | None = None
    batch: int = BATCH_DEFAULT
    outcomes: bool = False


class Receiver(Protocol):
    """The part of the client that sending needs."""

    def send(self, events: Iterable[bytes]) -> Receipt:
        """Make events durable."""
        ...

    def outcomes(self, events: Iterable[bytes]) -> Receipt:
        """Make outcomes durable."""
        ...


class Sent(msgspec.Struct, kw_only=True):
    """What came of it so far."""

    accepted: int = 0
    repeated: int = 0
    refused: int = 0


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `send` with its texts in one language."""

    def run(**given: Any) -> int:
        # The parameters below are named as the request's fields.
        return _send(SendRequest(**given), wording=wording, settings=settings)

    def text(name: str) -> str:
        return wording.say(f"send.option.{name}")

    path = click.Path(path_type=Path)
    url = wording.say("send.option.url", value=URL_DEFAULT)
    return TaughtCommand(
        "send",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["events"], type=path, metavar="EVENTS"),
            click.Option(
                ["--url"], metavar="URL", default=URL_DEFAULT, envvar="HAITANG_URL", help=url
            ),
            # On the command line every user of the machine could read it.
            click.Option(
                ["--key"], metavar="KEY", required=True, envvar="HAITANG_KEY", help=text("key")
            ),
            click.Option(["--mapping"], type=path, metavar="FILE", help=text("mapping")),
            click.Option(
                ["--batch"],
                type=click.IntRange(1, BATCH_MAX),
                default=BATCH_DEFAULT,
                metavar="N",
                help=text("batch"),
            ),
            click.Option(["--outcomes"], is_flag=True, help=text("outcomes")),
        ],
    )


def _send(request: SendRequest, *, wording: Wording, settings: Settings) -> int:
    clock = MachineClock()
    reported = _Reported(wording)
    sent = Sent()
    begun_us = clock.elapsed_us()
    trouble: ServiceError | None = None
    source = open_events(request.events, mapping=request.mapping, base_currency="")
    with (
        Client(request.url, request.key, timeout_s=TIMEOUT_S) as client,
        following(
            wording=wording, plain=settings.plain, clock=clock, topic="progress.send"
        ) as progressed,
    ):
        try:
            for chunk in source.chunks:
                send_chunk(chunk, request=request, client=client, sent=sent, tell=reported.tell)
                taken = sent.accepted + sent.repeated
                progressed(ReplayProgress(events=taken, done=chunk.done, total=source.total))
        except ServiceError as error:
            trouble = error
    reported.finish()
    elapsed_us = clock.elapsed_us() - begun_us
    click.echo("\n".join(summary_lines(sent, elapsed_us=elapsed_us, wording=wording)))
    if trouble is not None:
        click.echo(trouble.render(), err=True)
        click.echo(wording.say("send.go_on"), err=True)
        return ExitCode.WRONG_USE
    return ExitCode.SOME_INPUT_REFUSED if sent.refused else ExitCode.DONE


def send_chunk(
    chunk: EventChunk,
    *,
    request: SendRequest,
    client: Receiver,
    sent: Sent,
    tell: Callable[[HaitangError], None],
) -> None:
    """Send a piece of the file in batches; what is refused on either side is told by its place."""
    for line in chunk.refused:
        sent.refused += 1
        tell(line.error)
    deliver = client.outcomes if request.outcomes else client.send
    contents = (content for _, content in chunk.events.contents())
    first = 0
    while batch := list(islice(contents, request.batch)):
        receipt = deliver(batch)
        sent.accepted += receipt.accepted
        sent.repeated += receipt.repeated
        sent.refused += len(receipt.refused)
        for error in receipt.refused:
            tell(error_of_event(error, place=chunk.events.place_of(first + error.index)))
        first += len(batch)


class _Reported:
    """Prints the first refused lines and counts the others."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._count = 0

    def tell(self, error: HaitangError) -> None:
        """Print one refusal, unless enough were printed already."""
        self._count += 1
        if self._count <= REFUSED_SHOWN_MAX:
            click.echo(error.render(), err=True)

    def finish(self) -> None:
        """Say how many were not printed."""
        more = self._count - REFUSED_SHOWN_MAX
        if more > 0:
            click.echo(
                self._wording.say("send.more_refused", count=self._wording.count(more)), err=True
            )


def summary_lines(sent: Sent, *, elapsed_us: int, wording: Wording) -> Sequence[str]:
    """Lay out what was sent."""
    say, count = wording.say, wording.count
    rows = [
        (say("send.accepted"), count(sent.accepted)),
        (say("send.repeated"), count(sent.repeated)),
        (say("send.refused"), count(sent.refused)),
    ]
    left = max(width_of(name) for name, _ in rows)
    right = max(width_of(value) for _, value in rows)
    seconds = max(elapsed_us, 1) / 1e6
    rate = count(round((sent.accepted + sent.repeated) / seconds))
    return [
        *(f"  {pad(name, left)}  {pad_left(value, right)}" for name, value in rows),
        "",
        say("send.speed", seconds=f"{seconds:,.2f}", rate=rate),
    ]
