"""What the service answers, as values.

Fields that a later service adds are ignored, and fields that an earlier one lacks have defaults:
client and service need not be upgraded together.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text in both languages."""

    en: str = ""
    zh: str = ""


class BriefHit(msgspec.Struct, frozen=True, kw_only=True):
    """One live policy that fired."""

    policy: str
    version: int
    party: str
    score: int
    action: str


class ReadValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value that a policy read, and what it was held against."""

    name: str
    value: float | str | bool | None
    shown: Text = Text()
    baseline: float | str | None = None
    unit: str = ""
    title: Text = Text()


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One policy that fired, with its reasons."""

    policy: str
    version: int
    party: str
    score: int
    action: str
    status: str = ""
    typology: str = ""
    also: tuple[str, ...] = ()
    title: Text = Text()
    reason: Text = Text()
    values: tuple[ReadValue, ...] = ()
    basis: str = ""


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """How much one input moved a model's score (log-odds), largest first."""

    name: str
    value: float | str | None
    weight: float
    title: Text = Text()


class ModelScore(msgspec.Struct, frozen=True, kw_only=True):
    """One model's answer."""

    model: str
    score: float
    version: str = ""
    party: str = ""
    contributions: tuple[Contribution, ...] = ()


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """The legal measure behind one action."""

    action: str
    measure: str = ""
    title: Text = Text()
    basis: str = ""


class Spared(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge that the customer was spared, having had it before for the same reason."""

    action: str
    """The strictest one that would have been asked."""
    asked_at_us: int | None = None
    """When it was asked before; None where a person takes its place."""
    shown: Text = Text()
    """In explanations: what to tell about it."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with everything needed to explain it."""

    decision_id: str
    event_id: str
    occurred_at_us: int
    action: str
    actions: tuple[str, ...]
    tier: str
    score_payer: int
    score_payee: int
    typologies: tuple[str, ...]
    hits: tuple[Hit, ...]
    shadow_hits: tuple[Hit, ...] = ()
    models: tuple[ModelScore, ...] = ()
    measures: tuple[Measure, ...] = ()
    pack: str = ""
    pack_version: str = ""
    pack_digest: str = ""
    degraded: str = ""
    spared: Spared | None = None


class DecisionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The decision of one event. The same event gets the same answer again."""

    decision_id: str
    event_id: str
    position: int
    """Place of the event in the service's journal."""
    action: str
    """The strictest action: what to do with the payment."""
    actions: tuple[str, ...]
    """Every action, `action` among them."""
    tier: str
    score_payer: int
    score_payee: int
    typologies: tuple[str, ...] = ()
    hits: tuple[BriefHit, ...] = ()
    pack: str = ""
    pack_version: str = ""
    degraded: str = ""
    """What was left out for want of time; empty for nothing."""
    spared: Spared | None = None
    """A challenge that was not asked again."""
    explanation: Explanation | None = None
    """Where it was asked for."""
    repeated: bool = False
    """The service knew the event: this is what it decided then."""


class EventError(msgspec.Struct, frozen=True, kw_only=True):
    """One event of several that was refused; the others are not touched by it."""

    index: int
    """Place in what was sent, from 0."""
    code: str
    message: str
    place: str = ""
    hint: str = ""
    fail_action: str = ""
    """What the channel's fail policy says, where no decision could be given in time."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Events are durable."""

    accepted: int = 0
    repeated: int = 0
    """Known already, with the same content."""
    refused: tuple[EventError, ...] = ()
    position: int = -1
    """The last place in the journal that one of the events took; -1 for none."""


class ReplayCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A decision recomputed from the journal beside the one that was recorded."""

    decision_id: str
    position: int
    equal: bool
    recorded: str
    """SHA-256 of the recorded decision bytes of this event."""
    recomputed: str
    from_position: int = 0
    events_replayed: int = 0


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that decides, decided, or will decide."""

    number: int
    kind: str
    state: str
    pack: str
    pack_version: str
    pack_digest: str
    author: str
    approver: str
    note: str = ""
    position: int = -1
    """First position it decides; -1 before that."""
    stamp_us: int = 0
    start_at_us: int = 0
    share: int = 0
    """Canary: customers of 10,000."""
    trouble: str = ""


class ListEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says of a value at an instant."""

    list_name: str
    list_value: str
    listed: bool
    at_us: int
    position: int = -1
    """Of the event that the answer rests on; -1 when the list never knew the value."""
    category: str = ""
    source: str = ""
    severity: float | None = None
    effective_at_us: int = 0
    expires_at_us: int = 0


class _Error(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    place: str = ""
    hint: str = ""
    fail_action: str = ""


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    """One result of a batch: a decision, or an error."""

    index: int
    decision: DecisionAnswer | None = None
    error: _Error | None = None
    repeated: bool = False


class _Batch(msgspec.Struct, frozen=True, kw_only=True):
    results: tuple[_Result, ...]


class _Refused(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    error: _Error


class _Receipt(msgspec.Struct, frozen=True, kw_only=True):
    accepted: int
    repeated: int
    refused: tuple[_Refused, ...]
    position: int


def read_batch(
    body: bytes, *, first: int = 0, expected: int | None = None
) -> list[DecisionAnswer | EventError]:
    """Return the results of a batch in their order; indices begin at `first`.

    `expected` is how many results there must be. Raises `ValueError` for what is no batch.
    """
    results = msgspec.json.decode(body, type=_Batch).results
    if expected is not None and len(results) != expected:
        raise ValueError(f"{len(results)} results for {expected} events")
    read: list[DecisionAnswer | EventError] = []
    for place, result in enumerate(results):
        if result.index != place:
            raise ValueError(f"result {place} had the index {result.index}")
        if result.decision is not None:
            read.append(msgspec.structs.replace(result.decision, repeated=result.repeated))
        elif result.error is not None:
            read.append(_event_error(first + place, result.error))
        else:
            raise ValueError(f"result {place} was neither a decision nor an error")
    return read


def read_receipt(body: bytes, *, first: int = 0) -> Receipt:
    """Return a receipt; the indices of refused events begin at `first`."""
    said = msgspec.json.decode(body, type=_Receipt)
    return Receipt(
        accepted=said.accepted,
        repeated=said.repeated,
        refused=tuple(_event_error(first + one.index, one.error) for one in said.refused),
        position=said.position,
    )


def joined(one: Receipt, other: Receipt) -> Receipt:
    """Return the receipt of two requests together."""
    return Receipt(
        accepted=one.accepted + other.accepted,
        repeated=one.repeated + other.repeated,
        refused=(*one.refused, *other.refused),
        position=max(one.position, other.position),
    )


def _event_error(index: int, error: _Error) -> EventError:
    fields: dict[str, Any] = msgspec.structs.asdict(error)
    return EventError(index=index, **fields)
