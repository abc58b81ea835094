"""`haitang lists` against a small service over HTTP that keeps a real table of lists."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest

from haitang.app.service.answers import ListEntryView
from haitang.app.service.listing import read_listing
from haitang.data.lists import ListTable
from haitang.data.lists.entries import EntryRules, entry_template
from haitang.data.lists.table import OPEN_END_US
from haitang.edges.cli.main import main
from haitang.kernel.hashing import hash_text
from haitang.kernel.instants import parse_instant

NOW_US = parse_instant("2026-06-01T00:00:00Z")
KEY = "ht_1_secret"

pytestmark = [pytest.mark.enable_socket]


class Bank:
    """A service of a few lines: what it holds, and which troubles come first."""

    def __init__(self) -> None:
        self.table = ListTable()
        self.seen: set[str] = set()
        self.events: list[Any] = []
        self.troubles: list[tuple[int, bytes]] = []
        self.requests = 0
        self.url = ""

    def change(self, list_name: str, body: bytes, *, removal: bool) -> bytes:
        rules = EntryRules(removal=removal, list_name=list_name, occurred_at_us=NOW_US)
        listing = read_listing(body.split(b"\n"), rules=rules)
        accepted = repeated = 0
        for arrival in listing.arrivals:
            event: Any = arrival.event
            if event.event_id in self.seen:
                repeated += 1
                continue
            accepted += 1
            self.seen.add(event.event_id)
            name, value = hash_text(event.list_name), hash_text(event.list_value)
            begin = event.effective_at_us or event.occurred_at_us
            change = self.table.remove if removal else self.table.upsert
            more = {} if removal else {"expires_at_us": event.expires_at_us or 0}
            change(name, value, effective_at_us=begin, position=len(self.events), **more)
            self.events.append(event)
        refused = [
            {"index": index, "error": {"code": error.code, "message": error.message, "place": ""}}
            for index, error in listing.refused
        ]
        return msgspec.json.encode(
            {
                "accepted": accepted,
                "repeated": repeated,
                "refused": refused,
                "position": len(self.events) - 1,
            }
        )

    def entry(self, list_name: str, value: str, at_us: int) -> bytes:
        found = self.table.entry(list_name, value, at_us=at_us)
        event = self.events[found.position] if found.position >= 0 else None
        return msgspec.json.encode(
            ListEntryView(
                list_name=list_name,
                list_value=value,
                listed=found.listed,
                at_us=at_us,
                position=found.position,
                category=(event.category or "") if event else "",
                source=(event.source or "") if event else "",
                severity=event.severity if event else None,
                effective_at_us=found.effective_at_us,
                expires_at_us=found.expires_at_us,
            )
        )


def handler_of(bank: Bank) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            if status == 503:
                self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(content)

        def _serve(self) -> None:
            bank.requests += 1
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers["authorization"] != f"Bearer {KEY}":
                self._answer(401, b'{"error":{"code":"key_unknown","message":"no such key"}}')
                return
            if bank.troubles:
                self._answer(*bank.troubles.pop(0))
                return
            split = urlsplit(self.path)
            parts = [unquote(part) for part in split.path.split("/")[3:]]
            if self.command == "GET":
                at_us = int(parse_qs(split.query).get("at", [str(NOW_US)])[0])
                self._answer(200, bank.entry(parts[0], parts[2], at_us))
            else:
                removal = self.command == "DELETE"
                self._answer(202, bank.change(parts[0], body, removal=removal))

        do_GET = do_PUT = do_DELETE = _serve  # noqa: N815 - named by the standard library

        def log_message(self, *arguments: object) -> None:
            """Keep the test's output clean."""

    return Handler


@pytest.fixture
def bank() -> Iterator[Bank]:
    held = Bank()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(held))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(bank: Bank, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        given = [*arguments, "--url", bank.url, "--key", KEY, "--language", "en"]
        code = main(["lists", *given])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "case.csv"
    path.write_text(entry_template(), "utf-8")
    return path


def test_a_file_is_loaded_once_however_often_it_is_sent(
    bank: Bank, run: Run, template: Path
) -> None:
    code, out, _ = run("load", str(template))
    assert code == 0
    assert "2 entries were listed" in out
    code, out, _ = run("load", str(template))
    assert code == 0
    assert "0 entries were listed" in out
    assert "2 were known" in out
    assert len(bank.events) == 2


def test_what_was_loaded_is_shown_as_of_any_instant(run: Run, template: Path) -> None:
    run("load", str(template), "--list", "case_accounts")
    code, out, _ = run("show", "case_accounts", "6222020000000000002")
    assert code == 0
    assert "6222020000000000002 is on the list case_accounts" in out
    assert "mule" in out
    assert "2027-02-28 16:00:00 UTC" in out
    for at, listed in (
        ("2026-02-28T15:59:59Z", "is not on"),
        ("2027-02-28T15:59:59Z", "is on"),
        ("2027-02-28T16:00:00Z", "is not on"),
    ):
        assert listed in run("show", "case_accounts", "6222020000000000002", "--at", at)[1]


def test_values_are_taken_off_from_an_instant_on(run: Run, template: Path, tmp_path: Path) -> None:
    run("load", str(template))
    off = tmp_path / "off.csv"
    off.write_text("list_value\n6222020000000000001\n", "utf-8")
    code, out, _ = run(
        "load", str(off), "--list", "case_accounts", "--remove", "--at", "2026-05-01T00:00:00Z"
    )
    assert code == 0
    assert "1 entries were taken off" in out
    before = ("--at", "2026-04-30T23:59:59Z")
    assert "is on" in run("show", "case_accounts", "6222020000000000001", *before)[1]
    assert "is not on" in run("show", "case_accounts", "6222020000000000001")[1]


def test_bad_rows_are_told_by_their_line_and_the_others_are_loaded(
    bank: Bank, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "case.csv"
    path.write_text("list_value,severity\nA,1\nB,high\n,3\nC,2\n", "utf-8")
    code, out, err = run("load", str(path), "--list", "grey")
    assert code == 1
    assert "2 entries were listed" in out
    assert "2 rows were refused" in out
    assert f"{path}:3" in err
    assert f"{path}:4" in err
    assert [event.list_value for event in bank.events] == ["A", "C"]


def test_a_busy_service_is_asked_again(bank: Bank, run: Run, template: Path) -> None:
    bank.troubles = [(503, b""), (429, b"")]
    code, out, _ = run("load", str(template))
    assert code == 0
    assert "2 entries were listed" in out
    assert bank.requests == 3


def test_what_the_service_refuses_is_told(bank: Bank, run: Run, template: Path) -> None:
    refusal = {"error": {"code": "scope_missing", "message": "the key may not", "hint": "ask"}}
    bank.troubles = [(403, msgspec.json.encode(refusal))]
    code, _, err = run("load", str(template))
    assert code == 2
    assert err == "the key may not\n    ask\n"
    bank.troubles = [(500, b"<html>")]
    code, _, err = run("load", str(template))
    assert code == 2
    assert "the answer with status 500 was not one of the decision service" in err
    bank.troubles = [(404, b"<html>")]
    code, _, err = run("show", "case_accounts", "1")
    assert code == 2
    assert "the answer with status 404" in err


def test_the_key_may_stand_in_a_file(
    bank: Bank, template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n", "utf-8")
    assert main(["lists", "load", str(template), "--url", bank.url, "--key", f"@{key}"]) == 0
    assert main(["lists", "load", str(template), "--url", bank.url, "--key", "wrong"]) == 2
    assert main(["lists", "load", str(template), "--url", bank.url, "--key", "@none"]) == 2
    assert "no such key" in capsys.readouterr().err


def test_a_service_that_is_not_there_is_named(
    template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in ("http://127.0.0.1:9", "nonsense", "ftp://127.0.0.1"):
        assert main(["lists", "load", str(template), "--url", url, "--key", KEY]) == 2
        assert f"`{url}`" in capsys.readouterr().err


def test_values_are_tokenised_before_they_leave(bank: Bank, run: Run, tmp_path: Path) -> None:
    path, key = tmp_path / "phones.csv", tmp_path / "token.key"
    path.write_text("list_value\n13800000000\n", "utf-8")
    key.write_bytes(b"0123456789abcdef\n")
    tokens = ("--tokenise", "phone", "--token-key", str(key))
    at = ("--at", "2026-05-01T00:00:00Z")
    assert run("load", str(path), "--list", "case_phones", *at, *tokens)[0] == 0
    assert bank.events[0].list_value.startswith("sm3:")
    assert " is on " in run("show", "case_phones", "13800000000", *tokens)[1]
    assert run("load", str(path), "--list", "case_phones", "--tokenise", "phone")[0] == 2


def test_the_template_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lists", "template"]) == 0
    assert capsys.readouterr().out == entry_template()


def test_an_open_end_is_not_shown_as_a_date(run: Run, template: Path) -> None:
    run("load", str(template))
    _, out, _ = run("show", "case_accounts", "6222020000000000001")
    assert "until" not in out
    assert str(OPEN_END_US) not in out
