"""The ASGI application: finds the route, reads the head, answers in one shape, counts.

Hot routes are called directly. Everything else below `/v1/` is authenticated and read whole here,
within the same bounds, and then handed to Litestar.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache

import msgspec

from haitang.app.service.answers import Busy, DecisionNode, NotReady
from haitang.app.service.metrics import CONTENT_TYPE, Metrics
from haitang.edges.api.bodies import JSON_LINES
from haitang.edges.api.document import make_document
from haitang.edges.api.intake import Intake, PaymentDecoder, Reply
from haitang.edges.api.keys import KeyRing, authenticate, authorise
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.page import make_page
from haitang.edges.api.refusals import (
    ApiRefused,
    ClientLeft,
    Headers,
    busy,
    encode_error,
    error_answer,
    not_ready,
    retry_after,
    status_of,
)
from haitang.edges.api.requests import (
    CLOSE,
    AsgiApp,
    Head,
    HotRequest,
    Incoming,
    Message,
    Receive,
    Scope,
    Send,
    media_type,
    sent_request_id,
    unknown_media_type,
)
from haitang.edges.api.rest import (
    CALLER,
    HEAD,
    PATH,
    Rest,
    allowed_methods,
    make_rest,
    no_method,
    no_route,
)
from haitang.edges.api.shapes import Health
from haitang.edges.api.slow_calls import SlowCalls
from haitang.kernel.errors import HaitangError

HotHandler = Callable[[HotRequest], Coroutine[None, None, Reply]]
FixedHandler = Callable[[Incoming], Reply]

_logger = logging.getLogger("haitang.api")
_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
JSON_HEADERS: Headers = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_PAGE_HEADERS: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", _POLICY),
    (b"referrer-policy", b"no-referrer"),
)
_METRICS_HEADERS: Headers = (
    (b"content-type", CONTENT_TYPE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_REST_MEDIA = (b"application/json", *JSON_LINES)
_FAILED = ApiRefused(
    code="internal_error",
    message="the request failed inside the service",
    hint="report it with the request's id; the log holds what happened",
    status=500,
)
_METHODS = frozenset(("GET", "POST", "PUT", "DELETE"))
_OTHER_ROUTE = "other"
"""Label of routes that are not hot: paths hold names, and names would fill the memory."""
_encode = msgspec.json.Encoder().encode


def make_app(
    node: DecisionNode,
    keys: KeyRing,
    settings: ApiSettings,
    metrics: Metrics,
    *,
    now_us: Callable[[], int],
    decoders: Mapping[str, PaymentDecoder] | None = None,
    request_name: str = "r",
) -> AsgiApp:
    """Return the ASGI application over a node.

    `now_us` is the wall clock, for list changes and look-ups that name no instant. `decoders` read
    bodies of other media types (ISO 20022). Requests that bring no `X-Request-Id` are numbered
    behind `request_name`.
    """
    slow_calls = SlowCalls(settings.slow_calls_max)
    intake = Intake(node, keys, settings, metrics, decoders=decoders or {}, slow_calls=slow_calls)
    rest = make_rest(Rest(node=node, settings=settings, slow_calls=slow_calls, now_us=now_us))
    return Application(
        node=node,
        keys=keys,
        settings=settings,
        metrics=metrics,
        intake=intake,
        rest=rest,  # type: ignore[arg-type] # Litestar spells the types of ASGI out
        media_types=tuple(decoders or {}),
        request_name=request_name,
    )


class Application:
    """Finds the route of a request and sends its reply."""

    def __init__(
        self,
        *,
        node: DecisionNode,
        keys: KeyRing,
        settings: ApiSettings,
        metrics: Metrics,
        intake: Intake,
        rest: AsgiApp,
        media_types: tuple[str, ...],
        request_name: str,
    ) -> None:
        self._node = node
        self._keys = keys
        self.settings = settings
        self.metrics = metrics
        self.intake = intake
        self._rest = rest
        self._request_name = request_name.encode()
        self._requests = 0
        self.hot: dict[str, HotHandler] = {
            "/v1/decisions": intake.decide,
            "/v1/decisions:batch": intake.decide_batch,
            "/v1/events": intake.take_events,
            "/v1/outcomes": intake.take_outcomes,
        }
        document, page = _documents(settings, media_types)
        self._fixed: dict[str, FixedHandler] = {
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": self._render_metrics,
        }
        contents = (
            ("/openapi.json", document, JSON_HEADERS),
            ("/docs", page, _PAGE_HEADERS),
        )
        for path, content, headers in contents:
            self._fixed[path] = _constant(content, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _answer_other(scope, receive, send)
            return
        hot = self.hot.get(scope["path"])
        if hot is None:
            await self._answer_rest(scope, receive, send)
            return
        started = self.metrics.now()
        request = Incoming(scope, receive)
        try:
            if scope["method"] != "POST":
                raise no_method(scope["method"], "POST")
            status, body, headers = await hot(request)
        except ClientLeft:
            self.metrics.requests.add(scope["path"], "left")
            return
        except Exception as error:  # noqa: BLE001 - `failure` logs it
            status, body, headers = self.failure(scope["path"], error)
        await self._send(request, send, status, body, (*JSON_HEADERS, *headers))
        self.count(scope["path"], status, started)

    def failure(self, path: str, error: BaseException) -> Reply:
        """Return the reply to a hot request that ended in an error; logs what nobody foresaw."""
        if isinstance(error, Busy):
            error = busy(error)
        elif isinstance(error, NotReady):
            error = not_ready(error)
        elif not isinstance(error, HaitangError):
            _logger.error("request_failed", exc_info=error, extra={"route": path})
            error = _FAILED
        return self._refusal(error)

    def count(self, path: str, status: int, started: float) -> None:
        """Count a hot request that was answered; `started` is what `Metrics.now` said then."""
        self.metrics.requests.add(path, str(status))
        self.metrics.request_seconds.observe(self.metrics.now() - started)

    async def _answer_rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Incoming(scope, receive)
        try:
            fixed = self._fixed.get(scope["path"])
            if fixed is None:
                await self._hand_over(scope, request, send)
                return
            if scope["method"] not in {"GET", "HEAD"}:
                raise no_method(scope["method"], "GET, HEAD")
            status, body, headers = fixed(request)
        except HaitangError as error:
            status, body, headers = self._refusal(error)
            headers = (*JSON_HEADERS, *headers)
        except ClientLeft:
            return
        except Exception:
            _logger.exception("request_failed", extra={"route": scope["path"]})
            status, body, headers = self._refusal(_FAILED)
            headers = (*JSON_HEADERS, *headers)
        await self._send(request, send, status, body, headers)
        route = scope["path"] if scope["path"] in self._fixed else _OTHER_ROUTE
        self.metrics.requests.add(route, str(status))

    async def _hand_over(self, scope: Scope, request: Incoming, send: Send) -> None:
        """Authenticate, read the body, and let Litestar answer."""
        if not scope["path"].startswith("/v1/"):
            raise no_route(scope["path"])
        caller = authenticate(self._keys, request.head.get(b"authorization"))
        if scope["method"] not in _METHODS:
            raise no_method(scope["method"], allowed_methods(scope["path"]))
        publishing = scope["path"].startswith("/v1/publications")
        if publishing:
            authorise(caller, "publish")
        accepted = _REST_MEDIA if scope["path"].startswith("/v1/lists/") else _REST_MEDIA[:1]
        media = media_type(request.head)
        if request.unread and media not in accepted:
            raise unknown_media_type(media, expected=tuple(one.decode() for one in accepted))
        settings = self.settings
        limit = settings.publication_bytes_max if publishing else settings.body_bytes_max
        body = b""
        if request.unread:
            body = await request.body(bytes_max=limit, timeout_s=settings.body_timeout_s)

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        added = ((b"x-request-id", self.request_id(request.head)), *JSON_HEADERS[1:])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *added]
                self.metrics.requests.add(_OTHER_ROUTE, str(message["status"]))
            await send(message)

        handed = {**scope, CALLER: caller, HEAD: request.head, PATH: scope["path"]}
        await self._rest(handed, receive, send_with_headers)

    async def _send(
        self, request: Incoming, send: Send, status: int, body: bytes, headers: Headers
    ) -> None:
        """Send a reply; a body that was refused unread is discarded behind it."""
        unread = request.unread
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    *headers,
                    (b"content-length", b"%d" % len(body)),
                    (b"x-request-id", self.request_id(request.head)),
                    *(CLOSE if unread else ()),
                ],
            }
        )
        if unread and status != 408:
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await request.discard(
                bytes_max=self.settings.body_bytes_max, timeout_s=self.settings.linger_s
            )
            body = b""
        await send({"type": "http.response.body", "body": body})

    def request_id(self, head: Head) -> bytes:
        """Return the request's own id, or the next number."""
        given = sent_request_id(head)
        if given is not None:
            return given
        self._requests += 1
        return b"%b-%d" % (self._request_name, self._requests)

    def _refusal(self, error: HaitangError) -> Reply:
        self.metrics.refusals.add(error.code)
        headers = error.headers if isinstance(error, ApiRefused) else ()
        return status_of(error), error_answer(encode_error(error)), headers

    def _healthz(self, _request: Incoming) -> Reply:
        return 200, _encode(Health(state="alive")), JSON_HEADERS

    def _readyz(self, _request: Incoming) -> Reply:
        state = self._node.state
        body = _encode(Health(state=state, trouble=self._node.trouble))
        if state == "ready":
            return 200, body, JSON_HEADERS
        return 503, body, (*JSON_HEADERS, *retry_after(1))

    def _render_metrics(self, request: Incoming) -> Reply:
        if not self.settings.metrics_open:
            authorise(authenticate(self._keys, request.head.get(b"authorization")), "operate")
        return 200, self.metrics.render(), _METRICS_HEADERS


@lru_cache(maxsize=4)
def _documents(settings: ApiSettings, media_types: tuple[str, ...]) -> tuple[bytes, bytes]:
    document = make_document(settings, media_types=media_types)
    return _encode(document), make_page(document).encode()


def _constant(content: bytes, headers: Headers) -> FixedHandler:
    return lambda _request: (200, content, headers)


async def _answer_other(scope: Scope, receive: Receive, send: Send) -> None:
    """Say yes to the server's start and stop, and no to web sockets."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
