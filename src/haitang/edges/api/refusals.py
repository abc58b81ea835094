"""The one shape of an error over HTTP, and which status fits which refusal."""

from __future__ import annotations

import msgspec

from haitang.app.service.answers import Busy, NotReady, Refusal
from haitang.kernel.errors import NOWHERE, HaitangError, Place, symbol

Headers = tuple[tuple[bytes, bytes], ...]

_NOT_UNDERSTOOD = frozenset(
    (
        "event_not_json",
        "event_not_utf8",
        "event_not_object",
        "event_malformed",
        "event_key_repeated",
    )
)
"""Codes of bytes that never became an event: 400 and not 422."""


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was wrong, where, and what to do next; the grammar of the errors reference."""

    code: str
    message: str
    place: str = ""
    hint: str = ""
    fail_action: str = ""
    """What the channel's fail policy says to do, where no decision could be given in time."""


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is an error."""

    error: ErrorBody


class ApiRefused(HaitangError):
    """A request that ends with a status and an error body."""

    def __init__(
        self,
        *,
        code: str,
        message: str,
        status: int,
        hint: str = "",
        place: Place = NOWHERE,
        headers: Headers = (),
    ) -> None:
        super().__init__(code=code, message=message, hint=hint, place=place)
        self.status = status
        self.headers = headers


class ClientLeft(Exception):
    """The client closed the connection before its request was whole; there is nobody to answer."""


_encode = msgspec.json.Encoder().encode


def error_body(error: HaitangError) -> ErrorBody:
    """Return an error as callers see it."""
    return ErrorBody(
        code=error.code, message=error.message, place=str(error.place), hint=error.hint
    )


def refusal_body(refusal: Refusal) -> ErrorBody:
    """Return the refusal of an event as callers see it."""
    return ErrorBody(
        code=refusal.code,
        message=refusal.message,
        place=refusal.place,
        hint=refusal.hint,
        fail_action=refusal.fail_action,
    )


def encode_error(error: HaitangError) -> bytes:
    """Return the error object, without the answer around it."""
    return _encode(error_body(error))


def encode_refusal(refusal: Refusal) -> bytes:
    """Return the error object of an event that the node refused."""
    return _encode(refusal_body(refusal))


def error_answer(error: bytes) -> bytes:
    """Return the body of an answer around an error object."""
    return b'{"error":%b}' % error


def status_of(error: HaitangError) -> int:
    """Return the status for a refusal: 400 not understood, 422 understood and refused."""
    if isinstance(error, ApiRefused):
        return error.status
    if error.code.endswith("_disk_full") or error.code == "not_stored":
        return 503
    return 400 if error.code in _NOT_UNDERSTOOD else 422


def retry_after(seconds: float) -> Headers:
    """Return the header that says when to ask again; whole seconds, at least one."""
    return ((b"retry-after", b"%d" % max(1, round(seconds))),)


def busy(reason: Busy) -> ApiRefused:
    """Return the refusal of a request for which the queue had no room."""
    return ApiRefused(
        code="service_busy",
        message="the queue was full; nothing of the request was taken",
        hint=f"send it again in {reason.retry_after_s} s; the same events get the same answers",
        status=503,
        headers=retry_after(reason.retry_after_s),
    )


def not_ready(reason: NotReady) -> ApiRefused:
    """Return the refusal of a request that came while the service does not decide."""
    return ApiRefused(
        code="service_not_ready",
        message=f"the service does not decide now: {symbol(reason.trouble, length_max=400)}",
        hint="see `/readyz`; send it again, the same events get the same answers",
        status=503,
        headers=retry_after(reason.retry_after_s),
    )


def too_many_slow_calls(what: str) -> ApiRefused:
    """Return the refusal of one slow call too many; `what` they were."""
    return ApiRefused(
        code="service_busy",
        message=f"too many {what} were under way",
        hint="send it again in 1 s",
        status=503,
        headers=retry_after(1),
    )
