"""A run: new events of one program in one mode, decided together and laid into one frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from haitang.app.service.answers import Arrival
from haitang.app.service.blocks import EventBlock, encode_block
from haitang.app.service.course import Course
from haitang.app.service.waiting import Request
from haitang.data.events.batch import batch_events
from haitang.decision.engine import (
    ACTIONS,
    FAIL_POLICY,
    RANK,
    DecisionBatch,
    brief_answers,
    decision_ids,
    evaluate,
    pack_decisions,
)
from haitang.kernel.hashing import UInt64Array, hash_texts


class Fresh(NamedTuple):
    """A new event of the present turn."""

    request: Request
    place: int
    """Of the event in its request."""
    arrival: Arrival
    publication: int


class Run(NamedTuple):
    """What became of a run."""

    payload: bytes
    """Of its frame."""
    keys: UInt64Array
    """By which its events and decisions are found in the journal: two an event."""
    bodies: list[bytes]
    """The brief answer to each event."""
    tallies: Mapping[tuple[str, str], int]
    """Decisions by action and channel."""
    spared: Mapping[str, int]
    """Challenges that customers were spared, see `friction` of a pack."""


def decide_run(
    fresh: Sequence[Fresh], course: Course, *, mode: int, fail_policy: dict[str, str], first: int
) -> Run:
    """Decide events that all have one publication; `first` is the position of the first one."""
    publication = fresh[0].publication
    opened = course.opened(publication)
    arrivals = [one.arrival for one in fresh]
    batch = batch_events([arrival.event for arrival in arrivals], opened.program.fields)
    out = evaluate(batch, course.lane(opened), mode=mode, first_position=first)
    fail_ranks = b""
    if mode == FAIL_POLICY:
        fail_ranks = bytes(RANK[fail_action(arrival, fail_policy)] for arrival in arrivals)
        out = out.with_fail_actions(fail_ranks)
    identifiers = decision_ids(out)
    block = EventBlock(
        program=publication,
        mode=mode,
        senders=sender_runs(fresh),
        events=[arrival.content for arrival in arrivals],
        decisions=pack_decisions(out),
        fail_ranks=fail_ranks,
    )
    names = [name for pair in zip(batch.event_ids, identifiers, strict=True) for name in pair]
    positions = range(first, first + len(fresh))
    return Run(
        payload=encode_block(block),
        keys=hash_texts(names),
        bodies=brief_answers(out, positions=positions, identifiers=identifiers),
        tallies=_tallies(out, arrivals),
        spared=_spared(out),
    )


def sender_runs(fresh: Sequence[Fresh]) -> list[tuple[str, int]]:
    """Return who sent how many in a row."""
    runs: list[tuple[str, int]] = []
    start, request = 0, fresh[0].request
    for place, one in enumerate(fresh):
        # Looked at where the request changes: most runs are a few long requests.
        if one.request is not request:
            _add_run(runs, request.sender, place - start)
            start, request = place, one.request
    _add_run(runs, request.sender, len(fresh) - start)
    return runs


def _add_run(runs: list[tuple[str, int]], sender: str, count: int) -> None:
    if runs and runs[-1][0] == sender:
        count += runs.pop()[1]
    runs.append((sender, count))


def fail_action(arrival: Arrival, fail_policy: dict[str, str]) -> str:
    """Return what the fail policy says of an event's channel."""
    return fail_policy.get(arrival.event.channel or "", fail_policy["default"])


def _spared(out: DecisionBatch) -> dict[str, int]:
    counts: dict[str, int] = {}
    if out.softened is not None:
        for rank in out.softened.spared.tolist():
            if rank:
                code = ACTIONS[rank].code
                counts[code] = counts.get(code, 0) + 1
    return counts


def _tallies(out: DecisionBatch, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], int]:
    pairs = list(
        zip(out.actions.tolist(), [arrival.event.channel for arrival in arrivals], strict=True)
    )
    # A `Counter` takes longer to make than one event to count.
    counts = Counter(pairs) if len(pairs) > 1 else {pairs[0]: 1}
    return {
        (ACTIONS[action].code, channel or ""): count for (action, channel), count in counts.items()
    }
