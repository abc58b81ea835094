"""The slow oracle of the graph features: `docs/internals/graph.md` in plain Python over plain rows.

It keeps every event for ever. Two things are computed for each value: what the definition with its
bounds says (backwards, level by level), and what a search without any bound finds (forwards, over
all payments in journal order). A known value has to be both. Nothing here is shared with the engine
but the declarations (`GraphSpec`, terms) that both read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from haitang.data.features.graph_specs import GraphSpec
from tests.property.windows_oracle import Row, Scalar, read

far = 1 << 60


class Payment(NamedTuple):
    """One payment of the graph: its place in the journal, and what the payer had drawn before."""

    order: int
    at_us: int
    payer: Scalar
    payee: Scalar
    amount: float
    drawn_us: int


class ListOracle:
    """What lists say: statements in the order of their beginnings, the last one holds."""

    def __init__(self) -> None:
        self.statements: dict[tuple[Scalar, Scalar], list[tuple[int, bool]]] = {}

    def note(self, row: Row) -> None:
        """Take in a list event; their instants must not go back."""
        key = (row["list_name"], row["list_value"])
        begin, listed = int(row["occurred_at_us"]), row["event_type"] == "LIST_UPSERT"  # type: ignore[arg-type]
        self.statements.setdefault(key, []).append((begin, listed))

    def says(self, lists: Sequence[str], value: Scalar, at_us: int) -> bool:
        """Tell whether a value is on one of some lists at an instant."""
        for name in lists:
            said = [on for begin, on in self.statements.get((name, value), []) if begin <= at_us]
            if said and said[-1]:
                return True
        return False


def holds(condition: object, row: Row) -> bool:
    """Tell whether a condition holds for a row; no condition always does."""
    return condition is None or read(condition, row) is True  # type: ignore[arg-type]


def first(row: Row, *names: str) -> Scalar:
    """Return the first of some fields that is there."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def ends(spec: GraphSpec, row: Row) -> tuple[Scalar, Scalar]:
    """Return who pays and who is paid."""
    if spec.nodes == "customer":
        return (
            first(row, "payer_customer_id", "payer_account"),
            first(row, "payee_customer_id", "payee_account"),
        )
    return first(row, "payer_account"), first(row, "payee_account")


class GraphOracle:
    """One graph feature over a journal: `value` takes one row after the other."""

    def __init__(self, spec: GraphSpec) -> None:
        self.spec = spec
        self.lists = ListOracle()
        self.payments: list[Payment] = []
        self.into: dict[Scalar, list[Payment]] = {}
        self.lengths: dict[int, int] = {}
        self.through: set[int] = set()
        self.drawn: dict[Scalar, int] = {}
        self.paid: dict[Scalar, int] = {}
        self.bonds: dict[Scalar, set[Scalar]] = {}
        self.members: dict[Scalar, bool] = {}
        self.order = 0

    def value(self, row: Row) -> float:
        """Return the feature's value for the next event; NaN is missing."""
        if row["event_type"] in ("LIST_UPSERT", "LIST_REMOVE"):
            self._note_list(row)
        at_us = int(row["occurred_at_us"])  # type: ignore[arg-type]
        spec = self.spec
        if spec.kind == "component":
            return self._component(row, at_us)
        payer, payee = ends(spec, row)
        is_payment = None not in (payer, payee) and payer != payee and holds(spec.where, row)
        amount = row.get("amount_base_minor")
        payment = Payment(
            self.order, at_us, payer, payee, math.nan if amount is None else float(amount),
            self.drawn.get(payer, 0),
        )  # fmt: skip
        value = self._asked_hops(row, is_payment) if spec.kind == "hops" else math.nan
        if is_payment and spec.kind == "chain":
            value = self._chain(payment, holds(spec.through, row))
        elif is_payment and holds(spec.asked, row) and spec.kind in ("cycle", "returns"):
            value = self._cycle(payment)
        elif is_payment and holds(spec.asked, row) and spec.kind == "scatter_gather":
            value = self._scatter_gather(payment)
        if is_payment:
            self.payments.append(payment)
            self.paid[payer] = max(self.paid.get(payer, 0), at_us)
            self.into.setdefault(payee, []).append(payment)
            self.order += 1
        if spec.after is not None and holds(spec.after, row):
            for side in (payer, payee):
                if side is not None:
                    self.drawn[side] = max(self.drawn.get(side, 0), at_us)
        return value

    # -- chains ------------------------------------------------------------------------------------

    def _chain(self, payment: Payment, carries: bool) -> float:
        floor_us = payment.at_us - self.spec.window_us
        before = [
            self.lengths[earlier.order]
            for earlier in self.into.get(payment.payer, [])
            if earlier.at_us >= floor_us
            and earlier.payer != payment.payee
            and earlier.order in self.through
        ]
        length = 1 + max(before, default=0)
        self.lengths[payment.order] = length
        if carries:
            self.through.add(payment.order)
        return float(min(length, self.spec.steps_max))

    # -- searches ----------------------------------------------------------------------------------

    def _kept(self, account: Scalar, floor_us: int) -> tuple[list[Payment], bool]:
        """Return what can be looked at of the payments into an account, and whether it is crowded:
        whether the window holds others.
        """
        all_in = self.into.get(account, [])
        kept = all_in[-self.spec.neighbours :]
        lost = all_in[: len(all_in) - len(kept)]
        return (
            [payment for payment in kept if payment.at_us >= floor_us],
            any(payment.at_us >= floor_us for payment in lost),
        )

    def _level(
        self, level: Mapping[Scalar, int], best: dict[Scalar, int], floor_us: int
    ) -> tuple[list[Payment], dict[Scalar, int], bool]:
        """Return the payments into the accounts of a level that can lead on, the next level, and
        whether an account is crowded.

        A level says up to which payment (exclusive) money must have arrived at an account.
        """
        payments: list[Payment] = []
        following: dict[Scalar, int] = {}
        crowded = False
        for account, before in level.items():
            kept, lost = self._kept(account, floor_us)
            crowded = crowded or lost
            payments += [payment for payment in kept if payment.order < before]
        for payment in payments:
            if payment.order > max(best.get(payment.payer, -1), following.get(payment.payer, -1)):
                following[payment.payer] = payment.order
        return payments, following, crowded

    def _asked_hops(self, row: Row, is_payment: bool) -> float:
        spec = self.spec
        payer, payee = ends(spec, row)
        start = payee if spec.party == "payee" else payer
        if spec.asked is not None and spec.party == "payer":
            fields = ("payer_account", "account_id")
            if spec.nodes == "customer":
                fields = ("payer_customer_id", "customer_id")
            start = first(row, *fields)
        asked = is_payment if spec.asked is None else holds(spec.asked, row)
        if start is None or not asked:
            return math.nan
        return self._hops(start, int(row["occurred_at_us"]))  # type: ignore[arg-type]

    def _hops(self, start: Scalar, at_us: int) -> float:
        spec = self.spec
        floor_us = at_us - spec.window_us
        if self.lists.says(spec.lists, start, at_us):
            return 0.0
        level, best = {start: far}, {start: far}
        visits = 1
        for hops in range(1, spec.steps_max + 1):
            payments, level, crowded = self._level(level, best, floor_us)
            if any(self.lists.says(spec.lists, earlier.payer, at_us) for earlier in payments):
                assert self._least_hops(start, at_us) == hops
                return float(hops)
            if crowded:
                return math.nan
            best |= level
            visits += len(level)
            if visits > spec.visits and hops < spec.steps_max:
                return math.nan
        assert self._least_hops(start, at_us) > spec.steps_max
        return float(spec.steps_max + 1)

    def _least_hops(self, start: Scalar, at_us: int) -> float:
        floor_us = at_us - self.spec.window_us
        hops: dict[Scalar, float] = {}

        def reached(account: Scalar) -> float:
            if self.lists.says(self.spec.lists, account, at_us):
                return 0.0
            return hops.get(account, math.inf)

        for payment in self.payments:
            if payment.at_us >= floor_us:
                there = reached(payment.payer) + 1
                hops[payment.payee] = min(hops.get(payment.payee, math.inf), there)
        return reached(start)

    def _cycle(self, payment: Payment) -> float:
        spec = self.spec
        floor_us = payment.at_us - spec.window_us
        since = self.drawn if spec.kind == "returns" else self.paid
        if since.get(payment.payee, 0) < floor_us:
            return 0.0
        truth = self._shortest(payment)
        level, best = {payment.payer: far}, {payment.payer: far}
        visits = 1
        for length in range(2, spec.steps_max + 1):
            payments, level, crowded = self._level(level, best, floor_us)
            firsts = [
                earlier
                for earlier in payments
                if earlier.payer == payment.payee
                and (spec.kind == "cycle" or earlier.drawn_us >= floor_us)
            ]
            if firsts:
                assert truth[0] == length
                if spec.measure == "length":
                    return float(length)
                if crowded:
                    return math.nan
                latest = max(firsts)
                assert truth[1] == -latest.order
                return payment.amount / latest.amount if latest.amount > 0 else math.nan
            if crowded:
                return math.nan
            best |= level
            visits += len(level)
            if visits > spec.visits and length < spec.steps_max:
                return math.nan
        assert truth[0] > spec.steps_max
        return 0.0

    def _shortest(self, closing: Payment) -> tuple[float, int]:
        """Return the length of the shortest cycle that a payment closes, and of all of that length
        the latest first payment (negated).
        """
        spec = self.spec
        floor_us = closing.at_us - spec.window_us
        reached: dict[Scalar, tuple[float, int]] = {}
        nowhere = (math.inf, 0)
        for payment in self.payments:
            if payment.at_us < floor_us:
                continue
            length, start = reached.get(payment.payer, nowhere)
            candidate = (length + 1, start)
            may_start = spec.kind == "cycle" or payment.drawn_us >= floor_us
            if payment.payer == closing.payee and may_start:
                candidate = min(candidate, (1.0, -payment.order))
            reached[payment.payee] = min(reached.get(payment.payee, nowhere), candidate)
        length, start = reached.get(closing.payer, nowhere)
        return length + 1, start

    def _scatter_gather(self, payment: Payment) -> float:
        floor_us = payment.at_us - self.spec.window_us
        kept, crowded = self._kept(payment.payer, floor_us)
        if crowded:
            return math.nan
        sources = {earlier.payer for earlier in kept} - {payment.payee}
        if not sources:
            return 0.0
        arrived, crowded = self._kept(payment.payee, floor_us)
        if crowded:
            return math.nan
        between = {earlier.payer: earlier.order for earlier in arrived}
        between.pop(payment.payer, None)
        if any(self._kept(middle, floor_us)[1] for middle in between):
            return math.nan
        return float(
            max(
                1
                + sum(
                    any(
                        earlier.payer == source
                        and earlier.order < order
                        and earlier.at_us >= floor_us
                        for earlier in self.into.get(middle, [])
                    )
                    for middle, order in between.items()
                )
                for source in sources
            )
        )

    # -- components --------------------------------------------------------------------------------

    def _note_list(self, row: Row) -> None:
        self.lists.note(row)
        member = row["list_value"]
        if row["list_name"] in self.spec.lists and member in self.members:
            at_us = int(row["occurred_at_us"])  # type: ignore[arg-type]
            self.members[member] = self.lists.says(self.spec.lists, member, at_us)

    def _component(self, row: Row, at_us: int) -> float:
        spec = self.spec
        own = ("payer_customer_id", "customer_id")
        if spec.nodes == "account":
            own = ("payer_account", "account_id")
        member = first(row, *own)
        if member is not None and holds(spec.where, row):
            if member not in self.members:
                self.members[member] = self.lists.says(spec.lists, member, at_us)
            for field in spec.links:
                if row.get(field) is not None:
                    link = f"{field}={row[field]}"
                    self.bonds.setdefault(member, set()).add(link)
                    self.bonds.setdefault(link, set()).add(member)
        asked: Scalar = member
        if spec.party == "payee":
            asked = row.get("payee_account" if spec.nodes == "account" else "payee_customer_id")
        if asked is None or not holds(spec.asked, row):
            return math.nan
        together: dict[Scalar, bool]
        if asked not in self.members:
            together = {asked: self.lists.says(spec.lists, asked, at_us)}
        else:
            together = {name: self.members[name] for name in self._bound(asked)}
        confirmed = sum(together.values())
        if spec.measure == "confirmed_share":
            return confirmed / len(together)
        return float(confirmed if spec.measure == "confirmed" else len(together))

    def _bound(self, member: Scalar) -> list[Scalar]:
        seen, pending = {member}, [member]
        while pending:
            for other in self.bonds.get(pending.pop(), set()):
                if other not in seen:
                    seen.add(other)
                    pending.append(other)
        return [name for name in seen if name in self.members]
