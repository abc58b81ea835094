"""Refusals of single events that the node itself makes."""

from __future__ import annotations

from haitang.app.service.answers import Arrival, Refusal
from haitang.data.events.catalogue import Event
from haitang.kernel.errors import HaitangError
from haitang.kernel.instants import format_instant


def ahead(event: Event) -> Refusal:
    """Refuse an event from the future."""
    return Refusal(
        event_id=event.event_id,
        code="field_instant_ahead",
        message=f"field `occurred_at_us` was {format_instant(event.occurred_at_us)}, more than "
        "24 hours ahead of the service's clock",
        hint="check the sender's clock and unit",
    )


def of_error(event_id: str, error: HaitangError, *, status: int) -> Refusal:
    """Return an error as the refusal of one event."""
    return Refusal(
        event_id=event_id,
        code=error.code,
        message=error.message,
        place=str(error.place),
        hint=error.hint,
        status=status,
    )


def not_stored(event_id: str = "") -> Refusal:
    """Refuse an event that did not become durable."""
    return Refusal(
        event_id=event_id,
        code="not_stored",
        message="the event could not be stored, so nothing was decided",
        hint="send it again; the same `event_id` is decided once",
        status=503,
    )


def answer_not_read(event_id: str, error: BaseException | None) -> Refusal:
    """Refuse to repeat an answer that could not be read back; its event was decided once."""
    if isinstance(error, HaitangError) and error.code == "journal_pruned":
        return Refusal(
            event_id=event_id,
            code="answer_pruned",
            message="the event was decided so long ago that its record is no longer kept here",
            hint="it stays decided; the backups of that time have the answer",
            status=410,
        )
    return Refusal(
        event_id=event_id,
        code="answer_not_read",
        message="the event was decided, but its record could not be read back",
        hint="send it again; if this stays so, check the journal with `haitang journal verify`",
        status=503,
    )


def record_not_stored() -> HaitangError:
    """Refuse a publication whose record did not become durable."""
    return HaitangError(
        code="not_stored",
        message="the publication could not be stored, so nothing was published",
        hint="ask again when the service is ready; the log says what failed",
    )


def too_late(arrival: Arrival, fail_action: str) -> Refusal:
    """Refuse an event whose time budget ended before it was durable, as far as we know."""
    return Refusal(
        event_id=arrival.event.event_id,
        code="deadline_passed",
        message="the time budget ended before the decision was stored",
        hint="act as `fail_action` says, and send the event again to learn what was decided",
        status=504,
        fail_action=fail_action,
    )
