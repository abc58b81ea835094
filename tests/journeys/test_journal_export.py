"""A journal leaves its folder while the service writes it, and decides the same elsewhere."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from haitang.app.service.course import CourseSettings
from haitang.app.service.lifecycle import NodeOptions
from tests.journeys.program import haitang
from tests.unit.app.service.nodes import running, send, small_pack, transfer
from tests.unit.app.small_pack import write_pack

STATE = CourseSettings(state_bytes_max=64 << 20, remembered_events=1_000)


def test_an_export_beside_the_service_is_replayed_to_the_recorded_decisions(tmp_path: Path) -> None:
    data, pack = tmp_path / "data", tmp_path / "pack"
    write_pack(pack)
    arrivals = [transfer(n, amount_minor=n * 900_000, customer=f"C{n % 5}") for n in range(1, 60)]

    def exported(*arguments: str, code: int = 0) -> str:
        finished = haitang("journal", "export", str(data), *arguments, cwd=tmp_path)
        assert finished.returncode == code, finished.stderr.decode()
        return (finished.stderr if code else finished.stdout).decode()

    async def story() -> None:
        options = NodeOptions(folder=data, course=STATE)
        async with running(data, small_pack(), options=options) as node:
            await send(node, *arrivals[:40])
            await asyncio.to_thread(exported, "--to", "events.jsonl")
            await send(node, *arrivals[40:])
            await asyncio.to_thread(exported, "--to", "all.jsonl", "--decisions")
            last = await asyncio.to_thread(exported, "--to", "-", "--from-position", "58")
            assert last.encode() == arrivals[58].content + b"\n"
            refusal = await asyncio.to_thread(exported, "--to", "events.jsonl", code=2)
            assert "the file was there already" in refusal
            # The service never noticed.
            assert node.state == "ready"

    asyncio.run(story())
    events = (tmp_path / "events.jsonl").read_bytes()
    assert events == b"".join(one.content + b"\n" for one in arrivals[:40])
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_bytes().splitlines()]
    assert rows[0]["publication"]["pack"] == "small"
    recorded = [row["decision"] for row in rows[1:]]
    assert [row["position"] for row in rows[1:]] == list(range(59))
    assert {decision["action"] for decision in recorded} >= {"PASS", "HOLD"}

    replayed = haitang(
        "replay", "events.jsonl", "--pack", pack, "--decisions", "again.jsonl", cwd=tmp_path
    )
    assert replayed.returncode == 0, replayed.stderr.decode()
    again = [json.loads(line) for line in (tmp_path / "again.jsonl").read_bytes().splitlines()]
    assert again == recorded[:40]
