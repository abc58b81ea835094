"""Services on the loopback: one that says what a test tells it to, and the real API."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import msgspec

from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.requests import AsgiApp
from haitang.edges.api.server import serve

LOOPBACK = "127.0.0.1"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the service that is told what to say."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = {}
    hang_up: bool = False
    """Close the connection instead of answering."""
    silent: bool = False
    """Say nothing until the test is over."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ToldService:
    """Answers with what it was told, one after the other; the last one again and again."""

    def __init__(self, url: str, answers: Sequence[Told]) -> None:
        self.url = url
        self.heard: list[Heard] = []
        self.over = threading.Event()
        self._answers = list(answers)

    def next(self, heard: Heard) -> Told:
        """Keep a request and choose its answer."""
        self.heard.append(heard)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@contextmanager
def told_service(*answers: Told) -> Iterator[ToldService]:
    """Run such a service."""
    server = ThreadingHTTPServer((LOOPBACK, 0), type("Handler", (_Handler,), {}))
    service = ToldService(f"http://{LOOPBACK}:{server.server_address[1]}", answers)
    server.RequestHandlerClass.service = service  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: ClassVar[ToldService]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = self.service.next(
            Heard(method=self.command, path=self.path, headers=headers, body=body)
        )
        if told.silent:
            self.service.over.wait()
        if told.hang_up or told.silent:
            self.close_connection = True
            return
        self.send_response(told.status)
        for name, value in {"content-length": str(len(told.body)), **told.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the library asks for them


def unused_address() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as held:
        held.bind((LOOPBACK, 0))
        return f"http://{LOOPBACK}:{held.getsockname()[1]}"


@contextmanager
def served(app: AsgiApp) -> Iterator[str]:
    """Serve the real application with the real server, and say where."""
    listening = socket.create_server((LOOPBACK, 0))
    ready, loops = threading.Event(), []
    stopping: list[asyncio.Event] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        stopping.append(asyncio.Event())
        await serve(
            app, listening, ApiSettings(drain_s=0.0), stopping=stopping[0], started=ready.set
        )

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    finally:
        loops[0].call_soon_threadsafe(stopping[0].set)
        thread.join()


class Awaited:
    """An `AsyncClient` called like a `Client`: each call runs in one loop to its end."""

    def __init__(self, client: Any, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return lambda *args, **kwargs: self._runner.run(method(*args, **kwargs))
