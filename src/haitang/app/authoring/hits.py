"""What the policies of a pack do on a stream of events: how often each fires, and which together.

The stream goes through `evaluate` like any other; nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.app.backtest.pieces import Pieces
from haitang.app.programs import OpenedPack
from haitang.app.wiring import EventChunk
from haitang.decision.engine import DecisionBatch, EngineState, evaluate
from haitang.decision.rules.specs import PolicySpec
from haitang.kernel.instants import DAY_US

BLOCK = 65_536
ALIKE_SHARE = 0.5
"""Of their common hits, from which on two instances are told as overlapping."""
HITS_MIN = 5
"""Fewer hits say nothing about an overlap."""

Int64 = npt.NDArray[np.int64]


class InstanceHits(msgspec.Struct, frozen=True, kw_only=True):
    """How often one instance fired."""

    instance: str
    status: str
    hits: int
    alone: int
    """Hits on events that no other live instance hit: what would be missed without it."""


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Two instances that fire together."""

    first: str
    second: str
    together: int
    share: float
    """Common hits of the hits of either (Jaccard)."""
    share_of_first: float
    share_of_second: float


class StreamHits(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream showed of a pack."""

    events: int
    refused: int
    """Rows that were no events."""
    duplicates: int
    days: float
    instances: tuple[InstanceHits, ...]
    overlaps: tuple[Overlap, ...]

    @property
    def dead(self) -> tuple[str, ...]:
        """Live instances that never fired."""
        return tuple(
            one.instance for one in self.instances if one.status == "live" and not one.hits
        )


def count_hits(
    opened: OpenedPack,
    chunks: Iterable[EventChunk],
    *,
    alike_share: float = ALIKE_SHARE,
    progressed: Callable[[int], None] = lambda _: None,
) -> StreamHits:
    """Decide a whole stream and count; shadow policies are counted like live ones."""
    program = opened.program
    policies = program.policies
    state = EngineState.create(program)
    counter = _Counter(policies)
    pieces = Pieces(chunks, program.fields, size=BLOCK)
    for batch in pieces:
        counter.take(evaluate(batch, state, first_position=counter.events))
        progressed(counter.events)
    return counter.result(alike_share, pieces)


class _Counter:
    def __init__(self, policies: tuple[PolicySpec, ...]) -> None:
        self.events = 0
        self._policies = policies
        self._live = np.array([policy.status == "live" for policy in policies], bool)
        self._together: Int64 = np.zeros((len(policies), len(policies)), np.int64)
        self._alone: Int64 = np.zeros(len(policies), np.int64)
        self._first_us = np.iinfo(np.int64).max
        self._last_us = np.iinfo(np.int64).min

    def take(self, out: DecisionBatch) -> None:
        count = len(self._policies)
        fired = np.asarray(out.hit_policies)
        events = np.repeat(np.arange(out.count), np.diff(out.hit_starts))
        # Behind the policies come the models, which are no instances.
        events, fired = events[fired < count], fired[fired < count]
        rows, places = np.unique(events, return_inverse=True)
        hit = np.zeros((len(rows), count), np.float32)
        hit[places, fired] = 1.0
        self._together += (hit.T @ hit).astype(np.int64)
        live = hit * self._live
        single = live.sum(axis=1) == 1.0
        self._alone += live[single].sum(axis=0).astype(np.int64)
        instants = out.events.occurred_at_us
        self._first_us = min(self._first_us, int(instants.min()))
        self._last_us = max(self._last_us, int(instants.max()))
        self.events += out.count

    def result(self, alike_share: float, pieces: Pieces) -> StreamHits:
        hits = self._together.diagonal()
        either = hits[:, None] + hits[None, :] - self._together
        share = np.divide(self._together, either, out=np.zeros(either.shape), where=either > 0)
        enough = (hits >= HITS_MIN)[:, None] & (hits >= HITS_MIN)[None, :]
        pairs = np.argwhere(np.triu(enough & (share >= alike_share), 1))
        overlaps = [
            Overlap(
                first=self._policies[a].id,
                second=self._policies[b].id,
                together=int(self._together[a, b]),
                share=float(share[a, b]),
                share_of_first=float(self._together[a, b] / hits[a]),
                share_of_second=float(self._together[a, b] / hits[b]),
            )
            for a, b in pairs
        ]
        overlaps.sort(key=lambda one: (-one.share, -one.together, one.first, one.second))
        span_us = max(self._last_us - self._first_us, 0) if self.events else 0
        return StreamHits(
            events=self.events,
            refused=pieces.refused,
            duplicates=pieces.duplicates,
            days=span_us / DAY_US,
            instances=tuple(
                InstanceHits(
                    instance=policy.id,
                    status=policy.status,
                    hits=int(hits[place]),
                    alone=int(self._alone[place]),
                )
                for place, policy in enumerate(self._policies)
            ),
            overlaps=tuple(overlaps),
        )
