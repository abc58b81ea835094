"""A server that answers every request at once with the same bytes: what a load costs by itself.

`python -m bench.empty_server` prints its port and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import re
from typing import cast

from bench.connections import run_in_uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ANSWER = b'{"action":"PASS"}'


class Empty(asyncio.Protocol):
    """One connection; answers in the turn in which the last byte of the request came."""

    def __init__(self, answer: bytes = ANSWER, status: int = 200) -> None:
        head = f"HTTP/1.1 {status} ok\r\nContent-Length: {len(answer)}\r\n\r\n"
        self._whole = head.encode() + answer
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole."""
        data = self._received + data if self._received else data
        end = data.find(b"\r\n\r\n")
        found = _LENGTH.search(data, 0, end) if end >= 0 else None
        if end < 0 or len(data) < end + 4 + (int(found[1]) if found else 0):
            self._received = data
            return
        self._received = b""
        assert self._transport is not None, "data came without a connection"
        self._transport.write(self._whole)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Empty, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    run_in_uvloop(_serve())
