"""Events through the engine: the one loop that replay and demo share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from haitang.app.programs import OpenedPack
from haitang.app.wiring import EventColumns, EventRows, RefusedLine
from haitang.data.events.batch import EventBatch
from haitang.data.events.order import Deduplicator, reused
from haitang.data.events.remembered import NEW, REUSED
from haitang.decision.engine import DecisionBatch, EngineState, evaluate
from haitang.decision.engine.decisions import Decision


class Stopwatch(Protocol):
    """The part of a clock that deciding needs."""

    def elapsed_us(self) -> int:
        """Return a reading in microseconds; only differences mean anything."""
        ...


class Decided(NamedTuple):
    """Some events and what was decided of them, in order."""

    batch: EventBatch
    out: DecisionBatch
    decisions: list[Decision]


class Admitted(NamedTuple):
    """The new ones of some events, and those that borrowed the identifier of another."""

    events: EventRows | EventColumns
    refused: tuple[RefusedLine, ...]


class Decider:
    """One engine at work: drops what was seen before and decides the rest."""

    def __init__(
        self,
        opened: OpenedPack,
        *,
        clock: Stopwatch,
        state: EngineState | None = None,
        seen: Deduplicator | None = None,
        position: int = 0,
        keep_features: bool = False,
    ) -> None:
        self.opened = opened
        self.state = EngineState.create(opened.program) if state is None else state
        self.seen = Deduplicator() if seen is None else seen
        self.position = position
        """Events that were looked at, before this run too."""
        self.duplicates = 0
        self.evaluate_us = 0
        """Wall time spent inside `evaluate`."""
        self._clock = clock
        self._keep_features = keep_features

    def admit(self, events: EventRows | EventColumns) -> Admitted:
        """Drop events that were seen before; refuse those that differ from what their id was."""
        fresh: list[int] = []
        refused: list[RefusedLine] = []
        event_ids, contents = zip(*events.contents(), strict=True) if events.count else ((), ())
        told = self.seen.admit_each(event_ids, contents, position=self.position)
        for place, what in enumerate(told):
            if what == NEW:
                fresh.append(place)
            elif what > NEW:
                self.duplicates += 1
            else:
                first, second = REUSED - what, self.position + place
                error = reused(event_ids[place], first, second, events.place_of(place))
                refused.append(RefusedLine(error=error))
        self.position += events.count
        kept = events if len(fresh) == events.count else events.kept(fresh)
        return Admitted(kept, tuple(refused))

    def decide(
        self, events: EventRows | EventColumns, *, next_stop: Callable[[EventBatch, int], int]
    ) -> Iterator[Decided]:
        """Decide admitted events piece by piece; how they are cut changes no decision.

        `next_stop` says, given where a piece starts, where it ends: beyond its start and within
        the batch.
        """
        if not events.count:
            return
        whole = events.batch(self.opened.program.fields)
        start = 0
        while start < events.count:
            stop = next_stop(whole, start)
            batch = whole if stop - start == events.count else whole.slice(start, stop)
            begun_us = self._clock.elapsed_us()
            out = evaluate(batch, self.state, keep_features=self._keep_features)
            self.evaluate_us += self._clock.elapsed_us() - begun_us
            decisions = [out.decision(position) for position in range(out.count)]
            yield Decided(batch, out, decisions)
            start = stop


def in_blocks(size: int) -> Callable[[EventBatch, int], int]:
    """Cut events into blocks of equal size."""

    def next_stop(batch: EventBatch, start: int) -> int:
        return min(start + size, len(batch))

    return next_stop
