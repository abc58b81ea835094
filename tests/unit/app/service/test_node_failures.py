"""What the node does when a turn, a commit or a hurried request goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from haitang.app.service.answers import Answer, PublishRequest, Refusal
from haitang.app.service.course import CourseSettings
from haitang.app.service.following import FollowOptions, follow
from haitang.app.service.history import History
from haitang.app.service.lifecycle import NodeOptions
from haitang.app.service.node import RECENT_MAX, Writer
from haitang.app.service.pressure import NodeSettings
from haitang.app.wiring import Journal, MachineClock
from haitang.kernel.errors import HaitangError
from tests.unit.app.service.nodes import Told, bodies, running, send, small_pack, transfer

STATE = CourseSettings(state_bytes_max=64 << 20, remembered_events=1_000)
HURRIED_US = 1
"""A time budget that no evaluation keeps."""


def _options(folder: Path, **changes: object) -> NodeOptions:
    return msgspec.structs.replace(NodeOptions(folder=folder, course=STATE), **changes)


def _modes(answers: list[bytes]) -> list[str]:
    return [msgspec.json.decode(body)["degraded"] for body in answers]


def test_several_requests_decided_by_the_fail_policy_are_recovered_and_compared(
    tmp_path: Path,
) -> None:
    arrivals = [transfer(n) for n in range(5)]

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), stop=False) as node:
            for arrival in arrivals:
                await send(node, arrival, deadline_us=HURRIED_US)
            before = bodies(await send(node, *arrivals))
            assert _modes(before) == ["fail_policy"] * 5
        async with running(tmp_path, options=_options(tmp_path)) as node:
            assert bodies(await send(node, *arrivals)) == before

    asyncio.run(story())
    options = FollowOptions(folder=tmp_path, course=STATE, once=True, from_start=True)
    status = follow(options, clock=MachineClock(), tell=Told(), ended=lambda: False)
    assert (status.compared, status.differences) == (5, 0)


def test_one_hurried_request_does_not_spoil_those_decided_beside_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            calm = [node.submit([transfer(n)], sender="t", deadline_us=10**7) for n in (1, 2)]
            hurried = node.submit([transfer(3)], sender="t", deadline_us=HURRIED_US)
            last = node.submit([transfer(4)], sender="t", deadline_us=10**7)
            answers = [body for one in (*calm, last) for body in bodies(await one)]
            assert _modes(answers) == ["", "", ""]
            await hurried
            assert _modes(bodies(await send(node, transfer(3)))) == ["fail_policy"]

    asyncio.run(story())


def test_a_turn_that_fails_is_answered_as_not_stored_and_nothing_of_it_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()

    def fails(*_: object, **__: object) -> None:
        raise HaitangError(code="state_full", message="the feature state was full")

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path), told=told) as node:
            first = bodies(await send(node, transfer(1)))
            monkeypatch.setattr(Writer, "_decide", fails)
            (refused,) = await send(node, transfer(2))
            assert isinstance(refused, Refusal)
            assert (refused.code, refused.status) == ("not_stored", 503)
            monkeypatch.undo()
            while node.state != "ready":
                await asyncio.sleep(0.02)
            again, other = await send(node, transfer(1), transfer(2, amount_minor=5))
            assert bodies([again]) == first
            # The id was not used up by the attempt that failed, nor was its content kept.
            assert isinstance(other, Answer)
            assert not other.repeated

    asyncio.run(story())
    assert ("node_failed", {"code": "state_full", "reason": "the feature state was full"}) in (
        told.events
    )


def test_a_publication_whose_record_was_not_stored_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Journal.commit

    def fails(journal: Journal) -> int:
        raise HaitangError(code="journal_disk_full", message="the disk was full")

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            monkeypatch.setattr(Journal, "begin_commit", lambda _: False)
            monkeypatch.setattr(Journal, "commit", fails)
            request = PublishRequest(files=small_pack(), author="an", approver="bo")
            with pytest.raises(HaitangError) as caught:
                await asyncio.to_thread(node.publish, request)
            assert caught.value.code == "not_stored"
            monkeypatch.setattr(Journal, "commit", commit)
            while node.state != "ready":
                await asyncio.sleep(0.02)
            assert len(node.publications()) == 1
            assert bodies(await send(node, transfer(1)))

    asyncio.run(story())


def test_what_was_scheduled_starts_once_after_the_node_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Journal.commit

    def fails(journal: Journal) -> int:
        raise HaitangError(code="journal_disk_full", message="the disk was full")

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await asyncio.to_thread(
                node.publish,
                PublishRequest(
                    files=small_pack(), author="an", approver="bo",
                    start_at_us=MachineClock().now_us() + 1_500_000,
                ),
            )  # fmt: skip
            monkeypatch.setattr(Journal, "begin_commit", lambda _: False)
            monkeypatch.setattr(Journal, "commit", fails)
            await send(node, transfer(1))
            monkeypatch.setattr(Journal, "commit", commit)
            while node.state != "ready" or node.publications()[-1].kind != "live":
                await asyncio.sleep(0.02)
            assert [view.kind for view in node.publications()] == ["live", "scheduled", "live"]
            await asyncio.sleep(0.3)
            assert len(node.publications()) == 3

    asyncio.run(story())


def test_answers_are_at_hand_until_they_are_durable_however_large_a_turn_is(
    tmp_path: Path,
) -> None:
    settings = NodeSettings(batch_events_max=40_000)
    pressure = msgspec.structs.replace(settings.pressure, queue_events_max=100_000)
    options = _options(
        tmp_path,
        node=msgspec.structs.replace(settings, pressure=pressure),
        course=msgspec.structs.replace(STATE, remembered_events=100_000),
    )
    count = RECENT_MAX + 500
    arrivals = [transfer(n) for n in range(count)]

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=options) as node:
            # The first again at the end of the same turn: its answer is not in the journal yet.
            outcomes = await send(node, *arrivals, arrivals[0], deadline_us=60_000_000)
            answers = bodies(outcomes)
            assert answers[-1] == answers[0]
            assert len(answers) == count + 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("cause", "refusal"),
    [("journal_pruned", ("answer_pruned", 410)), ("journal_corrupt", ("answer_not_read", 503))],
)
def test_an_old_answer_whose_record_is_gone_is_refused_as_decided_and_not_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str, refusal: tuple[str, int]
) -> None:
    monkeypatch.setattr("haitang.app.service.node.RECENT_MAX", 4)

    def gone(history: History, position: int) -> bytes:
        raise HaitangError(code=cause, message="it was not there")

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            for number in range(12):
                await send(node, transfer(number))
            monkeypatch.setattr(History, "answer", gone)
            (refused,) = await send(node, transfer(0))
            assert isinstance(refused, Refusal)
            assert (refused.code, refused.status) == refusal

    asyncio.run(story())


def test_another_number_of_remembered_events_holds_in_a_folder_that_has_a_snapshot(
    tmp_path: Path,
) -> None:
    async def story() -> int:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await send(node, transfer(1))
        fewer = msgspec.structs.replace(STATE, remembered_events=10)
        async with running(tmp_path, options=_options(tmp_path, course=fewer)) as node:
            await send(node, *(transfer(n) for n in range(2, 40)))
            assert node.course is not None
            return len(node.course.seen)

    assert asyncio.run(story()) <= 20
