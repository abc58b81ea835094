"""What the frames of the journal say: runs of decided events, and what people did to the service.

Payloads are arrays in MessagePack: fields are only ever added at the end, with defaults, so that
what was written years ago is read as it was meant.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from haitang.kernel.errors import HaitangError, Place

EVENTS = 1
CONTROL = 2
"""Kinds of frames; 0 is the journal's own."""

PublicationKind = Literal["live", "shadow", "canary", "rollback", "scheduled", "cancelled"]


class EventBlock(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A run of events that one program decided in one mode."""

    program: int
    """Number of the publication whose pack decided."""
    mode: int
    senders: list[tuple[str, int]]
    """Who sent them, run-length: (API key id, how many)."""
    events: list[bytes]
    """Canonical JSON of each event, as it was sent."""
    decisions: bytes
    """Columns of the decisions, see `decision.engine.columns`."""
    fail_ranks: bytes = b""
    """In mode `fail_policy`: the rank of each event's action, one byte each."""


class ControlRecord(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One publication or what ends one; it takes effect at its place in the journal."""

    number: int
    """Counted from 0 over the whole journal."""
    kind: PublicationKind
    pack: str
    pack_version: str
    pack_digest: str
    plan_digest: str
    author: str
    approver: str
    note: str = ""
    share: int = 0
    """Canary: customers of 10,000 that the pack decides for."""
    start_at_us: int = 0
    """Scheduled: when it shall take effect; 0 else."""
    subject: int = -1
    """The publication that a rollback goes back to, or that a start or cancellation speaks of."""


_encode = msgspec.msgpack.Encoder().encode
_decode_events = msgspec.msgpack.Decoder(EventBlock).decode
_decode_control = msgspec.msgpack.Decoder(ControlRecord).decode


def encode_block(block: EventBlock | ControlRecord) -> bytes:
    """Return the payload of a frame."""
    return _encode(block)


def decode_events(payload: bytes, *, position: int) -> EventBlock:
    """Return a run of events; `position` is for the refusal."""
    try:
        return _decode_events(payload)
    except msgspec.MsgspecError:
        raise _not_understood(position) from None


def decode_control(payload: bytes, *, position: int) -> ControlRecord:
    """Return a control record; `position` is for the refusal."""
    try:
        return _decode_control(payload)
    except msgspec.MsgspecError:
        raise _not_understood(position) from None


def _not_understood(position: int) -> HaitangError:
    # Its checksum was right, so it was written like this: by a newer version, most likely.
    return HaitangError(
        code="journal_payload_unknown",
        message=f"the frame at position {position} was not understood",
        place=Place(path="journal"),
        hint="open it with the version that wrote it",
    )
