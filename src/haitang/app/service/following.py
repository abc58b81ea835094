"""The follower: another process that walks the journal behind the service (law 1 at work).

It writes the snapshots, so that the service never stops for one, and on its way recomputes every
decision and compares it with what was recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from haitang.app.programs import OpenedPack
from haitang.app.service.course import Course, CourseSettings, Difference
from haitang.app.service.programs import Programs
from haitang.app.service.recovery import check_reach, nearest_course, read_register
from haitang.app.service.shadowing import ShadowCount
from haitang.app.service.telling import Tell
from haitang.app.wiring import Journal, PackLibrary, write_json, write_snapshot
from haitang.kernel.errors import HaitangError

STATUS_FILE = "follower.json"
SHADOW_FILE = "shadow-{number}.json"
PAUSE_US = 500_000
"""Between two looks at a journal that had nothing new."""
BUSY_PAUSE_US = 50_000
"""The same where something was new: what comes in is walked in small pieces, because a long one
takes caches and the host's goodwill from the service beside it.
"""
SAY_US = 500_000
"""Between two statuses."""
REST = 2.0
"""Between two steps of a snapshot, times what the step took: where a disk does nothing but write
snapshots, each commit waits behind one of their steps.
"""
BREATH = 0.25
"""Between two pieces of the journal, times what the walk over one took: a follower that
catches up at full speed was seen beside a service that fell behind.
"""
REST_US_MAX = 100_000
DIFFERENCES_TOLD_MAX = 100
START_AGAIN = ("journal_rewound", "journal_pruned")
"""Refusals of a reader that a new one gets over."""


class FollowOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a follower does."""

    folder: Path
    course: CourseSettings = CourseSettings()
    snapshot_every_events: int = 500_000
    snapshot_every_s: int = 3_600
    """A quiet bank's snapshots: whichever comes first."""
    pack_digest: str = ""
    """Follow this pack's plan instead of the live one."""
    once: bool = False
    """Stop at the journal's end, with a snapshot there."""
    compare: bool = True
    from_start: bool = False
    """Use no snapshot."""
    shadow: int = -1
    """Number of a shadow publication: compare what its pack decides, and write no snapshots."""


class FollowStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far a follower is; written to `follower.json` for the service and for people."""

    position: int
    behind: int
    """Events that are durable and not yet followed."""
    snapshot_position: int
    compared: int
    differences: int
    first_difference: int = -1


def read_status(folder: Path) -> FollowStatus | None:
    """Return what the last follower said; None where none did, or one of another version."""
    try:
        return msgspec.json.decode((folder / STATUS_FILE).read_bytes(), type=FollowStatus)
    except (OSError, msgspec.MsgspecError):
        return None


class FollowClock(Protocol):
    """The part of a clock that a follower needs."""

    def elapsed_us(self) -> int:
        """Return a steady reading; only differences mean anything."""
        ...

    def pause(self, *, duration_us: int) -> None:
        """Wait."""
        ...


def follow(
    options: FollowOptions, *, clock: FollowClock, tell: Tell, ended: Callable[[], bool]
) -> FollowStatus:
    """Walk the journal until `ended`, or to its end with `once`; see the module."""
    journal = Journal.open(options.folder, read_only=True)
    programs = Programs(PackLibrary(options.folder / "packs"))

    def rest(took_s: float) -> None:
        # Whoever waits for the end, or for the one snapshot, is not kept.
        if not options.once and not ended():
            clock.pause(duration_us=min(int(took_s * REST * 1e6), REST_US_MAX))

    follower = _Follower(options, programs, tell, clock=clock, rest=rest)
    snapshot_at_us = clock.elapsed_us() + options.snapshot_every_s * 1_000_000
    said_at_us = -SAY_US
    try:
        while not ended():
            before = follower.status.position
            try:
                journal.refresh()
                follower.take(journal, ended)
            except HaitangError as error:
                if error.code not in START_AGAIN:
                    raise
                # A failed commit was cut back, or the oldest segments went: what was walked may be
                # no part of the journal any more.
                tell("follower_started_again", reason=error.message)
                journal.close()
                journal = Journal.open(options.folder, read_only=True)
                follower.forget()
                continue
            if clock.elapsed_us() >= snapshot_at_us:
                snapshot_at_us = clock.elapsed_us() + options.snapshot_every_s * 1_000_000
                follower.snapshot()
            if follower.behind == 0:
                if options.once:
                    follower.snapshot()
                    break
                if clock.elapsed_us() - said_at_us >= SAY_US:
                    said_at_us = clock.elapsed_us()
                    follower.say()
                moved = follower.status.position > before
                clock.pause(duration_us=BUSY_PAUSE_US if moved else PAUSE_US)
    finally:
        journal.close()
    follower.say()
    return follower.status


class _Follower:
    def __init__(
        self,
        options: FollowOptions,
        programs: Programs,
        tell: Tell,
        *,
        clock: FollowClock,
        rest: Callable[[float], None],
    ) -> None:
        self._clock = clock
        self._rest = rest
        self._options = options
        self._programs = programs
        self._tell = tell
        self._course: Course | None = None
        self._end = 0
        self._snapshot_position = -1
        self._compared = 0
        self._differences = 0
        self._first_difference = -1
        self._counted_to = 0
        """Before this position differences were counted already, by a follower before this one."""
        self._shadow: ShadowCount | None = None

    @property
    def behind(self) -> int:
        """Events still to be walked."""
        return self._end - (self._course.position if self._course else 0)

    @property
    def status(self) -> FollowStatus:
        """Return how far it is."""
        return FollowStatus(
            position=self._course.position if self._course else 0,
            behind=self.behind,
            snapshot_position=self._snapshot_position,
            compared=self._compared,
            differences=self._differences,
            first_difference=self._first_difference,
        )

    def take(self, journal: Journal, ended: Callable[[], bool]) -> None:
        """Walk what is there, or until `ended`; snapshots on the way."""
        self._end = journal.durable_position
        course = self._course or self._begin(journal)
        if course is None:
            return
        before = course.position
        began_us = self._clock.elapsed_us()
        for piece in course.walk(journal.read(course.position), compare=self._options.compare):
            if isinstance(piece, Difference):
                self._differ(piece)
            if self._options.compare:
                self._compared += course.position - before
            before = course.position
            if course.position - max(self._snapshot_position, 0) >= (
                self._options.snapshot_every_events
            ):
                self.snapshot()
                self.say()
                began_us = self._clock.elapsed_us()
            if ended():
                return
            if not self._options.once:
                took_us = self._clock.elapsed_us() - began_us
                self._clock.pause(duration_us=min(int(took_us * BREATH), REST_US_MAX))
            began_us = self._clock.elapsed_us()
        self._end = max(self._end, course.position)
        options = self._options
        if not options.pack_digest and options.shadow < 0 and self._plan_changed(course):
            self._course = None

    def forget(self) -> None:
        """Begin again from a snapshot at the next look: what was walked may be gone."""
        self._course = None
        self._counted_to = 0

    def snapshot(self) -> None:
        """Write a snapshot where it stands, unless there is one."""
        course = self._course
        if course is None or course.position == self._snapshot_position or self._shadow:
            return
        write_snapshot(
            self._options.folder,
            position=course.position,
            label=course.plan_digest,
            sections=course.sections(),
            rest=self._rest,
        )
        self._snapshot_position = course.position
        self._tell("snapshot_written", position=course.position)

    def say(self) -> None:
        """Write the status where the service and people find it.

        Nobody waits until it is on disk: a sync that creates a file holds up the commits beside it
        for milliseconds, and after a crash of the machine there is a new follower anyway.
        """
        if self._shadow is not None and self._course is not None:
            name = SHADOW_FILE.format(number=self._options.shadow)
            write_json(
                self._options.folder / name, self._shadow.report(self._course), durable=False
            )
        elif not self._options.pack_digest:
            write_json(self._options.folder / STATUS_FILE, self.status, durable=False)

    def _begin(self, journal: Journal) -> Course | None:
        opened = self._opened(journal)
        if opened is None:
            return None
        options = self._options
        if options.shadow >= 0:
            course = self._begin_shadow(journal, opened)
        else:
            course = self._nearest(opened, at_most=-1 if options.from_start else None)
            check_reach(journal, course)
            if options.compare and not options.pack_digest:
                self._take_over(journal, course.position)
        self._snapshot_position = course.position
        self._course = course
        return self._course

    def _take_over(self, journal: Journal, position: int) -> None:
        """Go on counting where the follower before this one found differences that are not walked
        again: an alarm must outlive a restart. `docs/guides/operate.md` says how it is ended.
        """
        before = read_status(self._options.folder)
        if (
            before is None
            or self._first_difference >= 0
            or not 0 <= before.first_difference < position
            # Of a journal that was cut back since, or of another one.
            or before.position > journal.durable_position
        ):
            return
        self._differences = before.differences
        self._first_difference = before.first_difference
        self._counted_to = before.position

    def _begin_shadow(self, journal: Journal, opened: OpenedPack) -> Course:
        number = self._options.shadow
        from_position = read_register(journal, self._options.folder).entries[number].position
        course = self._nearest(opened, at_most=from_position)
        try:
            check_reach(journal, course)
        except HaitangError as error:
            if error.code != "journal_begins_later":
                raise
            # Its beginning is gone: compare from the newest state on.
            course = self._nearest(opened)
            check_reach(journal, course)
            from_position = max(from_position, course.position)
            self._tell("shadow_began_later", number=number, position=from_position)
        self._shadow = ShadowCount(number, from_position)
        course.decides = opened
        course.heard = self._shadow.listen(course)
        return course

    def _nearest(self, opened: OpenedPack, *, at_most: int | None = None) -> Course:
        return nearest_course(
            self._options.folder,
            self._programs,
            opened,
            settings=self._options.course,
            at_most=at_most,
            tell=self._tell,
        )

    def _opened(self, journal: Journal) -> OpenedPack | None:
        if self._options.pack_digest:
            return self._programs.get(self._options.pack_digest)
        register = read_register(journal, self._options.folder)
        if register.live < 0:
            return None
        if self._options.shadow >= 0:
            return self._programs.get(register.record(self._options.shadow).pack_digest)
        return self._programs.get(register.record(register.live).pack_digest)

    def _plan_changed(self, course: Course) -> bool:
        live = course.register.live
        return live >= 0 and course.register.record(live).plan_digest != course.plan_digest

    def _differ(self, piece: Difference) -> None:
        if piece.position < self._counted_to:
            return
        self._differences += 1
        if self._first_difference < 0:
            self._first_difference = piece.position
        if self._differences <= DIFFERENCES_TOLD_MAX:
            self._tell("decision_differs", position=piece.position, count=piece.count)
