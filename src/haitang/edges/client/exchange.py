"""One call from its first attempt to its answer or error, without any transport.

A generator says what to do next (send, or wait) and is told what came of it; both clients
do no more. So what is tried again, and for how long, is written once and tested without a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import ceil
from typing import Literal, TypeVar

import msgspec

from haitang.edges.client.calls import Call, Reply
from haitang.edges.client.errors import ServiceError, error_of_answer, no_answer, unreadable

T = TypeVar("T")

ATTEMPTS_MAX = 6
"""Attempts of one call; the time usually ends it before."""

PAUSE_S_MIN = 0.05
PAUSE_S_MAX = 1.0
"""Pauses double from the first to the last; a `Retry-After` may make one longer."""

GRACE_S = 0.2
"""How much longer than its deadline a call waits for the service's own word that it passed."""

_RETRIED = frozenset((429, 502, 503, 504))
_UNTOUCHED = frozenset((429, 503))
"""Answers that say that nothing of the request was taken."""


class Send(msgspec.Struct, frozen=True, kw_only=True):
    """Send the request now."""

    timeout_s: float
    deadline_ms: int | None = None
    """What is left of the call's deadline."""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Wait before going on."""

    duration_s: float


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing came back."""

    kind: Literal["unconnected", "late", "lost"]
    """`unconnected`: the request never left. `lost`: it may have arrived."""
    reason: str


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a client promises its caller."""

    url: str
    timeout_s: float
    fail_action: str = ""
    """What to do with a payment when the service says nothing."""


Step = Send | Pause
Result = Reply | Broken | None
Exchange = Generator[Step, Result, T]


def exchange(call: Call[T], terms: Terms, *, now_s: Callable[[], float]) -> Exchange[T]:
    """Carry a call out; returns what `call.read` makes of the answer, or raises `ServiceError`."""
    deadline_s = None if call.deadline_ms is None else call.deadline_ms / 1_000
    # The last attempt begins before the deadline, and may hear a moment later that it passed.
    begin_s = terms.timeout_s if deadline_s is None else min(terms.timeout_s, deadline_s)
    budget_s = terms.timeout_s if deadline_s is None else begin_s + GRACE_S
    begun_s = now_s()
    pause_s = PAUSE_S_MIN
    for attempt in range(1, ATTEMPTS_MAX + 1):
        spent_s = now_s() - begun_s
        left_ms = None if deadline_s is None else max(1, ceil((deadline_s - spent_s) * 1_000))
        result = yield Send(timeout_s=max(budget_s - spent_s, 0.001), deadline_ms=left_ms)
        assert result is not None, "an attempt has a result"
        if isinstance(result, Reply) and 200 <= result.status < 300:
            return _read(call, result, terms)
        waiting_s = max(pause_s, _retry_after_s(result))
        pause_s = min(pause_s * 2, PAUSE_S_MAX)
        end_s = now_s() - begun_s + waiting_s
        if attempt == ATTEMPTS_MAX or not _again(call, result) or end_s >= begin_s:
            raise _error(result, terms)
        yield Pause(duration_s=waiting_s)
    raise AssertionError("the last attempt ends the call")


def _again(call: Call[T], result: Reply | Broken) -> bool:
    """Tell whether the same request may be sent once more."""
    if isinstance(result, Broken):
        return result.kind == "unconnected" or (call.safety == "always" and result.kind == "lost")
    return result.status in (_RETRIED if call.safety == "always" else _UNTOUCHED)


def _retry_after_s(result: Reply | Broken) -> float:
    """Return the seconds of `Retry-After`; a date, which the service never sends, is none."""
    said = result.headers.get("retry-after", "") if isinstance(result, Reply) else ""
    return float(said) if said.isascii() and said.isdigit() and len(said) <= 6 else 0.0


def _read(call: Call[T], reply: Reply, terms: Terms) -> T:
    try:
        return call.read(reply)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise unreadable(status=reply.status, fail_action=terms.fail_action) from None


def _error(result: Reply | Broken, terms: Terms) -> ServiceError:
    if isinstance(result, Reply):
        return error_of_answer(result.status, result.body, fail_action=terms.fail_action)
    return no_answer(
        late=result.kind == "late",
        reason=result.reason,
        url=terms.url,
        fail_action=terms.fail_action,
    )
