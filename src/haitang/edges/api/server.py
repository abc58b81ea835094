"""The HTTP server: one listening socket, one event loop, and a stop that loses no answer.

uvicorn speaks HTTP. What it leaves open is bounded here: how long a head may take, how long it may
be, and how many connections there are.
"""

from __future__ import annotations

import asyncio
import socket  # noqa: TID251 - for its type; the socket is handed in, bound and listening
from collections.abc import Callable
from typing import ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from haitang.edges.api.application import Application
from haitang.edges.api.intake import Reply
from haitang.edges.api.lean import BODY_WAIT_S, Exchange, KnownHeads, Opening, lean_exchange
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.requests import CLOSE, AsgiApp

BACKLOG = 2_048
"""Connections that the system holds for us while we are busy."""


async def serve(
    app: AsgiApp,
    listening: socket.socket,
    settings: ApiSettings,
    *,
    stopping: asyncio.Event,
    started: Callable[[], None] | None = None,
) -> None:
    """Serve HTTP on a bound socket until `stopping` is set; returns when all is answered.

    Runs in the loop of the caller and leaves signals to it. Stopping: for `drain_s` every answer
    closes its connection, so that its client goes on with a successor that shares the socket; then
    the socket is closed, and what is in flight is waited for.
    """
    config = uvicorn.Config(
        app,
        http=type(
            "Protocol",
            (BoundedProtocol,),
            {
                "limits": settings,
                "application": app if isinstance(app, Application) else None,
                "opening": Opening(),
                "heads": KnownHeads(),
            },
        ),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=round(settings.keep_alive_s),
        timeout_graceful_shutdown=round(settings.stop_timeout_s),
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listening])
    ticking = asyncio.create_task(server.main_loop())
    try:
        if started is not None:
            started()
        await stopping.wait()
        # uvicorn puts these in front of every answer from its next tick on; we do not wait for it.
        config.encoded_headers.extend(CLOSE)
        server.server_state.default_headers = [*server.server_state.default_headers, *CLOSE]
        for connection in server.server_state.connections:
            if isinstance(connection, BoundedProtocol):
                connection.close_behind()
        await asyncio.sleep(settings.drain_s)
    finally:
        server.should_exit = True
        await ticking
        await server.shutdown(sockets=[listening])


class GatheringTransport(asyncio.Transport):
    """A transport that sends the head of an answer together with what follows it.

    uvicorn writes them apart; two calls of the system, and two packets, cost more than all else
    that is done for a request.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]

    def write(self, data: bytes) -> None:  # type: ignore[override]
        """Hold the head of an answer until its body, its end, or the close; send all else."""
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self.send_head()
            self._head = data
        else:
            self._transport.write(self._head + data if self._head else data)
            self._head = b""

    def write_whole(self, data: bytes) -> None:
        """Send a whole answer."""
        self.send_head()
        self._transport.write(data)

    def send_head(self) -> None:
        """Send the head that is held, if any."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Send what is held and close."""
        self.send_head()
        self._transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, watching heads, and answering the common request without a cycle.

    A whole head in one piece, which is the rule, costs nothing to watch.
    """

    limits: ClassVar[ApiSettings] = ApiSettings()
    application: ClassVar[Application | None] = None
    """Whose common requests are answered without a cycle; None: nobody's."""
    opening: ClassVar[Opening] = Opening()
    heads: ClassVar[KnownHeads] = KnownHeads()
    between = True
    """The parser stands between two messages."""
    idle_since = 0.0
    """When the last answer was sent, by the clock of the loop."""
    exchange: Exchange | None = None
    """A common request that has not begun: its body is not whole, or was whole just now."""
    body_timer: asyncio.TimerHandle | None = None
    head_begun = False
    """A head has begun and is not complete."""
    head_bytes = 0
    """Bytes of the pieces that it has come in, beyond the first."""
    head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse one connection too many; else wait for its first head."""
        self.gathering = GatheringTransport(transport)
        super().connection_made(self.gathering)
        self._count_connections()
        if len(self.connections) > self.limits.connections_max:
            transport.close()
            return
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        self._leave_head()
        exchange = self._take_exchange()
        if exchange is not None:
            exchange.left()
        super().connection_lost(exc)
        self._count_connections()

    def _count_connections(self) -> None:
        if self.application is not None:
            self.application.metrics.connections.set(len(self.connections))

    def data_received(self, data: bytes) -> None:
        """Begin a common request that is whole; watch the rest of a head that is not."""
        between = self.between
        if between and self.application is not None and self._begin_known(data):
            return
        begun = self.head_begun
        super().data_received(data)
        if self.head_begun and not self.transport.is_closing():
            self._watch_rest(data, begun=begun)
        exchange = self.exchange
        if exchange is None:
            return
        if not exchange.more_body:
            self._take_exchange()
            if between and self.between:
                self.heads.learn(data, exchange)
            exchange.begin(self.tasks, self._answer)
        elif self.body_timer is None:
            self.body_timer = self.loop.call_later(BODY_WAIT_S, self._make_cycle)

    def _begin_known(self, data: bytes) -> bool:
        """Begin a request whose head is known; tell whether it was one."""
        cycle: RequestResponseCycle | None = self.cycle
        found = self.heads.find(data)
        if (
            found is None
            or (cycle is not None and not cycle.response_complete)
            or self.flow.write_paused
            or self.transport.is_closing()
        ):
            return False
        if self.head_timer is not None:
            self._leave_head()
        known, end = found
        assert self.application is not None, "heads are known to an application only"
        exchange = Exchange(self.application, known.path, known.head, data[end:])
        self.cycle = exchange  # type: ignore[assignment] # as in `on_headers_complete`
        exchange.begin(self.tasks, self._answer)
        return True

    def _watch_rest(self, data: bytes, *, begun: bool) -> None:
        if self.head_timer is None:
            self._watch_head()
        if begun:
            self.head_bytes += len(data)
            if self.head_bytes > self.limits.head_bytes_max:
                self._refuse_head(_TOO_LONG)

    def on_message_begin(self) -> None:
        """Note that a head began."""
        self.head_begun = True
        self.between = False
        self.head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop watching: the body has its own bounds."""
        size = len(self.url) + sum([len(name) + len(value) for name, value in self.headers])
        if size > self.limits.head_bytes_max:
            self._refuse_head(_TOO_LONG)
        self._leave_head()
        if self.transport.is_closing():
            return
        exchange = self._exchange()
        if exchange is None:
            super().on_headers_complete()
        else:
            # uvicorn asks a cycle whether it is complete, and tells it of a lost connection.
            self.exchange = self.cycle = exchange  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """Keep the body of a common request."""
        exchange = self.exchange
        if exchange is not None and exchange.more_body:
            exchange.received += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that a common request is whole; it begins when this piece is parsed to its end."""
        self.between = True
        exchange = self.exchange
        if exchange is not None and exchange.more_body:
            exchange.more_body = False
        else:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send a head that has no body."""
        if isinstance(self.transport, GatheringTransport):
            self.transport.send_head()
        if self.pipeline or self.flow.read_paused:
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self._watch_idle(self.timeout_keep_alive)

    def _watch_idle(self, seconds: float) -> None:
        """Look after the connection when it may have been idle too long.

        One timer for many requests: setting one for each costs as much as parsing it.
        """
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle too long; one that was busy is looked at later."""
        self.timeout_keep_alive_task = None
        cycle: RequestResponseCycle | None = self.cycle
        if self.transport.is_closing() or (cycle is not None and not cycle.response_complete):
            # The end of the answer sets the next timer.
            return
        left = self.idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._watch_idle(left)
        else:
            self.transport.close()

    def close_behind(self) -> None:
        """Let the answers that are under way close the connection."""
        current: RequestResponseCycle | None = self.cycle
        under_way = [cycle for cycle, _ in self.pipeline]
        if current is not None:
            under_way.append(current)
        for cycle in under_way:
            if not cycle.response_complete:
                cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the shape of uvicorn's
        """Answer bytes that are no HTTP, in our shape."""
        self._leave_head()
        if not self.transport.is_closing():
            self.transport.write(_NO_HTTP)
            self.transport.close()

    def _exchange(self) -> Exchange | None:
        """Return the exchange of a common request that nothing stands in the way of."""
        cycle: RequestResponseCycle | None = self.cycle
        parser = self.parser
        if (
            self.application is None
            or (cycle is not None and not cycle.response_complete)
            or self.flow.write_paused
            or parser.get_method() != b"POST"
            or parser.should_upgrade()
            or not parser.should_keep_alive()
            or parser.get_http_version() != "1.1"
        ):
            return None
        return lean_exchange(self.application, self.url, self.headers)

    def _take_exchange(self) -> Exchange | None:
        exchange, self.exchange = self.exchange, None
        if self.body_timer is not None:
            self.body_timer.cancel()
            self.body_timer = None
        return exchange

    def _make_cycle(self) -> None:
        """Let a request whose body is slow go the long way, with what has come of it."""
        exchange = self._take_exchange()
        if exchange is None or self.transport.is_closing():
            return
        exchange.response_complete = True
        super().on_headers_complete()
        self.cycle.keep_alive = self.cycle.keep_alive and exchange.keep_alive
        if exchange.received:
            super().on_body(exchange.received)

    def _answer(self, exchange: Exchange, reply: Reply) -> None:
        self.opening.refresh(self.server_state.default_headers)
        answer = exchange.render(reply, self.opening)
        if exchange.disconnected or self.transport.is_closing():
            return
        self.gathering.write_whole(answer)
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _watch_head(self) -> None:
        self.head_timer = self.loop.call_later(
            self.limits.head_timeout_s, self._refuse_head, _TOO_SLOW
        )

    def _leave_head(self) -> None:
        self.head_begun = False
        if self.head_timer is not None:
            self.head_timer.cancel()
            self.head_timer = None

    def _refuse_head(self, answer: bytes) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        answering = self.head_begun and (cycle is None or cycle.response_complete)
        self._leave_head()
        if answering and not self.transport.is_closing():
            self.transport.write(answer)
        self.transport.close()


def _error(status: bytes, body: bytes) -> bytes:
    return (
        b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (status, len(body), body)
    )


_TOO_SLOW = _error(
    b"408 Request Timeout",
    b'{"error":{"code":"head_too_slow","message":"the head was not complete in time"}}',
)
_TOO_LONG = _error(
    b"431 Request Header Fields Too Large",
    b'{"error":{"code":"head_too_long","message":"the head of the request was too long"}}',
)
_NO_HTTP = _error(
    b"400 Bad Request",
    b'{"error":{"code":"request_no_http","message":"the request was not HTTP"}}',
)
