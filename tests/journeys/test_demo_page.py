"""The demo as a browser sees it: the service behind it, the page before it."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from haitang.app.demofeed import DemoFeed
from haitang.data.features.specs import TextPair
from haitang.edges.cli.demo_page import page_served
from haitang.edges.console.page import REGIONS, PageSetting
from tests.journeys.browser import CHROMIUM, DRIVER, WHY_ABSENT, Browser, browser
from tests.journeys.program import SECONDS_MAX, haitang, started
from tests.unit.app.payments import journal, payment
from tests.unit.app.small_pack import write_pack
from tests.unit.edges.console.frames import FRAME
from tests.unit.edges.console.markup import Element, parse

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

EVENTS = 600


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_pack(tmp_path / "pack")
    rows = [payment(number, amount_minor=900_000) for number in range(EVENTS)]
    (tmp_path / "events.jsonl").write_bytes(journal(*rows))
    return tmp_path


@contextmanager
def get(port: int, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)
    with closing(connection):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        with connection.getresponse() as answer:
            yield answer


def page_at(port: int, path: str, **headers: str) -> Element:
    with get(port, path, **headers) as answer:
        assert answer.status == 200
        return parse(answer.read().decode())


def events_of(stream: http.client.HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and data of each event of a stream until it ends."""
    name = ""
    for line in stream:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def test_the_page_follows_the_demo_to_its_end(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(place))
    running = started(
        "demo", "--events", "events.jsonl", "--pack", "pack", "--speed", "6000x",
        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    port = next(
        int(found[1])
        for line in running.stdout
        if (found := re.search(rb"127\.0\.0\.1:(\d+)/", line))
    )
    page = page_at(port, "/", accept_language="zh-CN")
    assert page.all("h1")[0].text == "海塘 Haitang events.jsonl"
    seen = dict.fromkeys(REGIONS, "")
    with get(port, page.all("body")[0].attributes["data-stream"]) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        told = []
        for name, news in events_of(stream):
            told.append(name)
            seen.update(news["regions"])
    out, err = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 0, err.decode()
    assert told[-1] == "end"
    assert len(told) > 3
    # The page and the terminal end with the same figures.
    assert f"{EVENTS} 个事件" in parse(seen["when"]).text
    assert f"挂起待核 {EVENTS - 5}" in parse(seen["actions"]).text
    assert f"{EVENTS - 5} acted on" in out.decode()
    assert "一小时内转出" in parse(seen["hits"]).text
    assert not list(place.glob("haitang-demo-*"))


def test_what_came_over_http_is_what_a_replay_decides(place: Path) -> None:
    shown = haitang("demo", "--events", "events.jsonl", "--pack", "pack", cwd=place)
    assert shown.returncode == 0
    replayed = haitang(
        "replay", "events.jsonl", "--pack", "pack", "--decisions", "d.jsonl", cwd=place
    )
    assert replayed.returncode == 0
    fired = [
        line for line in (place / "d.jsonl").read_bytes().splitlines() if json.loads(line)["hits"]
    ]
    assert len(fired) == EVENTS - 5
    assert (place / "out/demo/decisions.jsonl").read_bytes().splitlines() == fired


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Browser]:
    if not (CHROMIUM and DRIVER):
        pytest.skip(WHY_ABSENT)
    with browser(tmp_path / "profile") as opened:
        yield opened


@pytest.fixture
def served() -> Iterator[tuple[DemoFeed, str]]:
    feed = DemoFeed()
    feed.publish(FRAME)
    setting = PageSetting(title=TextPair(en="lab bank", zh="虚构银行"))
    with page_served(feed, setting, port=0) as address:
        yield feed, address


LOOKS = [
    ("en", 1280, False), ("zh", 1280, True), ("en", 360, True), ("zh", 360, False),
    ("en", 1920, False),
]  # fmt: skip


@pytest.mark.parametrize(("language", "width", "dark"), LOOKS)
def test_the_page_fits_and_the_browser_has_no_complaint(
    window: Browser, served: tuple[DemoFeed, str], language: str, width: int, dark: bool
) -> None:
    _, address = served
    window.look_like(width=width, height=800, dark=dark)
    window.open(f"{address}?language={language}")
    assert window.wait("return document.getElementById('pause').hidden === false")
    assert window.run("return document.documentElement.scrollWidth") <= width
    assert window.complaints() == []
    ground = window.run("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 200) is dark


def test_the_page_moves_pauses_and_rests(window: Browser, served: tuple[DemoFeed, str]) -> None:
    feed, address = served
    window.look_like(width=1280, height=800)
    window.open(address)
    done = "return document.querySelector('#when .done').textContent"
    assert window.wait(f"{done}.startsWith('120,000')")
    feed.publish(msgspec.structs.replace(FRAME, events=120_500))
    assert window.wait(f"{done}.startsWith('120,500')")
    # By keyboard alone: the first stop leads to the figures, the second is the pause.
    assert window.tab() == "Skip to the figures"
    assert window.tab() == "Pause"
    window.key("Enter")
    assert window.run("return document.activeElement.getAttribute('aria-pressed')") == "true"
    assert window.run("return document.activeElement.textContent") == "Resume"
    feed.publish(msgspec.structs.replace(FRAME, events=121_000, phase="ended"))
    # The end is waited for by its sentence, which is not said either while the page is paused.
    assert window.wait("return source.readyState === EventSource.CLOSED")
    assert window.run(done).startswith("120,500")
    window.key("Enter")
    assert window.wait(f"{done}.startsWith('121,000')")
    assert window.complaints() == []
