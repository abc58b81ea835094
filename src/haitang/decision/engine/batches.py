"""Decisions as columns: what `evaluate` returns, and what is written to the journal."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.events.batch import EventBatch
from haitang.decision.engine.actions import ACTIONS, PRIMARY
from haitang.decision.engine.decisions import Decision
from haitang.decision.engine.friction import Softened
from haitang.decision.engine.modes import FAIL_POLICY, FULL
from haitang.decision.engine.program import EngineProgram
from haitang.decision.engine.render import render


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
    features: NDArray[np.float64] | None = None
    """All features by row (`program.feature_names`) and event, when they were kept."""
    softened: Softened | None = None
    """What the customer was spared; None where nothing was, as in a pack without `friction`."""
    mode: int = FULL
    """How much was decided (`modes`); every event of a batch is decided in one mode."""

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

    def with_fail_actions(self, ranks: bytes | Sequence[int]) -> DecisionBatch:
        """Return the same decisions with other primary actions, given by rank (`RANK`).

        For `FAIL_POLICY`, in which nothing was evaluated: the channel's declared actions go here.
        """
        assert self.mode == FAIL_POLICY, "only the fail policy's actions come from elsewhere"
        assert len(ranks) == self.count, "one rank for each event"
        assert all(rank < len(PRIMARY) for rank in ranks), "a further action is no answer"
        return msgspec.structs.replace(self, actions=np.array(list(ranks), dtype=np.uint8))
