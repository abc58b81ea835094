"""Friction budgets: a stage behind the kernel that spares a customer the same question twice.

It looks at decided events in their order and only at those that ask something; a pack without
`friction` has no such stage. What it does is always milder than what was decided, and never lifts
what takes something away, waits for a person or calls one.

A tip, a confirmation and a lesson count as had when they were asked. A proof of identity counts
only when the journal says that it was passed, and for the device that it was passed on: who fails a
face check and tries again is checked again.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.events.batch import EventBatch, FieldSet
from haitang.decision.engine.actions import RANK, action_bits
from haitang.decision.engine.asking import ASKS, HEARD, find_asking
from haitang.decision.engine.challenges import Asked, ChallengeMemory
from haitang.decision.engine.modes import FAIL_POLICY, FULL, RULES_ONLY
from haitang.decision.rules.specs import TIERS, FrictionSpec, Pack, PolicySpec, TableRow
from haitang.kernel.hashing import hash_text
from haitang.kernel.instants import DAY_US

TEXTS = (
    "event_type", "channel", "payer_customer_id", "customer_id", "payee_customer_id", "label",
    "result", "device_id",
)  # fmt: skip
"""Texts that the stage reads, beside the segment's."""
NUMBERS = ("amount_base_minor",)

PEOPLE = -1
"""In the place of the instant of an earlier challenge: a person instead of a lesson."""

OUTCOMES = ("LABEL", "CONTACT_RESULT")
BAD_LABELS = ("FRAUD_VICTIM", "MULE", "CASE_ACCOUNT", "ATO", "FRAUD")
BAD_RESULTS = ("DENIED", "FRAUD", "CONFIRMED_FRAUD")
"""What a call found that speaks of fraud: the customer denied it, or it was confirmed."""

PROOFS = {"OTP_VERIFIED": "OTP", "OTP_FAILED": "OTP", "FACE_CHECK": "FACE", "VIDEO_CHECK": "VID"}
"""Events that tell what came of a challenge. Of `SIGN` none does, so that it is never spared."""
PASSED, FAILED = ("PASS", "PASSED"), ("FAIL", "FAILED", "REJECT")
"""Results of face and video checks; others tell nothing."""
PROOF_WITHIN_US = 3_600_000_000
"""How long after a challenge a proof is taken for the answer to it."""

LATE_US = DAY_US
"""How late an event may come and still find every challenge that it should."""

LARGER = 2
"""Beyond this many times what was at stake, the customer is asked again."""
AMOUNT_MAX = float(1 << 60)

_CHANNEL = TEXTS.index("channel")
_ASKED_OF = ("event_type", "customer_id", "payer_customer_id")
_LESSON, _TIP = RANK["EDU"], RANK["TIP"]
_LEAST_PROOF = RANK["OTP"]
_LESSON_BIT, _CALL_BIT = action_bits(("EDU",)), action_bits(("CALL",))

Column = NDArray[Any]


class Source(NamedTuple):
    """A policy or a row of the table, as far as it asks for something."""

    rank: int
    also: int
    reason: int


class _Row(NamedTuple):
    tiers: int
    channels: frozenset[int]
    segments: frozenset[int]
    source: Source


class Friction(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack says about friction, as the stage looks it up."""

    challenge_bits: int
    instead: int
    again_after_us: int
    people: frozenset[int]
    people_words: Column
    lessons: Column
    """Whether a lesson may hide behind what a policy asks, or behind the table's row."""
    asked_of: Column
    """Rows of the kind, the customer, the payer and the segment, see `asking.find_asking`."""
    policies: tuple[Source | None, ...]
    """By the index of the policy; None where it changes no decision."""
    rows: tuple[_Row, ...]
    places: tuple[int, ...]
    """Rows of `TEXTS` among the program's texts."""
    segment: int
    """Row of the segment's text; -1 where no segment matters."""
    amount: int


class Softened(NamedTuple):
    """What the stage has changed: columns for every event of a batch."""

    spared: NDArray[np.uint8]
    """Rank of the strictest challenge that was not asked; 0 for none."""
    asked_at_us: NDArray[np.int64]
    """When the customer was asked before, or `PEOPLE`."""


def friction_of(pack: Pack, policies: tuple[PolicySpec, ...], fields: FieldSet) -> Friction | None:
    """Return the tables of a pack, or None where it has no budget; `fields` are the program's."""
    spec = pack.friction
    if spec is None:
        return None
    reads_segment = bool(spec.people_for) or any(row.segments for row in pack.table)
    segment = fields.texts.index(pack.segment_source) if reads_segment else -1
    sources = [
        _source(policy.action, policy.also, f"typology:{policy.typology}")
        if policy.status == "live"
        else None
        for policy in policies
    ]
    rows = tuple(_row(row) for row in pack.table)
    teaches = any(_teaches(row.source) for row in rows)
    return Friction(
        challenge_bits=action_bits(spec.challenges),
        instead=RANK[spec.instead],
        again_after_us=spec.again_after_us,
        people=_hashes(spec.people_for),
        people_words=np.array([hash_text(name) for name in spec.people_for], np.uint64),
        asked_of=np.array([*map(fields.texts.index, _ASKED_OF), segment], np.int64),
        lessons=np.array([teaches or _teaches(source) for source in sources], np.bool_),
        policies=tuple(sources),
        rows=rows,
        places=tuple(fields.texts.index(name) for name in TEXTS),
        segment=segment,
        amount=fields.numbers.index(NUMBERS[0]),
    )


def fields_read(spec: FrictionSpec | None, segment_source: str) -> tuple[tuple[str, ...], ...]:
    """Return the numbers and texts that must stand in a batch for the stage."""
    if spec is None:
        return (), ()
    return NUMBERS, (*TEXTS, *([segment_source] if segment_source else []))


def _hashes(words: tuple[str, ...]) -> frozenset[int]:
    return frozenset(map(hash_text, words))


def _teaches(source: Source | None) -> bool:
    return source is not None and (source.rank == _LESSON or source.also & _LESSON_BIT != 0)


def _source(action: str, also: tuple[str, ...], reason: str) -> Source:
    return Source(RANK[action], action_bits(also), hash_text(reason))


def _row(row: TableRow) -> _Row:
    # By its content, so that a row keeps its name when another is put before it.
    name = hashlib.sha256(msgspec.json.encode(row)).hexdigest()
    return _Row(
        tiers=sum(1 << TIERS.index(tier) for tier in (row.tiers or TIERS)),
        channels=_hashes(row.channels),
        segments=_hashes(row.segments),
        source=_source(row.action, row.also, f"row:{name}"),
    )


def soften(
    friction: Friction,
    memory: ChallengeMemory,
    events: EventBatch,
    hashes: Column,
    mode: int,
    decided: tuple[Column, Column, Column],
    hits: tuple[Column, Column],
) -> Softened | None:
    """Go through decided events in order; change their actions in place where the budget says so.

    `hashes` are those of the events as the kernels take them; `decided` are actions, further
    actions and tiers, `hits` the starts and the policies. Challenges are remembered and spared in
    the modes that ask all policies; what came of them counts in all. Returns None where nothing was
    changed.
    """
    actions, further, _ = decided
    # Most events of a service come alone and hit nothing: no column is worth its making.
    is_quiet = len(events) == 1 and not (hits[1].size or actions[0] or further[0])
    if is_quiet and events.hashes.item(friction.places[0], 0) not in _OUTCOME_KINDS:
        return None
    room, reasons = np.empty(len(events), np.int64), np.empty(len(events), np.int64)
    count = find_asking(
        actions, further, *hits, friction.lessons, hashes, friction.asked_of, _PROOF_KINDS,
        _OTHER_KINDS, friction.people_words, friction.challenge_bits | _LESSON_BIT,
        mode != FAIL_POLICY, memory.marks, room, reasons,
    )  # fmt: skip
    if count == 0:
        return None
    walk = _Walk(friction, memory, events, mode, decided, hits)
    places = room[:count]
    # In one go: taking single numbers out of an array costs more than all that is done with them.
    texts = hashes[np.array(friction.places)[:, np.newaxis], places].T.tolist()
    for j, words, why in zip(places.tolist(), texts, reasons[:count].tolist(), strict=True):
        if why & HEARD:
            walk.hear(j, words)
        if why & ASKS:
            walk.look_at(j, words)
    return walk.result()


_OUTCOME_KINDS = _hashes((*OUTCOMES, *PROOFS))
_BAD_LABELS, _BAD_RESULTS = _hashes(BAD_LABELS), _hashes(BAD_RESULTS)
_PASSED, _FAILED = _hashes(PASSED), _hashes(FAILED)
_CONTACT, _VERIFIED, _REFUSED = map(hash_text, ("CONTACT_RESULT", "OTP_VERIFIED", "OTP_FAILED"))
_PROOF_KINDS = np.array([hash_text(kind) for kind in PROOFS], np.uint64)
_OTHER_KINDS = np.array([hash_text(kind) for kind in OUTCOMES], np.uint64)
_PROOF_RANKS = {hash_text(kind): RANK[action] for kind, action in PROOFS.items()}


class _Walk:
    """One pass over the events of a batch that ask something."""

    __slots__ = (
        "actions", "events", "friction", "further", "hit_policies", "hit_starts", "memory", "mode",
        "softened", "tiers",
    )  # fmt: skip

    def __init__(
        self,
        friction: Friction,
        memory: ChallengeMemory,
        events: EventBatch,
        mode: int,
        decided: tuple[Column, Column, Column],
        hits: tuple[Column, Column],
    ) -> None:
        self.friction = friction
        self.memory = memory
        self.events = events
        self.mode = mode
        self.actions, self.further, self.tiers = decided
        self.hit_starts, self.hit_policies = hits
        self.softened: list[tuple[int, int, int]] = []

    def hear(self, j: int, words: list[int]) -> None:
        """Take in what came of challenges: forget those of everybody whom a bad outcome names."""
        kind, _, payer, customer, payee, label, result, device = words
        rank = _PROOF_RANKS.get(kind)
        if rank is not None:
            if not (customer and self.memory.is_known(customer)):
                return
            # Codes have an event for each result.
            if customer and (kind == _REFUSED or (kind != _VERIFIED and result in _FAILED)):
                self.memory.let_fail(customer, _LEAST_PROOF)
            elif customer and device and (kind == _VERIFIED or result in _PASSED):
                at_us = int(self.events.occurred_at_us[j])
                self.memory.let_pass(
                    customer, rank, device=device, since_us=at_us - PROOF_WITHIN_US, until_us=at_us
                )
        elif label in _BAD_LABELS or (kind == _CONTACT and result in _BAD_RESULTS):
            for named in {payer, customer, payee} - {0}:
                self.memory.forget(named)

    def look_at(self, j: int, words: list[int]) -> None:
        """Spare one event's challenges where all is as the pack says, and remember the others."""
        if self.mode == FAIL_POLICY:
            return
        segment = self._segment(j)
        sources = self._sources(j, words[_CHANNEL], segment)
        if segment in self.friction.people:
            self._send_people(j, sources)
        if self.mode in (FULL, RULES_ONLY):
            self._spare(j, words, sources)

    def result(self) -> Softened | None:
        """Return the columns, or None where nothing was changed."""
        if not self.softened:
            return None
        count = len(self.events)
        spared, asked_at_us = np.zeros(count, np.uint8), np.zeros(count, np.int64)
        for j, rank, at_us in self.softened:
            spared[j], asked_at_us[j] = rank, at_us
        return Softened(spared, asked_at_us)

    def _segment(self, j: int) -> int:
        place = self.friction.segment
        return 0 if place < 0 else int(self.events.hashes.item(place, j))

    def _sources(self, j: int, channel: int, segment: int) -> list[Source]:
        """Return everything that decided: live policies that fired, and the row of the table."""
        policies = self.friction.policies
        fired = self.hit_policies[self.hit_starts[j] : self.hit_starts[j + 1]].tolist()
        # Behind the policies come the models, which act through the table.
        found = [policies[p] for p in fired if p < len(policies)]
        tier = int(self.tiers[j])
        for row in self.friction.rows:
            if (
                row.tiers >> tier & 1
                and (not row.channels or channel in row.channels)
                and (not row.segments or segment in row.segments)
            ):
                found.append(row.source)
                break
        return [source for source in found if source is not None]

    def _send_people(self, j: int, sources: list[Source]) -> None:
        """Give people who are easily frightened a tip and a call in the place of a lesson."""
        asked = False
        for i, (rank, also, reason) in enumerate(sources):
            if _teaches(sources[i]):
                asked = True
                own = _TIP if rank == _LESSON else rank
                sources[i] = Source(own, also & ~_LESSON_BIT | _CALL_BIT, reason)
        if asked:
            self._decide(j, sources, _LESSON, PEOPLE)

    def _spare(self, j: int, words: list[int], sources: list[Source]) -> None:
        friction, memory = self.friction, self.memory
        action, further = int(self.actions[j]), int(self.further[j])
        if not friction.challenge_bits >> action & 1 and action > friction.instead:
            return
        _, _, payer, customer, *_, device = words
        customer = payer or customer
        if customer == 0:
            return
        at_us, amount = int(self.events.occurred_at_us[j]), self._amount(j)
        left: list[Source] = []
        asking: list[Source] = []
        spared: list[tuple[int, int]] = []
        for source in sources:
            own = friction.challenge_bits & (1 << source.rank | source.also)
            before = memory.find(customer, source.reason) if own else None
            if own == 0:
                left.append(source)
            elif (
                before is not None
                # A call may find out what the customer did not know; the tip belongs to it.
                and not further & _CALL_BIT
                and 0 <= at_us - before.at_us < friction.again_after_us
                and amount <= LARGER * before.amount_minor
                and _covers(before, own.bit_length() - 1, device)
            ):
                spared.append((own.bit_length() - 1, before.at_us))
                left.append(_without(source, friction))
            else:
                asking.append(source)
                left.append(source)
        if spared:
            self._decide(j, left, *max(spared))
        self._remember(j, customer, asking, Asked(at_us, 0, amount, device, passed=True))

    def _remember(self, j: int, customer: int, asking: list[Source], asked: Asked) -> None:
        """Note what the customer is asked in the end, for the reasons that ask just that."""
        bits = 1 << int(self.actions[j]) | int(self.further[j])
        noted: dict[int, int] = {}
        kept_us = self.friction.again_after_us + LATE_US
        for source in asking:
            own = self.friction.challenge_bits & bits & (1 << source.rank | source.also)
            if own:
                noted[source.reason] = max(noted.get(source.reason, 0), own.bit_length() - 1)
        for reason, rank in noted.items():
            own_asked = asked._replace(rank=rank, passed=rank < _LEAST_PROOF)
            self.memory.note(customer, reason, own_asked, kept_us=kept_us)

    def _decide(self, j: int, sources: list[Source], spared: int, at_us: int) -> None:
        """Put the sources together anew, as the kernel did; note it where it makes a difference."""
        action = further = 0
        for source in sources:
            action = max(action, source.rank)
            further |= source.also
        if action != self.actions[j] or further != self.further[j]:
            self.actions[j] = action
            self.further[j] = further
            self.softened.append((j, spared, at_us))

    def _amount(self, j: int) -> int:
        amount = float(self.events.numbers[self.friction.amount, j])
        return int(min(amount, AMOUNT_MAX)) if amount > 0.0 else 0


def _covers(before: Asked, rank: int, device: int) -> bool:
    """Tell whether an earlier challenge stands for one of a rank on a device."""
    if not before.passed or rank > before.rank:
        return False
    return rank < _LEAST_PROOF or device == before.device != 0


def _without(source: Source, friction: Friction) -> Source:
    """Return what is left of a source whose challenges are spared."""
    is_challenge = friction.challenge_bits >> source.rank & 1
    rank = friction.instead if is_challenge else max(source.rank, friction.instead)
    return Source(rank, source.also & ~friction.challenge_bits, source.reason)
