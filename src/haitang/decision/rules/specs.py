"""What a pack declares beyond its features: policies, tiers, the policy table, lists, models."""

from __future__ import annotations

from typing import Literal

import msgspec

from haitang.data.features.specs import Catalogue, TextPair
from haitang.data.features.terms import Expression
from haitang.decision.rules.standards import RegulationValue, Stage

Status = Literal["draft", "shadow", "live", "retired"]
Party = Literal["payer", "payee"]
Severity = Literal["low", "medium", "high", "critical"]
ScopeCell = tuple[str | None, str | None]
"""A channel and a segment; None stands for a missing value and for every one that nobody names."""

Tier = Literal["low", "medium", "high", "critical"]
TIERS: tuple[Tier, ...] = ("low", "medium", "high", "critical")


class ParameterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A named number of a policy, as one of its instances has it."""

    name: str
    unit: str
    title: TextPair
    value: float | None = None
    """As conditions see it: money in minor units, durations in seconds. None where the law says
    it.
    """
    regulation: str = ""
    """The parameter of the regulation sheet that it takes its value from, `REG-40.cash_day`."""
    periods: tuple[RegulationValue, ...] = ()
    """What the law says, oldest first, where it says it."""
    currency: str = ""
    """Of money; the pack's own unless the law names another."""


class PolicySpec(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a policy: what the engine evaluates, and what a decision records.

    A policy without `instances` has one, called like itself. What an instance does not say is its
    policy's, so that most of what stands here is the same in all instances of one file.
    """

    id: str
    """Full name: `policy.instance`, or the policy's own id where it has no instances."""
    policy: str = ""
    """Id of the policy, which is the name of its file; see `policy_id`."""
    instance: str = ""
    """Own name among the instances of the policy; empty where it has none."""
    version: int
    status: Status
    title: TextPair
    typology: str
    """Id in the typology catalogue, e.g. `B04`."""
    party: Party
    """Whose risk the policy speaks of."""
    stages: tuple[Stage, ...] = ()
    severity: Severity | None = None
    """How bad it is when it is true; no part of the score."""
    when: Expression
    """The whole condition: the scope of the instance first, then what the author wrote."""
    reads: tuple[str, ...] | None = None
    """What the written condition reads, without scope and dates of the law: this is recorded with a
    hit. None for all that `when` reads.
    """
    scope: tuple[ScopeCell, ...] | None = None
    """Where the instance holds; None for everywhere."""
    parameters: tuple[ParameterSpec, ...] = ()
    score: int
    """0–1000: the policy's own weight; combined over the hits of one party."""
    action: str
    """Least action of the vocabulary when it fires (`PASS` leaves it to the policy table)."""
    also: tuple[str, ...] = ()
    """Further actions, e.g. `CALL`, `WATCH`, `LEAD`."""
    reason: TextPair
    """Template with `{name}` placeholders: what `when` reads, what `shows` lists, parameters."""
    shows: tuple[str, ...] = ()
    """Features and fields recorded with a hit beyond those that `when` reads (baselines, context).
    """
    basis: tuple[str, ...] = ()
    """Rows of the regulation sheet beyond the action's own basis, e.g. `REG-22`."""
    catches: TextPair | None = None
    misses: TextPair | None = None
    """Blind spots, stated plainly."""
    customer_text: TextPair | None = None
    """What the customer reads."""
    call_script: str = ""
    runbook: tuple[TextPair, ...] = ()
    false_positives: TextPair | None = None
    techniques: tuple[str, ...] = ()
    """MITRE F3 or ATT&CK; those of the typology unless the policy names its own."""
    owner: str = ""
    path: str = ""
    line: int = 0
    """Line of the file at which the instance stands."""

    @property
    def policy_id(self) -> str:
        """Id of the policy that this is an instance of: the name of its file, a line of `LOCK`."""
        return self.policy or self.id


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the policy table; the first row that matches decides. Empty tuples match all."""

    tiers: tuple[Tier, ...] = ()
    channels: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    action: str
    also: tuple[str, ...] = ()


class FrictionSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How often a customer is challenged for the same reason, and who is never asked to learn."""

    challenges: tuple[str, ...]
    """Actions that ask something of the customer, mildest first."""
    again_after_us: int
    instead: str
    """What a challenge becomes that the customer had before; milder than all of them."""
    people_for: tuple[str, ...] = ()
    """Segments that get a person instead of a fraud lesson."""


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
    """Every instance of every policy, in the order of the files."""
    tiers: tuple[TierBound, ...]
    table: tuple[TableRow, ...]
    segment_source: str = ""
    """Name of the text feature or field that gives the customer segment."""
    lists: tuple[ListSpec, ...] = ()
    models: tuple[ModelSpec, ...] = ()
    friction: FrictionSpec | None = None
    """None where every challenge is asked whenever a policy or the table asks for it."""
