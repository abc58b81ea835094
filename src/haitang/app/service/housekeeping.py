"""What a running service does now and then: levels for metrics, companions, old segments, clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from haitang.app.service.companions import Companions
from haitang.app.service.following import read_status
from haitang.app.service.lifecycle import Node
from haitang.app.service.telling import Tell
from haitang.app.wiring import drop_snapshots, prune, whole_snapshots
from haitang.kernel.errors import HaitangError

EVERY_S = 2.0
PRUNE_EVERY_S = 3_600.0
DAY_US = 86_400_000_000
UNSPOKEN_US = DAY_US
"""A snapshot of a plan that no publication speaks of may be there for one that is being made."""
SNAPSHOTS_NEEDED = 2
"""The journal reaches back to the older one of so many, should the newest turn out damaged."""


class Housekeeping:
    """Runs beside the node on the thread of the event loop, in small steps."""

    def __init__(
        self,
        node: Node,
        *,
        folder: Path,
        companions: Companions | None,
        retention_days: int,
        now_us: Callable[[], int],
        tell: Tell,
    ) -> None:
        self._node = node
        self._folder = folder
        self._companions = companions
        self._retention_days = retention_days
        self._now_us = now_us
        self._tell = tell
        self._jumped = False
        self._failing: dict[str, str] = {}
        self._next_prune_s = 0.0
        self._passed_s = 0.0
        self._readying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self._passed_s += EVERY_S
            await self.go_round()

    async def go_round(self) -> None:
        """Do once what is due; what fails is told of, and done again when it is due again."""
        with self._telling("measure"):
            self._measure()
        with self._telling("clock"):
            self._look_at_clock()
        ready = self._node.state == "ready"
        if self._companions is not None and ready:
            with self._telling("companions"):
                await asyncio.to_thread(self._companions.keep, self._wanted())
            if self._readying is None:
                # It may take long where nobody leaves it a processor; nothing waits for it.
                self._readying = asyncio.create_task(asyncio.to_thread(self._make_opener_ready))
        course = self._node.course
        if ready and course and self._passed_s >= self._next_prune_s:
            self._next_prune_s = self._passed_s + PRUNE_EVERY_S
            with self._telling("snapshots"):
                await asyncio.to_thread(self._drop_snapshots, course.register.plans())
            if self._retention_days:
                with self._telling("prune"):
                    await asyncio.to_thread(self._prune, course.plan_digest)

    @contextmanager
    def _telling(self, part: str) -> Iterator[None]:
        """Tell of an error instead of raising it; once for as long as it stays the same."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 # whatever it is, the next round must come
            kind = error.code if isinstance(error, HaitangError) else type(error).__name__
            if self._failing.get(part) != kind:
                self._tell("housekeeping_failed", part=part, error=error)
            self._failing[part] = kind
        else:
            self._failing.pop(part, None)

    def _make_opener_ready(self) -> None:
        assert self._companions is not None
        with self._telling("opener"):
            self._companions.make_ready(self._node.live_source())

    def _wanted(self) -> dict[str, Sequence[str]]:
        wanted: dict[str, Sequence[str]] = {"follower": ()}
        for view in self._node.publications():
            if view.state == "shadow":
                wanted[f"shadow {view.number}"] = ("--shadow", str(view.number))
        return wanted

    def _measure(self) -> None:
        metrics, node = self._node.metrics, self._node
        metrics.ready.set(1.0 if node.state == "ready" else 0.0)
        course = node.course
        if course is not None:
            metrics.state_bytes.set(course.state.features.size_bytes)
            metrics.state_keys.set(course.state.features.key_count)
            status = read_status(self._folder)
            # One that is ahead of us was left behind by a journal that was cut back since.
            if status is not None and status.position <= course.position:
                metrics.follower_lag_events.set(max(course.position - status.position, 0))
                metrics.differences.set(status.differences)

    def _look_at_clock(self) -> None:
        clock = self._node.clock
        if clock is None:
            return
        off_us = clock.off_us()
        self._node.metrics.clock_off_seconds.set(off_us / 1e6)
        jumped = clock.jumped
        if jumped and not self._jumped:
            self._tell("clock_jumped", ahead_us=off_us)
        self._jumped = jumped

    def _drop_snapshots(self, plans: frozenset[str]) -> None:
        before_us = self._now_us() - UNSPOKEN_US
        removed = drop_snapshots(self._folder, but=plans, before_us=before_us)
        if removed:
            self._tell("snapshots_removed", number=len(removed))

    def _prune(self, plan_digest: str) -> None:
        # The files are asked, not the follower's status, which may be of another life.
        kept = list(islice(whole_snapshots(self._folder, label=plan_digest), SNAPSHOTS_NEEDED))
        if len(kept) < SNAPSHOTS_NEEDED:
            return
        removed = prune(
            self._folder,
            # One less: what stands at a position without being an event (a publication) may be
            # newer than the snapshot, and stands in the segment that ends there.
            before_position=kept[-1].position - 1,
            before_stamp_us=self._now_us() - self._retention_days * DAY_US,
        )
        if removed:
            self._tell("journal_pruned", segments=len(removed))
