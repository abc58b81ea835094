"""The client of the demo against a server that answers what a test tells it to."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from haitang.edges.cli.demo_service import ATTEMPTS_MAX, HttpService, StartedService
from haitang.kernel.errors import HaitangError
from tests.unit.app.test_pacing import WoundClock

pytestmark = pytest.mark.enable_socket

ANSWER = {
    "decision_id": "D-1", "event_id": "E-1", "position": 7, "action": "HOLD", "actions": ["HOLD"],
    "tier": "high", "score_payer": 650, "score_payee": 0, "typologies": ["D01"], "hits": [],
    "pack": "small", "pack_version": "1.2.0", "degraded": "",
}  # fmt: skip


class ToldServer(HTTPServer):
    """Gives the answers that it was told, one per request, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, str, bytes]] = []
        self.heads: list[dict[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    server: ToldServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append((self.command, self.path, body))
        self.server.heads.append({name.lower(): value for name, value in self.headers.items()})
        status, answer = self.server.answers.pop(0) if self.server.answers else (0, b"")
        if not status:
            # As a node that dies in the middle of a request.
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ToldServer]:
    with ToldServer() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[StartedService]:
    """A process in the place of the service: it lives until its input ends."""
    (tmp_path / "service.log").write_text("")
    words = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE)
    yield StartedService(process, log=tmp_path / "service.log", key="ht_abcd_secret")
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=30)


@pytest.fixture
def service(server: ToldServer, started: StartedService) -> Iterator[HttpService]:
    made = HttpService(started, port=server.server_port, clock=WoundClock())
    yield made
    made.close()


def test_events_travel_as_one_array_with_the_key_and_all_the_time_there_is(
    server: ToldServer, service: HttpService
) -> None:
    results = [
        {"index": 0, "decision": ANSWER},
        {"index": 1, "decision": ANSWER, "repeated": True},
        {"index": 2, "error": {"code": "event_id_reused", "message": "…", "hint": ""}},
    ]
    server.answers.append((200, json.dumps({"results": results}).encode()))
    first, second, third = service.decide([b'{"a":1}', b'{"b":2}', b'{"c":3}'])
    assert server.asked == [("POST", "/v1/decisions:batch", b'[{"a":1},{"b":2},{"c":3}]')]
    assert server.heads[0]["authorization"] == "Bearer ht_abcd_secret"
    assert server.heads[0]["haitang-deadline-ms"] == "60000"
    assert first.answered is not None
    assert (first.answered.action, first.answered.hit, first.repeated) == ("HOLD", True, False)
    assert second.repeated
    assert third.answered is None
    assert third.refusal == "event_id_reused: …"


def test_an_explanation_is_asked_for_by_its_identifier(
    server: ToldServer, service: HttpService
) -> None:
    server.answers.append((200, b'{"decision_id":"D/1"}'))
    assert service.explain("D/1") == b'{"decision_id":"D/1"}'
    assert server.asked == [("GET", "/v1/decisions/D%2F1", b"")]


def test_a_request_without_room_is_sent_again(server: ToldServer, service: HttpService) -> None:
    server.answers += [(503, b"{}"), (429, b"{}"), (200, b"{}")]
    assert service.explain("D-1") == b"{}"
    assert len(server.asked) == 3


def test_a_node_that_dies_is_asked_again_when_it_is_back(
    server: ToldServer, service: HttpService
) -> None:
    server.answers += [(200, b"{}"), (0, b""), (0, b""), (200, b'{"back":true}')]
    assert service.explain("D-1") == b"{}"
    assert service.explain("D-1") == b'{"back":true}'
    assert len(server.asked) == 4


def test_a_service_that_never_has_room_is_told_of(server: ToldServer, service: HttpService) -> None:
    server.answers += [(503, b'{"error":"full"}')] * ATTEMPTS_MAX
    with pytest.raises(HaitangError) as refused:
        service.explain("D-1")
    assert refused.value.code == "demo_service_refused"
    assert "503" in refused.value.message


def test_what_is_refused_is_quoted(server: ToldServer, service: HttpService) -> None:
    server.answers.append((401, b'{"error":{"code":"api_key_unknown"}}'))
    with pytest.raises(HaitangError) as refused:
        service.explain("D-1")
    assert "api_key_unknown" in refused.value.message


def test_a_service_that_is_gone_is_told_of_with_its_last_words(
    service: HttpService, tmp_path: Path
) -> None:
    (tmp_path / "service.log").write_text("begun\n  no room on the disk\n")
    with pytest.raises(HaitangError) as gone:
        service.explain("D-1")
    assert gone.value.code == "demo_service_gone"
    assert "begun / no room on the disk" in gone.value.message


def test_the_port_is_the_one_that_the_service_says(started: StartedService, tmp_path: Path) -> None:
    (tmp_path / "service.log").write_text(
        '{"event": "x"}\nserving small on http://127.0.0.1:4711\n'
    )
    assert started.wait_until_ready(WoundClock()) == 4711


def test_a_service_that_ends_before_it_listens_is_not_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    log.write_text("the pack was refused\n")
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    process.wait(timeout=30)
    with pytest.raises(HaitangError) as gone:
        StartedService(process, log=log, key="").wait_until_ready(WoundClock())
    assert "exit code 3" in gone.value.message
    assert "the pack was refused" in gone.value.message
