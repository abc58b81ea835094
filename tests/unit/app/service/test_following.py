"""Followers: audits, snapshots, shadows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from haitang.adapters.journal import snapshots
from haitang.app.service import course
from haitang.app.service.answers import PublishRequest
from haitang.app.service.blocks import EVENTS, decode_events, encode_block
from haitang.app.service.course import CourseSettings
from haitang.app.service.following import (
    BUSY_PAUSE_US,
    PAUSE_US,
    STATUS_FILE,
    FollowOptions,
    FollowStatus,
    follow,
)
from haitang.app.service.lifecycle import NodeOptions
from haitang.app.service.shadowing import ShadowReport
from haitang.app.wiring import Journal, MachineClock, write_json
from tests.unit.app.service.nodes import Told, bodies, running, send, small_pack, transfer
from tests.unit.app.service.test_node import stricter_pack

STATE = CourseSettings(state_bytes_max=64 << 20, remembered_events=1_000)


def _follow(folder: Path, told: Told | None = None, **changes: object) -> FollowStatus:
    options = FollowOptions(folder=folder, course=STATE, once=True)
    return follow(
        msgspec.structs.replace(options, **changes),
        clock=MachineClock(),
        tell=told or Told(),
        ended=lambda: False,
    )


def _options(folder: Path) -> NodeOptions:
    return NodeOptions(folder=folder, course=STATE)


def test_a_follower_of_a_running_node_writes_a_snapshot_that_the_next_start_uses(
    tmp_path: Path,
) -> None:
    told = Told()

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            first = bodies(await send(node, *(transfer(n) for n in range(30))))
            status = await asyncio.to_thread(_follow, tmp_path)
            assert (status.position, status.compared, status.differences) == (30, 30, 0)
            assert status.snapshot_position == 30
            await send(node, transfer(30))
        async with running(tmp_path, options=_options(tmp_path), told=told) as node:
            assert bodies(await send(node, *(transfer(n) for n in range(30)))) == first

    asyncio.run(story())
    began = dict(told.events)["recovery_began"]
    assert began == {"from_position": 30}


def test_a_snapshot_is_written_with_rests_unless_somebody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SYNC_BYTES", 256)
    rests: list[int] = []

    class Clock(MachineClock):
        def pause(self, *, duration_us: int) -> None:
            if duration_us not in (BUSY_PAUSE_US, PAUSE_US):
                rests.append(duration_us)

    def followed(*, once: bool, looks: int) -> list[int]:
        rests.clear()
        left = iter(range(looks))
        follow(
            FollowOptions(
                folder=tmp_path, course=STATE, once=once, from_start=True, snapshot_every_events=10
            ),
            clock=Clock(), tell=Told(), ended=lambda: next(left, None) is None,
        )  # fmt: skip
        return list(rests)

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await send(node, *(transfer(n) for n in range(30)))

    asyncio.run(story())
    assert len(followed(once=False, looks=10_000)) > 5
    assert followed(once=True, looks=10_000) == []
    # Whoever ends it does not wait: it is asked before each rest.
    assert len(followed(once=False, looks=2)) <= 1


def test_a_decision_that_was_tampered_with_is_found(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            await send(node, *(transfer(n, amount_minor=6_000_000) for n in range(3)))

    asyncio.run(story())
    with Journal.open(tmp_path) as journal:
        frame = next(frame for frame in journal.read(0) if frame.kind == EVENTS)
        block = decode_events(frame.payload, position=0)
        # Somebody writes history on with decisions that the engine did not make: new events, and
        # what was decided of the old ones.
        events = [event.replace(b'"event_id":"T', b'"event_id":"X') for event in block.events]
        forged = msgspec.structs.replace(block, events=events)
        journal.stage(
            kind=EVENTS, count=frame.count, stamp_us=frame.stamp_us, payload=encode_block(forged),
            keys=[0] * frame.count,
        )  # fmt: skip
        journal.commit()
    told = Told()
    status = _follow(tmp_path, told, from_start=True)
    assert status.differences == 1
    assert status.first_difference == 3
    assert ("decision_differs", {"position": 3, "count": 3}) in told.events
    # The alarm outlives a follower that begins behind what it found, and counts nothing twice.
    later = _follow(tmp_path)
    assert (later.compared, later.differences, later.first_difference) == (0, 1, 3)
    again = _follow(tmp_path, from_start=True)
    assert (again.compared, again.differences, again.first_difference) == (6, 1, 3)
    (tmp_path / STATUS_FILE).unlink()
    ended = _follow(tmp_path)
    assert (ended.compared, ended.differences, ended.first_difference) == (0, 0, -1)


def test_what_was_found_in_a_journal_that_was_cut_back_is_not_taken_over(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            await send(node, *(transfer(n) for n in range(3)))

    asyncio.run(story())
    assert _follow(tmp_path).differences == 0
    of_another = FollowStatus(
        position=9, behind=0, snapshot_position=9, compared=9, differences=2, first_difference=1
    )
    write_json(tmp_path / STATUS_FILE, of_another)
    assert _follow(tmp_path).differences == 0
    write_json(tmp_path / STATUS_FILE, msgspec.structs.replace(of_another, position=3))
    assert _follow(tmp_path).differences == 2


def test_a_follower_that_shall_end_does_so_in_the_middle_of_its_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course, "MERGED_EVENTS", 1)

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            for number in range(5):
                await send(node, transfer(number))

    asyncio.run(story())
    looks = iter([False, False, True, True])
    status = follow(
        FollowOptions(folder=tmp_path, course=STATE),
        clock=MachineClock(),
        tell=Told(),
        ended=lambda: next(looks),
    )
    # The publication and the first event.
    assert (status.position, status.behind) == (1, 4)


def test_a_shadow_reports_what_it_would_have_decided_and_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await send(node, transfer(1))
            await asyncio.to_thread(
                node.publish,
                PublishRequest(files=stricter_pack(), author="an", approver="bo", kind="shadow"),
            )
            answers = bodies(await send(node, *(transfer(n, customer=f"C{n}") for n in (2, 3))))
            assert not any(b'"large_sum"' in body for body in answers)

    asyncio.run(story())
    _follow(tmp_path, shadow=1)
    report = msgspec.json.decode((tmp_path / "shadow-1.json").read_bytes(), type=ShadowReport)
    assert (report.compared, report.same) == (2, 0)
    (pair,) = report.pairs
    assert (pair.decided, pair.shadow, pair.count) == ("PASS", "HOLD", 2)
    assert pair.examples == ("T2", "T3")
    assert report.hits == {"large_sum": 2}
    assert not list((tmp_path / "snapshots").glob("*.partial"))
