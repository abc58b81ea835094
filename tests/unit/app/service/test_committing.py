"""Commits: most without the interpreter, and what the node does when one goes wrong."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from haitang.adapters.journal.syncing import Syncer
from haitang.app.service.answers import Answer, NotReady, Refusal
from haitang.app.service.course import CourseSettings
from haitang.app.service.lifecycle import NodeOptions
from haitang.app.wiring import Journal
from haitang.kernel.errors import HaitangError
from tests.unit.app.service.nodes import Told, bodies, running, send, small_pack, transfer

STATE = CourseSettings(state_bytes_max=64 << 20, remembered_events=1_000)


def _options(folder: Path) -> NodeOptions:
    return NodeOptions(folder=folder, course=STATE)


def test_a_commit_that_fails_is_answered_as_not_stored_and_the_node_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Journal.commit
    told = Told()

    def fails(journal: Journal) -> int:
        raise HaitangError(code="journal_disk_full", message="the disk was full")

    async def story() -> list[bytes]:
        async with running(
            tmp_path / "a", small_pack(), options=_options(tmp_path / "a"), told=told
        ) as node:
            first = bodies(await send(node, transfer(1)))
            monkeypatch.setattr(Journal, "begin_commit", lambda _: False)
            monkeypatch.setattr(Journal, "commit", fails)
            (refused,) = await send(node, transfer(2))
            assert isinstance(refused, Refusal)
            assert (refused.code, refused.status) == ("not_stored", 503)
            with pytest.raises(NotReady):
                await send(node, transfer(3))
            monkeypatch.setattr(Journal, "commit", commit)
            while node.state != "ready":
                await asyncio.sleep(0.02)
            return [*first, *bodies(await send(node, transfer(2), transfer(3)))]

    async def undisturbed() -> list[bytes]:
        async with running(tmp_path / "b", small_pack(), options=_options(tmp_path / "b")) as node:
            return bodies(await send(node, *(transfer(n) for n in (1, 2, 3))))

    assert asyncio.run(story()) == asyncio.run(undisturbed())
    assert "node_failed" in told.names
    assert "node_recovered" in told.names


def test_a_begun_commit_that_fails_is_answered_as_not_stored_and_the_node_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), told=told) as node:
            while not node._journal._syncer.ready:  # type: ignore[union-attr]
                await asyncio.sleep(0.01)
            (first,) = bodies(await send(node, transfer(1)))
            monkeypatch.setattr(Syncer, "error", errno.ENOSPC)
            (refused,) = await send(node, transfer(2))
            assert isinstance(refused, Refusal)
            assert (refused.code, refused.status) == ("not_stored", 503)
            with pytest.raises(NotReady):
                await send(node, transfer(3))
            monkeypatch.undo()
            while node.state != "ready":
                await asyncio.sleep(0.02)
            again, *_ = await send(node, transfer(1), transfer(2))
            assert isinstance(again, Answer)
            assert (again.body, again.repeated) == (first, True)

    asyncio.run(story())
    assert told.names.count("node_failed") == told.names.count("node_recovered") == 1
    with Journal.open(tmp_path, read_only=True) as journal:
        # What was written before the disk was said to be full had been cut away.
        assert [frame.count for frame in journal.read() if frame.count] == [1, 1]


def test_most_commits_need_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> list[bytes]:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            while not node._journal._syncer.ready:  # type: ignore[union-attr]
                await asyncio.sleep(0.01)
            monkeypatch.setattr(Journal, "commit", None)
            return [body for n in range(20) for body in bodies(await send(node, transfer(n)))]

    first = asyncio.run(story())
    monkeypatch.undo()

    async def again() -> list[bytes]:
        async with running(tmp_path, options=_options(tmp_path)) as node:
            return bodies(await send(node, *(transfer(n) for n in range(20))))

    assert asyncio.run(again()) == first
