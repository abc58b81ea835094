from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.app.service.answers import Arrival, Refusal
from haitang.decision.engine import EngineProgram
from haitang.edges.api.requests import AsgiApp
from tests.unit.edges.api.calls import EVENT, TOKEN, call, make
from tests.unit.edges.api.memory_node import MemoryNode

HOT = ("/v1/decisions", "/v1/decisions:batch", "/v1/events", "/v1/outcomes")


@pytest.mark.parametrize("path", HOT)
def test_a_declared_length_beyond_the_bound_is_refused_before_a_byte_is_read(
    node: MemoryNode, path: str
) -> None:
    app = make(node, linger_s=0.01)
    got = call(
        app, "POST", path, headers={"Content-Length": str((8 << 20) + 1)}, pieces=[], ends=False
    )
    assert (got.status, got.code) == (413, "body_too_long")
    assert "8388608 bytes" in got.json()["error"]["message"]
    assert got.headers["connection"] == "close"


@pytest.mark.parametrize("declared", [None, "5"])
def test_a_body_that_grows_beyond_the_bound_is_refused_whatever_was_declared(
    node: MemoryNode, declared: str | None
) -> None:
    app = make(node, body_bytes_max=1_000, linger_s=0.01)
    headers = {} if declared is None else {"Content-Length": declared}
    for ends in (True, False):
        got = call(app, "POST", "/v1/events", headers=headers, pieces=[b"x" * 600] * 2, ends=ends)
        assert (got.status, got.code) == (413, "body_too_long")
    assert not node.submitted


@pytest.mark.parametrize("path", [*HOT, "/v1/publications"])
def test_a_body_that_does_not_end_is_given_up(node: MemoryNode, path: str) -> None:
    app = make(node, body_timeout_s=0.02)
    got = call(app, "POST", path, pieces=[b"{"], ends=False)
    assert (got.status, got.code) == (408, "body_too_slow")
    assert got.headers["connection"] == "close"
    assert not node.submitted


@pytest.mark.parametrize("path", HOT)
def test_a_client_that_leaves_in_mid_body_reaches_nobody(node: MemoryNode, path: str) -> None:
    sent: list[Any] = []
    messages = [
        {"type": "http.request", "body": json.dumps(EVENT).encode()[:40], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-length", b"100")],
    }
    app = make(node)

    async def answer() -> None:
        await app(scope, receive, send)

    asyncio.run(answer())
    assert not sent
    assert not node.submitted


def test_a_fault_of_ours_is_a_500_in_the_same_shape(
    app: AsgiApp, node: MemoryNode, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Arrival) -> Refusal | None:
        raise ZeroDivisionError

    node.refuse = fail
    got = call(app, "POST", "/v1/decisions", EVENT)
    assert (got.status, got.code) == (500, "internal_error")
    assert "ZeroDivisionError" not in got.body.decode()
    assert [record.message for record in caplog.records] == ["request_failed"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/decisions", "POST"),
        ("PUT", "/v1/decisions:batch", "POST"),
        ("OPTIONS", "/v1/events", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("PUT", "/v1/decisions/e1", "GET"),
        ("POST", "/v1/decisions/e1", "GET"),
        ("PATCH", "/v1/decisions/e1:replay", "POST"),
        ("DELETE", "/v1/publications", "GET, POST"),
        ("GET", "/v1/publications/1:rollback", "POST"),
        ("POST", "/v1/lists/watch/entries", "PUT, DELETE"),
        ("OPTIONS", "/v1/lists/watch/entries/a", "GET, DELETE"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    app: AsgiApp, method: str, path: str, allowed: str
) -> None:
    got = call(app, method, path)
    assert (got.status, got.code) == (405, "method_not_allowed")
    assert got.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/", "/v2/decisions", "/v1/decisions/", "/v1/nothing", "/v1"])
def test_a_path_that_leads_nowhere_is_a_404(app: AsgiApp, path: str) -> None:
    got = call(app, "GET", path)
    assert (got.status, got.code) == (404, "route_unknown")


def test_the_id_of_a_request_comes_back_or_is_made(app: AsgiApp) -> None:
    for path in ("/v1/decisions", "/healthz", "/v1/publications"):
        method = "POST" if path == "/v1/decisions" else "GET"
        got = call(app, method, path, EVENT, headers={"X-Request-Id": "abc 123 ~"})
        assert got.headers["x-request-id"] == "abc 123 ~"
    made = {
        call(app, "GET", "/healthz", headers={"X-Request-Id": given}).headers["x-request-id"]
        for given in ("x" * 65, "a\tb", "é", "")
    }
    assert len(made) == 4
    assert all(name.startswith("r-") for name in made)


def test_health_and_readiness_are_two_questions(app: AsgiApp, node: MemoryNode) -> None:
    assert call(app, "GET", "/healthz", token=None).json() == {"state": "alive", "trouble": ""}
    assert call(app, "GET", "/readyz", token=None).status == 200
    node.state, node.trouble = "draining", "stopping"
    got = call(app, "GET", "/readyz", token=None)
    assert got.status == 503
    assert got.json() == {"state": "draining", "trouble": "stopping"}
    assert got.headers["retry-after"] == "1"
    assert call(app, "GET", "/healthz", token=None).status == 200


def test_metrics_are_open_or_ask_for_a_key(node: MemoryNode) -> None:
    got = call(make(node), "GET", "/metrics", token=None)
    assert got.status == 200
    assert b"# HELP haitang_requests_total " in got.body
    closed = make(node, metrics_open=False)
    assert call(closed, "GET", "/metrics", token=None).status == 401
    assert call(closed, "GET", "/metrics", token="ht_read_only").status == 403
    assert call(closed, "GET", "/metrics", token="ht_operate_only").status == 200


def test_every_answer_forbids_sniffing_and_keeping_and_the_page_runs_nothing(
    app: AsgiApp,
) -> None:
    for method, path in (("POST", "/v1/decisions"), ("GET", "/v1/publications"), ("GET", "/docs")):
        headers = call(app, method, path, EVENT).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers
    page = call(app, "GET", "/docs", token=None)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert b"<script" not in page.body


@pytest.fixture(scope="module")
def lasting(program: EngineProgram) -> AsgiApp:
    return make(MemoryNode(program))


@given(data=st.binary(max_size=200), path=st.sampled_from(HOT), lines=st.booleans())
def test_no_bytes_make_a_hot_route_fail(
    lasting: AsgiApp, data: bytes, path: str, lines: bool
) -> None:
    media = "application/x-ndjson" if lines else "application/json"
    for body in (data, b"[" + data, b"{" + data, b'{"event_type":"LOGIN",' + data):
        got = call(lasting, "POST", path, body, headers={"Content-Type": media})
        assert got.status in {200, 202, 400, 413, 415, 422}


@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["authorization", "content-type", "haitang-deadline-ms", "x-request-id", "accept"]
        ),
        st.text(st.characters(max_codepoint=255), max_size=80),
    ),
    query=st.text(st.characters(max_codepoint=127), max_size=40),
    path=st.sampled_from([*HOT, "/v1/decisions/e1", "/v1/lists/a/entries/b", "/v1/publications"]),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
)
def test_no_head_makes_a_route_fail(
    lasting: AsgiApp, headers: dict[str, str], query: str, path: str, method: str
) -> None:
    got = call(lasting, method, path, EVENT, headers=headers, query=query)
    assert got.status < 500
