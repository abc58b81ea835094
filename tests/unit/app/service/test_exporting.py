"""The journal as a file: what stands in it, from where, and that it appears whole or not at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from haitang.app.replay import ReplayProgress
from haitang.app.service.answers import PublishRequest
from haitang.app.service.course import CourseSettings
from haitang.app.service.exporting import (
    Exported,
    ExportedControl,
    ExportedEvent,
    open_export,
    write_export,
)
from haitang.app.service.lifecycle import NodeOptions
from haitang.app.wiring import prune
from haitang.decision.engine.decisions import Decision
from haitang.kernel.errors import HaitangError
from tests.unit.app.service.nodes import running, send, small_pack, transfer
from tests.unit.app.service.test_node import stricter_pack

STATE = CourseSettings(state_bytes_max=64 << 20, remembered_events=1_000)


def options_of(folder: Path, *, segment_bytes: int = 1 << 20) -> NodeOptions:
    return NodeOptions(folder=folder, course=STATE, segment_bytes=segment_bytes)


def rows_of(
    folder: Path, *, from_position: int | None = None, decisions: bool = True
) -> list[Exported]:
    with open_export(folder, from_position=from_position, decisions=decisions) as export:
        return list(export.rows)


def silent(_: ReplayProgress) -> None:
    """Somebody who does not want to know."""


def test_the_journal_is_exported_with_what_was_decided(tmp_path: Path) -> None:
    async def story() -> Decision:
        async with running(tmp_path, small_pack(), options=options_of(tmp_path)) as node:
            await send(node, transfer(1), transfer(2, amount_minor=6_000_000))
            decision = await asyncio.to_thread(node.decision, "T2")
            assert decision is not None
            return decision

    decision = asyncio.run(story())
    control, first, second = rows_of(tmp_path)
    assert isinstance(control, ExportedControl)
    assert control.publication["pack"] == "small"
    assert isinstance(first, ExportedEvent)
    assert isinstance(second, ExportedEvent)
    assert [first.position, second.position] == [0, 1]
    assert second.decision == decision
    assert second.sender == "test"
    assert bytes(second.event) == transfer(2, amount_minor=6_000_000).content
    (only,) = rows_of(tmp_path, from_position=1, decisions=False)
    assert isinstance(only, ExportedEvent)
    assert only.decision is None


def test_a_running_service_is_exported_up_to_what_was_answered(tmp_path: Path) -> None:
    async def story() -> None:
        data = tmp_path / "data"
        async with running(data, small_pack(), options=options_of(data)) as node:
            for count in (3, 2):
                done = 5 - count if count == 2 else 0
                arrivals = [transfer(n) for n in range(done, done + count)]
                await send(node, *arrivals)
                to = tmp_path / f"{done}.jsonl"
                made = await asyncio.to_thread(
                    write_export, data, to, from_position=done, progressed=silent
                )
                assert (made.events, made.first_position) == (count, done)
                assert to.read_bytes() == b"".join(one.content + b"\n" for one in arrivals)

    asyncio.run(story())


def test_each_event_is_explained_by_the_pack_that_decided_it(tmp_path: Path) -> None:
    async def story() -> list[Decision | None]:
        async with running(tmp_path, small_pack(), options=options_of(tmp_path)) as node:
            await send(node, transfer(1))
            request = PublishRequest(files=stricter_pack(), author="an", approver="bo")
            await asyncio.to_thread(node.publish, request)
            await send(node, transfer(2))
            return [await asyncio.to_thread(node.decision, name) for name in ("T1", "T2")]

    decisions = asyncio.run(story())
    rows = rows_of(tmp_path)
    assert [type(row).__name__ for row in rows] == [
        "ExportedControl", "ExportedEvent", "ExportedControl", "ExportedEvent",
    ]  # fmt: skip
    assert [row.decision for row in rows if isinstance(row, ExportedEvent)] == decisions
    # The pack that decided the second is known from a record far before the position.
    late = rows_of(tmp_path, from_position=1)
    assert [row.decision for row in late if isinstance(row, ExportedEvent)] == decisions[1:]


def test_what_was_pruned_is_left_out_unless_it_is_asked_for(tmp_path: Path) -> None:
    async def story() -> None:
        options = options_of(tmp_path, segment_bytes=64 << 10)
        async with running(tmp_path, small_pack(), options=options) as node:
            for number in range(0, 600, 50):
                await send(node, *(transfer(n) for n in range(number, number + 50)))

    asyncio.run(story())
    assert prune(tmp_path, before_position=300, before_stamp_us=1 << 62)
    for decisions in (False, True):
        rows = [
            row for row in rows_of(tmp_path, decisions=decisions) if isinstance(row, ExportedEvent)
        ]
        assert 0 < rows[0].position <= 300
        assert [row.position for row in rows] == list(range(rows[0].position, 600))
        assert all((row.decision is not None) == decisions for row in rows)
    with pytest.raises(HaitangError) as raised:
        rows_of(tmp_path, from_position=0)
    assert raised.value.code == "journal_pruned"


def test_the_end_is_an_empty_file_and_a_place_behind_it_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=options_of(tmp_path)) as node:
            await send(node, transfer(1))

    asyncio.run(story())
    for decisions in (False, True):
        assert rows_of(tmp_path, from_position=1, decisions=decisions) == []
    to = tmp_path / "none.jsonl"
    with pytest.raises(HaitangError) as raised:
        write_export(tmp_path, to, from_position=2, progressed=silent)
    assert raised.value.code == "use_position"
    assert not to.exists()


def test_no_file_is_written_over_and_none_is_left_half_written(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    out.mkdir()

    async def story() -> None:
        async with running(data, small_pack(), options=options_of(data)) as node:
            for first in range(0, 2_400, 400):
                await send(node, *(transfer(n) for n in range(first, first + 400)))

    asyncio.run(story())
    kept = out / "kept.jsonl"
    kept.write_text("mine")
    with pytest.raises(HaitangError) as raised:
        write_export(data, kept, progressed=silent)
    assert raised.value.code == "file_exists"
    assert kept.read_text() == "mine"

    seen: list[int] = []

    def stop_at_second(now: ReplayProgress) -> None:
        seen.append(now.done)
        assert now.total == 2_400
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_export(data, out / "broken.jsonl", progressed=stop_at_second)
    assert seen == [1_000, 2_000]
    assert [path.name for path in out.iterdir()] == ["kept.jsonl"]


def test_a_line_with_a_decision_is_read_back(tmp_path: Path) -> None:
    data, to = tmp_path / "data", tmp_path / "all.jsonl"

    async def story() -> None:
        async with running(data, small_pack(), options=options_of(data)) as node:
            await send(node, transfer(1), transfer(2))

    asyncio.run(story())
    made = write_export(data, to, decisions=True, progressed=silent)
    assert (made.events, made.publications, made.next_position) == (2, 1, 2)
    control, *events = to.read_bytes().splitlines()
    assert msgspec.json.decode(control, type=ExportedControl) == rows_of(data)[0]
    assert [msgspec.json.decode(line, type=ExportedEvent) for line in events] == rows_of(data)[1:]
