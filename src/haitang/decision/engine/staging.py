"""Which streams and cells are folded first, because what they say spares reading the others.

A policy has several conditions, and most events fail the first one that is looked at, as a
database finds when it joins. So the streams and cells on which most policies have a condition of
their own are folded first; then these conditions are met, and what is read of the rest is only
what the policies ask that are still open. Folding is never left out, and decisions are the same
with and without.

The choice goes by the pack alone, by Chvátal's greedy cover ("A greedy heuristic for the
set-covering problem", Mathematics of Operations Research 4 (1979), 233-235): again and again that
stream or cell whose policies, of those not covered yet, read most others.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from haitang.data.features import layout as at
from haitang.data.features.plan import Plan
from haitang.decision.engine.needs import Needs

FIRST_HOMES = 48
"""At most so many streams and cells are folded first; more spare little further (counted with all
shipped packs on days of the lab, by hand: 24 spare 34 % of all reads, 48 40 %, 124 41 %).
"""


def homes_of_rows(plan: Plan) -> dict[int, int]:
    """Return the stream or cell behind each aggregate's value row."""
    homes = homes_of_places(plan)
    rows = dict(zip(plan.feature_names, plan.feature_rows.tolist(), strict=True))
    return {rows[name]: homes[place.row] for name, place in plan.places.items()}


def homes_of_places(plan: Plan) -> dict[int, int]:
    """Return the stream or cell that is read at each place."""
    rows = plan.tables[11]
    return {row[at.V_PLACE]: row[at.V_HOME] for row in rows.tolist() if row[at.V_PLACE] >= 0}


def choose_first(alone: list[set[int]], read: list[set[int]]) -> set[int]:
    """Return the streams and cells to be folded first: `alone` has, per policy, those of which a
    condition reads nothing else, `read` all that need not be read where the policy does not ask.
    """
    found: set[int] = set()
    open_policies = {p for p, homes in enumerate(alone) if homes}
    while len(found) < FIRST_HOMES:
        spared: Counter[int] = Counter()
        for p in open_policies:
            for home in alone[p]:
                spared[home] += len(read[p] - {home})
        best = min(spared.items(), key=lambda item: (-item[1], item[0]), default=(0, 0))
        if best[1] <= 0:
            break
        found.add(best[0])
        open_policies = {p for p in open_policies if best[0] not in alone[p]}
    return found


def stage_tables(plan: Plan, first: set[int]) -> tuple[NDArray[np.int64], ...]:
    """Return all streams and cells, and all places, those of the first stage before the others; and
    how many there are of it, and behind which streams its cells and those of the second begin.
    """
    homes = sorted(range(len(plan.tables[10])), key=lambda home: home not in first)
    of_place = homes_of_places(plan)
    places = sorted(range(len(plan.tables[5])), key=lambda place: of_place[place] not in first)
    streams = len(plan.tables[2])
    first_streams = sum(home < streams for home in first)
    counts = (
        len(first),
        sum(of_place[place] in first for place in places),
        first_streams,
        len(first) + streams - first_streams,
    )
    return (
        np.array(homes, dtype=np.int64),
        np.array(places, dtype=np.int64),
        np.array(counts, dtype=np.int64),
    )


class Staging:
    """The conditions of policies, those that the first stage can tell before the others."""

    def __init__(
        self,
        plan: Plan,
        needs: Needs,
        conditions: tuple[NDArray[np.int32], NDArray[np.int64]],
        read: list[tuple[int, set[int]]],
        gated: list[bool],
    ) -> None:
        """`conditions` are those of all policies and their ranges by policy; `read` has the gates
        of policies and further readers and the places that each reads; `gated` tells of each policy
        and model whether the event alone can shut its gate.
        """
        tests, ranges = conditions
        of_place = homes_of_places(plan)
        # What is read for every event whatever policies say can be spared of none.
        always: set[int] = set()
        for gate, places in read:
            if gate < 0 or (gate >= len(ranges) and not gated[gate]):
                always |= places
        homes_read = [{of_place[place] for place in places - always} for _, places in read]
        rows = tests.tolist()
        homes = [needs.homes_of_test(test) for test in rows]
        alone = [
            {home for which in homes[start:stop] if len(which) == 1 for home in which}
            for start, stop in ranges.tolist()
        ]
        first = choose_first(alone, homes_read)
        self.stages = stage_tables(plan, first)
        told = [bool(which) and which <= first for which in homes]
        order: list[int] = []
        stops: list[int] = []
        for start, stop in ranges.tolist():
            order.extend(sorted(range(start, stop), key=lambda test: not told[test]))
            stops.append(start + sum(told[start:stop]))
        self.tests: NDArray[np.int32] = tests[order]
        self.first_stops = np.array(stops, dtype=np.int64)
        """Per policy, the condition from which on the second stage tells."""
        self._starts = ranges[:, 0]
        self.leading = 0
        """The instructions on feature values that lead to what the first stage tells, as bits."""
        for test, is_told in zip(rows, told, strict=True):
            if is_told:
                self.leading |= needs.of_test(test)

    def shut(self, gated: list[bool]) -> list[bool]:
        """Tell of each policy and model whether it can be out of question behind the first stage;
        `gated`, whether it can before.
        """
        told = (self.first_stops > self._starts).tolist()
        told += [False] * (len(gated) - len(told))
        return [before or after for before, after in zip(gated, told, strict=True)]

    def code_tables(
        self, needs: Needs, code: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
        """Return the instructions that the first stage runs, and as bits those that it does not."""
        everything = (1 << (64 * needs.words)) - 1
        first = [i for i in range(len(code)) if self.leading >> i & 1]
        return code[first], needs.table([everything & ~self.leading])
