"""What a pack declares beyond its features: policies, tiers, the policy table, lists, models."""

from __future__ import annotations

from typing import Literal

import msgspec

from haitang.data.features.specs import Catalogue, TextPair
from haitang.data.features.terms import Expression

Status = Literal["draft", "shadow", "live", "retired"]
Party = Literal["payer", "payee"]
Tier = Literal["low", "medium", "high", "critical"]
TIERS: tuple[Tier, ...] = ("low", "medium", "high", "critical")


class PolicySpec(msgspec.Struct, frozen=True, kw_only=True):
    """One policy: when it fires, what it concludes, and what it says to people."""

    id: str
    version: int
    status: Status
    title: TextPair
    typology: str
    """Id in the typology catalogue, e.g. `B04`."""
    party: Party
    """Whose risk the policy speaks of."""
    when: Expression
    score: int
    """0–1000: the policy's own weight; combined over the hits of one party."""
    action: str
    """Least action of the vocabulary when it fires (`PASS` leaves it to the policy table)."""
    also: tuple[str, ...] = ()
    """Further actions, e.g. `CALL`, `WATCH`, `LEAD`."""
    reason: TextPair
    """Template with `{feature}` placeholders; each must be read by `when` or listed in `shows`."""
    shows: tuple[str, ...] = ()
    """Features and fields recorded with a hit beyond those that `when` reads (baselines, context).
    """
    basis: str = ""
    """Legal or contractual basis beyond the action's own measure, e.g. `REG-22`."""
    owner: str = ""
    path: str = ""


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the policy table; the first row that matches decides. Empty tuples match all."""

    tiers: tuple[Tier, ...] = ()
    channels: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    action: str
    also: tuple[str, ...] = ()


class TierBound(msgspec.Struct, frozen=True, kw_only=True):
    """The least combined score (0–1000) of a tier."""

    tier: Tier
    score: int


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tree model of the pack: its file and which feature or field feeds each model column."""

    id: str
    version: str
    party: Party
    file: str
    text: str
    """Content of the model file (LightGBM text format)."""
    inputs: tuple[str, ...]
    """Feature or field name per model column, in the model's order."""
    where: Expression | None = None
    """Events that are scored; all when absent."""
    bounds: tuple[TierBound, ...] = ()
    title: TextPair


class ListSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A named list and the entries the pack ships with."""

    name: str
    title: TextPair
    entries: tuple[ListEntry, ...] = ()


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One listed value with its validity; `expires_at_us` 0 means open-ended."""

    value: str
    effective_at_us: int = 0
    expires_at_us: int = 0
    source: str = ""


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """A whole pack, read and checked."""

    id: str
    version: str
    digest: str
    """SHA-256 over the pack's files, hex: which content decided."""
    title: TextPair
    zone: str
    base_currency: str
    catalogue: Catalogue
    policies: tuple[PolicySpec, ...]
    tiers: tuple[TierBound, ...]
    table: tuple[TableRow, ...]
    segment_source: str = ""
    """Name of the text feature or field that gives the customer segment."""
    lists: tuple[ListSpec, ...] = ()
    models: tuple[ModelSpec, ...] = ()
