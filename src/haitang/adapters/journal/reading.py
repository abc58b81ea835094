"""Frames read back from segments; every one is checked on its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from haitang.adapters.journal.errors import corrupt, pruned
from haitang.adapters.journal.frames import (
    HEADER_BYTES,
    SEGMENT_HEADER,
    Chain,
    Frame,
    FrameFault,
    frame_of,
    parse_header,
    read_at,
    walk,
    whole,
)
from haitang.adapters.journal.scanning import reading
from haitang.adapters.journal.segments import Segment

_GUESSED_BYTES = 16_384
"""Read at once for a single frame; most are shorter."""
_EARLIEST_US = -(1 << 63)


def read_frames(
    segments: Sequence[Segment], *, position: int, ends: Sequence[int]
) -> Iterator[Frame]:
    """Yield frames from the one that holds `position`; `ends` says how far into each segment.

    A control frame (without events) is held by the position of the event after it, so that reading
    from a position yields those that were written just before it, too.
    """
    first = max(
        (place for place, one in enumerate(segments) if one.facts.first_position < position),
        default=0,
    )
    for place in range(first, len(segments)):
        segment = segments[place]
        offset = _offset(segment, position) if place == first else None
        for frame in _of_segment(segment, offset=offset or 0, end=ends[place]):
            if frame.position >= position or frame.position + frame.count > position:
                yield frame


def _of_segment(segment: Segment, *, offset: int, end: int) -> Iterator[Frame]:
    facts = segment.facts
    chain = Chain(
        position=facts.first_position, previous=facts.header_previous, stamp_us=_EARLIEST_US
    )
    try:
        with reading(segment.path) as file:
            if offset:
                data = read_at(file, offset, HEADER_BYTES)
                header = parse_header(data) if len(data) == HEADER_BYTES else None
                if header is None:
                    raise FrameFault(offset, "no frame stood there")
                chain.position, chain.previous = header.position, header.previous
            for _, header, data, at in walk(file, offset=offset, limit=end, chain=chain):
                if header.kind != SEGMENT_HEADER:
                    yield frame_of(data, at, header)
    except FileNotFoundError:
        raise pruned(segment.path, position=chain.position) from None
    except FrameFault as fault:
        raise corrupt(
            segment.path, offset=fault.offset, position=chain.position, reason=fault.reason
        ) from None


def _offset(segment: Segment, position: int) -> int | None:
    try:
        return segment.offset_below(position)
    except FileNotFoundError:
        raise pruned(segment.path, position=position) from None


def read_frame(segment: Segment, *, position: int) -> Frame:
    """Return the frame that holds an event of this segment."""
    offset = _offset(segment, position + 1)
    assert offset is not None, f"position {position} is not in {segment.path.name}"
    try:
        with reading(segment.path) as file:
            data = read_at(file, offset, _GUESSED_BYTES)
            header = parse_header(data) if len(data) >= HEADER_BYTES else None
            if header is not None and header.frame_bytes > len(data):
                data = read_at(file, offset, header.frame_bytes)
    except FileNotFoundError:
        raise pruned(segment.path, position=position) from None
    if header is None or len(data) < header.frame_bytes or not whole(data, 0, header):
        reason = "the checksum did not hold"
        raise corrupt(segment.path, offset=offset, position=position, reason=reason)
    if not header.position <= position < header.position + header.events:
        reason = "the frame did not hold this position"
        raise corrupt(segment.path, offset=offset, position=position, reason=reason)
    return frame_of(data, 0, header)
