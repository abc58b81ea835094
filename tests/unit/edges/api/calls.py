"""Requests to an ASGI application, in process: what goes in, and what came out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from haitang.app.service.metrics import Metrics
from haitang.edges.api.application import make_app
from haitang.edges.api.intake import PaymentDecoder
from haitang.edges.api.keys import SCOPES
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.requests import AsgiApp
from tests.unit.edges.api.memory_node import MemoryNode

NOW_US = 1_772_416_800_000_000
TOKEN = "ht_k1_all"
EVENT: dict[str, Any] = {
    "event_type": "TXN_REQUEST",
    "event_id": "e1",
    "occurred_at_us": NOW_US,
    "channel": "MOBILE",
    "amount_minor": 6_000_000,
    "currency": "CNY",
    "payer_customer_id": "C1",
    "payee_account": "B1",
}


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The owner of a key."""

    id: str
    scopes: frozenset[str]


class Ring:
    """Keys in memory: `ht_k1_all` may everything, `ht_<scope>_only` one thing, `ht_<scope>+<scope>`
    two.
    """

    def verify(self, token: str) -> Owner | None:
        """Return the owner."""
        every = frozenset[str](SCOPES)
        if token == TOKEN:
            return Owner(id="k1", scopes=every)
        prefix, _, name = token.removesuffix("_only").partition("_")
        scopes = frozenset(name.split("+"))
        if prefix == "ht" and scopes <= every:
            return Owner(id=name, scopes=scopes)
        return None


class Got:
    """An answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Return the error's code, empty where there is none."""
        body = self.json()
        return str(body["error"]["code"]) if "error" in body else ""


def make(
    node: MemoryNode,
    *,
    metrics: Metrics | None = None,
    decoders: Mapping[str, PaymentDecoder] | None = None,
    **limits: Any,
) -> AsgiApp:
    """Return the application over a node."""
    return make_app(
        node,
        Ring(),
        ApiSettings(**limits),
        metrics or Metrics(),
        now_us=lambda: NOW_US,
        decoders=decoders,
    )


def call(
    app: AsgiApp,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = TOKEN,
    headers: Mapping[str, str] | None = None,
    query: str = "",
    pieces: Sequence[bytes] | None = None,
    ends: bool = True,
) -> Got:
    """Send one request; `pieces` are a body in chunks, which without `ends` never ends."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    if token is not None:
        sent.setdefault("authorization", f"Bearer {token}")
    if pieces is not None:
        sent.setdefault("transfer-encoding", "chunked")
    elif data:
        sent.setdefault("content-length", str(len(data)))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    return asyncio.run(_call(app, scope, [data] if pieces is None else list(pieces), ends=ends))


async def _call(app: AsgiApp, scope: dict[str, Any], queue: list[bytes], *, ends: bool) -> Got:
    answers: list[dict[str, Any]] = []
    never = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not queue:
            await never.wait()
        piece = queue.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(queue) or not ends}

    async def send(message: Any) -> None:
        answers.append(message)

    await app(scope, receive, send)
    assert answers[0]["type"] == "http.response.start"
    assert not answers[-1].get("more_body", False)
    return Got(
        answers[0]["status"],
        {name.decode(): value.decode() for name, value in answers[0]["headers"]},
        b"".join(message.get("body", b"") for message in answers[1:]),
    )
