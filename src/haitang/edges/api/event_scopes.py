"""Events that a route's own scope is not enough for: they change what other events come to.

An entry of an allow list, an order to freeze and a label each move decisions about people who have
nothing to do with the sender. Their scope is asked for wherever they come in, beside the scope of
the route. What the bank merely saw (payments, sessions, changes, staff at work) needs no other.
"""

from __future__ import annotations

from collections.abc import Mapping

from haitang.data.events.catalogue import EVENT_TYPES, Event, Family
from haitang.edges.api.keys import Caller, Scope
from haitang.edges.api.refusals import ApiRefused
from haitang.kernel.errors import HaitangError, Place, symbol

OUTCOME_TYPES = ("LABEL", "CONTACT_RESULT", "RECOVERY", "TXN_REVERSED", "POLICE_FEEDBACK")
"""What may be said at `/v1/outcomes`: what became of earlier events."""

_FAMILY_SCOPES: Mapping[Family, Scope] = {"list": "lists", "order": "orders", "outcome": "outcomes"}

EVENT_SCOPES: dict[str, Scope] = {
    name: _FAMILY_SCOPES[spec.family]
    for name, spec in EVENT_TYPES.items()
    if spec.family in _FAMILY_SCOPES
} | dict.fromkeys(OUTCOME_TYPES, "outcomes")
"""Event type to the scope that it needs beside its route's; the others need none."""


def check_event(event: Event, caller: Caller) -> None:
    """Raise 403 when a caller's key lacks the scope of an event's type."""
    wanted = EVENT_SCOPES.get(event.event_type)
    if wanted is not None and wanted not in caller.scopes:
        raise _scope_missing(event, caller, wanted)


def checked_events(
    events: list[Event | HaitangError], caller: Caller
) -> list[Event | HaitangError]:
    """Return the events with a refusal in the place of each that the key may not send."""
    scopes = caller.scopes
    lacking = {name: scope for name, scope in EVENT_SCOPES.items() if scope not in scopes}
    if not lacking:
        return events
    return [
        _scope_missing(event, caller, lacking[event.event_type])
        if not isinstance(event, HaitangError) and event.event_type in lacking
        else event
        for event in events
    ]


def _scope_missing(event: Event, caller: Caller, wanted: Scope) -> ApiRefused:
    return ApiRefused(
        code="scope_missing",
        message=f"the API key {symbol(caller.id)} lacks the scope `{wanted}`, "
        f"which `{event.event_type}` needs",
        place=Place(pointer="$.event_type"),
        hint="use another key, or have a key made with this scope",
        status=403,
    )
