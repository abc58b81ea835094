"""The decision: what the engine concluded of one event, with everything needed to explain it."""

from __future__ import annotations

import msgspec

from haitang.data.features.specs import TextPair

NO_TITLE = TextPair(en="", zh="")
"""A decision of an earlier version names its values by their ids only."""


class ReadValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value that a policy read, and what it was held against."""

    name: str
    value: float | str | bool | None
    shown: TextPair
    baseline: float | str | None = None
    """The threshold of the comparison, or the other feature's value."""
    unit: str = ""
    title: TextPair = NO_TITLE


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One policy that fired."""

    policy: str
    version: int
    status: str
    typology: str
    party: str
    score: int
    action: str
    also: tuple[str, ...]
    title: TextPair
    reason: TextPair
    values: tuple[ReadValue, ...]
    basis: str


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """How much one input moved a model's score (log-odds), largest first."""

    name: str
    value: float | str | None
    weight: float
    title: TextPair = NO_TITLE


class ModelScore(msgspec.Struct, frozen=True, kw_only=True):
    """One model's answer."""

    model: str
    version: str
    party: str
    score: float
    contributions: tuple[Contribution, ...]


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """The legal measure behind one action (反电信网络诈骗法 §18 and others)."""

    action: str
    measure: str
    title: TextPair
    basis: str


class Spared(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge that the customer was spared, see `friction` of the pack."""

    action: str
    """The strictest one that would have been asked."""
    asked_at_us: int | None
    """When the customer was asked before for the same reason; None where a person takes its place.
    """
    shown: TextPair


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One event's immutable answer. `decision_id` derives from the event and the pack's digest."""

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
    shadow_hits: tuple[Hit, ...]
    models: tuple[ModelScore, ...]
    measures: tuple[Measure, ...]
    pack: str
    pack_version: str
    pack_digest: str
    degraded: str = ""
    spared: Spared | msgspec.UnsetType = msgspec.UNSET
    """Written only where there is one."""
