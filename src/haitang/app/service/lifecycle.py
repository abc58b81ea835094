"""The node's life: start, recovery, failure, publishing, stop. `node.Writer` is its daily work."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from haitang.app.programs import OpenedPack, warm_up
from haitang.app.service import collecting
from haitang.app.service.answers import (
    Answered,
    Arrival,
    ListEntryView,
    NodeState,
    NotReady,
    Outcome,
    PublicationView,
    PublishRequest,
    ReplayCheck,
    Want,
)
from haitang.app.service.clock import Clocks, ServiceClock
from haitang.app.service.course import Course, CourseSettings
from haitang.app.service.following import START_AGAIN
from haitang.app.service.history import History
from haitang.app.service.metrics import Metrics
from haitang.app.service.node import Writer
from haitang.app.service.pressure import NodeSettings
from haitang.app.service.programs import Programs
from haitang.app.service.publishing import Beside, FirstPack, Publisher, first_record
from haitang.app.service.recovery import nearest_course, recover
from haitang.app.service.telling import Tell
from haitang.app.wiring import Journal, Mended, PackLibrary, write_snapshot
from haitang.decision.engine.decisions import Decision
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError, Place
from haitang.kernel.instants import format_instant

CLOCK_BEHIND_US_MAX = 60_000_000
"""A start is refused when the clock is further behind the journal's last stamp."""
FOLLOW_PAUSE_US = 10_000
RETRY_S_MAX = 30.0
FREE_BYTES_MIN = 64 << 20
"""Room on the disk below which a failed node does not try again."""


class NodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a node is told."""

    folder: Path
    node: NodeSettings = NodeSettings()
    course: CourseSettings = CourseSettings()
    segment_bytes: int = 256 << 20
    accept_clock: bool = False
    drain_timeout_s: float = 30.0


class NodeClocks(Clocks, Protocol):
    """Clocks that can wait."""

    def pause(self, *, duration_us: int) -> None:
        """Wait."""
        ...


class Node:
    """One data folder being served. Made and used on the thread of the event loop."""

    def __init__(
        self,
        options: NodeOptions,
        *,
        clocks: NodeClocks,
        metrics: Metrics,
        tell: Tell,
        beside: Beside | None = None,
    ) -> None:
        self._beside = beside
        self.metrics = metrics
        self._options = options
        self._clocks = clocks
        self._tell = tell
        self._programs = Programs(PackLibrary(options.folder / "packs"))
        self._state: NodeState = "starting"
        self._trouble = "the node was starting"
        self._writer: Writer | None = None
        self._journal: Journal | None = None
        self._history: History | None = None
        self._clock: ServiceClock | None = None
        self._publisher: Publisher | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what a transport asks -------------------------------------------------------------------

    @property
    def state(self) -> NodeState:
        """Whether it decides now."""
        return self._writer.state if self._state == "ready" and self._writer else self._state

    @property
    def trouble(self) -> str:
        """Why it does not decide; empty when it does."""
        return "" if self.state == "ready" else self._trouble

    @property
    def base_currency(self) -> str:
        """Currency in which amounts are compared."""
        return self._live().pack.base_currency

    @property
    def zone(self) -> str:
        """Time zone of the bank, as the live pack has it."""
        return self._live().pack.zone

    @property
    def course(self) -> Course | None:
        """What the writer carries along; for looking at, on the event loop's thread."""
        return self._writer.course if self._writer is not None else None

    @property
    def clock(self) -> ServiceClock | None:
        """The service's time, once it started."""
        return self._clock

    def submit(
        self, arrivals: Sequence[Arrival], *, sender: str, deadline_us: int, want: Want = "decision"
    ) -> Awaitable[list[Outcome]]:
        """Take events in; see `answers.DecisionNode`."""
        if self._state != "ready" or self._writer is None:
            raise NotReady(trouble=self._trouble)
        return self._writer.submit(arrivals, sender=sender, deadline_us=deadline_us, want=want)

    def submit_then(
        self,
        arrivals: Sequence[Arrival],
        *,
        sender: str,
        deadline_us: int,
        want: Want = "decision",
        answered: Answered,
    ) -> None:
        """Take events in; see `answers.DecisionNode`."""
        if self._state != "ready" or self._writer is None:
            raise NotReady(trouble=self._trouble)
        self._writer.submit_then(
            arrivals, sender=sender, deadline_us=deadline_us, want=want, answered=answered
        )

    def decision(self, identifier: str) -> Decision | None:
        """Return the whole explanation of a decision, by its id or its event's."""
        return self._looking_back().decision(identifier)

    def recompute(self, identifier: str) -> ReplayCheck | None:
        """Decide once more from the journal and compare."""
        return self._looking_back().recompute(identifier)

    def publications(self) -> tuple[PublicationView, ...]:
        """Return every publication, oldest first."""
        return self._publishing().views()

    def publish(self, request: PublishRequest) -> PublicationView:
        """Check and publish; raises `HaitangError`. Not on the event loop's thread."""
        return self._publishing().publish(request)

    def roll_back(self, *, author: str, approver: str, note: str) -> PublicationView:
        """Make the pack before live again. Not on the event loop's thread."""
        return self._publishing().roll_back(author=author, approver=approver, note=note)

    def live_source(self) -> PackSource:
        """Return the files of the live pack. Not on the event loop's thread."""
        return self._programs.source(self._live().pack.digest)

    def list_entry(self, list_name: str, list_value: str, *, at_us: int) -> ListEntryView:
        """Tell what a list says of a value at an instant."""
        writer, history = self._writer, self._looking_back()
        assert writer is not None
        found = writer.course.state.lists.entry(list_name, list_value, at_us=at_us)
        view = ListEntryView(
            list_name=list_name, list_value=list_value, listed=found.listed, at_us=at_us,
            position=found.position, effective_at_us=found.effective_at_us,
            expires_at_us=found.expires_at_us,
        )  # fmt: skip
        if found.position < 0:
            return view
        event = history.event(found.position)
        return msgspec.structs.replace(
            view,
            category=event.category or "",  # type: ignore[union-attr]
            source=event.source or "",  # type: ignore[union-attr]
            severity=event.severity,  # type: ignore[union-attr]
        )

    # -- start -----------------------------------------------------------------------------------

    async def start(
        self,
        *,
        first_pack: FirstPack | None = None,
        warm: Callable[[], None] | None = None,
    ) -> None:
        """Recover what the folder holds and begin to decide.

        `first_pack` is published when the folder has no pack yet, and refused when it has another
        one. With `warm`, another node still has the folder: this one follows it, calls `warm` when
        it has caught up, and begins when the other lets go. Raises `HaitangError` when the folder
        cannot be served.
        """
        try:
            course = await asyncio.to_thread(self._open, first_pack, warm)
        except BaseException:
            if self._journal is not None:
                self._journal.close()
            raise
        self._begin(course)
        if not course.register.entries:
            assert first_pack is not None
            record = first_record(course.any_opened, first_pack)
            await self._daily().enter(record)
        self._state, self._trouble = "ready", ""
        self._publishing().arm()
        self._tell("node_started", position=course.position)

    def _open(self, first_pack: FirstPack | None, warm: Callable[[], None] | None = None) -> Course:
        folder = self._options.folder
        followed = None if warm is None else self._follow(warm)
        if self._journal is None:
            self._journal = Journal.open(folder, segment_bytes=self._options.segment_bytes)
        if self._journal.mended is not None:
            self._tell("journal_tail_mended", **_words(self._journal.mended))
        self._clock = self._service_clock(self._journal)
        opened = None
        if first_pack is not None and not first_pack.only_if_new:
            opened = self._add_first(first_pack)
        course = recover(
            self._journal,
            folder,
            self._programs,
            settings=self._options.course,
            tell=self._tell,
            course=followed,
        )
        if course is None:
            if opened is None and first_pack is not None:
                opened = self._add_first(first_pack)
            if opened is None:
                raise HaitangError(
                    code="service_no_pack",
                    message="the data folder had no pack yet",
                    place=Place(path=str(folder)),
                    hint="name the first one with `--pack`",
                )
            course = Course(self._programs, opened, settings=self._options.course)
        elif opened is not None:
            live = course.opened(course.register.live).pack
            if live.digest != opened.pack.digest:
                raise HaitangError(
                    code="service_other_pack",
                    message=f"the live pack was `{live.id}` {live.version}, not the one named",
                    place=Place(path=str(folder)),
                    hint="leave `--pack` out, and publish the other one with `haitang publish`",
                )
        warm_up(course.any_opened.program)
        course.seen.touch()
        return course

    def _add_first(self, first_pack: FirstPack) -> OpenedPack:
        return self._programs.add(
            first_pack.files, name=first_pack.name, origins=first_pack.origins
        )

    def _follow(self, warm: Callable[[], None]) -> Course | None:
        """Keep up with the node that has the folder, until it lets go of it."""
        folder = self._options.folder
        reader = Journal.open(folder, read_only=True)
        course = recover(
            reader, folder, self._programs, settings=self._options.course, tell=self._tell
        )
        if course is not None:
            warm_up(course.any_opened.program)
        warm()
        while True:
            try:
                reader.refresh()
                if course is not None:
                    for _ in course.walk(reader.read(course.position), compare=False):
                        pass
            except HaitangError as error:
                if error.code not in START_AGAIN:
                    raise
                # What was walked may be no part of the journal any more: begin when it is ours.
                course = None
            try:
                self._journal = Journal.open(folder, segment_bytes=self._options.segment_bytes)
            except HaitangError as error:
                if error.code != "journal_locked":
                    raise
                self._clocks.pause(duration_us=FOLLOW_PAUSE_US)
            else:
                reader.close()
                return course

    def _service_clock(self, journal: Journal) -> ServiceClock:
        last_us, now_us = journal.last_stamp_us, self._clocks.now_us()
        if now_us < last_us - CLOCK_BEHIND_US_MAX and not self._options.accept_clock:
            raise HaitangError(
                code="clock_behind_journal",
                message=f"the clock was {format_instant(now_us)}, before the journal's last stamp "
                f"{format_instant(last_us)}",
                hint="set the clock, or start once with `--accept-clock`",
            )
        return ServiceClock(self._clocks, not_before_us=last_us)

    def _begin(self, course: Course) -> None:
        journal, clock = self._journal, self._clock
        assert journal is not None
        assert clock is not None
        self._history = History(
            journal,
            self._programs,
            digest_of=lambda number: self._daily().course.register.record(number).pack_digest,
            course_before=self._course_before,
        )
        self._writer = Writer(
            journal=journal,
            course=course,
            history=self._history,
            clock=clock,
            settings=self._options.node,
            metrics=self.metrics,
            failed=self._failed,
        )
        self._publisher = Publisher(
            self._writer,
            journal=journal,
            clock=clock,
            nearest=lambda opened: self._course_before(None, opened),
            tell=self._tell,
            beside=self._beside,
        )
        collecting.settle()

    def _course_before(self, position: int | None, opened: OpenedPack) -> Course:
        """Return the last course of a pack's plan that was kept, at or before a position."""
        options = msgspec.structs.replace(self._options.course, state_touched_bytes=0)
        return nearest_course(
            self._options.folder,
            self._programs,
            opened,
            settings=options,
            at_most=position,
            tell=self._tell,
        )

    # -- failure ---------------------------------------------------------------------------------

    def _failed(self, error: HaitangError) -> None:
        """A turn or a commit went wrong: begin anew from what the journal holds."""
        self._state, self._trouble = "failed", error.message
        self._tell("node_failed", code=error.code, reason=error.message)
        task = asyncio.get_running_loop().create_task(self._rebuild())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rebuild(self) -> None:
        if self._publisher is not None:
            self._publisher.disarm()
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close_threads)
            self._writer.close()
        wait_s = 0.5
        while self._state == "failed":
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, RETRY_S_MAX)
            try:
                course = await asyncio.to_thread(self._reopen)
            except (HaitangError, OSError) as error:
                self._trouble = str(error)
                self._tell("node_still_failed", reason=self._trouble)
                continue
            self._begin(course)
            self._state, self._trouble = "ready", ""
            self._publishing().arm()
            self._tell("node_recovered", position=course.position)

    def _reopen(self) -> Course:
        free = shutil.disk_usage(self._options.folder).free
        if free < FREE_BYTES_MIN:
            raise HaitangError(
                code="journal_disk_full",
                message=f"the disk had {free} bytes free; expected {FREE_BYTES_MIN} or more",
                place=Place(path=str(self._options.folder)),
                hint="make room; the node goes on by itself",
            )
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        return self._open(None)

    # -- stop ------------------------------------------------------------------------------------

    async def stop(self) -> None:
        """Answer what was taken in, write a snapshot, let go of the folder."""
        self._state, self._trouble = "draining", "the node was stopping"
        for task in self._tasks:
            task.cancel()
        writer, journal = self._writer, self._journal
        if self._publisher is not None:
            self._publisher.disarm()
        snapshot = False
        if writer is not None and writer.state == "ready":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.drain_timeout_s):
                    await writer.quiet()
                    snapshot = True
        if writer is not None:
            writer.close()
        if journal is not None:
            # Before the snapshot: a successor need not wait for it.
            journal.close()
        if snapshot and writer is not None:
            await asyncio.to_thread(self._write_snapshot, writer.course)
        self._tell("node_stopped", position=-1 if writer is None else writer.course.position)

    def abandon(self) -> None:
        """Let go of folder and threads at once, as a crash would: nothing more is answered."""
        if self._publisher is not None:
            self._publisher.disarm()
        if self._writer is not None:
            self._writer.close()
        if self._journal is not None:
            self._journal.close()

    def _write_snapshot(self, course: Course) -> None:
        try:
            write_snapshot(
                self._options.folder,
                position=course.position,
                label=course.plan_digest,
                sections=course.sections(),
            )
        except (HaitangError, OSError) as error:
            # The journal has everything; only the next start takes longer.
            self._tell("snapshot_not_written", reason=str(error))

    # -- parts -----------------------------------------------------------------------------------

    def _live(self) -> OpenedPack:
        course = self._daily().course
        return course.opened(course.register.live)

    def _daily(self) -> Writer:
        if self._writer is None:
            raise NotReady(trouble=self._trouble)
        return self._writer

    def _looking_back(self) -> History:
        if self._history is None:
            raise NotReady(trouble=self._trouble)
        return self._history

    def _publishing(self) -> Publisher:
        if self._publisher is None:
            raise NotReady(trouble=self._trouble)
        return self._publisher


def _words(mended: Mended) -> dict[str, object]:
    """Return what was cut away, as the log says it."""
    return {**msgspec.structs.asdict(mended), "path": str(mended.path)}
