from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench import load
from bench.empty_server import Empty
from bench.lines import line_count, read_lines
from bench.load import Plan
from bench.pack_folder import write_events
from bench.stream import table

pytestmark = pytest.mark.enable_socket

Protocol = Callable[[], asyncio.Protocol]


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return write_events(tmp_path / "events.jsonl", table(2_000))


def against(server: Protocol, make: Callable[[int], Plan]) -> dict[str, Any]:
    """Run the generator and a server in one loop, each in its turns."""

    async def both() -> dict[str, Any]:
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        async with listening:
            work: Awaitable[dict[str, Any]] = load.measured(
                make(listening.sockets[0].getsockname()[1])
            )
            return await work

    return asyncio.run(both())


def test_the_lines_of_the_stream_are_events_and_any_run_of_them_is_found(events: Path) -> None:
    whole = events.read_bytes().splitlines()
    assert line_count(events) == len(whole) == 2_000
    assert read_lines(events, 700, 900) == whole[700:900]
    row = table(2_000).slice(812, 1).to_pylist()[0]
    assert json.loads(whole[812]) == row


def test_a_closed_loop_sends_every_event_once(events: Path) -> None:
    seen = against(
        Empty,
        lambda port: Plan(
            port=port, events=str(events), first=100, last=1_100, seconds=60, connections=8
        ),
    )
    assert (seen["requests"], seen["used"], seen["unanswered"]) == (1_000, 1_000, 0)
    assert seen["refused"] == {}
    assert 0 < seen["p50_us"] <= seen["p99_us"] <= seen["slowest_us"]


def test_batches_are_arrays_of_so_many_events(events: Path) -> None:
    plan = Plan(port=0, events=str(events), first=0, last=130, seconds=1, batch=64)
    bodies = [request.partition(b"\r\n\r\n")[2] for request in load.rendered(plan)]
    assert [len(json.loads(body)) for body in bodies] == [64, 64, 2]
    assert json.loads(bodies[2])[1]["event_id"] == "e129"


def test_an_answer_that_comes_in_pieces_is_one_answer(events: Path) -> None:
    class Dripping(Empty):
        def data_received(self, _: bytes) -> None:
            assert self._transport is not None
            loop = asyncio.get_running_loop()
            for place, piece in enumerate(
                (b"HTTP/1.1 200 ok\r\ncontent-le", b"ngth: 4\r\n\r\nab", b"cd")
            ):
                loop.call_later(0.002 * place, self._transport.write, piece)

    seen = against(
        Dripping,
        lambda port: Plan(
            port=port, events=str(events), first=0, last=20, seconds=60, connections=2
        ),
    )
    assert (seen["requests"], seen["refused"]) == (20, {})


def test_refusals_are_counted_and_shown(events: Path) -> None:
    seen = against(
        lambda: Empty(answer=b'{"error":"full"}', status=503),
        lambda port: Plan(
            port=port, events=str(events), first=0, last=50, seconds=60, connections=2
        ),
    )
    assert seen["refused"] == {"503": 50}
    assert seen["samples"][0] == '503 {"error":"full"}'


class Stalling(Empty):
    """Answers nothing for half a second after its hundredth request."""

    requests = 0
    stalled_until = 0.0

    def data_received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        Stalling.requests += 1
        if Stalling.requests == 100:
            Stalling.stalled_until = loop.time() + 0.5
        if loop.time() < Stalling.stalled_until:
            loop.call_at(Stalling.stalled_until, super().data_received, data)
        else:
            super().data_received(data)


def test_an_open_loop_charges_a_stall_to_all_who_had_to_wait(events: Path, tmp_path: Path) -> None:
    Stalling.requests, Stalling.stalled_until = 0, 0.0
    latencies = tmp_path / "latencies.npy"
    seen = against(
        Stalling,
        lambda port: Plan(
            port=port, events=str(events), first=0, last=400, seconds=1.0, rate=400,
            mode="open", connections=2, latencies=str(latencies),
        ),
    )  # fmt: skip
    due, took = np.load(latencies)
    assert seen["requests"] == 400
    # Two requests were under way; the two hundred that were due meanwhile waited as well.
    assert (took > 50e6).sum() > 150
    assert took.max() >= 0.45e9
    assert np.all(np.abs(np.diff(due) - 2.5e6) < 2)


def test_what_is_never_answered_is_told(events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(asyncio.Protocol):
        pass

    monkeypatch.setattr(load, "LAST_ANSWERS_S", 0.1)
    seen = against(
        Silent,
        lambda port: Plan(
            port=port, events=str(events), first=0, last=10, seconds=0.1, rate=100,
            mode="open", connections=3,
        ),
    )  # fmt: skip
    assert (seen["requests"], seen["unanswered"]) == (0, 3)
