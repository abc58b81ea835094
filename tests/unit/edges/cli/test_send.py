from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from haitang.app.programs import warm_up
from haitang.edges.cli.main import main
from tests.unit.edges.api.calls import EVENT, TOKEN, make
from tests.unit.edges.api.memory_node import MemoryNode, small_program
from tests.unit.edges.client.services import Told, served, told_service, unused_address

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def node() -> MemoryNode:
    program = small_program()
    warm_up(program)
    return MemoryNode(program)


@pytest.fixture
def url(node: MemoryNode) -> Iterator[str]:
    with served(make(node)) as address:
        yield address


def lines(path: Path, *events: dict[str, object] | str) -> Path:
    said = [event if isinstance(event, str) else json.dumps(event) for event in events]
    path.write_text("\n".join(said) + "\n", encoding="utf-8")
    return path


def event(name: str, **fields: object) -> dict[str, object]:
    return {**EVENT, "event_id": name, **fields}


def send(*arguments: str) -> int:
    return main(["--language=en", "send", *arguments])


def test_a_file_is_sent_and_sent_again_without_doubling(
    url: str, node: MemoryNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines(tmp_path / "day.jsonl", *(event(f"once-{number}") for number in range(7)))
    arguments = (str(path), "--url", url, "--key", TOKEN, "--batch", "3")
    assert send(*arguments) == 0
    counts = [count for count, *_ in node.submitted[-3:]]
    assert counts == [3, 3, 1]
    assert figures(capsys.readouterr().out) == [7, 0, 0]
    assert send(*arguments) == 0
    assert figures(capsys.readouterr().out) == [0, 7, 0]


def figures(said: str) -> list[int]:
    return [int(line.split()[-1]) for line in said.splitlines()[:3]]


def test_bad_lines_are_told_by_their_place_and_the_others_are_sent(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines(
        tmp_path / "day.jsonl",
        event("bad-1"),
        '{"event_type": "TXN_REQUEST"',
        event("bad-2"),
        event("bad-1", call_active=True),
    )
    assert send(str(path), "--url", url, "--key", TOKEN) == 1
    told = capsys.readouterr()
    assert figures(told.out) == [2, 0, 2]
    assert f"{path}:2: the event was not JSON" in told.err
    assert f"{path}:4: the same `event_id` was seen with other content" in told.err


def test_outcomes_go_where_outcomes_belong(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reversed_payment = event("back-1", event_type="TXN_REVERSED")
    path = lines(tmp_path / "outcomes.jsonl", reversed_payment, event("no-outcome"))
    assert send(str(path), "--url", url, "--key", TOKEN, "--outcomes") == 1
    told = capsys.readouterr()
    assert figures(told.out) == [1, 0, 1]
    assert f"{path}:2: field `event_type` was `TXN_REQUEST`" in told.err


def test_many_refusals_are_counted_not_printed(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines(tmp_path / "day.jsonl", *["[]"] * 25)
    assert send(str(path), "--url", url, "--key", TOKEN) == 1
    told = capsys.readouterr().err
    assert told.count("expected one JSON object") == 20
    assert "… and 5 more refused lines" in told


def test_a_service_that_cannot_be_used_ends_with_2_and_says_why(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haitang.edges.cli.send.TIMEOUT_S", 0.3)
    path = lines(tmp_path / "day.jsonl", event("x"))
    assert send(str(path), "--url", unused_address(), "--key", TOKEN) == 2
    assert "could not be reached" in capsys.readouterr().err
    assert send(str(path), "--url", url, "--key", "ht_x_y") == 2
    assert "the API key was not known" in capsys.readouterr().err
    with told_service(Told(status=503, body=b"<html>")) as service:
        assert send(str(path), "--url", service.url, "--key", TOKEN) == 2
    told = capsys.readouterr()
    assert "was not one of the decision service" in told.err
    assert "run the same command again" in told.err
    assert figures(told.out) == [0, 0, 0]


def test_the_address_and_the_key_may_come_from_the_environment(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines(tmp_path / "day.jsonl", event("from-environment"))
    monkeypatch.setenv("HAITANG_URL", url)
    monkeypatch.setenv("HAITANG_KEY", TOKEN)
    assert main(["--language=zh", "send", str(path)]) == 0
    assert "已接收事件" in capsys.readouterr().out
