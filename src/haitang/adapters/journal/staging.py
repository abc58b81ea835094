"""What waits for the disk, and how it is laid out for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from haitang.adapters.journal.frames import Header, Keys, pack_frame

STAGED_BYTES_MAX = 256 << 20
"""Payload that may wait for the disk."""


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """What a crash had left behind the last whole frame, cut away when the journal was opened."""

    path: Path
    offset: int
    position: int
    """Of the next event, which takes the place of what was cut."""
    cut_bytes: int
    reason: str


class Staged(NamedTuple):
    """A frame in the line for the next commit."""

    kind: int
    position: int
    events: int
    stamp_us: int
    payload: bytes
    keys: Sequence[int] | Keys
    size: int


class Packed(NamedTuple):
    """Staged frames as they go to the disk."""

    pieces: list[bytes]
    headers: list[Header]
    keys: list[Keys]
    size: int
    staged_bytes: int


def pack_staged(staged: Sequence[Staged], *, previous: int | None) -> Packed:
    """Lay frames out behind the one whose checksum is `previous`."""
    assert previous is not None, "a segment begins with a frame of its own"
    pieces: list[bytes] = []
    headers: list[Header] = []
    keys: list[Keys] = []
    size, staged_bytes = 0, 0
    for one in staged:
        keys.append(np.asarray(one.keys, np.uint64))
        packed, header = pack_frame(
            kind=one.kind,
            count=one.events,
            position=one.position,
            stamp_us=one.stamp_us,
            previous=previous,
            payload=one.payload,
            keys=keys[-1],
        )
        pieces += packed
        headers.append(header)
        previous = header.checksum
        size += header.frame_bytes
        staged_bytes += one.size
    return Packed(pieces, headers, keys, size, staged_bytes)
