"""What goes into the node and what comes out: plain values, so that no transport is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

import msgspec

from haitang.data.events.catalogue import Event
from haitang.decision.engine.decisions import Decision

NodeState = Literal["starting", "ready", "draining", "failed"]
Want = Literal["decision", "receipt"]
"""`receipt`: the caller needs to know only that the event is durable; no answer body is made."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it came in: decoded and checked, with the bytes that make it the same again."""

    event: Event
    content: bytes
    """Canonical JSON as `encode_event` writes it; what idempotency compares."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One durable decision, rendered. The same event gets the same `body` again."""

    position: int
    event_id: str
    body: bytes
    """JSON object; empty where a receipt was asked for."""
    repeated: bool = False
    """The event was known; this is what was decided then."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One event that was not decided, and why."""

    event_id: str
    code: str
    message: str
    place: str = ""
    hint: str = ""
    status: int = 422
    """HTTP status that fits: 409 `event_id_reused`, 422 refused, 503 not stored, 504 too late."""
    fail_action: str = ""
    """What the channel's fail policy says, where no decision could be given in time."""


Outcome = Answer | Refusal
Answered = Callable[[list[Outcome]], None]
"""Told of the outcomes, in the order of the events."""


class Busy(Exception):
    """The queue has no room; nothing of the request was taken."""

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(f"the queue was full; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class NotReady(Exception):
    """The node does not decide now (starting, draining or failed); nothing was taken."""

    def __init__(self, *, trouble: str, retry_after_s: int = 1) -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.retry_after_s = retry_after_s


class ReplayCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A decision recomputed from the journal beside the one that was recorded."""

    decision_id: str
    position: int
    equal: bool
    recorded: str
    """SHA-256 of the recorded decision bytes of this event."""
    recomputed: str
    from_position: int
    """Where the recomputation began: the snapshot before, or 0."""
    events_replayed: int


class PublicationView(msgspec.Struct, frozen=True, kw_only=True):
    """One publication as people see it."""

    number: int
    kind: Literal["live", "shadow", "canary", "rollback", "scheduled", "cancelled"]
    state: Literal["scheduled", "building", "live", "shadow", "canary", "superseded", "failed"]
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


class PublishRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pack to publish: its files, who wrote it and who approved it."""

    files: dict[str, bytes]
    author: str
    approver: str
    kind: Literal["live", "shadow", "canary"] = "live"
    share: int = 0
    start_at_us: int = 0
    """0: as soon as it is ready."""
    note: str = ""


class ListEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says of a value at an instant."""

    list_name: str
    list_value: str
    listed: bool
    at_us: int
    position: int = -1
    """Of the event that the answer rests on; -1 when the value is unknown to the list."""
    category: str = ""
    source: str = ""
    severity: float | None = None
    effective_at_us: int = 0
    expires_at_us: int = 0


class DecisionNode(Protocol):
    """What a transport may ask of the node. All but `submit` may be slow: they run in threads."""

    @property
    def state(self) -> NodeState:
        """Whether it decides now."""
        ...

    @property
    def trouble(self) -> str:
        """Why it does not, in one sentence; empty when it does."""
        ...

    @property
    def base_currency(self) -> str:
        """Currency in which amounts are compared."""
        ...

    def submit(
        self, arrivals: Sequence[Arrival], *, sender: str, deadline_us: int, want: Want = "decision"
    ) -> Awaitable[list[Outcome]]:
        """Take events in, all or none as to room; the outcomes stand in the order of the events.

        `deadline_us` is the time budget from now. Raises `Busy` and `NotReady` at once.
        """
        ...

    def submit_then(
        self,
        arrivals: Sequence[Arrival],
        *,
        sender: str,
        deadline_us: int,
        want: Want = "decision",
        answered: Answered,
    ) -> None:
        """Do the same and call `answered` in the loop, which costs less than awaiting."""
        ...

    def decision(self, identifier: str) -> Decision | None:
        """Return the whole explanation of a decision, by its id or its event's."""
        ...

    def recompute(self, identifier: str) -> ReplayCheck | None:
        """Decide once more from the journal and compare."""
        ...

    def publications(self) -> tuple[PublicationView, ...]:
        """Return every publication, oldest first."""
        ...

    def publish(self, request: PublishRequest) -> PublicationView:
        """Check and publish; raises `HaitangError`."""
        ...

    def roll_back(self, *, author: str, approver: str, note: str) -> PublicationView:
        """Make the publication before live again."""
        ...

    def list_entry(self, list_name: str, list_value: str, *, at_us: int) -> ListEntryView:
        """Tell what a list says of a value at an instant."""
        ...
