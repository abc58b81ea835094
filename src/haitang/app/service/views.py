"""The register as people see it."""

from __future__ import annotations

from typing import Literal

from haitang.app.service.answers import PublicationView
from haitang.app.service.register import Entry, Register

State = Literal["scheduled", "building", "live", "shadow", "canary", "superseded", "failed"]


def view_all(register: Register, *, troubles: dict[int, str]) -> tuple[PublicationView, ...]:
    """Return every record with the state that follows from those behind it."""
    ended = {entry.record.subject for entry in register.entries if entry.record.kind == "cancelled"}
    return tuple(_view(register, entry, ended, troubles) for entry in register.entries)


def _view(
    register: Register, entry: Entry, ended: set[int], troubles: dict[int, str]
) -> PublicationView:
    record = entry.record
    state: State = "superseded"
    if record.number in troubles:
        state = "failed"
    elif record.number == register.live:
        state = "live"
    elif record.number == register.canary:
        state = "canary"
    elif record.number in register.scheduled:
        state = "scheduled"
    elif record.kind == "shadow" and record.number not in ended:
        state = "shadow"
    return PublicationView(
        number=record.number,
        kind=record.kind,
        state=state,
        pack=record.pack,
        pack_version=record.pack_version,
        pack_digest=record.pack_digest,
        author=record.author,
        approver=record.approver,
        note=record.note,
        position=entry.position,
        stamp_us=entry.stamp_us,
        start_at_us=record.start_at_us,
        share=record.share,
        trouble=troubles.get(record.number, ""),
    )
