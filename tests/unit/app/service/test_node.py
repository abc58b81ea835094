"""The node over a real data folder: durable, idempotent, the same after any ending."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import msgspec
import pytest

from haitang.app.service.answers import Answer, Arrival, Busy, NotReady, PublishRequest, Refusal
from haitang.app.service.companions import Companions
from haitang.app.service.course import CourseSettings
from haitang.app.service.following import FollowOptions, follow
from haitang.app.service.gathering import Gathering
from haitang.app.service.lifecycle import Node, NodeOptions
from haitang.app.service.metrics import Metrics
from haitang.app.service.pressure import NodeSettings, PressureSettings
from haitang.app.service.publishing import FirstPack
from haitang.app.wiring import Journal, MachineClock
from haitang.data.events.codec import decode_row, encode_event
from haitang.kernel.errors import HaitangError
from tests.unit.app.service.nodes import NOW_US, Told, bodies, running, send, small_pack, transfer
from tests.unit.app.small_pack import FEATURES, LARGE_SUM, PACK

STATE = CourseSettings(state_bytes_max=64 << 20, remembered_events=1_000)


def _options(folder: Path, **changes: object) -> NodeOptions:
    return msgspec.structs.replace(NodeOptions(folder=folder, course=STATE), **changes)


def _followed(folder: Path, *, from_start: bool = True) -> tuple[int, int]:
    status = follow(
        FollowOptions(folder=folder, course=STATE, once=True, from_start=from_start),
        clock=MachineClock(),
        tell=Told(),
        ended=lambda: False,
    )
    return status.compared, status.differences


def test_an_event_sent_again_gets_the_same_bytes_and_is_decided_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            first = bodies(await send(node, transfer(1), transfer(2)))
            again = await send(node, transfer(2), transfer(1))
            assert bodies(again) == [first[1], first[0]]
            assert all(isinstance(answer, Answer) and answer.repeated for answer in again)
            assert [msgspec.json.decode(body)["position"] for body in first] == [0, 1]
            assert bodies(await send(node, transfer(3)))[0] != first[0]

    asyncio.run(story())


def test_an_event_twice_in_one_request_is_decided_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            one, two = await send(node, transfer(1), transfer(1))
            assert bodies([one]) == bodies([two])
            assert isinstance(one, Answer)
            assert isinstance(two, Answer)
            assert (one.repeated, two.repeated) == (False, True)

    asyncio.run(story())


def test_other_content_under_a_known_id_is_refused_and_the_first_stands(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            first = bodies(await send(node, transfer(1)))
            (refused,) = await send(node, transfer(1, amount_minor=7))
            assert isinstance(refused, Refusal)
            assert (refused.code, refused.status) == ("event_id_reused", 409)
            assert bodies(await send(node, transfer(1))) == first

    asyncio.run(story())


@pytest.mark.parametrize("stop", [True, False], ids=["stopped", "crashed"])
def test_a_node_started_again_goes_on_as_if_it_had_never_ended(tmp_path: Path, stop: bool) -> None:
    arrivals = [transfer(n, amount_minor=9_000_00, customer=f"C{n % 3}") for n in range(60)]

    async def whole(folder: Path) -> list[bytes]:
        async with running(folder, small_pack(), options=_options(folder)) as node:
            return bodies(await send(node, *arrivals))

    async def in_two(folder: Path) -> list[bytes]:
        async with running(folder, small_pack(), options=_options(folder), stop=stop) as node:
            before = bodies(await send(node, *arrivals[:31]))
        async with running(folder, options=_options(folder)) as node:
            assert bodies(await send(node, *arrivals[:31])) == before
            return before + bodies(await send(node, *arrivals[31:]))

    uninterrupted = asyncio.run(whole(tmp_path / "whole"))
    assert asyncio.run(in_two(tmp_path / "two")) == uninterrupted
    assert any(b'"large_sum"' in body for body in uninterrupted), "the story must hit something"
    assert _followed(tmp_path / "two") == (60, 0)


def test_a_decision_is_explained_and_recomputed_from_the_journal(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await send(node, *(transfer(n) for n in range(20)))
            (body,) = bodies(await send(node, transfer(20, amount_minor=6_000_000)))
            brief = msgspec.json.decode(body)
            decision = await asyncio.to_thread(node.decision, brief["decision_id"])
            assert decision is not None
            assert decision.action == brief["action"]
            assert [hit.policy for hit in decision.hits] == ["large_sum"]
            assert decision.hits[0].reason.zh
            assert await asyncio.to_thread(node.decision, "T20") == decision
            assert await asyncio.to_thread(node.decision, "unheard") is None
            check = await asyncio.to_thread(node.recompute, "T20")
            assert check is not None
            assert check.equal
            assert (check.position, check.events_replayed) == (20, 21)

    asyncio.run(story())


def test_an_event_from_the_future_is_refused_and_the_others_are_decided(tmp_path: Path) -> None:
    late = decode_row(
        {"event_type": "LOGIN", "event_id": "L", "occurred_at_us": 4_000_000_000_000_000}
    )

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            good, bad = await send(
                node, transfer(1), Arrival(event=late, content=encode_event(late))
            )
            assert isinstance(good, Answer)
            assert isinstance(bad, Refusal)
            assert bad.code == "field_instant_ahead"

    asyncio.run(story())


def test_a_full_queue_takes_nothing_of_a_request(tmp_path: Path) -> None:
    settings = NodeSettings(pressure=PressureSettings(queue_events_max=4))

    async def story() -> None:
        options = _options(tmp_path, node=settings)
        async with running(tmp_path, small_pack(), options=options) as node:
            first = node.submit([transfer(n) for n in range(3)], sender="t", deadline_us=10**7)
            with pytest.raises(Busy):
                node.submit([transfer(8), transfer(9)], sender="t", deadline_us=10**7)
            await first
            (body,) = bodies(await send(node, transfer(8)))
            assert msgspec.json.decode(body)["position"] == 3

    asyncio.run(story())


def test_a_stopped_node_refuses_and_has_answered_everything(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            waiting = node.submit([transfer(1)], sender="t", deadline_us=10**7)
            await node.stop()
            assert bodies(await waiting)
            with pytest.raises(NotReady):
                node.submit([transfer(2)], sender="t", deadline_us=10**7)

    asyncio.run(story())


def test_turns_that_are_held_take_what_comes_together_and_a_stop_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = Gathering.begin

    def begin_busy(gathering: Gathering, requests: int) -> None:
        began(gathering, requests)
        gathering.gap_us = 300_000

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            assert bodies(await send(node, transfer(0)))
            node.metrics.connections.set(1_000)
            monkeypatch.setattr(Gathering, "begin", begin_busy)
            assert bodies(await send(node, transfer(1)))
            before = node.metrics.evaluate_seconds.count
            waiting = []
            for number in range(2, 12):
                waiting.append(node.submit([transfer(number)], sender="t", deadline_us=10**7))
                await asyncio.sleep(0)
            together = [body for one in waiting for body in bodies(await one)]
            assert node.metrics.evaluate_seconds.count == before + 1
            positions = [msgspec.json.decode(body)["position"] for body in together]
            assert positions == list(range(2, 12))
            last = node.submit([transfer(12)], sender="t", deadline_us=10**7)
            await node.stop()
            assert bodies(await last)
        assert _followed(tmp_path) == (13, 0)

    asyncio.run(story())


def test_a_deadline_that_a_slow_disk_overruns_is_answered_by_the_fail_policy_and_decided_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Journal.commit
    settings = NodeSettings(fail_policy={"default": "HOLD", "MOBILE": "DELAY"})

    def slow(journal: Journal) -> int:
        # So long that a busy machine decides in time, and then the disk alone is late.
        MachineClock().pause(duration_us=1_500_000)
        return commit(journal)

    async def story() -> None:
        options = _options(tmp_path, node=settings)
        async with running(tmp_path, small_pack(), options=options) as node:
            monkeypatch.setattr(Journal, "begin_commit", lambda _: False)
            monkeypatch.setattr(Journal, "commit", slow)
            (late,) = await send(node, transfer(1), deadline_us=1_000_000)
            assert isinstance(late, Refusal)
            assert (late.code, late.status, late.fail_action) == ("deadline_passed", 504, "DELAY")
            monkeypatch.setattr(Journal, "commit", commit)
            (again,) = await send(node, transfer(1))
            assert isinstance(again, Answer)
            assert again.repeated
            assert msgspec.json.decode(again.body)["degraded"] == ""

    asyncio.run(story())


def test_a_budget_too_small_for_any_evaluation_is_decided_by_the_fail_policy_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sweep just before the turn would answer it as too late, and then it is decided in full.
    monkeypatch.setattr("haitang.app.service.node.SWEEP_S", 3_600.0)
    settings = NodeSettings(fail_policy={"default": "HOLD", "MOBILE": "DELAY"})

    async def story() -> None:
        options = _options(tmp_path, node=settings)
        async with running(tmp_path, small_pack(), options=options) as node:
            first = bodies(await send(node, transfer(1), deadline_us=1))
            again = bodies(await send(node, transfer(1)))
            assert msgspec.json.decode(again[0])["degraded"] == "fail_policy"
            assert msgspec.json.decode(again[0])["action"] == "DELAY"
            assert first == again
            # Its features count all the same: the state does not depend on the hurry.
            (body,) = bodies(await send(node, transfer(2, amount_minor=4_995_000)))
            assert b"large_sum" in body or b'"hits":[]' in body

    asyncio.run(story())
    assert _followed(tmp_path) == (2, 0)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "by_another_process"])
def test_publishing_changes_decisions_from_its_place_on_and_can_be_rolled_back(
    tmp_path: Path, elsewhere: bool
) -> None:
    stricter = stricter_pack()
    beside = Companions(tmp_path, tell=Told(), elapsed_us=lambda: 0) if elsewhere else None

    async def story() -> None:
        async with running(
            tmp_path, small_pack(), options=_options(tmp_path), beside=beside
        ) as node:
            before = bodies(await send(node, transfer(1)))
            view = await asyncio.to_thread(
                node.publish, PublishRequest(files=stricter, author="an", approver="bo")
            )
            assert (view.state, view.position) == ("live", 1)
            (after,) = bodies(await send(node, transfer(2)))
            assert b'"large_sum"' in after
            assert bodies(await send(node, transfer(1))) == before
            back = await asyncio.to_thread(node.roll_back, author="an", approver="bo", note="")
            assert back.kind == "rollback"
            (again,) = bodies(await send(node, transfer(3)))
            assert b'"large_sum"' not in again

    with contextlib.nullcontext() if beside is None else contextlib.closing(beside):
        asyncio.run(story())
    assert _followed(tmp_path) == (3, 0)


def test_publishing_other_features_rebuilds_the_state_from_the_journal(tmp_path: Path) -> None:
    other = other_features()

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await send(node, *(transfer(n, amount_minor=1_000_000) for n in range(4)))
            await asyncio.to_thread(
                node.publish, PublishRequest(files=other, author="an", approver="bo")
            )
            # 90 minutes later: within two hours of the first four, not within one.
            (body,) = bodies(await send(node, transfer(5_400, amount_minor=1_000_000)))
            assert b'"large_sum"' in body
        async with running(tmp_path, options=_options(tmp_path)) as node:
            (body,) = bodies(await send(node, transfer(5_401, amount_minor=1)))
            assert b'"large_sum"' in body

    asyncio.run(story())


def test_a_canary_decides_for_its_customers_only_and_survives_a_restart(tmp_path: Path) -> None:
    stricter = stricter_pack()
    arrivals = [transfer(n, customer=f"C{n}") for n in range(200)]

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            request = PublishRequest(
                files=stricter, author="an", approver="bo", kind="canary", share=3_000
            )
            await asyncio.to_thread(node.publish, request)
            hit = {n for n, body in enumerate(bodies(await send(node, *arrivals[:100])))
                   if b'"large_sum"' in body}  # fmt: skip
            assert 10 < len(hit) < 60
        async with running(tmp_path, options=_options(tmp_path)) as node:
            more = [transfer(1_000 + n, customer=f"C{n}") for n in range(100)]
            again = {n for n, body in enumerate(bodies(await send(node, *more)))
                     if b'"large_sum"' in body}  # fmt: skip
            assert again == hit

    asyncio.run(story())
    assert _followed(tmp_path) == (200, 0)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (PublishRequest(files={}, author="an", approver="An "), "publication_four_eyes"),
        (PublishRequest(files={}, author="", approver="bo"), "publication_person"),
        (
            PublishRequest(files={}, author="an", approver="bo", start_at_us=NOW_US),
            "publication_start_past",
        ),
        (
            PublishRequest(files={}, author="an", approver="bo", kind="canary"),
            "publication_share",
        ),
    ],
)
def test_a_publication_that_nobody_may_make_is_refused(
    tmp_path: Path, request_: PublishRequest, code: str
) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            with pytest.raises(HaitangError) as caught:
                await asyncio.to_thread(node.publish, request_)
            assert caught.value.code == code
            assert len(node.publications()) == 1

    asyncio.run(story())


def test_a_scheduled_pack_starts_by_itself_and_after_a_restart_too(tmp_path: Path) -> None:
    stricter = stricter_pack()

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            start_at_us = MachineClock().now_us() + 700_000
            view = await asyncio.to_thread(
                node.publish,
                PublishRequest(files=stricter, author="an", approver="bo", start_at_us=start_at_us),
            )
            assert view.state == "scheduled"
            (body,) = bodies(await send(node, transfer(1)))
            assert b'"large_sum"' not in body
        async with running(tmp_path, options=_options(tmp_path)) as node:
            while node.publications()[-1].kind != "live":
                await asyncio.sleep(0.02)
            (body,) = bodies(await send(node, transfer(2)))
            assert b'"large_sum"' in body

    asyncio.run(story())


def test_a_successor_takes_over_without_losing_an_event(tmp_path: Path) -> None:
    async def story() -> None:
        warm = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            first = bodies(await send(node, *(transfer(n) for n in range(10))))
            successor = Node(
                _options(tmp_path), clocks=MachineClock(), metrics=node.metrics, tell=Told()
            )

            def say_warm() -> None:
                loop.call_soon_threadsafe(warm.set)

            starting = asyncio.create_task(successor.start(warm=say_warm))
            await warm.wait()
            first += bodies(await send(node, *(transfer(n) for n in range(10, 20))))
        await starting
        assert bodies(await send(successor, *(transfer(n) for n in range(20)))) == first
        await successor.stop()

    asyncio.run(story())


def test_a_second_node_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)):
            with pytest.raises(HaitangError) as caught:
                async with running(tmp_path, options=_options(tmp_path)):
                    pass
            assert caught.value.code == "journal_locked"

    asyncio.run(story())


def test_a_clock_far_behind_the_journal_is_refused_unless_accepted(tmp_path: Path) -> None:
    class Behind(MachineClock):
        def now_us(self) -> int:
            return super().now_us() - 3_600_000_000

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            await send(node, transfer(1))
        node = Node(_options(tmp_path), clocks=Behind(), metrics=node.metrics, tell=Told())
        with pytest.raises(HaitangError) as caught:
            await node.start()
        assert caught.value.code == "clock_behind_journal"
        options = _options(tmp_path, accept_clock=True)
        node = Node(options, clocks=Behind(), metrics=node.metrics, tell=Told())
        await node.start()
        assert bodies(await send(node, transfer(2)))
        await node.stop()

    asyncio.run(story())


def test_a_damaged_snapshot_is_passed_over(tmp_path: Path) -> None:
    told = Told()

    async def story() -> None:
        async with running(tmp_path, small_pack(), options=_options(tmp_path)) as node:
            first = bodies(await send(node, *(transfer(n) for n in range(10))))
        (snapshot,) = (tmp_path / "snapshots").iterdir()
        content = bytearray(snapshot.read_bytes())
        content[len(content) // 2] ^= 1
        snapshot.write_bytes(content)
        async with running(tmp_path, options=_options(tmp_path), told=told) as node:
            assert bodies(await send(node, *(transfer(n) for n in range(10)))) == first

    asyncio.run(story())
    assert "snapshot_passed_over" in told.names


def test_a_folder_without_a_pack_and_one_with_another_are_refused(tmp_path: Path) -> None:
    async def story(pack: dict[str, bytes] | None) -> str:
        try:
            async with running(tmp_path, pack, options=_options(tmp_path)) as node:
                await send(node, transfer(1))
        except HaitangError as error:
            return error.code
        return ""

    assert asyncio.run(story(None)) == "service_no_pack"
    assert asyncio.run(story(small_pack())) == ""
    other = small_pack(pack=PACK.replace("1.2.0", "1.3.0"))
    assert asyncio.run(story(other)) == "service_other_pack"


def test_a_pack_for_new_folders_only_leaves_the_live_one_alone(tmp_path: Path) -> None:
    async def live(version: str) -> list[str]:
        files = small_pack(pack=PACK.replace("1.2.0", version))
        node = Node(_options(tmp_path), clocks=MachineClock(), metrics=Metrics(), tell=Told())
        await node.start(first_pack=FirstPack(files=files, name="small", only_if_new=True))
        versions = [view.pack_version for view in node.publications() if view.state == "live"]
        await node.stop()
        return versions

    assert asyncio.run(live("1.2.0")) == ["1.2.0"]
    assert asyncio.run(live("1.3.0")) == ["1.2.0"]


def stricter_pack() -> dict[str, bytes]:
    """Return the small pack with a bound that every payment of these tests reaches."""
    return small_pack(policies__large_sum=_version_two("money(50000)", "money(50)"))


def other_features() -> dict[str, bytes]:
    """Return the small pack with windows of two hours."""
    return small_pack(
        features__all=FEATURES.replace("1h", "2h").replace("1 h", "2 h"),
        policies__large_sum=_version_two("paid_sum_1h", "paid_sum_2h"),
    )


def _version_two(old: str, new: str) -> str:
    assert old in LARGE_SUM
    return LARGE_SUM.replace(old, new).replace("version: 1", "version: 2").split("tests:")[0] + (
        "tests:\n"
        "  - name: fires\n"
        "    events:\n"
        "      - {at: 0s, event_type: TXN_REQUEST, amount_minor: 5000000}\n"
        "    fires: true\n"
        "  - name: stays quiet\n"
        "    events:\n"
        "      - {at: 0s, event_type: TXN_REQUEST, amount_minor: 1}\n"
        "    fires: false\n"
    )
