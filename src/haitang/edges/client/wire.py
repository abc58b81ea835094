"""What both clients share of httpx: addresses, headers, and its errors as ours."""

from __future__ import annotations

import httpx

from haitang.edges.client.calls import Call, Reply, T
from haitang.edges.client.exchange import Broken, Send, Terms
from haitang.kernel.errors import HaitangError, symbol

ANSWER_BYTES_MAX = 64 << 20
"""Bytes of an answer; a batch of ten thousand takes a few millions."""

CONNECT_S_MAX = 2.0
"""How long one attempt to connect may take; the next one may reach another machine."""

CONNECTIONS_MAX = 64
TIMEOUT_S = 5.0
"""How long a call takes at most when nobody says otherwise, pauses and retries included."""

_UNCONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def terms_of(url: str, *, timeout_s: float, fail_action: str) -> Terms:
    """Check what a client is made of."""
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host or address.query:
        raise HaitangError(
            code="service_address_malformed",
            message=f"the address of the service was {symbol(url)}; expected a URL",
            hint="write for example `https://haitang.example.com:8620`",
        )
    if not 0 < timeout_s <= 3_600:
        raise HaitangError(
            code="service_timeout_malformed",
            message=f"the time for a call was {symbol(timeout_s)} s; expected up to one hour",
        )
    return Terms(url=url.rstrip("/"), timeout_s=timeout_s, fail_action=fail_action)


def headers_of(key: str) -> dict[str, str]:
    """Return the headers of every request, or refuse a key that cannot stand in one."""
    if not key.isascii() or not key.isprintable() or not key.strip():
        # The key itself is not quoted: it is a secret.
        raise HaitangError(
            code="api_key_malformed",
            message="the API key was empty or held characters that no key has",
            hint="keys look like `ht_<id>_<secret>`",
        )
    return {"authorization": f"Bearer {key.strip()}", "user-agent": "haitang-client"}


def request_of(
    client: httpx.Client | httpx.AsyncClient, call: Call[T], step: Send, terms: Terms
) -> httpx.Request:
    """Build the request of one attempt."""
    headers = {}
    if call.body:
        headers["content-type"] = call.media
    if step.deadline_ms is not None:
        headers["haitang-deadline-ms"] = str(step.deadline_ms)
    return client.build_request(
        call.method,
        f"{terms.url}{call.path}",
        content=call.body or None,
        headers=headers,
        timeout=httpx.Timeout(step.timeout_s, connect=min(step.timeout_s, CONNECT_S_MAX)),
    )


class Answer:
    """An answer while it comes in; one that is too long is let go, and is then none of ours."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> bool:
        """Take a piece of the body and tell whether to read on."""
        self._pieces.append(piece)
        self._size += len(piece)
        return self._size <= ANSWER_BYTES_MAX

    def reply(self) -> Reply:
        """Return what came in."""
        return Reply(
            status=self._response.status_code,
            headers={name.lower(): value for name, value in self._response.headers.items()},
            body=b"".join(self._pieces) if self._size <= ANSWER_BYTES_MAX else b"",
        )


def broken(error: httpx.HTTPError | TimeoutError) -> Broken:
    """Say what kind of failure it was, which decides whether the request is sent again."""
    reason = str(error) or type(error).__name__
    if isinstance(error, _UNCONNECTED):
        return Broken(kind="unconnected", reason=reason)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return Broken(kind="late", reason=reason)
    return Broken(kind="lost", reason=reason)
