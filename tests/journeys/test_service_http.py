"""Clients as they are: slow, half gone, too talkative, many at once, and one that stops us."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from haitang.app.programs import warm_up
from haitang.decision.engine import EngineProgram
from tests.journeys.http_server import Server, read_answer, rest_of, running
from tests.unit.edges.api.calls import EVENT, TOKEN
from tests.unit.edges.api.memory_node import small_program

pytestmark = pytest.mark.enable_socket

KEY = f"Authorization: Bearer {TOKEN}\r\n".encode()
BODY = json.dumps(EVENT).encode()


@pytest.fixture(scope="module")
def program() -> EngineProgram:
    program = small_program()
    warm_up(program)
    return program


@pytest.fixture
def server(program: EngineProgram) -> Iterator[Server]:
    with running(program, body_timeout_s=0.3, head_timeout_s=0.3, body_bytes_max=100_000) as server:
        yield server


def client(server: Server) -> httpx.Client:
    return httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}", headers={"Authorization": f"Bearer {TOKEN}"}
    )


def head(path: str = "/v1/decisions", *, extra: bytes = b"") -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: h\r\n%b%b\r\n" % (path.encode(), KEY, extra)


def test_a_connection_is_kept_for_many_requests(server: Server) -> None:
    with server.connect() as connection:
        for number in range(20):
            body = json.dumps({**EVENT, "event_id": f"e{number}"}).encode()
            connection.sendall(head(extra=b"Content-Length: %d\r\n" % len(body)) + body)
            status, headers, answer = read_answer(connection)
            assert status == 200
            assert json.loads(answer)["position"] == number
            assert "connection" not in headers
            assert "server" not in headers


def test_a_half_sent_body_is_given_up_and_never_reaches_the_node(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(extra=b"Content-Length: %d\r\n" % len(BODY)) + BODY[:-1])
        status, headers, answer = read_answer(connection)
        assert status == 408
        assert json.loads(answer)["error"]["code"] == "body_too_slow"
        assert headers["connection"] == "close"
        assert rest_of(connection) == b""
    assert not server.node.submitted


def test_a_half_sent_head_is_given_up(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head()[:-2])
        assert rest_of(connection).startswith(b"HTTP/1.1 408 ")
    with server.connect() as silent:
        assert rest_of(silent) == b""


def test_a_second_head_that_trickles_is_given_up_too(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(extra=b"Content-Length: %d\r\n" % len(BODY)) + BODY + b"POST /")
        assert read_answer(connection)[0] == 200
        rest_of(connection)
    assert len(server.node.submitted) == 1


def test_a_client_that_leaves_in_mid_body_reaches_nobody(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(extra=b"Content-Length: %d\r\n" % len(BODY)) + BODY[:20])
    with client(server) as other:
        assert other.post("/v1/decisions", json={**EVENT, "event_id": "other"}).status_code == 200
    assert len(server.node.submitted) == 1


def test_a_body_too_long_is_refused_and_the_sender_reads_why(server: Server) -> None:
    with client(server) as sender:
        declared = sender.post("/v1/decisions", content=b"x" * 10_000_000)
        assert declared.status_code == 413
        assert declared.json()["error"]["code"] == "body_too_long"
        chunked = sender.post("/v1/decisions", content=(b"x" * 50_000 for _ in range(20)))
        assert chunked.status_code == 413
        assert chunked.headers["connection"] == "close"
    assert not server.node.submitted


def test_a_length_that_lies_makes_no_second_request_of_the_rest(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(extra=b"Content-Length: 10\r\n") + BODY)
        answers = rest_of(connection)
        assert answers.startswith(b"HTTP/1.1 400 ")
        assert b"request_no_http" in answers
    assert not server.node.submitted


def test_a_head_without_end_is_cut_off(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(extra=b"X-Long: %b\r\n" % (b"x" * 60_000)))
        assert rest_of(connection).startswith(b"HTTP/1.1 431 ")
    with server.connect() as connection:
        connection.sendall(head(extra=b"X-More: 1\r\n" * 5_000))
        assert rest_of(connection).startswith(b"HTTP/1.1 431 ")


def test_one_connection_too_many_is_closed(program: EngineProgram) -> None:
    with (
        running(program, connections_max=2) as server,
        server.connect(),
        server.connect(),
        client(server) as third,
        pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)),
    ):
        third.get("/healthz")


def test_the_same_event_from_sixteen_connections_is_decided_once(program: EngineProgram) -> None:
    with running(program) as server:

        def send(_: int) -> bytes:
            with client(server) as sender:
                return sender.post("/v1/decisions", json=EVENT).content

        with ThreadPoolExecutor(16) as pool:
            assert len(set(pool.map(send, range(64)))) == 1


def test_what_is_in_flight_is_answered_when_the_server_stops(program: EngineProgram) -> None:
    with running(program, drain_s=0.3) as server:
        entered = threading.Event()
        held: list[Callable[[], None]] = []
        submit_then = server.node.submit_then

        def wait(*arguments: Any, **named: Any) -> None:
            held.append(partial(submit_then, *arguments, **named))
            entered.set()

        server.node.submit_then = wait  # type: ignore[method-assign] # a slow disk
        with client(server) as sender, ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(sender.post, "/v1/decisions", json=EVENT)
            assert entered.wait(10)
            server.stop()
            with client(server) as late:
                # Still answered while it drains, and told to go elsewhere.
                answer = late.get("/healthz")
                while "connection" not in answer.headers:
                    answer = late.get("/healthz")
                assert answer.headers["connection"] == "close"
            assert server.thread.is_alive()
            assert server.loop is not None
            server.loop.call_soon_threadsafe(held[0])
            answered = waiting.result(10)
        assert answered.status_code == 200
        assert answered.headers["connection"] == "close"
        server.thread.join(10)
        assert not server.thread.is_alive()
        with pytest.raises(OSError, match=r"refused|reset"):
            server.connect()


def test_open_connections_are_counted(program: EngineProgram) -> None:
    name = "haitang_connections "

    def told(asking: socket.socket) -> float:
        asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\n%b\r\n" % KEY)
        _, _, body = read_answer(asking)
        lines = body.decode().splitlines()
        return float(next(line for line in lines if line.startswith(name)).removeprefix(name))

    def comes_to(asking: socket.socket, number: int) -> bool:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if told(asking) == number:
                return True
        return False

    with running(program) as server, server.connect() as asking:
        with server.connect(), server.connect():
            assert comes_to(asking, 3)
        assert comes_to(asking, 1)
