"""The common request without the machinery of ASGI: small, whole, on a hot route, one at a time.

A cycle, its task and its messages cost more than all that the service itself does for one event.
What is not common is never judged here: `lean_exchange` says None, and the server goes the long
way, which answers with the same bytes.

Senders write the same head again and again: one that was parsed is known by its bytes, and what
begins with the same bytes is the same request, but for its body.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from haitang.app.service.answers import Outcome
from haitang.edges.api.application import JSON_HEADERS, Application
from haitang.edges.api.bodies import JSON, JSON_LINES
from haitang.edges.api.intake import Reply
from haitang.edges.api.requests import CLOSE, Head, WholeRequest, media_type

BODY_BYTES_MAX = 65_536
"""Longer bodies come in many pieces, and the sender may have to be held back."""

BODY_WAIT_S = 0.05
"""How long the rest of a body is waited for before the request goes the long way."""

_SINGLE = "/v1/decisions"
_PATHS = {
    path.encode(): path for path in (_SINGLE, "/v1/decisions:batch", "/v1/events", "/v1/outcomes")
}
HEADS_MAX = 4_096
"""Heads that are known; a sender's differ in the length of the body."""

HEAD_BYTES_MAX = 2_048
"""Longer heads are not kept: who has no key must not fill the memory with them."""

_UNUSUAL = frozenset((b"transfer-encoding", b"expect", b"upgrade"))
_PASSING = frozenset((b"x-request-id", b"traceparent", b"tracestate"))
"""Headers by which a request differs from every other: such a head does not come again."""
_HEAD_END = b"\r\n\r\n"
_DIGITS_MAX = 5


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


_JSON_LINES_OF_HEAD = _lines(JSON_HEADERS)
_CLOSE_LINE = _lines(CLOSE)


Answering = Callable[["Exchange", Reply], None]


class Opening:
    """The header lines in front of every answer (date), made anew when uvicorn has new ones."""

    __slots__ = ("_headers", "closes", "lines")

    def __init__(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self.lines = b""
        self.closes = False
        """The server stops: each answer closes its connection."""

    def refresh(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Take uvicorn's present headers; it never changes a list, it makes another."""
        if headers is not self._headers:
            self._headers = headers
            self.lines = _lines(headers)
            self.closes = CLOSE[0] in headers


class KnownHead(NamedTuple):
    """A head that was parsed before: whoever sends these bytes again asks for the same."""

    path: str
    head: Head
    size: int
    """Bytes of head and body."""


class KnownHeads:
    """Heads of common requests by their bytes, up to `HEADS_MAX`; then it begins anew."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[bytes, KnownHead] = {}

    def find(self, data: bytes) -> tuple[KnownHead, int] | None:
        """Return the head that a piece of a stream begins with, and where its body begins.

        The piece must begin a message. None unless it is that one request, whole.
        """
        end = data.find(_HEAD_END) + len(_HEAD_END)
        known = self._known.get(data[:end])
        return None if known is None or known.size != len(data) else (known, end)

    def learn(self, data: bytes, exchange: Exchange) -> None:
        """Keep the head of a piece that was parsed as just this exchange and no more."""
        end = data.find(_HEAD_END) + len(_HEAD_END)
        head = exchange.head
        alone = end + len(exchange.received) == len(data)
        if not alone or end > HEAD_BYTES_MAX or not _PASSING.isdisjoint(head):
            return
        if len(self._known) >= HEADS_MAX:
            self._known.clear()
        self._known[data[:end]] = KnownHead(exchange.path, head, len(data))


class Exchange(WholeRequest):
    """One request and its answer; it stands where uvicorn keeps the cycle of a connection."""

    __slots__ = (
        "_answer",
        "_application",
        "_started",
        "_tasks",
        "disconnected",
        "keep_alive",
        "more_body",
        "path",
        "response_complete",
    )
    message_event = asyncio.Event()
    """Nobody waits for it; uvicorn sets it when a connection is lost."""

    def __init__(
        self, application: Application, path: str, head: Head, received: bytes = b""
    ) -> None:
        super().__init__(head, received)
        self._application = application
        self.path = path
        self._started = application.metrics.now()
        self.more_body = not received
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False

    def begin(self, tasks: set[Any], answer: Answering) -> None:
        """Handle the request, whose body is whole, and call `answer` once: now, or from the loop.

        Until then something of it is in `tasks`, for which a stopping server waits.
        """
        self._tasks = tasks
        self._answer = answer
        application = self._application
        try:
            if self.path == _SINGLE:
                application.intake.begin(self, self._decided)
                tasks.add(self)
                return
            future = asyncio.ensure_future(application.hot[self.path](self))
        except Exception as error:  # noqa: BLE001 - `failure` logs it
            self._end(application.failure(self.path, error))
            return
        tasks.add(future)
        future.add_done_callback(self._done)

    def cancel(self, msg: str | None = None) -> None:  # noqa: ARG002 - the shape of a task's
        """Give up: a server that stops does not wait any longer."""
        # Not at once: the server is walking over `tasks`.
        asyncio.get_running_loop().call_soon(self._give_up)

    def _give_up(self) -> None:
        if not self.response_complete:
            self._tasks.discard(self)
            self._end(self._application.failure(self.path, asyncio.CancelledError()))

    def left(self) -> None:
        """Count a request whose client left before it was whole."""
        self._application.metrics.requests.add(self.path, "left")

    def render(self, reply: Reply, opening: Opening) -> bytes:
        """Return the answer as it goes over the wire; `keep_alive` says how it ends."""
        status, body, headers = reply
        close = b""
        if self.unread or not (self.keep_alive or opening.closes):
            close = _CLOSE_LINE
        self.keep_alive = self.keep_alive and not (close or opening.closes)
        return b"%b%b%b%bcontent-length: %d\r\nx-request-id: %b\r\n%b\r\n%b" % (
            STATUS_LINE[status],
            opening.lines,
            _JSON_LINES_OF_HEAD,
            _lines(headers) if headers else b"",
            len(body),
            self._application.request_id(self.head),
            close,
            body,
        )

    def _decided(self, outcomes: list[Outcome]) -> None:
        if self.response_complete:
            # It was given up meanwhile.
            return
        self._tasks.discard(self)
        try:
            reply = self._application.intake.decided(outcomes[0])
        except Exception as error:  # noqa: BLE001 - the same
            reply = self._application.failure(self.path, error)
        self._end(reply)

    def _done(self, future: asyncio.Future[Reply]) -> None:
        self._tasks.discard(future)
        try:
            reply = future.result()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the same
            reply = self._application.failure(self.path, error)
        self._end(reply)

    def _end(self, reply: Reply) -> None:
        self.response_complete = True
        self._answer(self, reply)
        self._application.count(self.path, reply[0], self._started)


def lean_exchange(
    application: Application, url: bytes, headers: list[tuple[bytes, bytes]]
) -> Exchange | None:
    """Return the exchange of a `POST` when its head is one of the common ones."""
    path = _PATHS.get(url)
    if path is None:
        return None
    head = dict(headers)
    length = head.get(b"content-length", b"")
    if not (length.isdigit() and len(length) <= _DIGITS_MAX):
        return None
    bound = min(BODY_BYTES_MAX, application.settings.body_bytes_max)
    if not 0 < int(length) <= bound or not _UNUSUAL.isdisjoint(head):
        return None
    media = media_type(head)
    if media != JSON and (path == _SINGLE or media not in JSON_LINES):
        return None
    return Exchange(application, path, head)
