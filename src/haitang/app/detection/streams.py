"""One lab stream through the one engine: decisions as columns beside what the lab knows of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.app.detection.effects import STEP_BITS, policy_bits, taken_bits
from haitang.app.programs import OpenedPack
from haitang.app.wiring import table_chunk
from haitang.decision.engine import DecisionBatch, EngineState, evaluate
from haitang.lab.acts import DAY_US
from haitang.lab.day import LabDay, generate
from haitang.lab.vocabulary import EVENT

PIECE_EVENTS = 16_384
"""Events that are checked and decided at once; small pieces cost more an event."""
THE_TABLE = "policy table"
"""Stands among the instances for what the combined score alone brought about."""

NOBODY = -1
_STAFF = ("STAFF_QUERY", "STAFF_OP", "CONTROL_CHANGE", "OVERRIDE", "LIST_UPSERT", "LABEL")
_OF_STAFF = tuple(EVENT[name] for name in _STAFF if name in EVENT)
"""Acts of employees and authorities: what is done about them is no customer's trouble."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Told = Callable[[int, int], None]
"""Hears how many events of a stream are decided, and how many there are."""


class StreamSize(msgspec.Struct, frozen=True, kw_only=True):
    """How large each stream is."""

    customers: int = 2_000
    days: int = 42
    history_days: int = 14
    """Days at the beginning that only fill profiles: no fraud begins, nothing is counted."""


class Decided(msgspec.Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """What was decided of every event of a stream, in journal order."""

    day: LabDay
    history_days: int
    actions: npt.NDArray[np.uint8]
    further: Int64
    scores: Int32
    """Score of payer and payee (2, events)."""
    hit_events: Int64
    """Event and policy of every hit of a live policy."""
    hit_policies: Int32
    policy_bits: Int64
    """Actions that each policy asks for."""
    payee_policies: Flags
    """Policies that speak of the payee."""

    def __len__(self) -> int:
        """Number of events."""
        return len(self.actions)

    @cached_property
    def taken(self) -> Int64:
        """All actions of each decision as bits."""
        return taken_bits(self.actions, self.further)

    @cached_property
    def measured(self) -> Flags:
        """Events behind the history."""
        start_us = self.day.bank.start_us + self.history_days * DAY_US
        return np.asarray(self.day.acts["at_us"] >= start_us)

    @cached_property
    def day_numbers(self) -> Int64:
        """Day of the run on which each event happened."""
        return np.asarray((self.day.acts["at_us"] - self.day.bank.start_us) // DAY_US)

    @cached_property
    def asking(self) -> Int64:
        """Customer who did what the event tells; nobody where an employee did."""
        table = self.day.acts
        own = np.where(np.isin(table["event"], _OF_STAFF), NOBODY, table["customer"])
        return np.asarray(own, np.int64)

    @cached_property
    def receiving(self) -> Int64:
        """Customer who owns the payee's account; nobody where it is held elsewhere."""
        return self._owners("payee")

    @cached_property
    def paying(self) -> Int64:
        """Customer who owns the payer's account; nobody where it is held elsewhere."""
        return self._owners("payer")

    def _owners(self, side: str) -> Int64:
        accounts = self.day.acts[side]
        owners = self.day.bank.owner[np.maximum(accounts, 0)]
        return np.asarray(np.where(accounts >= 0, owners, NOBODY), np.int64)

    @cached_property
    def hit_bits(self) -> Int64:
        """Actions that each hit asked for and that were taken.

        Of the primary actions only the strictest is taken, whoever asked for a milder one.
        """
        return np.asarray(self.policy_bits[self.hit_policies] & self.taken[self.hit_events])

    @cached_property
    def by_table(self) -> Int64:
        """Actions that the policy table alone took, through the combined score."""
        asked = np.zeros(len(self), np.int64)
        np.bitwise_or.at(asked, self.hit_events, self.hit_bits)
        return np.asarray(self.taken & ~asked)

    @cached_property
    def felt_by(self) -> tuple[Int64, Int64]:
        """Actions that fall on whoever asked, and on the payee who did not ask."""
        of_payee = self.payee_policies[self.hit_policies]
        by_payer = np.zeros(len(self), np.int64)
        by_payee = np.zeros(len(self), np.int64)
        np.bitwise_or.at(by_payer, self.hit_events[~of_payee], self.hit_bits[~of_payee])
        np.bitwise_or.at(by_payee, self.hit_events[of_payee], self.hit_bits[of_payee])
        suspected = self.scores[1] > self.scores[0]
        by_payer |= np.where(suspected, 0, self.by_table)
        by_payee |= np.where(suspected, self.by_table, 0)
        return on_asking(by_payer, by_payee, self), np.asarray(by_payee & ~STEP_BITS)


def fingerprint(day: LabDay) -> str:
    """Return what tells two runs of days apart: another lab makes other days of the same seed."""
    summed = hashlib.sha256()
    for column in (day.event_ids.astype("S16"), day.acts["at_us"], day.settlement.amount):
        summed.update(np.ascontiguousarray(column).tobytes())
    return summed.hexdigest()[:12]


def on_asking(by_payer: Int64, by_payee: Int64, decided: Decided) -> Int64:
    """Return what falls on whoever asked: all about the payer, and the steps of what was asked."""
    same = decided.asking == decided.receiving
    return np.asarray(by_payer | np.where(same, by_payee, by_payee & STEP_BITS))


def decide_stream(
    opened: OpenedPack,
    seed: int,
    size: StreamSize,
    *,
    quiet: bool = False,
    told: Told = lambda _done, _of: None,
) -> Decided:
    """Generate the days of one seed and decide them, without a look at the labels; on quiet days no
    fraud is woven in.
    """
    day = generate(
        seed,
        customers=size.customers,
        days=size.days,
        stories={} if quiet else "default",
        story_days=(size.history_days, size.days),
    )
    return decide_day(opened, day, history_days=size.history_days, told=told)


def decide_day(
    opened: OpenedPack, day: LabDay, *, history_days: int, told: Told = lambda _done, _of: None
) -> Decided:
    """Decide generated days."""
    program = opened.program
    state = EngineState.create(program)
    live = np.array([policy.status == "live" for policy in program.policies], bool)
    columns = _Columns(live)
    for table in day.batches():
        for start in range(0, table.num_rows, PIECE_EVENTS):
            piece = table.slice(start, PIECE_EVENTS)
            chunk = table_chunk(piece, path="lab", base_currency=opened.pack.base_currency)
            assert not chunk.refused, "the lab makes no event that is refused"
            batch = chunk.events.batch(program.fields)
            columns.take(evaluate(batch, state, first_position=columns.events))
            told(columns.events, len(day))
    parties = np.array([policy.party == "payee" for policy in program.policies], bool)
    actions, further, scores, hit_events, hit_policies = columns.joined()
    return Decided(
        day=day,
        history_days=history_days,
        actions=actions,
        further=further,
        scores=scores,
        hit_events=hit_events,
        hit_policies=hit_policies,
        policy_bits=policy_bits(program.policies),
        payee_policies=parties,
    )


class _Columns:
    """What is kept of each batch of decisions."""

    def __init__(self, live: Flags) -> None:
        self.events = 0
        self._live = live
        self._parts: list[tuple[npt.NDArray[np.generic], ...]] = []

    def take(self, out: DecisionBatch) -> None:
        fired = np.asarray(out.hit_policies)
        events = np.repeat(np.arange(out.count), np.diff(out.hit_starts)) + self.events
        # Behind the policies come the models, which are no instances.
        kept = fired < len(self._live)
        kept[kept] = self._live[fired[kept]]
        self._parts.append((out.actions, out.further, out.scores, events[kept], fired[kept]))
        self.events += out.count

    def joined(self) -> tuple[npt.NDArray[np.uint8], Int64, Int32, Int64, Int32]:
        actions, further, scores, events, fired = zip(*self._parts, strict=True)
        return (
            np.concatenate(actions).astype(np.uint8),
            np.concatenate(further).astype(np.int64),
            np.concatenate(scores, axis=1).astype(np.int32),
            np.concatenate(events).astype(np.int64),
            np.concatenate(fired).astype(np.int32),
        )
