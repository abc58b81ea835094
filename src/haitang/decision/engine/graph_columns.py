"""Graph features of a batch, as numbers of its events.

They are found before the main kernel runs, which reads them as if the event had said them; a pack
without graph features has none of this.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from haitang.data.features.columns import LANES, ROW_STRIDE
from haitang.data.graph.plan import GraphPlan
from haitang.data.graph.state import GraphState
from haitang.decision.engine.aligned import aligned
from haitang.decision.engine.graphs import run_graphs
from haitang.decision.engine.machine import make_machine
from haitang.decision.engine.program import EngineProgram

ENDS_ROWS = 3
"""Payer, payee and position of a block's payments."""
TOLD_WORDS, FOUND_WORDS = 6, 3


class GraphColumns:
    """The graph of one engine made ready for one program; used by one thread at a time."""

    __slots__ = ("graph", "machine", "plan", "room", "rows")

    def __init__(self, program: EngineProgram, plan: GraphPlan, graph: GraphState) -> None:
        self.graph = graph
        self.plan = plan
        self.rows = len(program.plan.fields.numbers)
        """Numbers of the event, behind which the columns stand."""
        self.room = np.empty(0)
        conditions = plan.program
        key_parts = [
            (slot, program.plan.fields.texts.index(field))
            for slot, fields in enumerate(plan.key_fields)
            for field in fields
        ]
        self.machine = make_machine(
            graph.arena,
            (plan.tables, plan.list_hashes, np.array(key_parts, dtype=np.int64).reshape(-1, 2)),
            (
                conditions.code("event"),
                conditions.constants(),
                conditions.sets(),
                *program.graph_tables,
            ),
            (),
            _scratch(plan),
            (),
        )

    def widen(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the numbers that the main kernel reads, with room for the columns; until the next
        call.
        """
        rows, count = self.rows + self.plan.column_count, numbers.shape[1]
        if self.room.size < rows * count:
            # Kept, because fresh memory of this size is cleared by the system page by page.
            self.room = np.empty(rows * count)
        wide = self.room[: rows * count].reshape(rows, count)
        wide[: self.rows] = numbers[: self.rows]
        return wide

    def fold(
        self, lists: tuple[Any, ...], columns: tuple[Any, ...], reading: bool, start: int, stop: int
    ) -> None:
        """Fold events `start` to `stop` and write their columns; what is folded stays folded.

        `columns` is what the main kernel is given: instants, widened numbers, hashes, words.
        """
        self.graph.check_room()
        instants, numbers, hashes, words = columns
        run_graphs(
            self.machine, lists, instants, numbers, hashes, words, numbers[self.rows :], reading,
            start, stop,
        )  # fmt: skip


def _scratch(plan: GraphPlan) -> tuple[Any, ...]:
    """Return the arrays of one block, in the order in which the kernel takes them apart."""
    conditions = plan.program
    values = aligned((max(conditions.row_count, 0) + 1, ROW_STRIDE), np.float64)
    for value, row in conditions.inputs.constants.items():
        values[row] = value
    room = plan.room + 1
    return (
        values,
        aligned((max(conditions.mask_count, 1),), np.uint64),
        aligned((max(len(plan.key_fields), 1), LANES), np.int64),
        (
            aligned((ENDS_ROWS, LANES), np.int64),
            np.zeros(room, dtype=np.int64),
            np.zeros(room, dtype=np.int64),
            np.zeros(TOLD_WORDS, dtype=np.int64),
            np.zeros(FOUND_WORDS, dtype=np.float64),
            np.zeros(room, dtype=np.int64),
            np.zeros(room, dtype=np.int64),
        ),
    )
