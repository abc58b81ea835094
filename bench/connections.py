"""A raw HTTP/1.1 client for measuring: keep-alive, one request at a time on each connection.

It does as little as the protocol allows, so that the machine is left to the service: requests are
bytes that were made before the clock started, and of an answer only status and length are read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
ANSWER_BYTES_MAX = 64 << 20

Answered = Callable[["Connection", int, bytes, bytes], None]
"""(connection, status, head, body), in the turn in which the last byte came."""
Lost = Callable[["Connection"], None]


class Connection(asyncio.Protocol):
    """One connection; `number` is the caller's own mark of what is under way, -1 for nothing."""

    __slots__ = ("_answered", "_length", "_lost", "_received", "number", "transport")

    def __init__(self, answered: Answered, lost: Lost) -> None:
        self._answered = answered
        self._lost = lost
        self._received = b""
        self._length = 0
        self.number = -1
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        # uvloop's transports are none of asyncio's classes.
        self.transport = cast("asyncio.WriteTransport", transport)

    def send(self, request: bytes, number: int) -> None:
        """Send one whole request; the one before must have been answered."""
        assert self.transport is not None, "a request was sent before there was a connection"
        self.number = number
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Collect one answer."""
        if self._received:
            data = self._received + data
            if len(data) < self._length:
                self._received = data
                return
        end = data.find(_HEAD_END)
        if end < 0:
            self._received, self._length = data, 0
            return
        found = _LENGTH.search(data, 0, end)
        # A service that sends no length here is none that this client was made for.
        body = end + 4
        length = body + (int(found[1]) if found else 0)
        if len(data) < length:
            assert length <= ANSWER_BYTES_MAX, f"an answer had {length} bytes"
            self._received, self._length = data, length
            return
        assert len(data) == length, "more came than was asked for"
        self._received = b""
        self._answered(self, int(data[9:12]), data[:end], data[body:])

    def connection_lost(self, _: Exception | None) -> None:
        """Tell that the service went away."""
        self.transport = None
        self._lost(self)


async def connect(port: int, count: int, *, answered: Answered, lost: Lost) -> list[Connection]:
    """Open so many connections to a service on this machine."""
    loop = asyncio.get_running_loop()
    made: list[Connection] = []
    for _ in range(count):
        _, connection = await loop.create_connection(
            lambda: Connection(answered, lost), "127.0.0.1", port
        )
        made.append(connection)
    return made


def request(
    body: bytes, *, path: str, key: str, deadline_ms: int = 0, method: str = "POST"
) -> bytes:
    """Return the bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if deadline_ms:
        lines.append(f"Haitang-Deadline-Ms: {deadline_ms}")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + _HEAD_END + body


def run_in_uvloop(work: Any) -> Any:
    """Run a coroutine to its end on the loop that the service uses too."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
