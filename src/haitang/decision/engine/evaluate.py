"""`evaluate`: the one engine that live, shadow, backtest and distributed job all call (law 1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from haitang.data.events.batch import EventBatch
from haitang.data.features.arena import EVENT_COUNT
from haitang.data.features.fold import sweep
from haitang.decision.engine.batches import DecisionBatch
from haitang.decision.engine.friction import soften
from haitang.decision.engine.kernel import run_blocks
from haitang.decision.engine.list_changes import begin_changes
from haitang.decision.engine.modes import FULL, RULES_ONLY
from haitang.decision.engine.program import EngineProgram
from haitang.decision.engine.state import EngineState

SWEEP_EVERY = 16_384
"""Events between two sweeps for idle keys; counted in events, so that the size of a batch changes
nothing.
"""

_NOT_KEPT = np.empty((0, 0), dtype=np.float64)
# NumPy takes a prepared type in half the time of a class.
_U1, _I4, _I8, _F8 = (np.dtype(kind) for kind in (np.uint8, np.int32, np.int64, np.float64))


def evaluate(
    events: EventBatch,
    state: EngineState,
    *,
    mode: int = FULL,
    keep_features: bool = False,
    features_into: NDArray[np.float64] | None = None,
    first_position: int = -1,
    with_friction: bool = True,
) -> DecisionBatch:
    """Decide every event in order, folding each into the state first.

    The result does not depend on how a stream is cut into batches, and the state does not depend on
    the mode (`modes`), but for the challenges that friction budgets remember. `events` must have
    the program's fields. Kept features are written to `features_into` where it is given and of the
    right shape (features, events), which spares a caller with many batches the making of arrays.
    `first_position` is that of the first event in the journal, where there is one: list entries
    remember who said them. Without friction, challenges are neither spared nor remembered nor
    forgotten, whatever the pack says.
    """
    prepared = state.prepared
    program = prepared.program
    assert events.fields == program.fields, "the batch was laid out for another program"
    run = _Run(
        events,
        state,
        mode=mode,
        kept=_room_for_features(program, len(events), keep_features, features_into),
    )
    features = state.features
    start, count = 0, len(events)
    changes, looked_at = begin_changes(events, state, first_position)
    until_sweep = SWEEP_EVERY - features.arena.item(EVENT_COUNT) % SWEEP_EVERY
    graph = prepared.graph
    linked = 0
    while start < count:
        if changes and start == changes[-1].starts[0]:
            features.check_room()
            change = changes.pop()
            change.change(state)
            change.look_again(state)
        stop = min(count, int(changes[-1].starts[0]) if changes else count, start + until_sweep)
        while graph is not None and linked < stop:
            features.check_room()
            if looked_at and linked == looked_at[-1].starts[0]:
                looked_at.pop().look_again(state)
            until = min(stop, int(looked_at[-1].starts[0])) if looked_at else stop
            graph.fold(state.lists.arrays, run.columns, run.is_asking, linked, until)
            linked = until
        reached = run.to(start, stop)
        if reached == start:
            # The kernel stops before a block only where the state has no room.
            features.check_room()
        until_sweep -= reached - start
        start = reached
        if until_sweep == 0:
            sweep(features.arena, program.plan.tables)
            if graph is not None:
                graph.graph.sweep()
            until_sweep = SWEEP_EVERY
    return run.result(with_friction=with_friction)


def _room_for_features(
    program: EngineProgram, count: int, keep: bool, given: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    if not keep:
        return _NOT_KEPT
    shape = (len(program.feature_names), count)
    # Every value is written; zeros would be written twice.
    return given if given is not None and given.shape == shape else np.empty(shape, _F8)


class _Run:
    """One call of `evaluate`: its output columns, and the hits collected so far."""

    __slots__ = (
        "challenges", "columns", "events", "hit_starts", "hits_before", "is_asking", "kept",
        "lists", "mode", "output", "parts", "prepared", "values_before",
    )  # fmt: skip

    def __init__(
        self, events: EventBatch, state: EngineState, *, mode: int, kept: NDArray[np.float64]
    ) -> None:
        prepared = state.prepared
        count = len(events)
        models = len(prepared.program.models)
        self.events = events
        self.prepared = prepared
        self.lists = state.lists
        self.challenges = state.challenges
        self.mode = mode
        self.kept = kept
        # Lists and the fail policy ask no feature; what is folded is the same.
        self.is_asking = mode in (FULL, RULES_ONLY) or kept.shape[0] > 0
        self.hit_starts = np.zeros(count + 1, _I8)
        self.parts: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self.hits_before = 0
        self.values_before = 0
        numbers = _own(events.numbers)
        self.columns = (
            _own(events.occurred_at_us),
            numbers if prepared.graph is None else prepared.graph.widen(numbers),
            _own(events.hashes),
            prepared.containment.words(events.remarks, count),
        )
        # The kernel writes every value of these.
        self.output = (
            np.empty(count, _U1),
            np.empty(count, _I8),
            np.empty(count, _U1),
            np.empty((2, count), _I4),
            np.empty((models, count), _F8),
            np.empty((models, count), _F8),
        )

    def to(self, start: int, stop: int) -> int:
        """Decide events from `start` up to at most `stop`; return where it got to."""
        prepared = self.prepared
        reached: int = run_blocks(
            prepared.machine,
            self.lists.arrays,
            *self.columns,
            *self.output,
            self.hit_starts,
            self.kept,
            self.mode,
            start,
            stop,
            self.hits_before,
            self.values_before,
        )
        hits, values = prepared.used.tolist()
        self.parts.append(
            (
                prepared.hit_policies[:hits].copy(),
                prepared.value_starts[:hits].copy(),
                prepared.hit_values[:values].copy(),
            )
        )
        self.hits_before += hits
        self.values_before += values
        return reached

    def result(self, *, with_friction: bool) -> DecisionBatch:
        """Return everything decided."""
        if len(self.parts) == 1:
            hit_policies, value_starts, hit_values = self.parts[0]
        else:
            empty = (np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.float64))
            columns = zip(*(self.parts or [empty]), strict=True)
            hit_policies, value_starts, hit_values = (np.concatenate(part) for part in columns)
        actions, further, tiers, scores, raw_scores, answers = self.output
        program = self.prepared.program
        softened = None
        if with_friction and program.friction is not None:
            softened = soften(
                program.friction, self.challenges, self.events, self.columns[2], self.mode,
                (actions, further, tiers), (self.hit_starts, hit_policies),
            )  # fmt: skip
        return DecisionBatch(
            program=program,
            events=self.events,
            mode=self.mode,
            actions=actions,
            further=further,
            tiers=tiers,
            scores=scores,
            raw_scores=raw_scores,
            answers=answers,
            hit_starts=self.hit_starts,
            hit_policies=hit_policies,
            value_starts=value_starts,
            hit_values=hit_values,
            features=self.kept if self.kept.shape[0] else None,
            softened=softened,
        )


def _own(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column of the one kind the kernel was compiled for: writable and in C order.

    Arrow hands out read-only arrays; to Numba they are another type, and it would compile anew.
    """
    return column if column.flags.carray else np.array(column, order="C")
