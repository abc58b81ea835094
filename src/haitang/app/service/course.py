"""A place in the journal and everything that holds there: state, remembered ids, register.

The node carries one along as it decides; recovery, followers and audits walk one over the frames.
All of them call the same `evaluate`, so all of them arrive at the same place (laws 1 and 4).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from haitang.app.programs import OpenedPack
from haitang.app.service.blocks import (
    CONTROL,
    EVENTS,
    ControlRecord,
    EventBlock,
    decode_control,
    decode_events,
)
from haitang.app.service.programs import Programs
from haitang.app.service.register import Entry, Register
from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_stored
from haitang.data.events.order import Deduplicator
from haitang.data.features.pages import LARGE_PAGE_WORDS
from haitang.decision.engine import (
    FAIL_POLICY,
    FULL,
    DecisionBatch,
    EngineState,
    evaluate,
    pack_decisions,
)

TOUCH_REST_S = 0.02
"""Between two large pages that are touched ahead."""
MERGED_EVENTS = 1_024
"""Events of several frames that are evaluated in one call: how they are cut changes no decision."""


class JournalFrame(Protocol):
    """What is needed of a frame."""

    @property
    def kind(self) -> int:
        """What the payload is."""
        ...

    @property
    def position(self) -> int:
        """Of its first event."""
        ...

    @property
    def count(self) -> int:
        """Its events."""
        ...

    @property
    def stamp_us(self) -> int:
        """The service's receive time."""
        ...

    @property
    def payload(self) -> bytes:
        """See `blocks`."""
        ...


class CourseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of what is held in memory."""

    state_bytes_max: int = 8 << 30
    state_touched_bytes: int = 0
    remembered_events: int = 1_000_000


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A frame whose recomputed decisions are not the recorded ones."""

    position: int
    count: int


class _Place(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The part of a course that is neither state nor register."""

    position: int
    stamp_us: int


class Course:
    """Walks one plan over the journal. One thread at a time."""

    def __init__(
        self,
        programs: Programs,
        opened: OpenedPack,
        *,
        settings: CourseSettings,
        state: EngineState | None = None,
    ) -> None:
        """Start before the first event, or in `state`; `opened` is any pack of the plan."""
        self.programs = programs
        self.plan_digest = opened.program.plan.digest
        self.settings = settings
        self.register = Register()
        self.seen = Deduplicator(settings.remembered_events)
        self.position = 0
        self.stamp_us = 0
        self.state = state or EngineState.create(
            opened.program,
            limit_bytes=settings.state_bytes_max,
            touched_bytes=settings.state_touched_bytes,
            enter_lists=False,
        )
        self.decides: OpenedPack | None = None
        """Decide everything by this pack, in full, whatever decided then: a shadow's question."""
        self.heard: Callable[[EventBlock, DecisionBatch], None] | None = None
        """Told of every block decided, before it is forgotten."""
        self.any_opened = opened
        """Some pack of the plan."""
        self._lanes: dict[str, EngineState] = {opened.pack.digest: self.state}

    def lane(self, opened: OpenedPack) -> EngineState:
        """Return the scratch for one pack over the one state; making it takes milliseconds.

        Another thread may make it ahead of time: what it makes is not in use yet.
        """
        found = self._lanes.get(opened.pack.digest)
        if found is None:
            found = self.state.beside(opened.program)
            self._lanes[opened.pack.digest] = found
        return found

    def touch_ahead(self) -> None:
        """Have memory at hand before events need it; another thread than the deciding one.

        Page by page: on a virtual machine each takes the processor for milliseconds, whoever waits
        for it.
        """
        while self.state.touch_ahead(LARGE_PAGE_WORDS):
            time.sleep(TOUCH_REST_S)

    def opened(self, number: int) -> OpenedPack:
        """Return the pack of a publication."""
        return self.programs.get(self.register.record(number).pack_digest)

    # -- walking ---------------------------------------------------------------------------------

    def walk(self, frames: Iterable[JournalFrame], *, compare: bool) -> Iterator[Difference | None]:
        """Apply frames in order, yielding after each piece: a difference, or None."""
        held: list[tuple[JournalFrame, EventBlock]] = []
        for frame in frames:
            if frame.kind == CONTROL:
                yield from self._settle(held, compare=compare)
                self.enter(
                    decode_control(frame.payload, position=frame.position),
                    stamp_us=frame.stamp_us,
                )
                yield None
            elif frame.kind == EVENTS and frame.position >= self._next(held):
                block = decode_events(frame.payload, position=frame.position)
                if held and (self.heard is not None or not _joins(held, block)):
                    yield from self._settle(held, compare=compare)
                assert frame.position == self._next(held), "the journal has a gap"
                held.append((frame, block))
        yield from self._settle(held, compare=compare)

    def enter(self, record: ControlRecord, *, stamp_us: int) -> None:
        """Let a control record take effect here; one that is known already is passed over."""
        if record.number < self.register.next_number:
            return
        self.register.add(Entry(record=record, position=self.position, stamp_us=stamp_us))
        if record.kind in ("live", "rollback", "canary"):
            opened = self.programs.get(record.pack_digest)
            if opened.program.plan.digest == self.plan_digest:
                self.lane(opened)
            self.state.enter_lists(opened.pack.lists)

    def _next(self, held: Sequence[tuple[JournalFrame, EventBlock]]) -> int:
        return self.position + sum(frame.count for frame, _ in held)

    def _settle(
        self, held: list[tuple[JournalFrame, EventBlock]], *, compare: bool
    ) -> Iterator[Difference | None]:
        if not held:
            return
        contents = [content for _, block in held for content in block.events]
        block = held[0][1]
        out, own = self.decide_again(contents, block)
        if self.heard is not None:
            self.heard(block, out)
        different: list[Difference] = []
        if compare and own:
            for frame, recorded in held:
                first = frame.position - self.position
                if pack_decisions(out, first=first, count=frame.count) != recorded.decisions:
                    different.append(Difference(position=frame.position, count=frame.count))
        self.seen.admit_each(out.events.event_ids, contents, position=self.position)
        self.position += len(contents)
        self.stamp_us = held[-1][0].stamp_us
        held.clear()
        yield from different or (None,)

    def decide_again(self, contents: list[bytes], block: EventBlock) -> tuple[DecisionBatch, bool]:
        """Evaluate stored events as they were; tell whether the deciding pack has this plan."""
        opened = self.decides or self.opened(block.program)
        own = self.decides is None and opened.program.plan.digest == self.plan_digest
        mode = block.mode
        if self.decides is not None:
            mode = FULL
        elif not own:
            # Another plan decided: its events count for ours all the same.
            opened, mode = self.any_opened, FAIL_POLICY
        events = [decode_stored(content) for content in contents]
        out = evaluate(
            batch_events(events, opened.program.fields),
            self.lane(opened),
            mode=mode,
            first_position=self.position,
            # What another plan asked of a customer, its own memory knows.
            with_friction=own or self.decides is not None,
        )
        if own and mode == FAIL_POLICY:
            out = out.with_fail_actions(block.fail_ranks)
        return out, own

    # -- snapshots -------------------------------------------------------------------------------

    def sections(self) -> dict[str, Sequence[memoryview | bytes]]:
        """Return everything as buffers; they are valid until the course moves on."""
        place = _Place(position=self.position, stamp_us=self.stamp_us)
        return {
            **self.state.sections(),
            "seen": [self.seen.write()],
            "register": [self.register.write()],
            "place": [msgspec.msgpack.encode(place)],
        }

    @classmethod
    def load(cls, programs: Programs, reader: SectionReader, *, settings: CourseSettings) -> Course:
        """Return the course that a snapshot holds."""
        register = Register.read(reader.read("register"))
        place = msgspec.msgpack.decode(reader.read("place"), type=_Place)
        opened = next(
            opened
            for entry in reversed(register.entries)
            if (opened := programs.get(entry.record.pack_digest)).program.plan.digest
            == reader.label
        )
        course = cls(
            programs,
            opened,
            settings=settings,
            state=EngineState.from_sections(
                opened.program, reader, limit_bytes=settings.state_bytes_max
            ),
        )
        course.register = register
        course.seen = Deduplicator.read(reader.read("seen"), events_max=settings.remembered_events)
        course.position = place.position
        course.stamp_us = place.stamp_us
        return course


class SectionReader(Protocol):
    """A snapshot as a course reads it."""

    @property
    def label(self) -> str:
        """Digest of the plan whose state it is."""
        ...

    @property
    def names(self) -> Collection[str]:
        """Return which sections there are."""
        ...

    def size(self, name: str) -> int:
        """Return the bytes of a section."""
        ...

    def read(self, name: str) -> bytes:
        """Return a section."""
        ...

    def read_into(self, name: str, buffer: object) -> None:
        """Read a section into a buffer of its size."""
        ...


def _joins(held: list[tuple[JournalFrame, EventBlock]], block: EventBlock) -> bool:
    first = held[0][1]
    return (
        block.program == first.program
        and block.mode == first.mode
        # Each such frame has actions of its own.
        and block.mode != FAIL_POLICY
        and sum(frame.count for frame, _ in held) + len(block.events) <= MERGED_EVENTS
    )
