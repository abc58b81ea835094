"""A common request is answered without ASGI, and nobody can tell: the bytes are the same."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from haitang.app.programs import warm_up
from haitang.app.service.answers import Answer, Answered, Arrival, Outcome, Refusal
from haitang.decision.engine import EngineProgram
from haitang.edges.api.application import Application
from haitang.edges.api.requests import Receive, Scope, Send
from haitang.edges.api.server import BoundedProtocol
from tests.journeys.http_server import Server, read_answer, rest_of, running
from tests.unit.edges.api.calls import EVENT, NOW_US, TOKEN
from tests.unit.edges.api.memory_node import small_program

pytestmark = pytest.mark.enable_socket

BODY = json.dumps(EVENT).encode()
KEY = f"Authorization: Bearer {TOKEN}\r\n".encode()
LABEL = {
    "event_type": "LABEL",
    "event_id": "l1",
    "occurred_at_us": NOW_US,
    "subject_event_id": "e1",
    "label": "FRAUD",
}

LISTED = json.dumps(
    {
        "event_type": "LIST_UPSERT",
        "event_id": "x1",
        "occurred_at_us": NOW_US,
        "list_name": "allow",
        "list_value": "A1",
    }
).encode()


@pytest.fixture(scope="module")
def program() -> EngineProgram:
    program = small_program()
    warm_up(program)
    return program


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths that reached the ASGI application."""
    paths: list[str] = []
    plain = Application.__call__

    async def noted(self: Application, scope: Scope, receive: Receive, send: Send) -> None:
        paths.append(scope["path"])
        await plain(self, scope, receive, send)

    monkeypatch.setattr(Application, "__call__", noted)
    return paths


@pytest.fixture
def server(program: EngineProgram) -> Iterator[Server]:
    with running(program, body_bytes_max=90_000) as server:
        yield server


def request(
    body: bytes = BODY, path: str = "/v1/decisions", *, extra: bytes = b"", key: bytes = KEY
) -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: h\r\n%b%bContent-Length: %d\r\n\r\n%b" % (
        path.encode(),
        key,
        extra,
        len(body),
        body,
    )


def event(number: int, **fields: Any) -> bytes:
    return json.dumps({**EVENT, "event_id": f"n{number}", **fields}).encode()


LINES = b"Content-Type: application/x-ndjson\r\n"
LEAN = {
    "good": request(),
    "repeated": request(),
    "id used again": request(json.dumps({**EVENT, "amount_minor": 1}).encode()),
    "own request id": request(event(1), extra=b"X-Request-Id: abc\r\n"),
    "request id not to repeat": request(event(2), extra=b"X-Request-Id: \xe6\xb5\xb7\r\n"),
    "media type said": request(event(3), extra=b"Content-Type: application/json; a=b\r\n"),
    "no JSON": request(b"{"),
    "no event": request(b'{"event_type":"TXN_REQUEST"}'),
    "no key": request(event(4), key=b""),
    "unknown key": request(event(4), key=b"Authorization: Bearer ht_k9_no\r\n"),
    "no scope": request(event(4), key=b"Authorization: Bearer ht_events_only\r\n"),
    "deadline out of range": request(event(4), extra=b"Haitang-Deadline-Ms: 0\r\n"),
    "batch": request(b"[%b,%b,{}]" % (event(5), event(6)), "/v1/decisions:batch"),
    "batch lines": request(event(7) + b"\n" + event(5), "/v1/decisions:batch", extra=LINES),
    "batch of one bad": request(b"{}", "/v1/decisions:batch"),
    "batch empty": request(b" ", "/v1/decisions:batch"),
    "events": request(event(8), "/v1/events"),
    "events of no scope": request(
        event(9), "/v1/events", key=b"Authorization: Bearer ht_decide_only\r\n"
    ),
    "list of a payment key": request(LISTED, key=b"Authorization: Bearer ht_decide_only\r\n"),
    "list among events of a payment key": request(
        b"[%b,%b]" % (event(10), LISTED),
        "/v1/decisions:batch",
        key=b"Authorization: Bearer ht_decide_only\r\n",
    ),
    "list of a key for events": request(
        LISTED, "/v1/events", key=b"Authorization: Bearer ht_events_only\r\n"
    ),
    "outcome": request(json.dumps(LABEL).encode(), "/v1/outcomes"),
    "no outcome": request(event(9), "/v1/outcomes"),
}
LONG = {
    "query": request(event(20), "/v1/decisions?explain=full"),
    "lines for one": request(event(21), extra=LINES),
    "media type unknown": request(event(21), extra=b"Content-Type: text/plain\r\n"),
    "empty": request(b""),
    "last of its connection": request(event(22), extra=b"Connection: close\r\n"),
    "HTTP/1.0": request(event(23)).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "upgrade": request(event(24), extra=b"Connection: upgrade\r\nUpgrade: h2c\r\n"),
    "get": b"GET /v1/decisions HTTP/1.1\r\nHost: h\r\n%b\r\n" % KEY,
    "put": request(event(25)).replace(b"POST", b"PUT"),
    "chunked": request(b"%x\r\n%b\r\n0\r\n\r\n" % (len(event(26)), event(26))).replace(
        b"Content-Length: ", b"Transfer-Encoding: chunked\r\nX: "
    ),
    "large": request(event(27) + b" " * 70_000),
    "too large": request(event(28) + b" " * 100_000),
    "health": b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
}


def bytes_of(server: Server, sent: bytes) -> bytes:
    """Return an answer as it came but for the date, and whether the connection was kept."""
    with server.connect() as connection:
        connection.sendall(sent)
        head, body = read_head(connection)
        length = next(int(line[16:]) for line in head if line.startswith(b"content-length: "))
        while len(body) < length:
            body += connection.recv(65_536)
        kept = True
        if b"connection: close" in head:
            body += rest_of(connection)
            kept = False
    assert sum(line.startswith(b"date: ") for line in head) == 1
    lines = [line[:6] if line.startswith(b"date: ") else line for line in head]
    return b"\r\n".join([*lines, b"", body, b"kept" if kept else b"closed"])


def read_head(connection: socket.socket) -> tuple[list[bytes], bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        assert piece, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


def counted(server: Server) -> dict[tuple[str, ...], float]:
    """Return what was counted; the answer is sent before that, so ask when nothing is under way."""
    assert isinstance(server.app, Application)
    metrics = server.app.metrics
    return {**metrics.requests.values, **metrics.refusals.values}


def timed(server: Server) -> int:
    """Return how many requests were measured."""
    assert isinstance(server.app, Application)
    return server.app.metrics.request_seconds.count


def test_both_ways_give_the_same_bytes_and_counts(program: EngineProgram) -> None:
    with (
        running(program, body_bytes_max=90_000) as lean,
        running(program, long_way=True, body_bytes_max=90_000) as long,
    ):
        # Twice: the second time the heads of common requests are known.
        for name, sent in [*{**LEAN, **LONG}.items()] * 2:
            assert bytes_of(lean, sent) == bytes_of(long, sent), name
    assert len(long.asked) == 2 * (len(LEAN) + len(LONG))
    assert counted(lean) == counted(long)
    assert lean.node.submitted == long.node.submitted
    assert timed(lean) == timed(long)


def test_both_ways_say_the_same_when_the_node_takes_nothing(program: EngineProgram) -> None:
    def break_down(_: Arrival) -> Refusal | None:
        raise RuntimeError("the node broke")

    with running(program) as lean, running(program, long_way=True) as long:
        for name in ("busy", "not ready", "refused", "too late", "broken"):
            for node in (lean.node, long.node):
                node.busy = name == "busy"
                node.state, node.trouble = (
                    ("failed", "disk") if name == "not ready" else ("ready", "")
                )
                if name in {"refused", "too late"}:
                    node.refuse = refusing(503 if name == "refused" else 504)
                elif name == "broken":
                    node.refuse = break_down
            for path in ("/v1/decisions", "/v1/decisions:batch", "/v1/events"):
                sent = request(path=path)
                assert bytes_of(lean, sent) == bytes_of(long, sent), (name, path)
    assert counted(lean) == counted(long)
    assert counted(lean)["/v1/decisions", "500"] == 1


def refusing(status: int) -> Callable[[Arrival], Refusal]:
    def refuse(arrival: Arrival) -> Refusal:
        return Refusal(
            event_id=arrival.event.event_id,
            code="event_too_late",
            message="no decision in time",
            fail_action="REVIEW",
            status=status,
        )

    return refuse


def test_only_uncommon_requests_reach_the_asgi_application(
    server: Server, asked: list[str]
) -> None:
    for name, sent in LEAN.items():
        assert bytes_of(server, sent), name
        assert not asked, name
    for name, sent in LONG.items():
        assert bytes_of(server, sent), name
        assert len(asked) == 1, name
        asked.clear()


def test_a_body_behind_its_head_is_waited_for_and_a_slow_one_goes_the_long_way(
    server: Server, asked: list[str]
) -> None:
    sent = request()
    with server.connect() as connection:
        connection.sendall(sent[:-5])
        # The server takes the long way by itself when the rest does not come.
        assert until(lambda: asked == ["/v1/decisions"])
        assert not server.node.submitted
        connection.sendall(sent[-5:])
        assert read_answer(connection)[0] == 200
        connection.sendall(sent)
        assert read_answer(connection)[0] == 200
    assert len(asked) == 1


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[BoundedProtocol]:
    """Connections whose parser saw a message begin."""
    seen: list[BoundedProtocol] = []
    plain = BoundedProtocol.on_message_begin

    def noted(self: BoundedProtocol) -> None:
        seen.append(self)
        plain(self)

    monkeypatch.setattr(BoundedProtocol, "on_message_begin", noted)
    return seen


def test_a_head_is_parsed_once(server: Server, parsed: list[BoundedProtocol]) -> None:
    for number in range(3):
        # On one connection and on others.
        with server.connect() as connection:
            for each in range(3):
                connection.sendall(request(event(100 + 10 * number + each)))
                status, _, body = read_answer(connection)
                assert (status, json.loads(body)["event_id"]) == (
                    200,
                    f"n{100 + 10 * number + each}",
                )
    assert len(parsed) == 1
    with server.connect() as connection:
        for longer in (b" ", b"  ", b" "):
            connection.sendall(request(event(200) + longer))
            assert read_answer(connection)[0] == 200
    assert len(parsed) == 3


def test_a_head_that_names_its_request_or_is_long_is_not_kept(
    server: Server, parsed: list[BoundedProtocol]
) -> None:
    with server.connect() as connection:
        for _ in range(2):
            connection.sendall(request(extra=b"X-Request-Id: r1\r\n"))
            assert read_answer(connection)[1]["x-request-id"] == "r1"
        for _ in range(2):
            connection.sendall(request(extra=b"X-Long: " + b"x" * 2_000 + b"\r\n"))
            assert read_answer(connection)[0] == 200
    assert len(parsed) == 4


def test_a_known_head_is_no_way_round_the_key(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(request(event(1)))
        assert read_answer(connection)[0] == 200
        assert isinstance(server.app, Application)
        server.app.intake._keys = Nobody()
        connection.sendall(request(event(2)))
        assert read_answer(connection)[0] == 401


class Nobody:
    """A ring from which every key was revoked."""

    def verify(self, _token: str) -> None:
        """Know nobody."""


def test_what_looks_like_a_known_head_within_a_body_is_body(server: Server) -> None:
    known = request()
    with server.connect() as connection:
        connection.sendall(known)
        assert read_answer(connection)[0] == 200
        before = len(server.node.submitted)
        # The head and some of the body alone; then, as a piece of its own, what looks like a head.
        outer = request(b"[1," + known, "/v1/decisions:batch")
        connection.sendall(outer[: -len(known)])
        # The server gives the rest up as slow, so that the pieces are apart for certain.
        threading.Event().wait(0.2)
        connection.sendall(known)
        assert read_answer(connection)[0] == 400
        assert len(server.node.submitted) == before


def test_pieces_behind_a_known_head_are_put_together(server: Server) -> None:
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request(event(10)))
        assert read_answer(connection)[0] == 200
        sent = request(event(11))
        connection.sendall(sent[:-7])
        threading.Event().wait(0.01)
        connection.sendall(sent[-7:])
        assert json.loads(read_answer(connection)[2])["event_id"] == "n11"
        both = request(event(12)) + request(event(13))
        connection.sendall(both)
        got = [json.loads(read_one(connection)[1])["event_id"] for _ in range(2)]
    assert got == ["n12", "n13"]


def test_a_connection_is_kept_while_it_is_used_and_closed_when_it_is_idle(
    program: EngineProgram,
) -> None:
    pause = threading.Event()
    with running(program, keep_alive_s=1.0) as server, server.connect() as connection:
        for number in range(4):
            connection.sendall(request(event(30 + number)))
            assert read_answer(connection)[0] == 200
            pause.wait(0.5)
        connection.settimeout(10)
        assert connection.recv(1) == b""


def test_pipelined_requests_are_answered_in_their_order(server: Server) -> None:
    with server.connect() as connection:
        bad = request(event(9, currency="?"))
        connection.sendall(b"".join([request(event(1)), request(b"{"), bad, request(event(2))]))
        got = [read_one(connection) for _ in range(4)]
    assert [status for status, _ in got] == [200, 400, 422, 200]
    assert [json.loads(got[at][1])["event_id"] for at in (0, 3)] == ["n1", "n2"]


def test_a_body_in_two_pieces_is_put_together(server: Server) -> None:
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(20):
            sent = request(event(number))
            at = len(sent) - len(event(number)) + number
            connection.sendall(sent[:at])
            connection.sendall(sent[at:])
            assert json.loads(read_answer(connection)[2])["event_id"] == f"n{number}"


def test_a_client_that_leaves_in_mid_body_is_counted_and_reaches_nobody(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(request()[:-1])
    assert until(lambda: counted(server).get(("/v1/decisions", "left")) == 1)
    assert not server.node.submitted


def test_a_client_that_leaves_in_flight_is_decided_and_the_stop_waits_for_it(
    program: EngineProgram,
) -> None:
    held = Held()
    with running(program) as server:
        server.node.submit_then = held.submit_then  # type: ignore[method-assign]
        with server.connect() as connection:
            connection.sendall(request())
            assert held.taken.wait(10)
        server.stop()
        server.thread.join(1)
        assert server.thread.is_alive()
        held.let_go(server)
        server.thread.join(30)
        assert not server.thread.is_alive()
        assert counted(server) == {("/v1/decisions", "200"): 1}


def test_an_answer_in_flight_at_the_stop_closes_its_connection(program: EngineProgram) -> None:
    held = Held()
    with running(program) as server, server.connect() as connection:
        server.node.submit_then = held.submit_then  # type: ignore[method-assign]
        connection.sendall(request())
        assert held.taken.wait(10)
        server.stop()
        # The loop hears of the stop some turns later; the answer shall come behind that.
        threading.Event().wait(0.1)
        held.let_go(server)
        status, headers, body = read_answer(connection)
        assert (status, body) == (200, b"{}")
        assert headers["connection"] == "close"
        assert rest_of(connection) == b""


def test_what_is_in_flight_beyond_the_stop_timeout_is_given_up(program: EngineProgram) -> None:
    held = Held()
    with running(program, stop_timeout_s=1.0) as server:
        server.node.submit_then = held.submit_then  # type: ignore[method-assign]
        with server.connect() as connection:
            connection.sendall(request())
            assert held.taken.wait(10)
            server.stop()
            status, headers, _ = read_answer(connection)
            assert (status, headers["connection"]) == (500, "close")
        server.thread.join(30)
        assert not server.thread.is_alive()


class Held:
    """A node's `submit_then` that answers when it is let go."""

    def __init__(self) -> None:
        self.taken = threading.Event()
        self.listeners: list[Answered] = []

    def submit_then(self, *_: object, answered: Answered, **_options: object) -> None:
        """Take an event."""
        self.listeners.append(answered)
        self.taken.set()

    def let_go(self, server: Server) -> None:
        """Answer."""
        assert server.loop is not None
        outcomes: list[Outcome] = [Answer(position=0, event_id="e1", body=b"{}")]
        server.loop.call_soon_threadsafe(self.listeners[0], outcomes)


def read_one(connection: socket.socket) -> tuple[int, bytes]:
    """Read one answer and not a byte more: the next may stand behind it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return int(head.split()[1]), body


def until(claim: Callable[[], bool]) -> bool:
    """Ask a claim again and again, for ten seconds at most."""
    waiting = threading.Event()
    return any(claim() or waiting.wait(0.01) for _ in range(1_000))
