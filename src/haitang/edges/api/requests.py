"""Heads and bodies of requests, with the bounds that hold for both."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from haitang.edges.api.limits import DEADLINE_MS_MAX, DEADLINE_MS_MIN
from haitang.edges.api.refusals import ApiRefused, ClientLeft
from haitang.kernel.errors import symbol

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Head = Mapping[bytes, bytes]
"""Header names in lower case; of a repeated header the last."""

CLOSE = ((b"connection", b"close"),)
_REQUEST_ID = re.compile(rb"[ -~]{1,64}")


class Incoming:
    """One request: its head, and its body until it is read. The one object made for it."""

    __slots__ = ("_late", "_receive", "head", "query", "whole")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.head: Head = dict(scope["headers"])
        self.query: bytes = scope["query_string"]
        self.whole = False
        """The body was read to its end."""
        self._receive = receive
        self._late = False

    @property
    def unread(self) -> bool:
        """Tell whether a body was announced and not read to its end."""
        head = self.head
        announced = head.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in head
        return announced and not self.whole

    async def body(self, *, bytes_max: int, timeout_s: float) -> bytes:
        """Return the whole body; refuses it as soon as it is too long, and when it is too slow."""
        declared = self.head.get(b"content-length")
        if declared is not None and declared.isdigit() and int(declared) > bytes_max:
            raise _too_long(bytes_max)
        task = asyncio.current_task()
        assert task is not None, "a body was read outside of a task"
        # Three times as quick as `asyncio.timeout`, and once in every request.
        timer = asyncio.get_running_loop().call_later(timeout_s, self._give_up, task)
        try:
            message = await self._receive()
            if message.get("more_body", False) or message["type"] == "http.disconnect":
                body = await _rest(self._receive, message, bytes_max)
            else:
                body = message.get("body", b"")
        except asyncio.CancelledError:
            if not self._late:
                raise
            task.uncancel()
            raise _too_slow(timeout_s) from None
        finally:
            timer.cancel()
        self.whole = True
        if len(body) > bytes_max:
            raise _too_long(bytes_max)
        return body

    def _give_up(self, task: asyncio.Task[object]) -> None:
        self._late = True
        task.cancel()

    async def discard(self, *, bytes_max: int, timeout_s: float) -> None:
        """Read what is left of a refused body, within bounds.

        Closing a connection with unread bytes resets it, and the sender might never see the answer.
        """
        size = 0
        try:
            async with asyncio.timeout(timeout_s):
                while size <= bytes_max:
                    message = await self._receive()
                    size += len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return
        except TimeoutError:
            return


class WholeRequest:
    """A small request that has come in whole, without a query; handlers read it like the other."""

    __slots__ = ("head", "received", "whole")
    query = b""

    def __init__(self, head: Head, content: bytes) -> None:
        self.head = head
        self.whole = False
        """The body was asked for; a refusal before that closes the connection."""
        self.received = content

    @property
    def unread(self) -> bool:
        """Tell whether the request was refused before its body was looked at."""
        return not self.whole

    def content(self) -> bytes:
        """Return the body; its length was checked with the head."""
        self.whole = True
        return self.received

    async def body(self, *, bytes_max: int, timeout_s: float) -> bytes:  # noqa: ARG002
        """Return the body, as `Incoming.body` does."""
        return self.content()


HotRequest = Incoming | WholeRequest


def sent_request_id(head: Head) -> bytes | None:
    """Return the caller's `X-Request-Id` when it may be repeated: printable ASCII, at most 64."""
    given = head.get(b"x-request-id")
    return given if given is not None and _REQUEST_ID.fullmatch(given) else None


def deadline_us(head: Head, *, default_ms: int) -> int:
    """Return the request's time budget, or raise 422 that names the bounds."""
    given = head.get(b"haitang-deadline-ms")
    if given is None:
        return default_ms * 1_000
    if given.isdigit() and len(given) <= 12 and DEADLINE_MS_MIN <= int(given) <= DEADLINE_MS_MAX:
        return int(given) * 1_000
    raise ApiRefused(
        code="deadline_out_of_range",
        message=f"the header `Haitang-Deadline-Ms` was {symbol(given.decode('latin-1'))}; "
        f"expected whole milliseconds from {DEADLINE_MS_MIN} to {DEADLINE_MS_MAX}",
        status=422,
    )


def media_type(head: Head) -> bytes:
    """Return the media type of the body without parameters; JSON where none is named."""
    given = head.get(b"content-type")
    if given is None or given == b"application/json":
        return b"application/json"
    return given.partition(b";")[0].strip().lower()


def unknown_media_type(given: bytes, *, expected: tuple[str, ...]) -> ApiRefused:
    """Return the refusal of a body of another kind."""
    return ApiRefused(
        code="content_type_unknown",
        message=f"the body was {symbol(given.decode('latin-1'))}; expected "
        + " or ".join(f"`{name}`" for name in expected),
        hint="send the header `Content-Type: application/json`",
        status=415,
    )


async def _rest(receive: Receive, message: Message, bytes_max: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientLeft
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > bytes_max:
            raise _too_long(bytes_max)
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await receive()


def _too_long(bytes_max: int) -> ApiRefused:
    return ApiRefused(
        code="body_too_long",
        message=f"the body was longer than {bytes_max} bytes",
        hint="send fewer events at a time",
        status=413,
    )


def _too_slow(timeout_s: float) -> ApiRefused:
    return ApiRefused(
        code="body_too_slow",
        message=f"the body was not complete after {timeout_s:g} s",
        hint="send the request again; nothing of it was taken",
        status=408,
    )
