"""Companions: real processes, started again with patience and ended with their node."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from haitang.app.service.companions import Companions
from haitang.kernel.errors import HaitangError
from tests.unit.app.service.nodes import Told, running, send, small_pack, transfer

SECOND_US = 1_000_000


class Stopwatch:
    """Shows what a test sets."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def elapsed_us(self) -> int:
        return int(self.elapsed_s * SECOND_US)


class Kept:
    """Companions that run a shell's words; `$1` is the folder."""

    def __init__(self, folder: Path, words: str) -> None:
        self.folder, self.told, self.watch = folder, Told(), Stopwatch()
        self.companions = Companions(
            folder,
            tell=self.told,
            elapsed_us=self.watch.elapsed_us,
            program=("sh", "-c", words),
        )

    def keep(self, *, at_s: float) -> None:
        self.watch.elapsed_s = at_s
        self.companions.keep({"follower": ()})

    @property
    def starts(self) -> int:
        path = self.folder / "starts"
        return len(path.read_text().splitlines()) if path.exists() else 0


DIES = 'echo started >> "$1/starts"; exit 7'


def someone_ends() -> None:
    """Wait until a child of ours has ended, and leave it to whoever asks for it."""
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)


def test_one_that_dies_at_once_is_started_ever_more_seldom_and_told_of_once_each(
    tmp_path: Path,
) -> None:
    kept = Kept(tmp_path, DIES)
    now_s, pauses = 0.0, []
    for started in range(1, 12):
        kept.keep(at_s=now_s)
        someone_ends()
        assert kept.starts == started
        kept.keep(at_s=now_s)
        kept.keep(at_s=now_s)
        (name, details) = kept.told.events[-1]
        assert (name, details["companion"], details["code"]) == ("companion_ended", "follower", 7)
        assert len(kept.told.events) == started
        pause_s = details["restart_s"]
        assert isinstance(pause_s, float)
        pauses.append(pause_s)
        kept.keep(at_s=now_s + pause_s - 0.001)
        assert kept.starts == started
        now_s += pause_s
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@pytest.mark.skipif(shutil.which("chrt") is None, reason="without it they are only nice")
def test_one_runs_only_where_nobody_else_wants_to(tmp_path: Path) -> None:
    kept = Kept(tmp_path, 'chrt -p $$ > "$1/said"; exit 7')
    kept.keep(at_s=0)
    someone_ends()
    kept.keep(at_s=0)
    assert "SCHED_IDLE" in (tmp_path / "said").read_text()


def test_one_that_lived_for_minutes_is_started_again_soon(tmp_path: Path) -> None:
    kept = Kept(tmp_path, DIES)
    for at_s in (0, 1, 3):
        kept.keep(at_s=at_s)
        someone_ends()
        if at_s < 3:
            kept.keep(at_s=at_s)
    kept.keep(at_s=3 + 400)
    assert [details["restart_s"] for _, details in kept.told.events] == [1, 2, 1]


def test_nothing_is_started_after_the_end(tmp_path: Path) -> None:
    kept = Kept(tmp_path, DIES)
    kept.companions.close()
    kept.keep(at_s=0)
    with pytest.raises(HaitangError) as refused:
        kept.companions.build("a" * 64)
    assert refused.value.code == "publication_state_not_built"
    assert kept.starts == 0


def test_a_builder_that_fails_is_told_of_and_refused(tmp_path: Path) -> None:
    kept = Kept(tmp_path, DIES)
    with pytest.raises(HaitangError) as refused:
        kept.companions.build("a" * 64)
    assert refused.value.code == "publication_state_not_built"
    assert kept.told.events == [("companion_ended", {"companion": "builder", "code": 7})]


def test_a_builder_ends_with_its_node(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    kept = Kept(tmp_path, 'echo begun > "$1/begun"; exec sleep 600')
    refusals: list[HaitangError] = []

    def build() -> None:
        try:
            kept.companions.build("a" * 64)
        except HaitangError as error:
            refusals.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    assert (tmp_path / "begun").read_text() == "begun\n"
    kept.companions.close()
    thread.join(30)
    assert [error.code for error in refusals] == ["publication_state_not_built"]


NODE = """
import sys, time
from pathlib import Path
from haitang.app.service.companions import Companions
companions = Companions(
    Path(sys.argv[1]), tell=print, elapsed_us=lambda: 0,
    program=(sys.executable, "-c", sys.argv[2]),
)
companions.keep({"follower": ()})
time.sleep(600)
"""
SLOW_TO_START = """
import sys
print("begun", file=sys.stderr, flush=True)
open(sys.argv[2] + "/gone").read()
from haitang.edges.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
AT_WORK = """
import sys
from haitang.adapters.clock import MachineClock
from haitang.edges.cli.main import main
wait = MachineClock.pause
def pause(self, *, duration_us):
    print("waiting for events", file=sys.stderr, flush=True)
    wait(self, duration_us=duration_us)
MachineClock.pause = pause
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("follower", [SLOW_TO_START, AT_WORK], ids=["slow_to_start", "at_work"])
def test_a_follower_outlives_no_node_that_was_killed(tmp_path: Path, follower: str) -> None:
    async def story() -> None:
        async with running(tmp_path, small_pack(), stop=False) as node:
            await send(node, transfer(1))

    asyncio.run(story())
    os.mkfifo(tmp_path / "gone")
    with subprocess.Popen(
        [sys.executable, "-c", NODE, str(tmp_path), follower],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert process.stderr.readline() in (b"begun\n", b"waiting for events\n")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        if follower == SLOW_TO_START:
            (tmp_path / "gone").write_text("")
        # The follower writes there too: the end comes when both are gone.
        assert b"Traceback" not in process.stderr.read()
