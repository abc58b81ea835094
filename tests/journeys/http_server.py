"""A real HTTP server on a free port of this machine, over the engine without a journal."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvloop

from haitang.decision.engine import EngineProgram
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.requests import AsgiApp, Receive, Scope, Send
from haitang.edges.api.server import serve
from tests.unit.edges.api.calls import make
from tests.unit.edges.api.memory_node import MemoryNode


class Server:
    """A running server, its node, and the thread that they live in."""

    def __init__(
        self, program: EngineProgram, settings: dict[str, Any], *, long_way: bool = False
    ) -> None:
        self.node = MemoryNode(program)
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self.listening.getsockname()[1]
        self.app = make(self.node, **settings)
        self.long_way = long_way
        self.asked: list[str] = []
        """Paths of the requests that reached the ASGI application."""
        self.settings = ApiSettings(**settings)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.stopping: asyncio.Event | None = None
        self.started = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        async def run() -> None:
            self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
            await serve(
                self._served(),
                self.listening,
                self.settings,
                stopping=self.stopping,
                started=self.started.set,
            )

        uvloop.run(run())

    def _served(self) -> AsgiApp:
        """Return the application; behind a plain function no request is answered without ASGI."""
        if not self.long_way:
            return self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            self.asked.append(scope["path"])
            await self.app(scope, receive, send)

        return app

    def stop(self) -> None:
        """Ask it to stop; returns at once."""
        assert self.loop is not None
        assert self.stopping is not None
        self.loop.call_soon_threadsafe(self.stopping.set)

    def connect(self) -> socket.socket:
        """Open a connection that gives up after ten seconds."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


@contextmanager
def running(program: EngineProgram, *, long_way: bool = False, **settings: Any) -> Iterator[Server]:
    """Run a server; it is stopped at the end and must then end by itself."""
    settings = {"drain_s": 0.05, "linger_s": 0.5, **settings}
    server = Server(program, settings, long_way=long_way)
    server.thread.start()
    assert server.started.wait(30)
    try:
        yield server
    finally:
        if server.thread.is_alive():
            server.stop()
        server.thread.join(30)
        assert not server.thread.is_alive()


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer with a Content-Length: status, headers and body."""
    stream = connection.makefile("rb")
    status = int(stream.readline().split()[1])
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode().partition(": ")
        headers[name.lower()] = value
    return status, headers, stream.read(int(headers["content-length"]))


def rest_of(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    pieces = []
    while piece := connection.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)
