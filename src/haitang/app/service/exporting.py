"""The journal as a file that other programs read: events, or whole decisions beside them, one a
line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from haitang.app.replay import ReplayProgress
from haitang.app.service.blocks import (
    CONTROL,
    EVENTS,
    EventBlock,
    decode_control,
    decode_events,
)
from haitang.app.service.course import JournalFrame
from haitang.app.service.programs import Programs
from haitang.app.service.recovery import read_register
from haitang.app.service.register import Register
from haitang.app.wiring import Journal, PackLibrary, Replacement, naming
from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_stored
from haitang.decision.engine import unpack_decisions
from haitang.decision.engine.decisions import Decision
from haitang.kernel.errors import HaitangError, Place

STANDARD_OUTPUT = "-"
TOLD_EVERY_EVENTS = 1_000


class ExportedEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the journal and what was decided."""

    position: int
    received_at_us: int
    sender: str
    event: msgspec.Raw
    """The event as it is stored."""
    decision: Decision | None = None
    """Absent where only events were asked for."""


class ExportedControl(msgspec.Struct, frozen=True, kw_only=True):
    """One publication, or what ended one."""

    position: int
    """Of the first event behind it."""
    received_at_us: int
    publication: dict[str, object]


Exported = ExportedEvent | ExportedControl


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """An export that was opened: what it will hold, and the rows while they are read."""

    first_position: int
    next_position: int
    """Behind the last event that was durable at the opening."""
    rows: Iterator[Exported]


class ExportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    events: int
    publications: int
    first_position: int
    next_position: int


_encode = msgspec.json.Encoder().encode


@contextmanager
def open_export(
    folder: Path, *, from_position: int | None = None, decisions: bool = True
) -> Iterator[Export]:
    """Open what the journal holds from a position on, up to its durable end now.

    Begins with the oldest event that was kept where no position is named. Takes no lock: it may run
    beside the service. Decisions are the recorded ones, rendered; publications stand among them.
    """
    with Journal.open(folder, read_only=True) as journal:
        first = journal.first_position if from_position is None else from_position
        if first > journal.next_position:
            raise HaitangError(
                code="use_position",
                message=f"position {first:,} was asked for; the journal's next position is "
                f"{journal.next_position:,}",
                place=Place(path=str(folder)),
                hint="name one before it; `haitang journal verify` says where it begins and ends",
            )
        frames = journal.read(first)
        rows = (
            _decided_rows(frames, first, folder, read_register(journal, folder))
            if decisions
            else _event_rows(frames, first)
        )
        yield Export(first_position=first, next_position=journal.next_position, rows=rows)


def write_export(
    folder: Path,
    to: Path,
    *,
    from_position: int | None = None,
    decisions: bool = False,
    progressed: Callable[[ReplayProgress], None],
) -> ExportSummary:
    """Write the journal of a data folder to a new file, which appears whole or not at all.

    Without decisions a line is an event as it is stored, and `haitang replay` reads the file. `-`
    is standard output; a file that is there is never written over.
    """
    if str(to) != STANDARD_OUTPUT and to.is_file():
        raise HaitangError(
            code="file_exists",
            message="the file was there already",
            place=Place(path=str(to)),
            hint="name a new one, or move this one away",
        )
    events = publications = 0
    with (
        open_export(folder, from_position=from_position, decisions=decisions) as export,
        Replacement(to) as stream,
    ):
        total = export.next_position - export.first_position
        for row in export.rows:
            if isinstance(row, ExportedEvent):
                events += 1
            else:
                publications += 1
            with naming(to):
                stream.write(_encode(row) if decisions else _stored(row))
                stream.write(b"\n")
            if events % TOLD_EVERY_EVENTS == 0:
                progressed(ReplayProgress(events=events, done=events, total=total))
    return ExportSummary(
        events=events,
        publications=publications,
        first_position=export.first_position,
        next_position=export.next_position,
    )


def _stored(row: Exported) -> bytes:
    assert isinstance(row, ExportedEvent), "only events stand among events"
    return bytes(row.event)


def _event_rows(frames: Iterator[JournalFrame], first: int) -> Iterator[ExportedEvent]:
    for frame in frames:
        if frame.kind == EVENTS:
            block = decode_events(frame.payload, position=frame.position)
            yield from _rows_of(frame, block, first=first)


def _decided_rows(
    frames: Iterator[JournalFrame], first: int, folder: Path, register: Register
) -> Iterator[Exported]:
    programs = Programs(PackLibrary(folder / "packs"))
    for frame in frames:
        if frame.kind == CONTROL:
            record = decode_control(frame.payload, position=frame.position)
            yield ExportedControl(
                position=frame.position,
                received_at_us=frame.stamp_us,
                publication=msgspec.structs.asdict(record),
            )
        elif frame.kind == EVENTS:
            block = decode_events(frame.payload, position=frame.position)
            program = programs.get(register.record(block.program).pack_digest).program
            events = [decode_stored(content) for content in block.events]
            decided = unpack_decisions(
                block.decisions, program, batch_events(events, program.fields)
            )
            for row in _rows_of(frame, block, first=first):
                decision = decided.decision(row.position - frame.position)
                yield msgspec.structs.replace(row, decision=decision)


def _rows_of(frame: JournalFrame, block: EventBlock, *, first: int) -> Iterator[ExportedEvent]:
    """Yield the events of a frame from a position on."""
    senders = (name for name, count in block.senders for _ in range(count))
    for position, (sender, content) in enumerate(
        zip(senders, block.events, strict=True), start=frame.position
    ):
        if position >= first:
            yield ExportedEvent(
                position=position,
                received_at_us=frame.stamp_us,
                sender=sender,
                event=msgspec.Raw(content),
            )
