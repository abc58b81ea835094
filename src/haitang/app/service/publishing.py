"""Publishing into a running node: checked, approved by a second person, swapped between two turns.

A pack with the features of the live one is swapped at once. One with other features needs a state
of its own: a follower builds it from the journal beside the service, the node catches up and swaps.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import msgspec

from haitang.app.programs import OpenedPack
from haitang.app.service import collecting
from haitang.app.service.answers import PublicationView, PublishRequest
from haitang.app.service.blocks import ControlRecord, PublicationKind
from haitang.app.service.clock import ServiceClock
from haitang.app.service.course import Course, JournalFrame
from haitang.app.service.node import Writer
from haitang.app.service.opening import breathe
from haitang.app.service.recovery import check_reach
from haitang.app.service.register import SHARE_WHOLE
from haitang.app.service.telling import Tell
from haitang.app.service.views import view_all
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError, symbol
from haitang.kernel.instants import format_instant

NAME_CHARACTERS_MAX = 120
NOTE_CHARACTERS_MAX = 2_000
CATCH_UP_EVENTS = 1_000
"""So few events are walked while requests wait: some milliseconds."""
CATCH_UP_TURNS_MAX = 100
BUILD_BESIDE_EVENTS = 20_000
"""A state of more events is built by another process."""


class FirstPack(msgspec.Struct, frozen=True, kw_only=True):
    """The pack that a new data folder starts with."""

    files: dict[str, bytes]
    name: str
    origins: Mapping[str, str] = {}
    """Where its included packs were read, for the places of its errors."""
    only_if_new: bool = False
    """A folder that has a pack keeps it; otherwise naming another one is refused."""
    author: str = "first start"
    approver: str = "operator"


class ReadableJournal(Protocol):
    """What building a state needs of the journal."""

    @property
    def durable_position(self) -> int:
        """Events before it are on disk."""
        ...

    def read(self, position: int = 0) -> Iterator[JournalFrame]:
        """Yield frames from the one that holds a position."""
        ...


class Beside(Protocol):
    """What other processes do for a publication, so that this one goes on deciding."""

    def open(self, source: PackSource) -> OpenedPack:
        """Read, check and compile a pack."""
        ...

    def build(self, pack_digest: str) -> None:
        """Make a snapshot of the state of a pack's features; returns when it is there."""
        ...


class Publisher:
    """Publishes, schedules and rolls back. Its calls block: not on the event loop's thread."""

    def __init__(
        self,
        writer: Writer,
        *,
        journal: ReadableJournal,
        clock: ServiceClock,
        nearest: Callable[[OpenedPack], Course],
        tell: Tell,
        beside: Beside | None = None,
    ) -> None:
        """Made on the thread of the event loop.

        `nearest` returns the course of the newest snapshot of a pack's plan. Without `beside` this
        process does everything itself.
        """
        self._journal = journal
        self._programs = writer.course.programs
        self._writer = writer
        self._clock = clock
        self._nearest = nearest
        self._loop = asyncio.get_running_loop()
        self._tell = tell
        self._beside = beside
        self._opener = beside.open if beside is not None else None
        self._one_at_a_time = threading.Lock()
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._threads: set[asyncio.Future[None]] = set()
        self._troubles: dict[int, str] = {}

    def views(self) -> tuple[PublicationView, ...]:
        """Return every publication, oldest first."""
        return view_all(self._writer.course.register, troubles=self._troubles)

    def publish(self, request: PublishRequest) -> PublicationView:
        """Check a pack, keep it, and publish, schedule or try it."""
        _check_people(request.author, request.approver, request.note)
        _check_share(request)
        now_us = self._clock.now_us()
        if request.start_at_us and request.start_at_us <= now_us:
            raise HaitangError(
                code="publication_start_past",
                message=f"the start was {format_instant(request.start_at_us)}, which has passed",
                hint="leave the start out to publish now",
            )
        with self._one_at_a_time, collecting.held():
            opened = self._programs.add(request.files, name="pack", opener=self._opener)
            breathe()
            if request.start_at_us:
                record = self._record("scheduled", opened, request)
                self._enter(record)
                self._loop.call_soon_threadsafe(self._arm_one, record)
            else:
                record = self._publish_now(request.kind, opened, request)
        return self._view(record.number)

    def roll_back(self, *, author: str, approver: str, note: str) -> PublicationView:
        """End a canary, or else make the pack before the live one live again."""
        _check_people(author, approver, note)
        with self._one_at_a_time:
            register = self._writer.course.register
            people = PublishRequest(files={}, author=author, approver=approver, note=note)
            if register.canary >= 0:
                opened = self._programs.get(register.record(register.canary).pack_digest)
                record = self._record("cancelled", opened, people, subject=register.canary)
                self._enter(record)
                return self._view(record.number)
            before = register.before_live()
            if before is None:
                raise HaitangError(
                    code="publication_nothing_before",
                    message="no other pack was live before this one",
                    hint="publish the pack that shall decide",
                )
            opened = self._programs.get(before.pack_digest, opener=self._opener)
            record = self._publish_now("rollback", opened, people, subject=before.number)
        return self._view(record.number)

    # -- schedule --------------------------------------------------------------------------------

    def arm(self) -> None:
        """Set a timer for everything scheduled; on the event loop's thread."""
        for record in self._writer.course.register.scheduled.values():
            self._arm_one(record)

    def disarm(self) -> None:
        """Take the timers back; what is scheduled stays scheduled."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _arm_one(self, record: ControlRecord) -> None:
        wait_s = max(record.start_at_us - self._clock.now_us(), 0) / 1e6
        self._timers[record.number] = self._loop.call_later(wait_s, self._start, record)

    def _start(self, record: ControlRecord) -> None:
        self._timers.pop(record.number, None)
        future = self._loop.run_in_executor(None, self._start_now, record)
        self._threads.add(future)
        future.add_done_callback(self._threads.discard)

    def _start_now(self, record: ControlRecord) -> None:
        people = PublishRequest(
            files={}, author=record.author, approver=record.approver, note=record.note
        )
        try:
            with self._one_at_a_time, collecting.held():
                opened = self._programs.get(record.pack_digest, opener=self._opener)
                self._publish_now("live", opened, people, subject=record.number)
        except HaitangError as error:
            self._troubles[record.number] = error.message
            self._tell("publication_failed", number=record.number, reason=error.message)

    # -- taking effect ---------------------------------------------------------------------------

    def _publish_now(
        self,
        kind: PublicationKind,
        opened: OpenedPack,
        request: PublishRequest,
        *,
        subject: int = -1,
    ) -> ControlRecord:
        course = self._writer.course
        same_plan = opened.program.plan.digest == course.plan_digest
        if kind == "canary" and not same_plan:
            raise HaitangError(
                code="publication_canary_features",
                message="the pack had other features than the live one",
                hint="a canary shares the live state: publish the features first, then try the "
                "policies, or run the pack as shadow",
            )
        record = self._record(kind, opened, request, subject=subject)
        if kind == "shadow":
            if not same_plan:
                check_reach(self._journal, self._nearest(opened))
            self._enter(record)
        elif same_plan:
            course.lane(opened)
            breathe()
            self._enter(record)
        else:
            self._swap(self._built(opened), record)
        self._tell("pack_published", number=record.number, kind=kind, pack=opened.pack.id,
                   version=opened.pack.version, digest=opened.pack.digest)  # fmt: skip
        return record

    def _built(self, opened: OpenedPack) -> Course:
        """Return a course of another plan that is nearly at the journal's end."""
        label = opened.program.plan.digest
        course = self._nearest(opened)
        check_reach(self._journal, course)
        if (
            self._beside is not None
            and self._journal.durable_position - course.position > BUILD_BESIDE_EVENTS
        ):
            self._beside.build(opened.pack.digest)
            course = self._nearest(opened)
        for _ in range(CATCH_UP_TURNS_MAX):
            for _ in course.walk(self._journal.read(course.position), compare=False):
                pass
            if self._journal.durable_position - course.position < CATCH_UP_EVENTS:
                course.seen.touch()
                return course
        raise HaitangError(
            code="publication_not_caught_up",
            message=f"the state of plan {symbol(label[:12])} grew more slowly than the journal",
            hint="publish at a quieter hour",
        )

    def _swap(self, course: Course, record: ControlRecord) -> None:
        async def swap() -> None:
            await self._writer.pause()
            try:
                for _ in course.walk(self._journal.read(course.position), compare=False):
                    pass
                self._writer.course = course
            finally:
                self._writer.resume(self._writer.course)
            await self._writer.enter(record)

        asyncio.run_coroutine_threadsafe(swap(), self._loop).result()

    def _enter(self, record: ControlRecord) -> None:
        async def enter() -> None:
            await self._writer.enter(record)

        asyncio.run_coroutine_threadsafe(enter(), self._loop).result()

    def _record(
        self,
        kind: PublicationKind,
        opened: OpenedPack,
        request: PublishRequest,
        *,
        subject: int = -1,
    ) -> ControlRecord:
        return ControlRecord(
            number=self._writer.course.register.next_number,
            kind=kind,
            pack=opened.pack.id,
            pack_version=opened.pack.version,
            pack_digest=opened.pack.digest,
            plan_digest=opened.program.plan.digest,
            author=request.author,
            approver=request.approver,
            note=request.note,
            share=request.share if kind == "canary" else 0,
            start_at_us=request.start_at_us,
            subject=subject,
        )

    def _view(self, number: int) -> PublicationView:
        return self.views()[number]


def first_record(opened: OpenedPack, first: FirstPack) -> ControlRecord:
    """Return the record with which a new journal begins."""
    return ControlRecord(
        number=0,
        kind="live",
        pack=opened.pack.id,
        pack_version=opened.pack.version,
        pack_digest=opened.pack.digest,
        plan_digest=opened.program.plan.digest,
        author=first.author,
        approver=first.approver,
    )


def _check_people(author: str, approver: str, note: str) -> None:
    for name, value, longest in (
        ("author", author, NAME_CHARACTERS_MAX),
        ("approver", approver, NAME_CHARACTERS_MAX),
        ("note", note, NOTE_CHARACTERS_MAX),
    ):
        if len(value) > longest or (name != "note" and not value.strip()):
            raise HaitangError(
                code="publication_person",
                message=f"the {name} was {len(value)} characters; "
                f"expected {0 if name == 'note' else 1} to {longest}",
            )
    if author.strip().casefold() == approver.strip().casefold():
        raise HaitangError(
            code="publication_four_eyes",
            message=f"author and approver were both {symbol(author)}",
            hint="a second person must approve",
        )


def _check_share(request: PublishRequest) -> None:
    if request.kind == "canary" and not 1 <= request.share < SHARE_WHOLE:
        raise HaitangError(
            code="publication_share",
            message=f"the share was {request.share}; expected 1 to {SHARE_WHOLE - 1} of "
            f"{SHARE_WHOLE} customers",
        )
    if request.start_at_us and request.kind != "live":
        raise HaitangError(
            code="publication_start_kind",
            message=f"a {request.kind} publication had a start",
            hint="only live publications are scheduled",
        )
