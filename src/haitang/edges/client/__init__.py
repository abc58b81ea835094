"""The Python client of the decision service: typed, small, safe to call from a payment path.

Owns requests and answers as a caller sees them, which failures are tried again and for how long,
and the errors that remain. Never decides anything itself, never imports the service, never reads
the environment: a caller needs this room, `data.events` and the kernel.
"""

from haitang.edges.client.answers import (
    DecisionAnswer,
    EventError,
    Explanation,
    ListEntryView,
    Publication,
    Receipt,
    ReplayCheck,
)
from haitang.edges.client.asynchronous import AsyncClient
from haitang.edges.client.calls import ListEntry
from haitang.edges.client.errors import (
    KeyRefused,
    RequestRefused,
    ServiceError,
    TooLate,
    Unavailable,
    error_of_event,
)
from haitang.edges.client.synchronous import Client

__all__ = [
    "AsyncClient",
    "Client",
    "DecisionAnswer",
    "EventError",
    "Explanation",
    "KeyRefused",
    "ListEntry",
    "ListEntryView",
    "Publication",
    "Receipt",
    "ReplayCheck",
    "RequestRefused",
    "ServiceError",
    "TooLate",
    "Unavailable",
    "error_of_event",
]
