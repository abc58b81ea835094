"""Events in the blocks that are decided at once, and what is done before the clock starts."""

from __future__ import annotations

from haitang.data.events.batch import EventBatch
from haitang.decision.engine import EngineProgram, EngineState, evaluate

block_events = 4_096
"""Events a call, as `haitang replay` makes it."""
warm_events = 20_000
touched_bytes = 1 << 30
"""State that is taken from the system before the clock starts, as a service does: on the machine
this was written on, handing out a page cost more than deciding the event that needed it."""


def in_blocks(events: EventBatch, size: int = block_events) -> list[EventBatch]:
    """Cut a batch as `haitang replay` does."""
    return [events.slice(at, min(at + size, len(events))) for at in range(0, len(events), size)]


def warm(program: EngineProgram, events: EventBatch) -> None:
    """Compile and load everything that the clock must not see."""
    state = EngineState.create(program)
    for block in in_blocks(events.slice(0, warm_events)):
        evaluate(block, state)
