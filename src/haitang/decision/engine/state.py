"""What the engine remembers between events, and the scratch it works in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from haitang.data.features.columns import LANES, ROW_STRIDE
from haitang.data.features.reads import SKETCH_BUCKETS
from haitang.data.features.state import (
    DEFAULT_LIMIT_BYTES,
    FeatureState,
    read_state,
    write_state,
)
from haitang.data.lists import ListTable
from haitang.decision.engine.kernel import make_machine
from haitang.decision.engine.program import EngineProgram
from haitang.decision.models.layout import make_scratch

ALIGNMENT_BYTES = 64
"""Scratch starts on a cache line: vector code over unaligned rows was measured up to 1.7 times
slower.
"""
HIT_BLOCKS = 4
"""Blocks of the worst case that the hit buffers hold before they are emptied."""
REMEMBERED_REMARKS = 65_536
"""Different free texts whose containment is remembered; beyond, the memory starts anew."""


def aligned(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Return zeros that start on a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + ALIGNMENT_BYTES, dtype=np.uint8)
    start = -raw.ctypes.data % ALIGNMENT_BYTES
    scratch: NDArray[Any] = raw[start : start + size].view(dtype).reshape(shape)
    return scratch


class EngineState:
    """State of one engine: feature state, lists, and scratch. One writer at a time."""

    def __init__(
        self,
        program: EngineProgram,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        touched_bytes: int = 0,
    ) -> None:
        self.program = program
        self.features = FeatureState(
            program.plan, limit_bytes=limit_bytes, touched_bytes=touched_bytes
        )
        self.lists = ListTable()
        self.remarks: dict[str, tuple[int, ...]] = {}
        for spec in program.pack.lists:
            self.lists.upsert_texts(
                spec.name,
                [
                    (entry.value, entry.effective_at_us, entry.expires_at_us)
                    for entry in spec.entries
                ],
            )
        self._make_scratch()

    @classmethod
    def create(
        cls,
        program: EngineProgram,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        touched_bytes: int = 0,
    ) -> EngineState:
        """Return the state before the first event.

        `touched_bytes` of it are taken from the system at once, so that no event waits for a page:
        what a service does when it starts.
        """
        return cls(program, limit_bytes=limit_bytes, touched_bytes=touched_bytes)

    def dump(self) -> bytes:
        """Return the whole state as a checked file."""
        return write_state(self.features, {"lists": self.lists.content()})

    @classmethod
    def load(
        cls,
        program: EngineProgram,
        content: bytes,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        path: str = "",
    ) -> EngineState:
        """Return the state that `dump` wrote; refuses the state of another plan."""
        sections = read_state(content, program.plan, path=path)
        state = cls(program, limit_bytes=limit_bytes)
        state.features.restore(sections["features"])
        state.lists.restore(sections["lists"])
        return state

    def publish(self, program: EngineProgram) -> None:
        """Decide with another program from the next event on; its plan must be the same."""
        assert program.plan.digest == self.features.plan.digest, "the plans differ"
        self.program = program
        self.features.plan = program.plan
        self.remarks.clear()
        self._make_scratch()

    def _make_scratch(self) -> None:
        program = self.program
        plan = program.plan
        policy_count = len(program.policies) + len(program.models)
        values = aligned((max(plan.row_count, 1), ROW_STRIDE), np.float64)
        for row, value in program.constant_rows:
            values[row] = value
        slots = max(len(plan.slots), 1)
        self.scratch = (
            values,
            aligned((max(plan.mask_count, 1),), np.uint64),
            aligned((slots, LANES), np.int64),
            aligned((slots, LANES), np.int64),
            np.zeros(SKETCH_BUCKETS, dtype=np.int64),
            np.zeros(LANES, dtype=np.int64),
            np.zeros(max(policy_count, 1), dtype=np.uint64),
            aligned((2, LANES), np.float64),
            np.zeros(LANES, dtype=np.int64),
            np.zeros(LANES, dtype=np.int64),
            np.zeros(LANES, dtype=np.int64),
            aligned((LANES,), np.float64),
        )
        self.models = (program.trees, make_scratch(program.trees), *program.model_inputs)
        if policy_count == 0:
            self.scratch = (*self.scratch[:6], np.zeros(0, dtype=np.uint64), *self.scratch[7:])
        reads = sum(len(names) for names in program.policy_reads)
        self.worst_hits = max(policy_count, 1) * LANES
        self.worst_values = max(reads, 1) * LANES
        self.hit_policies = np.zeros(self.worst_hits * HIT_BLOCKS, dtype=np.int32)
        self.value_starts = np.zeros(self.worst_hits * HIT_BLOCKS, dtype=np.int64)
        self.hit_values = np.zeros(self.worst_values * HIT_BLOCKS, dtype=np.float64)
        self.used = np.zeros(2, dtype=np.int64)
        worst = np.array(
            [self.worst_hits, self.worst_values, self.features.limit_words], dtype=np.int64
        )
        self.machine = make_machine(
            self.features.arena,
            (plan.tables, plan.shares, plan.key_parts, program.demands),
            program.tables,
            self.models,
            self.scratch,
            (
                self.hit_policies,
                self.value_starts,
                self.hit_values,
                self.used,
                worst,
                plan.feature_rows,
            ),
        )
