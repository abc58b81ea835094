"""Friction budgets in the service: live, recovered and followed alike."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from haitang.app.service.course import CourseSettings
from haitang.app.service.following import FollowOptions, FollowStatus, follow
from haitang.app.service.lifecycle import NodeOptions
from haitang.app.wiring import MachineClock
from tests.unit.app.service.nodes import Told, bodies, running, send, small_pack, transfer
from tests.unit.app.small_pack import LARGE_SUM, PACK

STATE = CourseSettings(state_bytes_max=64 << 20, remembered_events=1_000)
FRICTION = "friction: {challenges: [TIP], again_after: 12h, instead: WATCH}\n"
TIPPING = LARGE_SUM.replace("money(50000)", "money(200)").replace("score: 650", "score: 350")


def asking_pack() -> dict[str, bytes]:
    policy = TIPPING.replace("amount_minor: 5000000", "amount_minor: 20000")
    policy = policy.replace("amount_minor: 4999999", "amount_minor: 19999")
    return small_pack(pack=PACK + FRICTION, policies__large_sum=policy)


def followed(folder: Path, **changes: object) -> FollowStatus:
    options = FollowOptions(folder=folder, course=STATE, once=True)
    return follow(
        msgspec.structs.replace(options, **changes),
        clock=MachineClock(),
        tell=Told(),
        ended=lambda: False,
    )


def actions(answers: list[bytes]) -> list[str]:
    return [msgspec.json.decode(answer)["action"] for answer in answers]


def test_a_restarted_node_and_a_follower_remember_whom_was_asked(tmp_path: Path) -> None:
    options = NodeOptions(folder=tmp_path, course=STATE)

    async def story() -> None:
        async with running(tmp_path, asking_pack(), options=options, stop=False) as node:
            first = bodies(await send(node, transfer(1), transfer(2), transfer(3)))
            assert actions(first) == ["PASS", "TIP", "WATCH"]
            assert node.metrics.spared.values == {("TIP",): 1.0}
            status = await asyncio.to_thread(followed, tmp_path)
            assert (status.compared, status.differences, status.snapshot_position) == (3, 0, 3)
            # Behind the snapshot, so that one is recovered from it and the other from the frame.
            other = bodies(await send(node, *(transfer(n, customer="C2") for n in (4, 5))))
            assert actions(other) == ["PASS", "TIP"]
        async with running(tmp_path, options=options) as node:
            assert bodies(await send(node, transfer(3))) == first[2:]
            later = [transfer(6), transfer(7, customer="C2"), transfer(8, customer="C3")]
            assert actions(bodies(await send(node, *later))) == ["WATCH", "WATCH", "PASS"]

    asyncio.run(story())
    status = followed(tmp_path, from_start=True)
    assert (status.compared, status.differences) == (8, 0)
