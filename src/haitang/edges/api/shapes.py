"""What is sent and answered beside events and decisions: the shapes of the API's JSON."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from haitang.data.events.kinds import Id, Instant, Number, Text
from haitang.decision.engine.decisions import Decision
from haitang.edges.api.refusals import ErrorBody

PERSON_CHARACTERS_MAX = 128
NOTE_CHARACTERS_MAX = 1_024

Person = Annotated[str, Meta(min_length=1, max_length=PERSON_CHARACTERS_MAX)]
Note = Annotated[str, Meta(max_length=NOTE_CHARACTERS_MAX)]


class BriefHit(msgspec.Struct, frozen=True, kw_only=True):
    """One live policy that fired."""

    policy: str
    version: int
    party: str
    score: int
    action: str


class BriefSpared(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge that the customer was spared."""

    action: str
    """The strictest one that would have been asked."""
    asked_at_us: int | None
    """When the customer was asked before for the same reason; null where a person takes its place.
    """


class DecisionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one event. The same event gets the same bytes again."""

    decision_id: str
    event_id: str
    position: int
    """Place of the event in the journal."""
    action: str
    """The strictest action."""
    actions: tuple[str, ...]
    tier: str
    score_payer: int
    score_payee: int
    typologies: tuple[str, ...]
    hits: tuple[BriefHit, ...]
    spared: BriefSpared | UnsetType = UNSET
    """Only where there is one."""
    pack: str
    pack_version: str
    degraded: str
    """Mode it was decided in; empty for full."""
    explanation: Decision | UnsetType = UNSET
    """With `explain=full`."""


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one event of a batch: a decision or an error, never both."""

    index: int
    decision: DecisionAnswer | UnsetType = UNSET
    repeated: bool = False
    """The event was known; this is what was decided then."""
    error: ErrorBody | UnsetType = UNSET


class RefusedResult(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a request that was refused; the others are not touched by it."""

    index: int
    error: ErrorBody


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One result for each event, in the order of the request."""

    results: tuple[BatchResult, ...]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Events are durable."""

    accepted: int
    repeated: int
    """Known already, with the same content."""
    refused: tuple[RefusedResult, ...]
    position: int
    """The last place in the journal that an event of the request took; -1 for none."""


class Publication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pack to publish; the author may not approve."""

    files: Annotated[dict[str, bytes], Meta(min_length=1, max_length=10_000)]
    """Every file of the pack by its path in the pack's folder, in base64."""
    author: Person
    approver: Person
    kind: Literal["live", "shadow", "canary"] = "live"
    share: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Canary: customers of 10,000."""
    start_at_us: Annotated[int, Meta(ge=0, le=4_133_980_799_999_999)] = 0
    """0: as soon as it is ready."""
    note: Note = ""


class RollBack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who goes back to the publication before, who approves, and why."""

    author: Person
    approver: Person
    note: Note = ""


class ListEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value to put on a list."""

    list_value: Id
    category: Text | None = None
    source: Text | None = None
    severity: Number | None = None
    effective_at_us: Instant | None = None
    """From when on it is listed; at once by default."""
    expires_at_us: Instant | None = None
    """Until when; open-ended by default."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the process lives, or decides."""

    state: str
    trouble: str = ""
