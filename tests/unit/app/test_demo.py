from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from haitang.app.demo import Reply, run_demo
from haitang.app.demoframes import DemoFrame
from haitang.app.demosources import WATCHED_US, Demo, DemoRequest, open_demo
from haitang.app.wiring import MachineClock
from haitang.data.events.batch import FieldSet
from haitang.kernel.errors import HaitangError
from tests.unit.app.engine_service import EngineService
from tests.unit.app.payments import MINUTE_US, START_US, journal, payment
from tests.unit.app.small_pack import write_pack
from tests.unit.app.test_pacing import WoundClock


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    pack = write_pack(tmp_path / "pack")
    rows: list[dict[str, Any] | str] = [
        payment(0, amount_minor=3_000_000),
        payment(1, amount_minor=2_500_000),
        payment(2, amount_minor=1_000, payer_customer_id="C2", call_active=True),
        {**payment(3), "event_type": "TXN_POSTED", "amount_minor": 9_000_000},
        "no event",
        payment(1, amount_minor=2_500_000),
    ]
    (tmp_path / "events.jsonl").write_bytes(journal(*rows))
    return open_demo(DemoRequest(events=tmp_path / "events.jsonl", pack=pack))


def test_a_demo_counts_the_money_that_was_asked_for_under_a_hit(demo: Demo, tmp_path: Path) -> None:
    service = EngineService(demo.pack_folder)
    summary = run_demo(
        demo,
        service=service,
        decisions=tmp_path / "new" / "folder" / "d.jsonl",
        speed=None,
        clock=MachineClock(),
        show=lambda _: None,
    )
    frame = summary.frame
    assert (frame.events, summary.refused, summary.duplicates) == (4, 1, 1)
    assert "events.jsonl:5" in summary.first_refusal
    # Only the second payment passes the bound; the posting is no request, the shadow hit no hit.
    assert (frame.at_risk_minor, frame.stopped_minor) == (2_500_000, 2_500_000)
    assert [hit.event_id for hit in frame.latest] == ["E-1"]
    assert summary.strictest is not None
    assert summary.strictest.action == "HOLD"
    assert frame.phase == "ended"
    assert frame.actions == {"PASS": 3, "HOLD": 1}
    assert summary.typologies == {"D01": 1}
    # Only what fired has something to explain.
    written = (tmp_path / "new/folder/d.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["event_id"] for line in written] == ["E-1"]
    assert len(service.explained) == 1


def test_ctrl_c_keeps_what_was_decided(demo: Demo, tmp_path: Path) -> None:
    shown: list[DemoFrame] = []

    def show(frame: DemoFrame) -> None:
        shown.append(frame)
        if frame.events == 2 and frame.phase == "watched":
            raise KeyboardInterrupt

    summary = run_demo(
        demo,
        service=EngineService(demo.pack_folder),
        decisions=tmp_path / "d.jsonl",
        speed=60.0,
        clock=WoundClock(),
        show=show,
    )
    assert summary.interrupted
    assert summary.frame.events == 2
    assert summary.frame.phase == "interrupted"
    assert len((tmp_path / "d.jsonl").read_bytes().splitlines()) == 1


def test_frames_come_while_the_bank_sleeps(demo: Demo, tmp_path: Path) -> None:
    shown: list[int] = []
    run_demo(
        demo,
        service=EngineService(demo.pack_folder),
        decisions=tmp_path / "d.jsonl",
        speed=60.0,
        clock=WoundClock(),
        show=lambda frame: shown.append(frame.events),
    )
    # Three minutes at sixty times are three seconds; a frame every tenth of one.
    assert 25 <= len(shown) <= 31
    assert sorted(shown) == shown


def test_bank_time_before_the_watched_part_is_said_to_be_catching_up(
    demo: Demo, tmp_path: Path
) -> None:
    phases: list[str] = []
    paced = msgspec.structs.replace(demo, paced_from_us=START_US + 2 * MINUTE_US)
    service = EngineService(demo.pack_folder)
    run_demo(
        paced,
        service=service,
        decisions=tmp_path / "d.jsonl",
        speed=60.0,
        clock=WoundClock(),
        show=lambda frame: phases.append(frame.phase),
    )
    # The first two pass at once; the last comes late, which does not turn the phase back.
    assert service.requests == [2, 1, 2]
    assert set(phases[:-1]) == {"watched"}
    assert phases[-1] == "ended"


def test_while_the_profiles_form_a_frame_says_so(demo: Demo, tmp_path: Path) -> None:
    phases: list[str] = []
    clock = WoundClock()

    class SlowService(EngineService):
        def decide(self, events: Sequence[bytes]) -> list[Reply]:
            clock.now_us += 200_000
            return super().decide(events)

    paced = msgspec.structs.replace(demo, paced_from_us=START_US + 2 * MINUTE_US)
    run_demo(
        paced,
        service=SlowService(demo.pack_folder),
        decisions=tmp_path / "d.jsonl",
        speed=60.0,
        clock=clock,
        show=lambda frame: phases.append(frame.phase),
    )
    assert phases[0] == "catching_up"
    assert "watched" in phases
    assert sorted(phases[:-1]) == phases[:-1]


def test_an_event_that_the_service_refuses_is_counted(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack")
    rows = [payment(0), payment(0, amount_minor=5)]
    (tmp_path / "events.jsonl").write_bytes(journal(*rows))
    summary = run_demo(
        open_demo(DemoRequest(events=tmp_path / "events.jsonl", pack=pack)),
        service=EngineService(pack),
        decisions=tmp_path / "d.jsonl",
        speed=None,
        clock=WoundClock(),
        show=lambda _: None,
    )
    assert (summary.frame.events, summary.refused) == (1, 1)


def test_only_one_source_can_be_named(tmp_path: Path) -> None:
    with pytest.raises(HaitangError) as refused:
        open_demo(DemoRequest(events=tmp_path, data_set="handbook_cards"))
    assert refused.value.code == "use_two_sources"


def test_a_data_set_that_is_not_there_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(HaitangError) as refused:
        open_demo(DemoRequest(data_set="handbook_cards", data_folder=str(tmp_path)))
    assert refused.value.code == "data_set_missing"
    assert "HAITANG_DATA" in refused.value.hint


@pytest.mark.slow
def test_the_lab_bank_is_shown_with_its_cases_in_the_last_week(tmp_path: Path) -> None:
    demo = open_demo(DemoRequest(pack=write_pack(tmp_path)))
    assert [case.id for case in demo.scenarios] == ["AS-1", "AS-2", "AS-3"]
    assert demo.total > 100_000
    assert all(case.story_begins_us > 0 for case in demo.scenarios)
    # All stories come to a head in the week that is watched.
    assert all(case.story_begins_us < demo.paced_from_us + WATCHED_US for case in demo.scenarios)
    pieces = [piece.events.batch(FieldSet()).occurred_at_us for piece in demo.chunks]
    instants = np.concatenate(pieces)
    watched = (instants >= demo.paced_from_us) & (instants < demo.paced_from_us + WATCHED_US)
    assert 0.2 < watched.mean() < 0.35
