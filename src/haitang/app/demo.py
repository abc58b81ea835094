"""The demo: a bank's day through the decision service, watched.

Sends the events over HTTP like a bank would, at a pace that one can read, makes frames for the
views from the answers, and has the stories told at the end. Decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import numpy as np

from haitang.app.demoframes import Answered, DemoFrame, DemoSummary, Sent, Watched
from haitang.app.demosources import Demo
from haitang.app.pacing import Pace
from haitang.app.readahead import read_ahead
from haitang.app.wiring import EventChunk, RefusedLine, Replacement, make_folder, naming
from haitang.decision.engine.decisions import Decision

FRAME_EVERY_US = 100_000
"""Wall time between two frames for the view."""


class DemoClock(Protocol):
    """The part of a clock that a demo needs."""

    def elapsed_us(self) -> int:
        """Return a reading in microseconds; only differences mean anything."""
        ...

    def pause(self, *, duration_us: int) -> None:
        """Wait."""
        ...


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the service said of one event: an answer, or nothing where it refused the event."""

    answered: Answered | None
    repeated: bool = False
    """The service had decided this event before."""
    refusal: str = ""
    """Why it refused the event: code and message."""


class DecisionService(Protocol):
    """The service as the demo needs it; raises `HaitangError` when it is gone."""

    def decide(self, events: Sequence[bytes]) -> list[Reply]:
        """Have events decided, each a JSON object; replies stand in their order."""
        ...

    def explain(self, identifier: str) -> bytes:
        """Return a decision with its whole explanation as JSON."""
        ...


class _Run:
    """One demo under way."""

    def __init__(
        self,
        demo: Demo,
        *,
        service: DecisionService,
        clock: DemoClock,
        show: Callable[[DemoFrame], None],
    ) -> None:
        self.watched = Watched(
            currency=demo.pack.base_currency,
            zone=demo.pack.zone,
            total=demo.total,
            scenarios=demo.scenarios,
        )
        self.refused = 0
        self.first_refusal = ""
        self.duplicates = 0
        self._service = service
        self._clock = clock
        self._show = show
        self._begun_us = clock.elapsed_us()
        self._shown_us = self._begun_us
        self._decode = msgspec.json.Decoder(Decision).decode
        self._read = msgspec.json.Decoder(Sent).decode

    def ask(self, events: Sequence[bytes], sent: Sequence[Sent]) -> Iterator[bytes]:
        """Have some events decided and look at the answers; yield the decisions worth keeping."""
        asked_us = self._clock.elapsed_us()
        replies = self._service.decide(events)
        self.watched.asked(service_us=self._clock.elapsed_us() - asked_us)
        for one, reply in zip(sent, replies, strict=True):
            if reply.answered is None:
                self.refused += 1
                self.first_refusal = self.first_refusal or reply.refusal
            elif reply.repeated:
                self.duplicates += 1
            else:
                self.watched.add(one, reply.answered)
                if self.watched.wanted(reply.answered):
                    line = self._service.explain(reply.answered.decision_id)
                    self.watched.explain(one, self._decode(line))
                    yield line

    def read(self, events: Sequence[bytes]) -> list[Sent]:
        """Read what the view needs of events."""
        return [self._read(event) for event in events]

    def frame(self) -> DemoFrame:
        """Return what there is to see now."""
        return self.watched.frame(elapsed_us=self._clock.elapsed_us() - self._begun_us)

    def glance(self) -> None:
        """Show a frame if the last one is old enough."""
        if self._clock.elapsed_us() - self._shown_us >= FRAME_EVERY_US:
            self._shown_us = self._clock.elapsed_us()
            self._show(self.frame())

    def end(self, *, interrupted: bool) -> DemoSummary:
        """Show the last frame and sum up."""
        self.watched.phase = "interrupted" if interrupted else "ended"
        frame = self.frame()
        self._show(frame)
        return DemoSummary(
            frame=frame,
            typologies=dict(self.watched.typologies),
            refused=self.refused,
            first_refusal=self.first_refusal,
            duplicates=self.duplicates,
            strictest=self.watched.strictest,
            interrupted=interrupted,
            stories=self.watched.reports(),
        )


def run_demo(
    demo: Demo,
    *,
    service: DecisionService,
    decisions: Path,
    speed: float | None,
    clock: DemoClock,
    show: Callable[[DemoFrame], None],
) -> DemoSummary:
    """Have events decided at a pace, show frames, write decisions; Ctrl-C ends it and keeps them.

    Written are the decisions on events that something fired on and on those of the worked cases,
    with their whole explanations; of the others there is nothing to explain.
    `speed` is bank seconds per second; None asks as fast as the service answers.
    """
    make_folder(decisions.parent)
    run = _Run(demo, service=service, clock=clock, show=show)
    pace = Pace(clock, speed=speed, from_us=demo.paced_from_us, waiting=run.glance)
    if speed is not None and demo.paced_from_us:
        run.watched.phase = "catching_up"
    interrupted = False
    with Replacement(decisions) as stream:
        try:
            for piece in read_ahead(_pieces(demo.chunks)):
                run.refused += len(piece.refused)
                if piece.refused and not run.first_refusal:
                    run.first_refusal = str(piece.refused[0].error)
                for asked, sent in _requests(piece.events, run=run, pace=pace):
                    if sent[0].occurred_at_us >= demo.paced_from_us:
                        run.watched.phase = "watched"
                    for line in run.ask(asked, sent):
                        with naming(decisions):
                            stream.write(line + b"\n")
                    run.glance()
        except KeyboardInterrupt:
            # What was decided so far is whole lines, and worth keeping.
            interrupted = True
    return run.end(interrupted=interrupted)


class _Piece(NamedTuple):
    """Some events as they are sent, and what was refused among them before."""

    events: list[bytes]
    refused: tuple[RefusedLine, ...]


def _pieces(chunks: Iterator[EventChunk]) -> Iterator[_Piece]:
    for chunk in chunks:
        yield _Piece([content for _, content in chunk.events.contents()], chunk.refused)


class _Instants:
    """When events occurred, as a pace looks at them."""

    def __init__(self, sent: Sequence[Sent]) -> None:
        self.occurred_at_us = np.array([one.occurred_at_us for one in sent], np.int64)

    def __len__(self) -> int:
        return len(self.occurred_at_us)


def _requests(
    events: Sequence[bytes], *, run: _Run, pace: Pace
) -> Iterator[tuple[Sequence[bytes], Sequence[Sent]]]:
    """Yield the events of each request when it is due."""
    sent = run.read(events)
    instants = _Instants(sent)
    start = 0
    while start < len(events):
        stop = pace.next_stop(instants, start)
        yield events[start:stop], sent[start:stop]
        start = stop
