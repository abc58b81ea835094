"""The journal as files that other programs read: events and whole decisions, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from haitang.app.service.blocks import CONTROL, EVENTS, decode_control, decode_events
from haitang.app.service.programs import Programs
from haitang.app.service.register import Entry, Register
from haitang.app.wiring import Journal, PackLibrary
from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_stored
from haitang.decision.engine import unpack_decisions
from haitang.decision.engine.decisions import Decision


class ExportedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the journal and what was decided."""

    position: int
    received_at_us: int
    sender: str
    event: msgspec.Raw
    decision: Decision | None = None
    """Absent where only events were asked for."""


class ExportedControl(msgspec.Struct, frozen=True, kw_only=True):
    """One publication, or what ended one."""

    position: int
    received_at_us: int
    publication: dict[str, object]


Exported = ExportedEvent | ExportedControl


def export_journal(
    folder: Path, *, from_position: int = 0, decisions: bool = True
) -> Iterator[Exported]:
    """Yield what the journal holds from a position on, up to its durable end now.

    Takes no lock: it may run beside the service. Decisions are the recorded ones, rendered.
    """
    programs = Programs(PackLibrary(folder / "packs"))
    register = Register()
    with Journal.open(folder, read_only=True) as journal:
        for frame in journal.read(0):
            if frame.kind == CONTROL:
                record = decode_control(frame.payload, position=frame.position)
                register.add(Entry(record=record, position=frame.position, stamp_us=frame.stamp_us))
                if frame.position >= from_position:
                    yield ExportedControl(
                        position=frame.position,
                        received_at_us=frame.stamp_us,
                        publication=msgspec.structs.asdict(record),
                    )
            elif frame.kind == EVENTS and frame.position + frame.count > from_position:
                block = decode_events(frame.payload, position=frame.position)
                senders = [name for name, count in block.senders for _ in range(count)]
                out = None
                if decisions:
                    program = programs.get(register.record(block.program).pack_digest).program
                    events = [decode_stored(content) for content in block.events]
                    batch = batch_events(events, program.fields)
                    out = unpack_decisions(block.decisions, program, batch)
                for index, content in enumerate(block.events):
                    if frame.position + index >= from_position:
                        yield ExportedEvent(
                            position=frame.position + index,
                            received_at_us=frame.stamp_us,
                            sender=senders[index],
                            event=msgspec.Raw(content),
                            decision=None if out is None else out.decision(index),
                        )
