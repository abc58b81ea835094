"""Small journals whose every frame can be told by its position."""

from __future__ import annotations

from pathlib import Path

from haitang.adapters.journal.frames import Frame
from haitang.adapters.journal.journal import Journal
from haitang.adapters.journal.layout import segment_paths

SEGMENT_BYTES = 4_000
EVENTS = 1
CONTROL = 2


def payload_of(position: int) -> bytes:
    """Some bytes that stand for a position; their length varies, zeros among them."""
    return position.to_bytes(8, "little") * (1 + position * 7 % 23)


def keys_of(position: int, count: int) -> list[int]:
    """Two lookup keys an event: one of its own, one that many share."""
    return [key for event in range(position, position + count) for key in (event + 10**12, 77)]


def append(journal: Journal, *, frames: int, committed_by: int = 1) -> None:
    """Append frames of 1 to 3 events, here and there a control frame before one."""
    for number in range(frames):
        position = journal.next_position
        if position % 5 == 0:
            journal.stage(kind=CONTROL, count=0, stamp_us=position, payload=b"control")
        count = 1 + position % 3
        journal.stage(
            kind=EVENTS,
            count=count,
            stamp_us=position,
            payload=payload_of(position),
            keys=keys_of(position, count),
        )
        if number % committed_by == committed_by - 1:
            journal.commit()
    journal.commit()


def make_journal(folder: Path, *, frames: int = 60, segment_bytes: int = SEGMENT_BYTES) -> Path:
    """Write a journal of several segments and close it."""
    with Journal.open(folder, segment_bytes=segment_bytes) as journal:
        append(journal, frames=frames)
    return folder


def frames_of(folder: Path) -> list[Frame]:
    """Open a journal to read and return all its frames."""
    with Journal.open(folder, read_only=True) as journal:
        return list(journal.read())


def last_segment(folder: Path) -> Path:
    return segment_paths(folder)[-1]


def flip(path: Path, *, byte: int, mask: int = 0xFF) -> None:
    """Change some bits of one byte."""
    data = bytearray(path.read_bytes())
    data[byte] ^= mask
    path.write_bytes(bytes(data))


def assert_found(journal: Journal) -> None:
    """Every event is found by its position, by its own key and by the key that all share."""
    end = journal.durable_position
    for position in range(journal.first_position, end):
        frame = journal.frame_at(position)
        assert frame.position <= position < frame.position + frame.count
        assert frame.payload == payload_of(frame.position)
        assert journal.find(position + 10**12) == [position]
    assert journal.find(77) == list(range(journal.first_position, end))[::-1]
    assert journal.find(5) == []
