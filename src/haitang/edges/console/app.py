"""The page as an ASGI application: the document, its two files, and the stream of its regions.

A reader is sent what changed since its last message, a few times a second at most. One that reads
slowly is simply sent less: there is no queue, so nobody can make the demo wait.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from haitang.app.demofeed import DemoFeed
from haitang.edges.console.page import (
    STATIC,
    PageSetting,
    changed,
    document,
    has_ended,
    regions_of,
    spoken,
)
from haitang.edges.console.texts import HTML_LANGUAGE, Language, language_of, say

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

TICK_SECONDS = 0.25
"""Between two messages to one reader."""

READERS_MAX = 64
"""Streams that are open at once."""

HOSTS = frozenset(("localhost", "127.0.0.1", "[::1]"))
"""Names under which the page answers: a page of somebody else's name must not read ours."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
FILES = {
    "/static/demo.css": "text/css; charset=utf-8",
    "/static/demo.js": "text/javascript; charset=utf-8",
    "/static/haitang.svg": "image/svg+xml",
}


class _Page:
    """One page over one feed."""

    def __init__(self, feed: DemoFeed, setting: PageSetting) -> None:
        self.feed = feed
        self.setting = setting
        self.readers = 0
        self.files = {path: (STATIC / path.rpartition("/")[2]).read_bytes() for path in FILES}
        self._drawn: dict[Language, tuple[int, dict[str, str], str, bool]] = {}

    def drawn(self, language: Language) -> tuple[int, dict[str, str], str, bool]:
        """Return number, regions, sentence and end of the newest frame, drawn once per language."""
        known = self._drawn.get(language)
        if known is None or known[0] != self.feed.number:
            shown = self.feed.shown()
            frame = shown.frame
            said = "" if frame is None else spoken(frame, language=language)
            ended = frame is not None and has_ended(frame)
            known = shown.number, regions_of(shown, language=language), said, ended
            self._drawn[language] = known
        return known


def make_page(feed: DemoFeed, setting: PageSetting) -> Application:
    """Return the application that shows a feed."""
    page = _Page(feed, setting)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _answer(page, scope, receive, send)
        else:
            # Nobody is offered a web socket; refusing it is all there is to say.
            await send({"type": "websocket.close"})

    return application


async def _live(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _answer(page: _Page, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=16)
    language = language_of(
        asked=query.get("language", [""])[0], accepted=headers.get("accept-language", "")
    )
    said = {"language": language, "head": scope["method"] == "HEAD"}
    path = scope["path"]
    if not _is_ours(headers.get("host", "")):
        await _send(send, b"", status=421, **said)
    elif path not in {"/", "/stream", *FILES}:
        await _send(send, say(language, "no_such_page").encode(), status=404, **said)
    elif scope["method"] not in {"GET", "HEAD"}:
        await _send(send, b"", status=405, more=((b"allow", b"GET, HEAD"),), **said)
    elif path in FILES:
        await _send(send, page.files[path], content_type=FILES[path], **said)
    elif path == "/stream":
        await _stream(page, language, receive, send, head=scope["method"] == "HEAD")
    else:
        html = document(page.setting, page.feed.shown(), language=language)
        await _send(send, html.encode(), content_type="text/html; charset=utf-8", **said)


def _is_ours(host: str) -> bool:
    return re.sub(r":\d*$", "", host) in HOSTS


async def _send(
    send: Send,
    body: bytes,
    *,
    language: Language,
    head: bool,
    status: int = 200,
    content_type: str = "text/plain; charset=utf-8",
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Send one whole answer, or its head alone."""
    headers = [
        *HEADERS,
        *more,
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"content-language", HTML_LANGUAGE[language].encode()),
        (b"vary", b"Accept-Language"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def _stream(
    page: _Page, language: Language, receive: Receive, send: Send, *, head: bool
) -> None:
    """Send what changed, every tick, until the demo ends or the reader leaves."""
    if page.readers >= READERS_MAX:
        body = say(language, "too_many").encode()
        more = ((b"retry-after", b"5"),)
        await _send(send, body, language=language, head=head, status=503, more=more)
        return
    headers = [*HEADERS, (b"content-type", b"text/event-stream; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if not head:
        page.readers += 1
        try:
            await _follow(page, language, receive, send)
        finally:
            page.readers -= 1
    await send({"type": "http.response.body", "body": b""})


async def _follow(page: _Page, language: Language, receive: Receive, send: Send) -> None:
    sent: dict[str, str] = {}
    number = -1
    leaving = asyncio.ensure_future(_left(receive))
    try:
        while not leaving.done():
            if page.feed.number != number:
                number, regions, said, ended = page.drawn(language)
                news = {"regions": changed(regions, sent), "said": said}
                sent = regions
                event = b"end" if ended else b"frame"
                body = b"event: %b\ndata: %b\n\n" % (event, msgspec.json.encode(news))
                # Waits while the reader's connection is full; what passes meanwhile is not sent.
                await send({"type": "http.response.body", "body": body, "more_body": True})
                if ended:
                    return
            await asyncio.wait((leaving,), timeout=TICK_SECONDS)
    finally:
        leaving.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
