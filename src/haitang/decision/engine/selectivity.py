"""How many of the events that get as far as a condition meet it: a guess from its form alone.

Nothing is known of a bank's events when its pack is compiled, and the guess need only be good
enough to tell what is seldom from what is usual: that somebody paid more than so much today is
seldom, that they paid less is usual. Databases began so ("if there are no statistics"): P. Selinger
et al., "Access path selection in a relational database management system", SIGMOD 1979, table 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from haitang.data.features import columns as machine
from haitang.data.features.specs import FeatureSpec

SELDOM_MUCH, SELDOM_YOUNG, USUALLY_LITTLE, USUALLY_NONE = 0.05, 0.25, 0.6, 0.8
"""Of amounts and numbers, more than so much; of ages, less; of amounts, less; of numbers, none."""
AS_OFTEN, AT_MOST, AMONG = 0.5, 0.2, 0.3
"""What nothing is known of; other numbers above a bound; anything equal to something, or known."""

_AGES = ("first_seen", "since")
_AMOUNTS = ("count", "sum", "distinct", "total")
_MORE = (machine.GREATER, machine.GREATER_EQUAL)
_LESS = (machine.LESS, machine.LESS_EQUAL)


class Shares:
    """The guessed share of events that meet each condition of a program's second stage."""

    def __init__(
        self,
        code: NDArray[np.int32],
        constants: NDArray[np.float64],
        features: Mapping[int, FeatureSpec],
    ) -> None:
        """`features` are the aggregates by their rows."""
        self._constants = constants.tolist()
        self._aggregates = {row: feature.aggregate for row, feature in features.items()}
        self._masks: dict[int, float] = {}
        for op, written, a, b, *_ in code.tolist():
            if op >= machine.LESS:
                self._masks[written] = self._of(op, a, b)

    def of_test(self, test: Sequence[int]) -> float:
        """Return the share for a condition (op, a, b, c)."""
        op, a, b = test[:3]
        return self._of(op, a, b)

    def _of(self, op: int, a: int, b: int) -> float:
        if op == machine.COPY:
            return self._mask(a)
        if op == machine.AND:
            return self._mask(a) * self._mask(b)
        if op == machine.OR:
            return 1.0 - (1.0 - self._mask(a)) * (1.0 - self._mask(b))
        if op == machine.NOT:
            return 1.0 - self._mask(a)
        aggregate = self._aggregates.get(a)
        if op in _MORE:
            return self._of_more(aggregate, op, self._constants[b])
        if op in _LESS:
            return SELDOM_YOUNG if aggregate in _AGES else USUALLY_LITTLE
        is_none = op == machine.EQUAL and self._constants[b] == 0.0
        return USUALLY_NONE if is_none else AMONG

    def _of_more(self, aggregate: str | None, op: int, bound: float) -> float:
        if aggregate in _AGES:
            return AS_OFTEN
        if aggregate not in _AMOUNTS:
            return AT_MOST
        return SELDOM_MUCH if op == machine.GREATER or bound > 0.0 else 1.0

    def _mask(self, mask: int) -> float:
        return self._masks.get(mask, AS_OFTEN)
