"""What a pack would have decided beside what was: a follower's work, never the service's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec
import numpy as np

from haitang.app.service.blocks import EventBlock
from haitang.app.service.course import Course
from haitang.decision.engine import ACTIONS, DecisionBatch, unpack_decisions

EXAMPLES_MAX = 20
"""Events that a report names for each pair of actions."""


class ShadowPair(msgspec.Struct, frozen=True, kw_only=True):
    """Events that were decided one way and would have been decided another."""

    decided: str
    shadow: str
    count: int
    examples: tuple[str, ...]
    """Ids of some of the events."""


class ShadowReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a shadow compares so far."""

    number: int
    pack: str
    pack_version: str
    pack_digest: str
    from_position: int
    position: int
    compared: int
    same: int
    pairs: tuple[ShadowPair, ...]
    hits: dict[str, int]
    """How often each policy of the shadow fired."""


class ShadowCount:
    """Compares block by block; `heard` is given to the course of the shadow."""

    def __init__(self, number: int, from_position: int) -> None:
        self._number = number
        self._from = from_position
        self._same = 0
        self._pairs: Counter[tuple[int, int]] = Counter()
        self._examples: dict[tuple[int, int], list[str]] = {}
        self._hits: Counter[str] = Counter()

    def listen(self, course: Course) -> Callable[[EventBlock, DecisionBatch], None]:
        """Return what the course shall call."""

        def heard(block: EventBlock, out: DecisionBatch) -> None:
            if course.position < self._from:
                return
            recorded = course.opened(block.program).program
            then = unpack_decisions(block.decisions, recorded, out.events).actions
            self._count(np.asarray(then), out)

        return heard

    def _count(self, then: np.ndarray, out: DecisionBatch) -> None:
        different = np.flatnonzero(then != out.actions)
        self._same += len(then) - len(different)
        for index in different.tolist():
            pair = (int(then[index]), int(out.actions[index]))
            self._pairs[pair] += 1
            examples = self._examples.setdefault(pair, [])
            if len(examples) < EXAMPLES_MAX:
                examples.append(out.events.event_ids[index])
        policies = out.program.policies
        for policy in out.hit_policies.tolist():
            if policy < len(policies):
                self._hits[policies[policy].id] += 1

    def report(self, course: Course) -> ShadowReport:
        """Return the comparison so far."""
        opened = course.decides
        assert opened is not None
        pairs = sorted(self._pairs.items(), key=lambda item: (-item[1], item[0]))
        return ShadowReport(
            number=self._number,
            pack=opened.pack.id,
            pack_version=opened.pack.version,
            pack_digest=opened.pack.digest,
            from_position=self._from,
            position=course.position,
            compared=self._same + sum(self._pairs.values()),
            same=self._same,
            pairs=tuple(
                ShadowPair(
                    decided=ACTIONS[then].code,
                    shadow=ACTIONS[now].code,
                    count=count,
                    examples=tuple(self._examples[then, now]),
                )
                for (then, now), count in pairs
            ),
            hits=dict(sorted(self._hits.items())),
        )
