"""Programs whose features are given with the events instead of folded: the same kernel again.

A backtest keeps what every feature was on every event of a stream. To try another threshold it
compiles the changed policies alone and hands the kept numbers to the same `evaluate` (law 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.features.specs import FeatureSpec
from haitang.decision.engine.program import EngineProgram, compile_pack, policy_reads
from haitang.decision.engine.reading import names_read
from haitang.decision.engine.state import EngineState
from haitang.decision.rules.specs import Pack, PolicySpec

NO_STATE_BYTES = 1 << 20


def leaves_read(pack: Pack, policies: Iterable[PolicySpec]) -> tuple[str, ...]:
    """Return the features that policies read in the end: those that are not derived from others."""
    return tuple(feature.name for feature in _needed(pack, policies) if feature.value is None)


def compile_given(pack: Pack, policies: Sequence[PolicySpec]) -> EngineProgram:
    """Return a program of some policies of a pack whose leaves are columns, in the order of
    `leaves_read`.

    It decides without the pack's friction budget: what a customer was asked before is not a feature
    and cannot be given.
    """
    features = tuple(
        feature
        if feature.value is not None
        else FeatureSpec(
            name=feature.name, type=feature.type, title=feature.title, unit=feature.unit
        )
        for feature in _needed(pack, policies)
    )
    catalogue = msgspec.structs.replace(pack.catalogue, entities=(), keys=(), features=features)
    reduced = msgspec.structs.replace(
        pack, catalogue=catalogue, policies=tuple(policies), models=(), friction=None
    )
    return compile_pack(reduced, given=leaves_read(pack, policies))


def given_state(program: EngineProgram, columns: GivenColumns) -> EngineState:
    """Return a state in which nothing is folded but lists, over columns that are filled later."""
    state = EngineState.create(program, limit_bytes=NO_STATE_BYTES)
    state.prepared.graph = columns
    return state


class GivenColumns:
    """Numbers of events that the caller fills in before each call of `evaluate`; they stand where
    graph features do.
    """

    __slots__ = ("_rows", "values")

    def __init__(self, program: EngineProgram) -> None:
        self._rows = len(program.plan.fields.numbers)
        self.values: NDArray[np.float64] = np.zeros((0, 0))
        """By leaf and event of the next batch."""

    @property
    def graph(self) -> GivenColumns:
        """What is swept: nothing."""
        return self

    def sweep(self) -> None:
        """Forget nothing."""

    def widen(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the numbers that the kernel reads: the events' own, and the given ones."""
        return np.concatenate([numbers[: self._rows], self.values])

    def fold(
        self, lists: tuple[Any, ...], columns: tuple[Any, ...], reading: bool, start: int, stop: int
    ) -> None:
        """Fold nothing: it was folded when the values were kept."""


def _needed(pack: Pack, policies: Iterable[PolicySpec]) -> list[FeatureSpec]:
    """Return the features that policies read, or that such features read, in catalogue order."""
    known = {feature.name: feature for feature in pack.catalogue.features}
    waiting = [pack.segment_source]
    for policy in policies:
        waiting += [*names_read(policy.when), *policy_reads(policy)]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in known and name not in needed:
            needed.add(name)
            value = known[name].value
            waiting += names_read(value) if value is not None else ()
    return [feature for feature in pack.catalogue.features if feature.name in needed]
