"""What a running service does now and then, and what becomes of a journal that it prunes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from haitang.adapters.journal.layout import first_position_of, segment_paths
from haitang.adapters.journal.snapshots import open_snapshot, write_snapshot
from haitang.app.service.answers import PublishRequest
from haitang.app.service.companions import Companions
from haitang.app.service.course import CourseSettings
from haitang.app.service.following import STATUS_FILE, FollowOptions, FollowStatus, follow
from haitang.app.service.housekeeping import Housekeeping
from haitang.app.service.lifecycle import Node, NodeOptions
from haitang.app.service.shadowing import ShadowReport
from haitang.app.wiring import MachineClock, write_json
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError
from tests.unit.app.service.nodes import Told, bodies, running, send, small_pack, transfer
from tests.unit.app.service.test_node import other_features, stricter_pack

STATE = CourseSettings(state_bytes_max=64 << 20, remembered_events=1_000)
SEGMENT_BYTES = 4_096
FAR_FUTURE_US = 1 << 60
RETENTION_DAYS = 1


def _options(folder: Path) -> NodeOptions:
    return NodeOptions(folder=folder, course=STATE, segment_bytes=SEGMENT_BYTES)


def _follow(folder: Path, told: Told | None = None, **changes: object) -> FollowStatus:
    options = FollowOptions(folder=folder, course=STATE, once=True)
    return follow(
        msgspec.structs.replace(options, **changes),
        clock=MachineClock(),
        tell=told or Told(),
        ended=lambda: False,
    )


def _housekeeping(
    node: Node, folder: Path, told: Told, *, companions: Companions | None = None
) -> Housekeeping:
    return Housekeeping(
        node,
        folder=folder,
        companions=companions,
        retention_days=RETENTION_DAYS,
        now_us=lambda: FAR_FUTURE_US,
        tell=told,
    )


def _begins_at(folder: Path) -> int:
    return first_position_of(segment_paths(folder)[0])


async def _send_one_by_one(node: Node, numbers: range) -> list[bytes]:
    """Each in a frame of its own, so that segments fill."""
    answers: list[bytes] = []
    for number in numbers:
        answers += bodies(await send(node, transfer(number)))
    return answers


async def _served(node: Node, folder: Path) -> list[bytes]:
    """Serve 100 events with a snapshot after 50, 80 and 100 of them; return the answers."""
    answers = []
    for numbers in (range(50), range(50, 80), range(80, 100)):
        answers += await _send_one_by_one(node, numbers)
        await asyncio.to_thread(_follow, folder)
    return answers


def test_the_journal_is_kept_from_the_older_snapshot_on(tmp_path: Path) -> None:
    told, again = Told(), Told()

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            answers = (await _served(node, tmp_path))[85:]
            await _housekeeping(node, tmp_path, told).go_round()
        assert 0 < _begins_at(tmp_path) < 80
        older, newest = sorted((tmp_path / "snapshots").iterdir())
        assert [open_snapshot(path).position for path in (older, newest)] == [80, 100]
        # A damaged section: the newest one still looks whole.
        with newest.open("r+b") as file:
            file.seek(20)
            file.write(b"damage")
        async with running(tmp_path, options=_options(tmp_path), told=again) as node:
            assert bodies(await send(node, *(transfer(n) for n in range(85, 100)))) == answers

    asyncio.run(story())
    assert told.names == ["journal_pruned"]
    assert dict(again.events)["recovery_began"] == {"from_position": 80}


def test_snapshots_of_features_that_no_publication_needs_are_removed(tmp_path: Path) -> None:
    told = Told()

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await _served(node, tmp_path)
            plan = cast("Any", node.course).plan_digest
            for label in (plan, "of another plan"):
                write_snapshot(tmp_path, position=100, label=label, sections={})
            await _housekeeping(node, tmp_path, told).go_round()
            labels = {open_snapshot(path).label for path in (tmp_path / "snapshots").iterdir()}
            assert labels == {plan}

    asyncio.run(story())
    assert ("snapshots_removed", {"number": 1}) in told.events


def test_a_damaged_register_in_the_newest_snapshot_is_passed_over(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            answers = (await _served(node, tmp_path))[85:]
            await _housekeeping(node, tmp_path, Told()).go_round()
        _, newest = sorted((tmp_path / "snapshots").iterdir())
        register = open_snapshot(newest).read("register")
        content = newest.read_bytes()
        assert content.count(register) == 1
        newest.write_bytes(content.replace(register, bytes(len(register))))
        async with running(tmp_path, options=_options(tmp_path)) as node:
            assert bodies(await send(node, *(transfer(n) for n in range(85, 100)))) == answers

    asyncio.run(story())


def test_one_snapshot_and_a_status_of_another_life_remove_nothing(tmp_path: Path) -> None:
    told = Told()
    stale = FollowStatus(
        position=10_000, behind=0, snapshot_position=10_000, compared=1, differences=3
    )

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            await _send_one_by_one(node, range(60))
            await asyncio.to_thread(_follow, tmp_path)
            write_json(tmp_path / STATUS_FILE, stale)
            await _housekeeping(node, tmp_path, told).go_round()
            assert b"haitang_differences 0.0" in node.metrics.render()

    asyncio.run(story())
    assert len(segment_paths(tmp_path)) > 2
    assert _begins_at(tmp_path) == 0
    assert told.names == []


class _Failing:
    """Companions that cannot be started, until they can."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.kept = 0
        self.ready_for: list[PackSource] = []

    def make_ready(self, source: PackSource) -> None:
        self.ready_for.append(source)

    def keep(self, _wanted: dict[str, Sequence[str]]) -> None:
        self.kept += 1
        if self.errors:
            raise self.errors.pop(0)


def test_what_fails_is_told_of_once_and_done_again(tmp_path: Path) -> None:
    told, failing = Told(), _Failing()
    memory, memory_again, disk = OSError("out of memory"), OSError("the same"), ValueError("other")
    failing.errors = [memory, memory_again, disk]

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await send(node, transfer(1))
            keeping = _housekeeping(node, tmp_path, told, companions=cast("Companions", failing))
            for _ in range(4):
                await keeping.go_round()
            failing.errors = [memory]
            await keeping.go_round()

    asyncio.run(story())
    assert failing.kept == 5
    assert told.events == [
        ("housekeeping_failed", {"part": "companions", "error": error})
        for error in (memory, disk, memory)
    ]
    # Once: should it die, the next pack is opened by a new one.
    assert [source.files for source in failing.ready_for] == [small_pack()]


def test_a_process_that_cannot_be_made_ready_is_told_of_and_the_next_round_comes(
    tmp_path: Path,
) -> None:
    told = Told()
    companions = Companions(
        tmp_path,
        tell=told,
        elapsed_us=lambda: 0,
        program=("sh", "-c", "exec sleep 600"),
        gentle_opener=("sh", "-c", "exit 3"),
    )

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            keeping = _housekeeping(node, tmp_path, told, companions=companions)
            await keeping.go_round()
            while not told.events:
                await asyncio.sleep(0.01)
            await keeping.go_round()

    with closing(companions):
        asyncio.run(story())
    ((name, details),) = told.events
    assert (name, details["part"]) == ("housekeeping_failed", "opener")
    assert "ended with code 3" in str(details["error"])


# -- publishing over a pruned journal ------------------------------------------------------------


@pytest.mark.parametrize("kind", ["live", "shadow"])
def test_other_features_are_refused_over_a_pruned_journal_until_it_is_whole_again(
    tmp_path: Path, kind: Any
) -> None:
    aside = tmp_path / "aside"
    folder = tmp_path / "data"
    wanted = PublishRequest(files=other_features(), author="an", approver="bo", kind=kind)

    async def pruned() -> HaitangError:
        async with running(folder, small_pack(), options=_options(folder)) as node:
            await _served(node, folder)
            shutil.copytree(folder / "journal", aside)
            await _housekeeping(node, folder, Told()).go_round()
            with pytest.raises(HaitangError) as refused:
                await asyncio.to_thread(node.publish, wanted)
            assert len(node.publications()) == 1
            return refused.value

    async def whole_again() -> None:
        async with running(folder, options=_options(folder)) as node:
            view = await asyncio.to_thread(node.publish, wanted)
            assert view.kind == kind
            assert len(bodies(await send(node, transfer(100)))) == 1

    error = asyncio.run(pruned())
    assert error.code == "journal_begins_later"
    assert "`small` 1.2.0 had no state" in error.message
    assert "from position 0 on" in error.message
    assert "journal_retention_days" in error.hint
    for path in aside.iterdir():
        if not (folder / "journal" / path.name).exists():
            shutil.copy(path, folder / "journal")
    asyncio.run(whole_again())


def test_an_audit_of_a_pruned_journal_from_its_start_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await _served(node, tmp_path)
            await _housekeeping(node, tmp_path, Told()).go_round()

    asyncio.run(story())
    with pytest.raises(HaitangError) as refused:
        _follow(tmp_path, from_start=True)
    assert refused.value.code == "journal_begins_later"


def test_a_shadow_whose_beginning_was_pruned_goes_on_from_a_newer_state(tmp_path: Path) -> None:
    told = Told()

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            await send(node, transfer(1_000))
            await asyncio.to_thread(
                node.publish,
                PublishRequest(files=stricter_pack(), author="an", approver="bo", kind="shadow"),
            )
            await _served(node, tmp_path)
            await _housekeeping(node, tmp_path, Told()).go_round()
            await _send_one_by_one(node, range(100, 110))

    asyncio.run(story())
    _follow(tmp_path, told, shadow=1)
    report = msgspec.json.decode((tmp_path / "shadow-1.json").read_bytes(), type=ShadowReport)
    assert (report.from_position, report.compared, report.position) == (101, 10, 111)
    assert ("shadow_began_later", {"number": 1, "position": 101}) in told.events
