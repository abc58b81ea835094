"""`haitang follow`: the settings that it goes by."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from haitang.adapters.journal.snapshots import whole_snapshots
from haitang.data.events.order import Deduplicator
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.main import main
from tests.unit.app.service.nodes import running, send, small_pack, transfer


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """Return a data folder whose journal holds an event and which has no snapshot."""
    folder = tmp_path / "data"

    async def story() -> None:
        async with running(folder, small_pack(), stop=False) as node:
            await send(node, transfer(1))

    asyncio.run(story())
    return folder


def test_a_settings_file_says_what_the_follower_holds(served: Path, tmp_path: Path) -> None:
    settings = tmp_path / "elsewhere.toml"
    settings.write_text("remembered_events = 4_321\n")
    assert main(["follow", str(served), "--once", "--settings", str(settings)]) == ExitCode.DONE
    snapshot = next(whole_snapshots(served))
    assert snapshot.position == 1
    assert Deduplicator.read(snapshot.read("seen")).events_max == 4_321


def test_a_settings_file_that_is_wrong_stops_it(
    served: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "elsewhere.toml"
    settings.write_text("remembered_events = 1\n")
    code = main(["follow", str(served), "--once", "--settings", str(settings)])
    assert code == ExitCode.WRONG_USE
    assert f"{settings}:1" in capsys.readouterr().err
    assert not list(whole_snapshots(served))
