"""From a data folder to the course at its end: the newest usable snapshot, then the frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from haitang.app.programs import OpenedPack
from haitang.app.service.blocks import CONTROL, ControlRecord, decode_control
from haitang.app.service.course import Course, CourseSettings, JournalFrame
from haitang.app.service.programs import Programs
from haitang.app.service.register import Entry, Register
from haitang.app.service.telling import Tell
from haitang.app.wiring import SnapshotDamaged, latest_snapshot, whole_snapshots
from haitang.data.events.errors import DuplicateRefused
from haitang.data.features.state import StateRefused
from haitang.kernel.errors import HaitangError, symbol


class Frames(Protocol):
    """What is needed of a journal."""

    def read(self, position: int = 0) -> Iterator[JournalFrame]:
        """Yield frames from the one that holds a position."""
        ...


def read_register(journal: Frames, folder: Path) -> Register:
    """Return the register at the journal's end, from the newest usable snapshot of any plan on."""
    register, position = Register(), 0
    for snapshot in whole_snapshots(folder):
        with suppress(SnapshotDamaged):
            register, position = Register.read(snapshot.read("register")), snapshot.position
            break
    for frame in journal.read(position):
        if frame.kind == CONTROL:
            record: ControlRecord = decode_control(frame.payload, position=frame.position)
            if record.number >= register.next_number:
                register.add(Entry(record=record, position=frame.position, stamp_us=frame.stamp_us))
    return register


def nearest_course(
    folder: Path,
    programs: Programs,
    opened: OpenedPack,
    *,
    settings: CourseSettings,
    at_most: int | None = None,
    tell: Tell,
) -> Course:
    """Return the course of the newest usable snapshot of a pack's plan, else one before all events.

    `at_most` bounds its position. A damaged snapshot is told of and passed over.
    """
    label = opened.program.plan.digest
    bound = at_most
    while True:
        snapshot = latest_snapshot(
            folder,
            at_most=bound,
            label=label,
            skipped=lambda path: tell("snapshot_passed_over", path=path.name),
        )
        if snapshot is None:
            return Course(programs, opened, settings=settings)
        try:
            return Course.load(programs, snapshot, settings=settings)
        except (SnapshotDamaged, StateRefused, DuplicateRefused) as error:
            tell("snapshot_passed_over", position=snapshot.position, reason=error.message)
            bound = snapshot.position - 1
            if bound < 0:
                return Course(programs, opened, settings=settings)


def check_reach(journal: Frames, course: Course) -> None:
    """Refuse to walk a course on in a journal whose events from there on were removed as old."""
    try:
        next(journal.read(course.position), None)
    except HaitangError as error:
        if error.code != "journal_pruned":
            raise
        pack = course.any_opened.pack
        raise HaitangError(
            code="journal_begins_later",
            message=f"the features of pack {symbol(pack.id)} {pack.version} had no state, and the "
            f"journal's events from position {course.position:,} on were removed as old",
            place=error.place,
            hint="set `journal_retention_days` to 0, put the removed segments back from a backup "
            "and restart; or keep to the features of the live pack",
        ) from None


def recover(
    journal: Frames,
    folder: Path,
    programs: Programs,
    *,
    settings: CourseSettings,
    tell: Tell,
    course: Course | None = None,
) -> Course | None:
    """Return the course at the journal's end; None for a journal without a publication.

    A `course` that was walked already is walked on, if the live pack still has its plan.
    """
    register = read_register(journal, folder)
    if register.live < 0:
        return None
    live = register.record(register.live)
    if course is None or course.plan_digest != live.plan_digest:
        opened = programs.get(live.pack_digest)
        course = nearest_course(folder, programs, opened, settings=settings, tell=tell)
    check_reach(journal, course)
    tell("recovery_began", from_position=course.position)
    for _ in course.walk(journal.read(course.position), compare=False):
        pass
    tell("recovery_ended", position=course.position, keys=course.state.features.key_count)
    return course
