"""Decisions read back from the journal: what was answered, the whole explanation, a check."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Protocol

from haitang.app.programs import OpenedPack
from haitang.app.service.answers import ReplayCheck
from haitang.app.service.blocks import CONTROL, EVENTS, decode_control, decode_events
from haitang.app.service.course import Course, JournalFrame
from haitang.app.service.programs import Programs
from haitang.data.events.batch import batch_events
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_stored
from haitang.decision.engine import (
    DecisionBatch,
    brief_answers,
    pack_decisions,
    unpack_decisions,
)
from haitang.decision.engine.decisions import Decision
from haitang.kernel.hashing import hash_text

KEPT_FRAMES = 8
"""Frames that are kept decoded: explanations are asked for in the order of events."""


class JournalReader(Protocol):
    """What is needed of a journal to look back."""

    def frame_at(self, position: int) -> JournalFrame:
        """Return the frame that holds an event."""
        ...

    def find(self, key: int) -> list[int]:
        """Return the positions of events with a lookup key, newest first."""
        ...

    def read(self, position: int = 0) -> Iterator[JournalFrame]:
        """Yield frames from the one that holds a position."""
        ...


def key_of(identifier: str) -> int:
    """Return the lookup key of an event's or a decision's identifier."""
    return hash_text(identifier)


class History:
    """Looks back. Every call may take milliseconds: it belongs in a thread of its own."""

    def __init__(
        self,
        journal: JournalReader,
        programs: Programs,
        *,
        digest_of: Callable[[int], str],
        course_before: Callable[[int, OpenedPack], Course],
    ) -> None:
        self._journal = journal
        self._programs = programs
        self._digest_of = digest_of
        self._course_before = course_before
        self._kept: dict[int, DecisionBatch] = {}

    def answer(self, position: int) -> bytes:
        """Return the body that was answered for the event at a position."""
        batch, first, _ = self._batch(position)
        positions = range(first, first + batch.count)
        return brief_answers(batch, positions=positions)[position - first]

    def event(self, position: int) -> Event:
        """Return a stored event."""
        frame = self._journal.frame_at(position)
        block = decode_events(frame.payload, position=frame.position)
        return decode_stored(block.events[position - frame.position])

    def decision(self, identifier: str) -> Decision | None:
        """Return the whole explanation of a decision, by its id or its event's."""
        found = self._find(identifier)
        return None if found is None else found[0].decision(found[1])

    def recompute(self, identifier: str) -> ReplayCheck | None:
        """Decide again from the nearest snapshot before and compare with what was recorded."""
        found = self._find(identifier)
        if found is None:
            return None
        batch, index, first = found
        frame = self._journal.frame_at(first)
        opened = self._opened(frame)
        course = self._course_before(first, opened)
        begun = course.position
        recomputed = _recomputed(course, self._journal.read(begun), upto=frame)
        block = decode_events(frame.payload, position=frame.position)
        return ReplayCheck(
            decision_id=batch.decision(index).decision_id,
            position=first + index,
            equal=recomputed == block.decisions,
            recorded=hashlib.sha256(block.decisions).hexdigest(),
            recomputed=hashlib.sha256(recomputed).hexdigest(),
            from_position=begun,
            events_replayed=first + batch.count - begun,
        )

    def _find(self, identifier: str) -> tuple[DecisionBatch, int, int] | None:
        for position in self._journal.find(key_of(identifier)):
            batch, first, _ = self._batch(position)
            index = position - first
            if identifier in (batch.events.event_ids[index], batch.decision(index).decision_id):
                return batch, index, first
        return None

    def _batch(self, position: int) -> tuple[DecisionBatch, int, int]:
        """Return the decisions of the frame that holds an event, its first position and count."""
        for first, kept in list(self._kept.items()):
            if first <= position < first + kept.count:
                return kept, first, kept.count
        frame = self._journal.frame_at(position)
        assert frame.kind == EVENTS, f"no event stands at position {position}"
        block = decode_events(frame.payload, position=frame.position)
        program = self._opened(frame).program
        events = batch_events([decode_stored(content) for content in block.events], program.fields)
        batch = unpack_decisions(block.decisions, program, events)
        if len(self._kept) >= KEPT_FRAMES:
            self._kept.clear()
        # What is durable never changes; threads that come at once do the same work twice.
        self._kept[frame.position] = batch
        return batch, frame.position, frame.count

    def _opened(self, frame: JournalFrame) -> OpenedPack:
        block = decode_events(frame.payload, position=frame.position)
        return self._programs.get(self._digest_of(block.program))


def _recomputed(course: Course, frames: Iterator[JournalFrame], *, upto: JournalFrame) -> bytes:
    """Walk a course to a frame and return the decisions that it makes of it."""
    for frame in frames:
        if frame.kind == CONTROL:
            course.enter(
                decode_control(frame.payload, position=frame.position), stamp_us=frame.stamp_us
            )
        elif frame.kind == EVENTS and frame.position == upto.position:
            block = decode_events(frame.payload, position=frame.position)
            return pack_decisions(course.decide_again(block.events, block)[0])
        else:
            for _ in course.walk([frame], compare=False):
                pass
    return b""
