"""Which streams and cells are folded first, because what they say spares reading the others.

A policy has several conditions, and most events fail the first one that is looked at, as a
database finds when it joins. So the streams and cells that are likely to shut most policies at
little cost are folded first; then the conditions on them are met, and what is read of the rest is
only what the policies ask that are still open. Folding is never left out, and decisions are the
same with and without.

The choice goes by the pack alone: by what a read costs, and by guesses of how many events meet a
condition (`selectivity`). Of what all policies together are then expected to read, each further
stream or cell is the one that spares most, as in Chvátal's greedy cover ("A greedy heuristic for
the set-covering problem", Mathematics of Operations Research 4 (1979), 233-235).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from haitang.data.features import layout as at
from haitang.data.features.plan import Plan
from haitang.decision.engine.needs import Needs
from haitang.decision.engine.selectivity import Shares

CELL_COST, STREAM_COST, WINDOW_COST = 2.0, 3.0, 1.0
"""What reading a cell costs, a stream, and each of its windows; in parts of some 15 cycles,
measured by hand with all shipped packs.
"""
LEAST_GAIN = 1e-9
"""Below this, sums differ by their rounding."""


def homes_of_rows(plan: Plan) -> dict[int, int]:
    """Return the stream or cell behind each aggregate's value row."""
    homes = homes_of_places(plan)
    rows = dict(zip(plan.feature_names, plan.feature_rows.tolist(), strict=True))
    return {rows[name]: homes[place.row] for name, place in plan.places.items()}


def homes_of_places(plan: Plan) -> dict[int, int]:
    """Return the stream or cell that is read at each place."""
    rows = plan.tables[11]
    return {row[at.V_PLACE]: row[at.V_HOME] for row in rows.tolist() if row[at.V_PLACE] >= 0}


def costs_of_homes(plan: Plan) -> NDArray[np.float64]:
    """Return what it costs to read each stream, and then each cell."""
    streams = plan.tables[2]
    windows = streams[:, at.S_EDGE_STOP] - streams[:, at.S_EDGE_START]
    cells = np.full(len(plan.tables[10]) - len(streams), CELL_COST)
    return np.concatenate((STREAM_COST + WINDOW_COST * windows, cells))


def choose_first(
    alone: list[dict[int, float]], read: list[set[int]], costs: NDArray[np.float64]
) -> set[int]:
    """Return the streams and cells to be folded first.

    `alone` has, per policy, those of which some condition reads nothing else, and the share of
    events that meet these conditions; `read` all that need not be read where the policy does not
    ask; `costs` what a read of each costs, which all policies share that ask it.
    """
    pairs = [(p, home) for p in range(len(alone)) for home in sorted(read[p])]
    if not pairs:
        return set()
    policies, homes = np.array(pairs, dtype=np.int64).T
    shares = np.array([alone[p].get(home, 1.0) for p, home in pairs])
    asking = np.bincount(homes, minlength=len(costs))
    prices = (costs / np.maximum(asking, 1))[homes]
    open_share = np.ones(len(alone))
    rest = np.bincount(policies, prices, minlength=len(alone))
    later = np.ones(len(pairs), dtype=np.bool_)
    found: set[int] = set()
    while True:
        # What policy and home add to all that is read when the home is folded first.
        still_open, left = open_share[policies], rest[policies]
        more = prices + still_open * (shares * (left - prices) - left)
        sums = np.bincount(homes[later], more[later], minlength=len(costs))
        best = int(np.argmin(sums))
        if sums[best] > -LEAST_GAIN:
            return found
        found.add(best)
        now = homes == best
        later &= ~now
        rest[policies[now]] -= prices[now]
        open_share[policies[now]] *= shares[now]


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
        shares: Shares,
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
        alone: list[dict[int, float]] = []
        for start, stop in ranges.tolist():
            met: dict[int, float] = {}
            for test in range(start, stop):
                if len(homes[test]) == 1:
                    (home,) = homes[test]
                    met[home] = met.get(home, 1.0) * shares.of_test(rows[test])
            alone.append(met)
        first = choose_first(alone, homes_read, costs_of_homes(plan))
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
