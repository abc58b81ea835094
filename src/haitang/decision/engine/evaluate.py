"""`evaluate`: the one engine that live, shadow, backtest and distributed job all call (law 1)."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.events.batch import EventBatch
from haitang.data.features.fold import sweep
from haitang.decision.engine.actions import ACTIONS
from haitang.decision.engine.decisions import Decision
from haitang.decision.engine.kernel import run_blocks
from haitang.decision.engine.program import CONTAINS_PER_WORD, EngineProgram
from haitang.decision.engine.render import render
from haitang.decision.engine.state import REMEMBERED_REMARKS, EngineState
from haitang.kernel.hashing import hash_text

SWEEP_EVERY = 16_384
"""Events between two sweeps for idle keys; counted in events, so that the size of a batch changes
nothing.
"""

_LIST_UPSERT = np.uint64(hash_text("LIST_UPSERT"))
_LIST_REMOVE = np.uint64(hash_text("LIST_REMOVE"))


class DecisionBatch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Decisions as columns, in the order of the events; `decision(i)` renders one.

    The hits of event i are `hit_policies[hit_starts[i]:hit_starts[i + 1]]` (policies, then models
    by index); the values that hit h read start at `hit_values[value_starts[h]]`, in the order of
    `program.policy_reads`.
    """

    program: EngineProgram
    events: EventBatch
    actions: NDArray[np.uint8]
    further: NDArray[np.int64]
    tiers: NDArray[np.uint8]
    scores: NDArray[np.int32]
    raw_scores: NDArray[np.float64]
    """Raw score by model and event, missing where the model does not speak of the event."""
    answers: NDArray[np.float64]
    """The model's answer (a probability), missing where it does not speak of the event."""
    hit_starts: NDArray[np.int64]
    hit_policies: NDArray[np.int32]
    value_starts: NDArray[np.int64]
    hit_values: NDArray[np.float64]
    features: NDArray[np.float64] | None
    """All features by row (`program.feature_names`) and event, when they were kept."""

    @property
    def count(self) -> int:
        """Return the number of decisions."""
        return len(self.actions)

    @property
    def action_names(self) -> list[str]:
        """Return the primary action of each event."""
        return [ACTIONS[rank].code for rank in self.actions]

    @property
    def hit_count(self) -> NDArray[np.int64]:
        """Return how many policies and models fired, shadow ones included."""
        return np.diff(self.hit_starts)

    def decision(self, index: int) -> Decision:
        """Return one decision with its whole explanation."""
        return render(self, index)


def evaluate(
    events: EventBatch,
    state: EngineState,
    *,
    keep_features: bool = False,
    features_into: NDArray[np.float64] | None = None,
) -> DecisionBatch:
    """Decide every event in order, folding each into the state first.

    The result does not depend on how a stream is cut into batches. `events` must have the program's
    fields. Kept features are written to `features_into` where it is given and of the right shape
    (features, events), which spares a caller with many batches the making of arrays.
    """
    program = state.program
    assert events.fields == program.fields, "the batch was laid out for another program"
    run = _Run(events, state, keep_features=keep_features, features_into=features_into)
    features = state.features
    start, count = 0, len(events)
    changes = _list_changes(events, program)
    while start < count:
        features.check_room()
        if changes and start == changes[0]:
            _apply_list_change(events, state, start)
            changes.pop(0)
        stop = min(count, changes[0] if changes else count)
        stop = min(stop, start + SWEEP_EVERY - features.event_count % SWEEP_EVERY)
        start = run.to(start, stop)
        if features.event_count % SWEEP_EVERY == 0:
            sweep(features.arena, program.plan.tables)
    return run.result()


class _Run:
    """One call of `evaluate`: its output columns, and the hits collected so far."""

    def __init__(
        self,
        events: EventBatch,
        state: EngineState,
        *,
        keep_features: bool,
        features_into: NDArray[np.float64] | None,
    ) -> None:
        program = state.program
        count = len(events)
        self.events = events
        self.state = state
        self.actions = np.zeros(count, dtype=np.uint8)
        self.further = np.zeros(count, dtype=np.int64)
        self.tiers = np.zeros(count, dtype=np.uint8)
        self.scores = np.zeros((2, count), dtype=np.int32)
        self.raw_scores = np.zeros((len(program.models), count), dtype=np.float64)
        self.answers = np.zeros((len(program.models), count), dtype=np.float64)
        self.hit_starts = np.zeros(count + 1, dtype=np.int64)
        rows = len(program.feature_names) if keep_features else 0
        # Every value is written; zeros would be written twice.
        shape = (rows, count if rows else 0)
        if features_into is not None and features_into.shape == shape:
            self.kept = features_into
        else:
            self.kept = np.empty(shape, dtype=np.float64)
        self.parts: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self.hits_before = 0
        self.values_before = 0
        self.columns = (
            _own(events.occurred_at_us),
            _own(events.numbers),
            _own(events.hashes),
            _contained(events, state),
        )
        self.output = (
            self.actions,
            self.further,
            self.tiers,
            self.scores,
            self.raw_scores,
            self.answers,
        )

    def to(self, start: int, stop: int) -> int:
        """Decide events from `start` up to at most `stop`; return where it got to."""
        state = self.state
        used = state.used
        used[:] = 0
        reached = run_blocks(
            state.machine,
            (state.lists.keys, state.lists.spans),
            self.columns,
            self.output,
            self.hit_starts,
            self.kept,
            self.kept.shape[0] > 0,
            start,
            stop,
        )
        hits, values = int(used[0]), int(used[1])
        self.hit_starts[start : reached + 1] += self.hits_before
        self.parts.append(
            (
                state.hit_policies[:hits].copy(),
                state.value_starts[:hits] + self.values_before,
                state.hit_values[:values].copy(),
            )
        )
        self.hits_before += hits
        self.values_before += values
        return int(reached)

    def result(self) -> DecisionBatch:
        """Return everything decided."""
        if len(self.parts) == 1:
            hit_policies, value_starts, hit_values = self.parts[0]
        else:
            empty = (np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.float64))
            columns = zip(*(self.parts or [empty]), strict=True)
            hit_policies, value_starts, hit_values = (np.concatenate(part) for part in columns)
        return DecisionBatch(
            program=self.state.program,
            events=self.events,
            actions=self.actions,
            further=self.further,
            tiers=self.tiers,
            scores=self.scores,
            raw_scores=self.raw_scores,
            answers=self.answers,
            hit_starts=self.hit_starts,
            hit_policies=hit_policies,
            value_starts=value_starts,
            hit_values=hit_values,
            features=self.kept if self.kept.shape[0] else None,
        )


def _own(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column of the one kind the kernel was compiled for: writable and in C order.

    Arrow hands out read-only arrays; to Numba they are another type, and it would compile anew.
    """
    if column.flags.writeable and column.flags.c_contiguous:
        return column
    return np.array(column, order="C")


def _contained(events: EventBatch, state: EngineState) -> NDArray[np.uint64]:
    """Return, one bit a containment of the program, which remarks hold what; equal remarks are read
    once.
    """
    contains = state.program.contains
    if not contains:
        return np.zeros((0, len(events)), dtype=np.uint64)
    word_count = (len(contains) + CONTAINS_PER_WORD - 1) // CONTAINS_PER_WORD
    words = np.zeros((word_count, len(events)), dtype=np.uint64)
    memory = state.remarks
    for r, field in enumerate(events.fields.remarks):
        for j, remark in enumerate(events.remarks[r]):
            if remark:
                key = f"{r}:{remark}"
                found = memory.get(key)
                if found is None:
                    if len(memory) >= REMEMBERED_REMARKS:
                        memory.clear()
                    found = _search(remark, field, contains, word_count)
                    memory[key] = found
                for w, bits in enumerate(found):
                    if bits:
                        words[w, j] |= np.uint64(bits)
    return words


def _search(
    remark: str, field: str, contains: tuple[tuple[str, tuple[str, ...]], ...], word_count: int
) -> tuple[int, ...]:
    folded = remark.casefold()
    bits = [0] * word_count
    for i, (of_field, needles) in enumerate(contains):
        if of_field == field and any(needle.casefold() in folded for needle in needles):
            bits[i // CONTAINS_PER_WORD] |= 1 << (i % CONTAINS_PER_WORD)
    return tuple(bits)


def _list_changes(events: EventBatch, program: EngineProgram) -> list[int]:
    """Return the positions of events that change a list; each takes effect from itself on."""
    if not program.listed:
        return []
    kinds = events.hashes[events.fields.texts.index("event_type")]
    if len(kinds) == 1:
        return [0] if kinds[0] == _LIST_UPSERT or kinds[0] == _LIST_REMOVE else []
    return np.flatnonzero((kinds == _LIST_UPSERT) | (kinds == _LIST_REMOVE)).tolist()


def _apply_list_change(events: EventBatch, state: EngineState, index: int) -> None:
    texts, numbers = events.fields.texts, events.fields.numbers
    list_hash = int(events.hashes[texts.index("list_name"), index])
    value_hash = int(events.hashes[texts.index("list_value"), index])
    if events.hashes[texts.index("event_type"), index] == _LIST_REMOVE:
        state.lists.remove(list_hash, value_hash)
        return
    effective, expires = (
        events.numbers[numbers.index(name), index] for name in ("effective_at_us", "expires_at_us")
    )
    state.lists.upsert(
        list_hash,
        value_hash,
        effective_at_us=int(events.occurred_at_us[index] if np.isnan(effective) else effective),
        expires_at_us=0 if np.isnan(expires) else int(expires),
    )
