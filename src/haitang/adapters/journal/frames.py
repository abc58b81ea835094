"""The bytes of a frame: how it is packed, how it is checked, how it chains to the one before.

    header, 40 bytes   magic u32 | kind u8 | version u8 | header check u16 | body length u32 |
                       count u32 | position u64 | stamp i64 | previous checksum u32 | checksum u32
    body               payload | lookup keys u64 … | number of keys u24 | end mark u8
    padding            zeros up to a multiple of 8

Little-endian. The checksum (CRC-32) covers the header before it, the body and the padding. The
header check (CRC-16) covers the header alone, so that the length of a frame can be trusted before
its body is there: a damaged length must not pass for a torn frame. The end mark is never zero, so
that a frame whose end was not written is told from one that was damaged later.
"""

from __future__ import annotations

import os
import struct
import zlib
from binascii import crc_hqx
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

MAGIC = 0xF7A1C0DE
"""First four bytes of every frame; no UTF-8 text holds them."""

VERSION = 1
SEGMENT_HEADER = 0
"""Kind of the frame that begins a segment."""

BODY_BYTES_MAX = 1 << 30
"""Longest body; a length beyond it is damage."""

KEYS_MAX = (1 << 24) - 1
"""Most lookup keys of one frame."""

Keys = npt.NDArray[np.uint64]

_HEADER = struct.Struct("<IBBHIIQqII")
_CHECKED_BYTES = 36
HEADER_BYTES = _HEADER.size
_TRAILER_BYTES = 4
_END_MARK = 0xA5
_PIECE_BYTES = 1 << 20
_NO_KEYS: Keys = np.zeros(0, np.uint64)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame as it is read back."""

    kind: int
    position: int
    """Of its first event; of the next event where it has none."""
    count: int
    """Events in it; 0 for a control frame."""
    stamp_us: int
    payload: bytes


class Header(NamedTuple):
    """The checked header of a frame."""

    kind: int
    version: int
    body_bytes: int
    events: int
    position: int
    stamp_us: int
    previous: int
    checksum: int

    @property
    def frame_bytes(self) -> int:
        """Bytes up to the next frame."""
        return HEADER_BYTES + self.body_bytes + _padding(self.body_bytes)


class Chain(msgspec.Struct, kw_only=True):
    """What the next frame must say; `previous` is None where the frame before is not known."""

    position: int
    previous: int | None
    stamp_us: int

    def fits(self, header: Header) -> bool:
        """Tell whether a frame may stand here."""
        return (
            header.position == self.position
            and self.previous in (None, header.previous)
            and header.stamp_us >= self.stamp_us
        )

    def take(self, header: Header) -> None:
        """Step behind a frame."""
        self.position = header.position + header.events
        self.previous = header.checksum
        self.stamp_us = header.stamp_us


class FrameFault(Exception):
    """A frame that does not check; caught inside of this room and told as torn or corrupt."""

    def __init__(self, offset: int, reason: str, header: Header | None = None) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason
        self.header = header


def pack_frame(
    *,
    kind: int,
    count: int,
    position: int,
    stamp_us: int,
    previous: int,
    payload: bytes,
    keys: Keys = _NO_KEYS,
) -> tuple[list[bytes], Header]:
    """Return the pieces of a frame in their order, and its header."""
    body_bytes = len(payload) + 8 * len(keys) + _TRAILER_BYTES
    trailer = (len(keys) | _END_MARK << 24).to_bytes(4, "little")
    tail = keys.tobytes() + trailer + bytes(_padding(body_bytes))
    fields = (body_bytes, count, position, stamp_us, previous)
    head = _HEADER.pack(MAGIC, kind, VERSION, 0, *fields, 0)[:_CHECKED_BYTES]
    head = head[:6] + crc_hqx(head, 0xFFFF).to_bytes(2, "little") + head[8:]
    checksum = zlib.crc32(tail, zlib.crc32(payload, zlib.crc32(head)))
    pieces = [head + checksum.to_bytes(4, "little"), payload, tail]
    return pieces, Header(kind, VERSION, *fields, checksum)


def parse_header(data: bytes | memoryview, at: int = 0) -> Header | None:
    """Return the header at a place, or None where none stands or it does not check."""
    magic, kind, version, check, *fields = _HEADER.unpack_from(data, at)
    if magic != MAGIC:
        return None
    head = bytes(data[at : at + _CHECKED_BYTES])
    if crc_hqx(head[:6] + b"\0\0" + head[8:], 0xFFFF) != check:
        return None
    header = Header(kind, version, *fields)
    return header if _TRAILER_BYTES <= header.body_bytes <= BODY_BYTES_MAX else None


def whole(data: bytes | memoryview, at: int, header: Header) -> bool:
    """Tell whether the bytes of a frame, all of them there, agree with its checksum."""
    view = memoryview(data)
    body = view[at + HEADER_BYTES : at + header.frame_bytes]
    return zlib.crc32(body, zlib.crc32(view[at : at + _CHECKED_BYTES])) == header.checksum


def keys_of(data: bytes | memoryview, at: int, header: Header) -> Keys:
    """Return the lookup keys of a checked frame."""
    end = at + HEADER_BYTES + header.body_bytes - _TRAILER_BYTES
    number = int.from_bytes(data[end : end + 3], "little")
    return np.frombuffer(bytes(data[end - 8 * number : end]), np.uint64)


def frame_of(data: bytes | memoryview, at: int, header: Header) -> Frame:
    """Return a checked frame with its payload."""
    start = at + HEADER_BYTES
    end = start + header.body_bytes - _TRAILER_BYTES
    number = int.from_bytes(data[end : end + 3], "little")
    return Frame(
        kind=header.kind,
        position=header.position,
        count=header.events,
        stamp_us=header.stamp_us,
        payload=bytes(data[start : end - 8 * number]),
    )


def walk(
    file: int, *, offset: int, limit: int, chain: Chain
) -> Iterator[tuple[int, Header, bytes, int]]:
    """Yield (offset in the file, header, buffer, place in the buffer) of every frame up to `limit`.

    Steps `chain` along; raises `FrameFault` at the first frame that does not check or does not
    follow.
    """
    data, base = b"", offset
    while offset < limit:
        at = offset - base
        if len(data) - at < HEADER_BYTES:
            data, base, at = read_at(file, offset, min(_PIECE_BYTES, limit - offset)), offset, 0
            if len(data) < HEADER_BYTES:
                raise FrameFault(offset, "the frame was cut short")
        header = parse_header(data, at)
        if header is None:
            raise FrameFault(offset, "no frame stood there")
        if header.version > VERSION:
            raise FrameFault(offset, "the frame was of a newer version", header)
        if not chain.fits(header):
            raise FrameFault(offset, "the frame did not follow the one before", header)
        size = header.frame_bytes
        if offset + size > limit:
            raise FrameFault(offset, "the frame was cut short", header)
        if at + size > len(data):
            wanted = min(max(_PIECE_BYTES, size), limit - offset)
            data, base, at = read_at(file, offset, wanted), offset, 0
            if len(data) < size:
                raise FrameFault(offset, "the frame was cut short", header)
        if not whole(data, at, header):
            raise FrameFault(offset, "the checksum did not hold", header)
        chain.take(header)
        yield offset, header, data, at
        offset += size


def is_torn(file: int, *, size: int, fault: FrameFault, chain: Chain) -> bool:
    """Tell a tail that a crash left behind from damage.

    Torn is a last frame that ends beyond the end of the file, or whose rest up to the end of the
    file is zeros from some point on. All else is damage, also a frame that seems to end beyond the
    file while a whole one stands behind its beginning.
    """
    rest = read_at(file, fault.offset, size - fault.offset)
    header = fault.header
    written = rest.rstrip(b"\0")
    if header is None:
        return len(written) < HEADER_BYTES and _begins(written, chain)
    if not chain.fits(header) or header.version > VERSION:
        return False
    if header.frame_bytes > len(rest):
        return next(whole_frames(rest, start=8), None) is None
    return len(written) < HEADER_BYTES + header.body_bytes


def whole_frames(data: bytes, *, start: int = 0) -> Iterator[tuple[int, Header]]:
    """Yield every whole frame in a stretch of damaged bytes, wherever it begins."""
    mark = MAGIC.to_bytes(4, "little")
    at = data.find(mark, start)
    while 0 <= at <= len(data) - HEADER_BYTES:
        header = parse_header(data, at)
        found = (
            header is not None and at + header.frame_bytes <= len(data) and whole(data, at, header)
        )
        if header is not None and found:
            yield at, header
        at = data.find(mark, at + header.frame_bytes if header is not None and found else at + 1)


def _begins(written: bytes, chain: Chain) -> bool:
    """Tell whether these may be the first bytes of the frame that is expected."""
    fields = (0, 0, chain.position, 0, chain.previous or 0)
    wanted = _HEADER.pack(MAGIC, 0, VERSION, 0, *fields, 0)
    known = [0, 1, 2, 3, 5, *range(16, 24), *(range(32, 36) if chain.previous is not None else ())]
    return all(written[place] == wanted[place] for place in known if place < len(written))


def read_at(file: int, offset: int, size: int) -> bytes:
    """Read up to `size` bytes from an offset; fewer only where the file ends."""
    data = os.pread(file, size, offset)
    while len(data) < size:
        more = os.pread(file, size - len(data), offset + len(data))
        if not more:
            break
        data += more
    return data


def _padding(body_bytes: int) -> int:
    return -body_bytes % 8
