"""Which pack decides: every publication in the order of the journal."""

from __future__ import annotations

import msgspec

from haitang.app.service.blocks import ControlRecord
from haitang.kernel.hashing import hash_text

SHARE_WHOLE = 10_000
"""A canary's share is told in customers of this many."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A control record and where it stands."""

    record: ControlRecord
    position: int
    """Of the first event behind it."""
    stamp_us: int


class Register:
    """All control records up to a place of the journal, and what follows from them."""

    def __init__(self, entries: list[Entry] | None = None) -> None:
        self.entries: list[Entry] = []
        self.live = -1
        """Number of the publication that decides; -1 before the first."""
        self.canary = -1
        self.scheduled: dict[int, ControlRecord] = {}
        for entry in entries or []:
            self.add(entry)

    @property
    def next_number(self) -> int:
        """Return the number that the next record takes."""
        return len(self.entries)

    def add(self, entry: Entry) -> None:
        """Let a record take effect; records come in order, without gaps."""
        record = entry.record
        assert record.number == self.next_number, f"record {record.number} stood out of order"
        self.entries.append(entry)
        if record.kind in ("live", "rollback"):
            self.live = record.number
            self.canary = -1
            self.scheduled.pop(record.subject, None)
        elif record.kind == "canary":
            self.canary = record.number
        elif record.kind == "scheduled":
            self.scheduled[record.number] = record
        elif record.kind == "cancelled":
            self.scheduled.pop(record.subject, None)
            if self.canary == record.subject:
                self.canary = -1

    def record(self, number: int) -> ControlRecord:
        """Return a record by number."""
        return self.entries[number].record

    def before_live(self) -> ControlRecord | None:
        """Return the record whose pack was live before the present one, None when there is none."""
        digest = self.record(self.live).pack_digest if self.live >= 0 else ""
        for entry in reversed(self.entries[: max(self.live, 0)]):
            if entry.record.kind in ("live", "rollback") and entry.record.pack_digest != digest:
                return entry.record
        return None

    def plans(self) -> frozenset[str]:
        """Return the plans that may be asked for: of what is live, was live before (a rollback
        brings it back), is scheduled, or runs as shadow. A canary has the live one.
        """
        ended = {one.record.subject for one in self.entries if one.record.kind == "cancelled"}
        shadows = [
            entry.record
            for entry in self.entries
            if entry.record.kind == "shadow" and entry.record.number not in ended
        ]
        live = [self.record(self.live)] if self.live >= 0 else []
        before = self.before_live()
        wanted = [*live, *([before] if before else []), *self.scheduled.values(), *shadows]
        return frozenset(record.plan_digest for record in wanted)

    def chosen(self, customer: str | None) -> int:
        """Return the number of the publication that decides for a customer."""
        if self.canary < 0 or customer is None:
            return self.live
        # With the number in the hash, every canary is tried on other customers.
        bucket = hash_text(f"{self.canary}:{customer}") % SHARE_WHOLE
        return self.canary if bucket < self.record(self.canary).share else self.live

    def write(self) -> bytes:
        """Return the register as bytes."""
        return msgspec.msgpack.encode(self.entries)

    @classmethod
    def read(cls, content: bytes) -> Register:
        """Return the register that was written."""
        return cls(msgspec.msgpack.decode(content, type=list[Entry]))
