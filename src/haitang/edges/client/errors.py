"""What a call may end with besides an answer.

    HaitangError
    └── ServiceError       status, fail_action; code, message, place and hint are the service's
        ├── KeyRefused     401, 403: the key is unknown, revoked, or lacks a scope
        ├── RequestRefused 400 to 422: not understood, refused, unknown, or an id used twice
        ├── TooLate        504, or no answer in time: do what `fail_action` says, ask again later
        └── Unavailable    no connection, 429, 5xx, an answer that is none: `fail_action` as well

After `TooLate` and `Unavailable` the event may have been stored and decided all the same. Sending
the same event again is always right: it gets the answer that was stored, or its first one.
"""

from __future__ import annotations

import msgspec

from haitang.edges.client.answers import EventError
from haitang.kernel.errors import HaitangError, Place, symbol

CODE_CHARACTERS_MAX = 64
TEXT_CHARACTERS_MAX = 1_000


class ServiceError(HaitangError):
    """A call that brought no answer."""

    status: int = 0
    """HTTP status; 0 where nothing came back."""
    fail_action: str = ""
    """What to do with the payment now: the service's word, else what the client was told."""


class KeyRefused(ServiceError):
    """The key is unknown, was revoked, or may not do this."""


class RequestRefused(ServiceError):
    """The service understood enough to say no; the same request will be refused again."""


class TooLate(ServiceError):
    """No decision was known in time."""


class Unavailable(ServiceError):
    """The service could not be reached or does not decide now."""


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """The error object of an answer."""

    code: str
    message: str
    place: str = ""
    hint: str = ""
    fail_action: str = ""


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    error: _Body


_decode = msgspec.json.Decoder(_Answer).decode
_KINDS: dict[int, type[ServiceError]] = {401: KeyRefused, 403: KeyRefused, 504: TooLate}


def error_of_answer(status: int, body: bytes, *, fail_action: str) -> ServiceError:
    """Return the error of an answer that is no success, whatever stands between us and the service
    wrote it.
    """
    kind = _KINDS.get(status, RequestRefused if 400 <= status < 500 else Unavailable)
    if status == 429:
        kind = Unavailable
    try:
        said = _decode(body).error
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return unreadable(kind, status=status, fail_action=fail_action)
    try:
        error = kind(
            code=said.code[:CODE_CHARACTERS_MAX],
            message=said.message[:TEXT_CHARACTERS_MAX],
            place=Place(pointer=said.place[:TEXT_CHARACTERS_MAX]),
            hint=said.hint[:TEXT_CHARACTERS_MAX],
        )
    except AssertionError:
        # Not in our grammar, so not from our service.
        return unreadable(kind, status=status, fail_action=fail_action)
    return _with(error, status=status, fail_action=said.fail_action or fail_action)


def error_of_event(error: EventError, *, place: Place) -> ServiceError:
    """Return the refusal of one event of several, to be told with the place where it stood."""
    try:
        return RequestRefused(
            code=error.code[:CODE_CHARACTERS_MAX],
            message=error.message[:TEXT_CHARACTERS_MAX],
            place=place,
            hint=error.hint[:TEXT_CHARACTERS_MAX],
        )
    except AssertionError:
        return RequestRefused(
            code="service_answer_unreadable",
            message=f"the event was refused: {symbol(error.message)}",
            place=place,
        )


def unreadable(
    kind: type[ServiceError] = Unavailable, *, status: int, fail_action: str
) -> ServiceError:
    """Return the error of an answer that our service never gives."""
    error = kind(
        code="service_answer_unreadable",
        message=f"the answer with status {status} was not one of the decision service",
        hint="see what stands between here and the service: a proxy, or another program",
    )
    return _with(error, status=status, fail_action=fail_action)


def no_answer(*, late: bool, reason: str, url: str, fail_action: str) -> ServiceError:
    """Return the error where nothing came back."""
    error: ServiceError
    if late:
        error = TooLate(
            code="service_timeout",
            message=f"the service {symbol(url)} did not answer in time",
            hint="do what `fail_action` says; the same event may be sent again",
        )
    else:
        error = Unavailable(
            code="service_unreachable",
            message=f"the service {symbol(url)} could not be reached: {symbol(reason)}",
            hint="check the address, and whether `haitang serve` runs there",
        )
    return _with(error, status=0, fail_action=fail_action)


def _with(error: ServiceError, *, status: int, fail_action: str) -> ServiceError:
    error.status = status
    # A refused request is refused whatever the channel's policy says.
    if isinstance(error, TooLate | Unavailable):
        error.fail_action = fail_action
    return error
