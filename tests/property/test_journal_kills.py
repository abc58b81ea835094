"""`kill -9` at any instant takes nothing away that was acknowledged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from haitang.adapters.journal.journal import Journal
from haitang.adapters.journal.upkeep import verify
from tests.conftest import ROOT
from tests.unit.adapters.journal.journal_folders import EVENTS, payload_of

KILLS = 25
COMMITS_MAX = 60


def run_and_kill(nursery: subprocess.Popen[str], folder: Path, *, commits: int) -> int:
    """Let a writer say so many commits, kill it wherever it is then; returns the last it said."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{folder}\n")
    nursery.stdin.flush()
    writer, said, last, killed = 0, 0, -1, False
    for line in nursery.stdout:
        match line.split():
            case ["pid", number]:
                writer = int(number)
            case ["position", number]:
                last, said = int(number), said + 1
            case _:
                break
        if writer and said >= commits and not killed:
            os.kill(writer, signal.SIGKILL)
            killed = True
    assert killed
    return last


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    draws = np.random.default_rng(20_260)
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
    command = [sys.executable, "-m", "tests.property.journal_writer"]
    folder = tmp_path / "data"
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=surroundings,
    ) as nursery:
        for _ in range(KILLS):
            commits = int(draws.integers(1, COMMITS_MAX))
            acknowledged = run_and_kill(nursery, folder, commits=commits)
            with Journal.open(folder, read_only=True) as journal:
                assert journal.durable_position >= acknowledged
                frames = [frame for frame in journal.read() if frame.kind == EVENTS]
            assert sum(frame.count for frame in frames) >= acknowledged
            assert all(frame.payload == payload_of(frame.position) for frame in frames)
        assert nursery.stdin is not None
        nursery.stdin.close()
    with Journal.open(folder) as journal:
        # Found by key, through indexes of which some were never written.
        end = journal.durable_position
        assert journal.find(77) == list(range(end))[::-1]
    report = verify(folder)
    assert (report.corrupt, report.next_position) == (None, end)
    assert report.segments > 3
