"""A program made ready to decide: its scratch, its hit buffers, and the machine that holds all of
it for the kernel.

Nothing of it is state: it may be made at any time, in any thread, and thrown away.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from haitang.data.features.columns import LANES, ROW_STRIDE
from haitang.data.features.plan import Plan
from haitang.data.features.reads import SKETCH_BUCKETS
from haitang.data.features.state import FeatureState
from haitang.data.features.visits import GUARDS
from haitang.data.graph.state import GraphState
from haitang.decision.engine.aligned import aligned
from haitang.decision.engine.containment import Containment
from haitang.decision.engine.graph_columns import GraphColumns
from haitang.decision.engine.machine import make_machine
from haitang.decision.engine.program import EngineProgram
from haitang.decision.models.layout import make_scratch

WANTED = 11
"""Where among the scratch arrays."""
HIT_BLOCKS = 4
"""Blocks of the worst case that the hit buffers hold before they are emptied."""


class ColumnSource(Protocol):
    """Numbers of events that are known before the kernel runs: a graph's, or given ones."""

    @property
    def graph(self) -> Swept:
        """What is swept now and then."""
        ...

    def widen(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the numbers that the kernel reads, those columns behind the events' own;
        until the next call.
        """
        ...

    def fold(
        self, lists: tuple[Any, ...], columns: tuple[Any, ...], reading: bool, start: int, stop: int
    ) -> None:
        """Fold events and write their columns."""
        ...


class Swept(Protocol):
    """What forgets now and then."""

    def sweep(self) -> None:
        """Forget what is old."""
        ...


class Prepared:
    """A program and what it works in, over one feature state; used by one thread at a time."""

    __slots__ = (
        "containment", "features", "graph", "hit_policies", "hit_values", "machine", "program",
        "scratch", "used", "value_starts", "wanted",
    )  # fmt: skip

    def __init__(
        self, program: EngineProgram, features: FeatureState, graph: GraphState | None
    ) -> None:
        plan = program.plan
        assert plan.digest == features.plan.digest, "the plans differ"
        self.program = program
        self.features = features
        self.graph: ColumnSource | None = None
        if graph is not None and program.graph is not None:
            self.graph = GraphColumns(program, program.graph, graph)
        self.containment = Containment(program.contains, program.fields.remarks)
        policy_count = len(program.policies) + len(program.models)
        self.scratch = _scratch(program, policy_count)
        self.wanted: NDArray[np.uint64] = self.scratch[WANTED]
        """Which events of the last block asked for what is read at each of the plan's places."""
        reads = sum(len(names) for names in program.policy_reads)
        worst_hits = max(policy_count, 1) * LANES
        worst_values = max(reads, 1) * LANES
        self.hit_policies = np.zeros(worst_hits * HIT_BLOCKS, dtype=np.int32)
        self.value_starts = np.zeros(worst_hits * HIT_BLOCKS, dtype=np.int64)
        self.hit_values = np.zeros(worst_values * HIT_BLOCKS, dtype=np.float64)
        self.used = np.zeros(2, dtype=np.int64)
        """Hits and values that the kernel's last call has found."""
        self.machine = make_machine(
            features.arena,
            (plan.tables, plan.shares, plan.key_parts, program.demands, program.stages),
            program.tables,
            (program.trees, make_scratch(program.trees), *program.model_inputs),
            self.scratch,
            (
                self.hit_policies,
                self.value_starts,
                self.hit_values,
                self.used,
                np.array([worst_hits, worst_values, features.limit_words], dtype=np.int64),
                plan.feature_rows,
            ),
        )


def _scratch(program: EngineProgram, policy_count: int) -> tuple[Any, ...]:
    """Return the arrays of one block, in the order in which the kernel takes them apart."""
    plan = program.plan
    values = aligned((max(plan.row_count, 1), ROW_STRIDE), np.float64)
    for row, value in program.constant_rows:
        values[row] = value
    slots = max(len(plan.slots), 1)
    return (
        values,
        _guarded(plan.mask_count, nearest=~np.uint64(0)),
        aligned((slots, LANES), np.int64),
        aligned((slots, LANES), np.int64),
        np.zeros(SKETCH_BUCKETS, dtype=np.int64),
        np.zeros(policy_count, dtype=np.uint64),
        aligned((2, LANES), np.float64),
        np.zeros(LANES, dtype=np.int64),
        np.zeros(LANES, dtype=np.int64),
        np.zeros(LANES, dtype=np.int64),
        aligned((LANES,), np.float64),
        _guarded(len(plan.tables[5])),
        _fold_scratch(plan),
        np.zeros(program.tables[0][5].shape[1], dtype=np.uint64),
        np.zeros(max(policy_count, 1), dtype=np.int64),
        np.zeros(policy_count // 64 + 1, dtype=np.uint64),
    )


def _guarded(words: int, *, nearest: np.uint64 | int = 0) -> NDArray[np.uint64]:
    """Return words behind `GUARDS` others, which are 0 but for the nearest."""
    whole: NDArray[np.uint64] = aligned((GUARDS + max(words, 1),), np.uint64)
    whole[GUARDS - 1] = nearest
    return whole[GUARDS:]


def _fold_scratch(plan: Plan) -> tuple[NDArray[Any], ...]:
    """Return what a block is folded in: a word a lane, events by slot, keys to find, slots by
    lane, clocks by slot and lane, events that count and that ask by row of the visits, the visits
    and their spots.
    """
    slots, rows = max(len(plan.slots), 1), max(len(plan.tables[11]), 1)
    return (
        aligned((LANES,), np.uint64),
        np.zeros(slots, dtype=np.uint64),
        np.zeros(slots * LANES, dtype=np.int32),
        np.zeros(LANES, dtype=np.int64),
        aligned((slots, LANES), np.int64),
        np.zeros(rows, dtype=np.uint64),
        np.zeros(rows, dtype=np.uint64),
        np.zeros(rows * LANES, dtype=np.int32),
        np.zeros(rows * LANES, dtype=np.int64),
    )
