from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import pytest

from haitang.app.demofeed import DemoFeed
from haitang.data.features.specs import TextPair
from haitang.edges.console.app import READERS_MAX, Application, make_page
from haitang.edges.console.page import REGIONS, PageSetting
from tests.unit.edges.console.frames import FRAME, feed
from tests.unit.edges.console.markup import parse

SETTING = PageSetting(title=TextPair(en="lab bank", zh="虚构银行"))
Message = MutableMapping[str, Any]


class Reader:
    """One request to the application, and what came back of it."""

    def __init__(self, *, full: asyncio.Event | None = None) -> None:
        self.messages: list[Message] = []
        self.left = asyncio.Event()
        self.came = asyncio.Event()
        self._room = full
        """Set while the reader takes what is sent; None always takes."""

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        self.came.set()
        if self._room is not None and message["type"] == "http.response.body":
            await self._room.wait()

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the events of the stream so far."""
        blocks = self.body.decode().split("\n\n")[:-1]
        pairs = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
        return [(one["event"], msgspec.json.decode(one["data"])) for one in pairs]

    async def until(self, told: Callable[[Reader], bool]) -> None:
        """Wait until what came satisfies a condition."""
        while not told(self):
            self.came.clear()
            await asyncio.wait_for(self.came.wait(), timeout=10)


def ask(
    application: Application, path: str, reader: Reader, *, method: str = "GET", **headers: str
) -> Awaitable[None]:
    """Send one request."""
    path, _, query = path.partition("?")
    given = {"host": "127.0.0.1:8000", **{n.replace("_", "-"): v for n, v in headers.items()}}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    return application(scope, reader.receive, reader.send)


def asked(
    path: str, *, method: str = "GET", source: DemoFeed | None = None, **headers: str
) -> Reader:
    """Return the answer to one request."""
    reader = Reader()
    application = make_page(source or feed(FRAME), SETTING)
    asyncio.run(ask(application, path, reader, method=method, **headers))  # type: ignore[arg-type]
    return reader


def test_the_page_speaks_the_readers_language() -> None:
    english, chinese = asked("/"), asked("/", accept_language="zh-CN,zh;q=0.9")
    assert (english.status, chinese.status) == (200, 200)
    assert english.headers["content-language"] == "en"
    assert chinese.headers["content-language"] == "zh-CN"
    assert english.headers["vary"] == "Accept-Language"
    assert "虚构银行" in chinese.body.decode()
    page = parse(asked("/?language=zh", accept_language="en").body.decode())
    assert page.all("body")[0].attributes["data-stream"] == "/stream?language=zh"


@pytest.mark.parametrize("path", ["/", "/stream", "/static/demo.css", "/nowhere"])
def test_every_answer_keeps_to_itself(path: str) -> None:
    headers = asked(path, source=feed(msgspec.structs.replace(FRAME, phase="ended"))).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/static/demo.css", "text/css; charset=utf-8"),
        ("/static/demo.js", "text/javascript; charset=utf-8"),
        ("/static/haitang.svg", "image/svg+xml"),
    ],
)
def test_files_are_served_as_what_they_are(path: str, kind: str) -> None:
    answer = asked(path)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert int(answer.headers["content-length"]) == len(answer.body) > 100


def test_what_is_not_there_is_not_found() -> None:
    for path in ("/static/page.html", "/static/../app.py", "/static/", "//", "/stream/"):
        assert asked(path).status == 404
    assert asked("/nowhere?language=zh").body.decode() == "没有此页面。"


def test_only_reading_is_allowed() -> None:
    answer = asked("/", method="POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    head = asked("/", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 1_000


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("[::1]:8000", 200),
        ("127.0.0.1", 200),
        ("bank.example:8000", 421),
        ("localhost.bank.example", 421),
        ("", 421),
    ],
)
def test_a_name_of_somebody_else_is_refused(host: str, status: int) -> None:
    assert asked("/", host=host).status == status


def test_a_reader_gets_all_at_first_and_then_what_changed() -> None:
    source = feed(FRAME)

    async def read() -> list[tuple[str, dict[str, Any]]]:
        reader = Reader()
        reading = asyncio.ensure_future(ask(make_page(source, SETTING), "/stream", reader))
        await reader.until(lambda one: len(one.messages) >= 2)
        source.publish(msgspec.structs.replace(FRAME, answer_us=9_000))
        await reader.until(lambda one: len(one.messages) >= 3)
        source.publish(msgspec.structs.replace(FRAME, answer_us=9_000, phase="ended"))
        await asyncio.wait_for(reading, timeout=10)
        return reader.events()

    first, second, last = asyncio.run(read())
    assert (first[0], second[0], last[0]) == ("frame", "frame", "end")
    assert set(first[1]["regions"]) == set(REGIONS)
    assert set(second[1]["regions"]) == {"figures"}
    assert "9.0 ms" in second[1]["regions"]["figures"]
    assert last[1]["said"].startswith("The demo has ended.")


def test_a_slow_reader_is_sent_the_newest_and_holds_nobody_up() -> None:
    source = feed(FRAME)

    async def read() -> tuple[int, list[tuple[str, dict[str, Any]]]]:
        application = make_page(source, SETTING)
        room = asyncio.Event()
        slow, quick = Reader(full=room), Reader()
        readings = [
            asyncio.ensure_future(ask(application, "/stream", one)) for one in (slow, quick)
        ]
        for events in range(1, 6):
            seen = len(quick.messages)
            source.publish(msgspec.structs.replace(FRAME, events=FRAME.events + events))
            await quick.until(lambda one, seen=seen: len(one.messages) > seen)  # type: ignore[misc]
        behind = len(slow.messages)
        source.publish(msgspec.structs.replace(FRAME, events=FRAME.events + 9, phase="ended"))
        room.set()
        await asyncio.wait_for(asyncio.gather(*readings), timeout=10)
        return behind, slow.events()

    behind, events = asyncio.run(read())
    # The head and the one message that it never took.
    assert behind == 2
    assert [name for name, _ in events] == ["frame", "end"]
    assert "120,009 of 180,000" in events[-1][1]["regions"]["when"]


def test_a_reader_that_leaves_makes_room_for_another() -> None:
    async def read() -> tuple[int, int]:
        application = make_page(feed(FRAME), SETTING)
        readers = [Reader() for _ in range(READERS_MAX)]
        readings = [asyncio.ensure_future(ask(application, "/stream", one)) for one in readers]
        for one in readers:
            await one.until(lambda reader: len(reader.messages) >= 2)
        refused = Reader()
        await ask(application, "/stream", refused)
        readers[0].left.set()
        await asyncio.wait_for(readings[0], timeout=10)
        taken = Reader()
        readings.append(asyncio.ensure_future(ask(application, "/stream", taken)))
        await taken.until(lambda reader: len(reader.messages) >= 2)
        for one in (*readers, taken):
            one.left.set()
        await asyncio.wait_for(asyncio.gather(*readings), timeout=10)
        assert refused.headers["retry-after"] == "5"
        return refused.status, taken.status

    assert asyncio.run(read()) == (503, 200)


def test_web_sockets_are_not_offered() -> None:
    reader = Reader()
    asyncio.run(make_page(DemoFeed(), SETTING)({"type": "websocket"}, reader.receive, reader.send))  # type: ignore[arg-type]
    assert reader.messages == [{"type": "websocket.close"}]
