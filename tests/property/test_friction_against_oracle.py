"""Friction budgets against an oracle that keeps a dictionary, however a journal is cut."""

from __future__ import annotations

import random
from functools import cache
from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from haitang.data.events.batch import EventBatch, batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import (
    ACTIONS,
    FULL,
    RANK,
    RULES_ONLY,
    DecisionBatch,
    EngineProgram,
    EngineState,
    compile_pack,
    evaluate,
    pack_decisions,
    unpack_decisions,
)
from haitang.decision.rules.specs import PolicySpec, TableRow
from tests.property.test_graph_against_oracle import Sections
from tests.unit.decision.engine.engine_packs import START_US, policy, read_pack

MINUTE_US = 60_000_000
AGAIN_US = 120 * MINUTE_US
CHALLENGES = ("TIP", "EDU", "OTP", "FACE")
PEOPLE = ("ELDER",)
FRICTION = {
    "challenges": list(CHALLENGES), "again_after": "2h", "instead": "WATCH",
    "people_for": list(PEOPLE),
}  # fmt: skip
TABLE = (
    {"tier": "high", "action": "HOLD"},
    {"tier": "medium", "segment": ["ELDER", "MINOR"], "action": "TIP", "also": ["CALL"]},
    {"tier": "medium", "channel": ["WEB"], "action": "EDU"},
    {"tier": "medium", "action": "TIP"},
)
ASKED = (
    ("TIP", 10), ("OTP", 380), ("EDU", 200), ("FACE", 700), ("TIP", 0), ("PASS", 100),
    ("VID", 3_000), ("TIP", 500), ("WATCH", 50),
)  # fmt: skip
"""Actions of the policies, and from which amount on each is taken."""
PROOF_EVENTS = ("OTP_VERIFIED", "OTP_VERIFIED", "FACE_CHECK", "FACE_CHECK", "OTP_FAILED")
EVENTS = 400


@cache
def program() -> EngineProgram:
    source = random.Random(2)
    policies = [
        policy(
            f"p{number}",
            f"amount_base_minor >= {least} and txn_id != 'T{number % 5}'",
            typology=f"C0{source.randrange(1, 6)}",
            action=action,
            also=source.choice(([], [], [], ["TIP"], ["LEAD"], ["EDU"])),
            status="shadow" if number == 4 else "live",
            score=120 if number % 4 == 0 else 1,
        )
        for number, (action, least) in enumerate(ASKED)
    ]
    policies.append(policy("rare", "amount_base_minor == 77", action="HOLD", also=["EDU"]))
    policies.append(policy("call", "amount_base_minor == 78", action="TIP", also=["CALL"]))
    return compile_pack(
        read_pack(policies, friction=FRICTION, segment="customer_segment", table=TABLE)
    )


@cache
def journal(seed: int) -> list[dict[str, Any]]:
    source = random.Random(seed)
    rows: list[dict[str, Any]] = []
    at_us = START_US
    for number in range(EVENTS):
        at_us += source.choice((0, 1, 5, 30)) * MINUTE_US
        customer = f"C{source.randrange(3)}"
        row: dict[str, Any] = {
            "event_id": f"E-{number}",
            "occurred_at_us": at_us - source.choice((0, 0, 0, 40)) * MINUTE_US,
        }
        kind = source.choice(("TXN_REQUEST",) * 9 + ("LABEL", "CONTACT_RESULT", *("proof",) * 4))
        if kind == "TXN_REQUEST":
            row |= {
                "event_type": kind, "txn_id": f"T{source.randrange(6)}", "currency": "CNY",
                "amount_minor": source.choice((0, 77, 78, 150, 400, 900, 2_000, 5_000)),
                "payer_customer_id": source.choice((customer, customer, customer, None)),
                "device_id": source.choice(("D1", "D1", "D2", None)),
                "customer_segment": source.choice(("ORDINARY", "ELDER", "MINOR", None)),
                "channel": source.choice(("MOBILE", "WEB", None)),
            }  # fmt: skip
        elif kind == "proof":
            row |= {
                "event_type": source.choice(PROOF_EVENTS),
                "customer_id": customer, "device_id": source.choice(("D1", "D1", "D2")),
                "result": source.choice(("PASS", "PASS", "PASS", "FAIL", "SKIPPED")),
            }  # fmt: skip
        else:
            row |= {
                "event_type": kind, "customer_id": customer,
                "label": source.choice(("FRAUD", "LEGIT", None)),
                "result": source.choice(("DENIED", "UNREACHED", None)),
            }  # fmt: skip
        rows.append({name: value for name, value in row.items() if value is not None})
    return rows


def batch_of(rows: list[dict[str, Any]]) -> EventBatch:
    return batch_events([decode_row(row, base_currency="CNY") for row in rows], program().fields)


# -- the oracle ----------------------------------------------------------------------------------


class Note(NamedTuple):
    at_us: int
    rank: int
    amount: int
    device: str | None
    passed: bool


class Oracle:
    """What the contract says, event by event, with words in the place of bits."""

    def __init__(self) -> None:
        self.known: dict[str, dict[object, Note]] = {}

    def hear(self, row: dict[str, Any]) -> None:
        kind, customer = row["event_type"], row.get("customer_id")
        notes = self.known.get(customer or "", {})
        proof = {"OTP_VERIFIED": "OTP", "FACE_CHECK": "FACE"}.get(kind)
        if kind == "OTP_FAILED" or (kind == "FACE_CHECK" and row["result"] == "FAIL"):
            for reason, note in notes.items():
                if note.rank >= RANK["OTP"]:
                    notes[reason] = note._replace(passed=False)
        elif kind == "OTP_VERIFIED" or (kind == "FACE_CHECK" and row["result"] == "PASS"):
            for reason, note in notes.items():
                late_us = row["occurred_at_us"] - note.at_us
                right = note.rank == RANK[proof or ""] and note.device == row["device_id"]
                if right and 0 <= late_us <= 60 * MINUTE_US:
                    notes[reason] = note._replace(passed=True)
        elif kind in ("LABEL", "CONTACT_RESULT"):
            denied = kind == "CONTACT_RESULT" and row.get("result") == "DENIED"
            if row.get("label") == "FRAUD" or denied:
                notes.clear()

    def decide(
        self, row: dict[str, Any], hits: list[PolicySpec], tier: str
    ) -> tuple[str, frozenset[str], bool]:
        """Return the action, all actions, and whether anything was made milder."""
        asked: list[tuple[object, str, frozenset[str]]] = [
            (one.typology, one.action, frozenset(one.also)) for one in hits if one.status == "live"
        ]
        found = next((one for one in program().pack.table if _matches(one, row, tier)), None)
        if found is not None:
            asked.append((found, found.action, frozenset(found.also)))
        whole = _together(asked)
        if row.get("customer_segment") in PEOPLE:
            asked = [_person(*one) for one in asked]
        action, every = _together(asked)
        customer = row.get("payer_customer_id") or row.get("customer_id")
        is_challenge = action in CHALLENGES
        if customer is None or not (is_challenge or action in ("PASS", "WATCH")):
            return action, every, (action, every) != whole
        left, new = [], []
        notes = self.known.setdefault(customer, {})
        for reason, primary, also in asked:
            own = max((RANK[one] for one in {primary, *also} & set(CHALLENGES)), default=0)
            if own and "CALL" not in every and self._had(notes.get(reason), row, own):
                milder = max(primary, "WATCH", key=RANK.__getitem__)
                kept = "WATCH" if primary in CHALLENGES else milder
                left.append((reason, kept, also - set(CHALLENGES)))
            else:
                left.append((reason, primary, also))
                new.append((reason, {primary, *also}))
        action, every = _together(left)
        latest: dict[object, int] = {}
        for reason, actions in new:
            for one in actions & set(CHALLENGES) & (every | {action}):
                latest[reason] = max(latest.get(reason, 0), RANK[one])
        for reason, rank in latest.items():
            before = notes.get(reason)
            if before is None or before.at_us <= row["occurred_at_us"]:
                notes[reason] = Note(
                    row["occurred_at_us"], rank, row.get("amount_minor", 0),
                    row.get("device_id"), passed=rank < RANK["OTP"],
                )  # fmt: skip
        return action, every, (action, every) != whole

    def _had(self, note: Note | None, row: dict[str, Any], rank: int) -> bool:
        if note is None or not note.passed or rank > note.rank:
            return False
        if row.get("amount_minor", 0) > 2 * note.amount:
            return False
        same = row.get("device_id") is not None and row.get("device_id") == note.device
        return 0 <= row["occurred_at_us"] - note.at_us < AGAIN_US and (rank < RANK["OTP"] or same)


def _matches(row: TableRow, event: dict[str, Any], tier: str) -> bool:
    return (
        (not row.tiers or tier in row.tiers)
        and (not row.channels or event.get("channel") in row.channels)
        and (not row.segments or event.get("customer_segment") in row.segments)
    )


def _person(
    reason: object, action: str, also: frozenset[str]
) -> tuple[object, str, frozenset[str]]:
    if "EDU" not in {action, *also}:
        return reason, action, also
    return reason, "TIP" if action == "EDU" else action, also - {"EDU"} | {"CALL"}


def _together(asked: list[tuple[object, str, frozenset[str]]]) -> tuple[str, frozenset[str]]:
    action = max((one for _, one, _ in asked), key=RANK.__getitem__, default="PASS")
    return action, frozenset(one for _, _, also in asked for one in also)


# -- held against it -----------------------------------------------------------------------------


def decided(rows: list[dict[str, Any]], state: EngineState) -> DecisionBatch:
    return evaluate(batch_of(rows), state)


def new_state() -> EngineState:
    return EngineState.create(program(), limit_bytes=64 << 20)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_every_decision_is_what_the_oracle_says(seed: int) -> None:
    rows = journal(seed)
    out = decided(rows, new_state())
    oracle = Oracle()
    for index, row in enumerate(rows):
        oracle.hear(row)
        first, behind = out.hit_starts[index : index + 2]
        hits = [program().policies[p] for p in out.hit_policies[first:behind]]
        tier = out.decision(index).tier
        action, every, milder = oracle.decide(row, hits, tier)
        found = frozenset(
            spec.code for rank, spec in enumerate(ACTIONS) if int(out.further[index]) >> rank & 1
        )
        assert (out.action_names[index], found) == (action, every), row
        assert (out.decision(index).spared is not msgspec.UNSET) == milder


def test_the_journals_spare_and_ask_again() -> None:
    """The property would say little of journals in which nothing happens twice."""
    taken, ranks, instants = set[str](), set[int](), set[int]()
    for seed in range(12):
        batch = batch_of(journal(seed))
        out, bare = (evaluate(batch, new_state(), with_friction=asked) for asked in (True, False))
        assert out.softened is not None
        assert bare.softened is None
        assert (out.actions <= bare.actions).all()
        spared = out.softened.spared > 0
        taken |= set(out.action_names)
        ranks |= set(out.softened.spared[spared].tolist())
        instants |= set(out.softened.asked_at_us[spared].tolist())
    assert taken >= {"WATCH", "TIP", "OTP", "FACE", "HOLD"}
    assert ranks >= {RANK[one] for one in CHALLENGES}
    assert min(instants) == -1
    assert len(instants) > 10


cuts = st.lists(st.integers(1, EVENTS), max_size=12).map(sorted)


@given(seed=st.integers(0, 50), places=cuts, modes=st.booleans())
@settings(max_examples=25, deadline=None)
def test_cuts_restarts_and_records_change_nothing(
    seed: int, places: list[int], modes: bool
) -> None:
    rows = journal(seed)
    mode = RULES_ONLY if modes else FULL
    whole_state = new_state()
    whole = evaluate(batch_of(rows), whole_state, mode=mode)
    state = new_state()
    actions: list[str] = []
    spared: list[Any] = []
    for number, (start, stop) in enumerate(zip([0, *places], [*places, EVENTS], strict=True)):
        if start == stop:
            continue
        batch = batch_of(rows[start:stop])
        out = evaluate(batch, state, mode=mode)
        data = pack_decisions(out)
        read = unpack_decisions(data, program(), batch)
        assert pack_decisions(read) == data
        actions += read.action_names
        spared += [read.decision(index).spared for index in range(read.count)]
        state = restarted(state, number)
    assert actions == whole.action_names
    assert spared == [whole.decision(index).spared for index in range(EVENTS)]
    assert b"".join(state.challenges.buffers()) == b"".join(whole_state.challenges.buffers())


def restarted(state: EngineState, number: int) -> EngineState:
    """The state after it was written out one way or the other, or as it is."""
    if number % 3 == 1:
        return EngineState.load(program(), state.dump(), limit_bytes=64 << 20)
    if number % 3 == 2:
        held = {name: b"".join(parts) for name, parts in state.sections().items()}
        return EngineState.from_sections(program(), Sections(held), limit_bytes=64 << 20)
    return state
