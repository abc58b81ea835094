"""`haitang serve` starts its follower with the settings that it has itself."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.journeys.program import started
from tests.unit.app.service.nodes import running, send, small_pack, transfer

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]


def test_the_follower_goes_by_the_settings_file_of_the_service(tmp_path: Path) -> None:
    folder, settings = tmp_path / "data", tmp_path / "elsewhere.toml"
    # A follower of the default settings writes its first snapshot after an hour.
    settings.write_text("port = 0\nsnapshot_every_s = 10\n")

    async def story() -> None:
        async with running(folder, small_pack(), stop=False) as node:
            await send(node, transfer(1))

    asyncio.run(story())
    arguments = ("serve", "--data", folder, "--settings", settings)
    with started(*map(str, arguments), cwd=tmp_path, stderr=subprocess.PIPE) as service:
        try:
            assert service.stderr is not None
            told = (json.loads(line) for line in service.stderr if line.startswith(b"{"))
            written = next(line for line in told if line["event"] == "snapshot_written")
        finally:
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=60)
    assert written["position"] == 1
    assert service.returncode == 0
