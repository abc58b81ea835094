"""The common request without the machinery of ASGI: small, whole, on a hot route, one at a time.

A cycle, its task and its messages cost more than all that the service itself does for one event.
What is not common is never judged here: `lean_request` says None, and the server goes the long way,
which answers with the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

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
_UNUSUAL = frozenset((b"transfer-encoding", b"expect", b"upgrade"))
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


class Exchange:
    """One request and its answer; it stands where uvicorn keeps the cycle of a connection."""

    __slots__ = (
        "_answer",
        "_application",
        "_path",
        "_request",
        "_started",
        "_tasks",
        "body",
        "disconnected",
        "head",
        "keep_alive",
        "more_body",
        "response_complete",
    )
    message_event = asyncio.Event()
    """Nobody waits for it; uvicorn sets it when a connection is lost."""

    def __init__(self, application: Application, path: str, head: Head) -> None:
        self._application = application
        self._path = path
        self._started = application.metrics.now()
        self.head = head
        self.body = b""
        self.more_body = True
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False

    def begin(self, tasks: set[Any], answer: Answering) -> None:
        """Handle the request, whose body is whole, and call `answer` once: now, or from the loop.

        Until then something of it is in `tasks`, for which a stopping server waits.
        """
        self._tasks = tasks
        self._answer = answer
        self._request = request = WholeRequest(self.head, self.body)
        application = self._application
        future: asyncio.Future[Any]
        try:
            if self._path == _SINGLE:
                future = application.intake.begin(request)
            else:
                future = asyncio.ensure_future(application.hot[self._path](request))
        except Exception as error:  # noqa: BLE001 - `failure` logs it
            self._end(application.failure(self._path, error))
            return
        tasks.add(future)
        future.add_done_callback(self._done)

    def left(self) -> None:
        """Count a request whose client left before it was whole."""
        self._application.metrics.requests.add(self._path, "left")

    def render(self, reply: Reply, opening: Opening) -> bytes:
        """Return the answer as it goes over the wire; `keep_alive` says how it ends."""
        status, body, headers = reply
        close = b""
        if self._request.unread or not (self.keep_alive or opening.closes):
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

    def _done(self, future: asyncio.Future[Any]) -> None:
        self._tasks.discard(future)
        try:
            result = future.result()
            single = self._path == _SINGLE
            reply = self._application.intake.decided(result[0]) if single else result
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the same
            reply = self._application.failure(self._path, error)
        self._end(reply)

    def _end(self, reply: Reply) -> None:
        self.response_complete = True
        self._answer(self, reply)
        self._application.count(self._path, reply[0], self._started)


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
