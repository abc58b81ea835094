"""How commands end when something outside ends them."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.journeys.program import SECONDS_MAX, haitang, started
from tests.unit.app.payments import journal, payment
from tests.unit.app.small_pack import write_pack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Replay once for all tests, which also has the engine's machine code made."""
    folder = tmp_path_factory.mktemp("prepared")
    write_pack(folder / "pack")
    rows = [payment(number, amount_minor=900_000) for number in range(2_000)]
    (folder / "events.jsonl").write_bytes(journal(*rows))
    done = haitang("replay", "events.jsonl", "--pack", "pack", "--decisions", "d.jsonl", cwd=folder)
    assert done.returncode == 0
    return folder


@pytest.fixture
def place(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return tmp_path


def wait_until_written(folder: Path) -> None:
    """Wait for the temporary output that shows that a command has come to its work."""
    deadline = time.monotonic() + SECONDS_MAX
    while not list(folder.glob(".*.partial")):
        assert time.monotonic() < deadline, "the command never began to write"
        select.select([], [], [], 0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_ended_replay_leaves_no_trace(place: Path, number: signal.Signals, code: int) -> None:
    running = started(
        "replay", "-", "--pack", "pack", "--decisions", "out.jsonl",
        cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdin is not None
    running.stdin.write(journal(payment(0)))
    running.stdin.flush()
    wait_until_written(place)
    running.send_signal(number)
    _, err = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == code
    assert b"Traceback" not in err
    assert not (place / "out.jsonl").exists()
    assert not list(place.glob(".*.partial"))


def test_an_ended_demo_keeps_what_was_decided_and_sums_up(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(place))
    running = started(
        "demo", "--events", "events.jsonl", "--pack", "pack", "--speed", "3600x",
        "--decisions", "out.jsonl",
        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    # The first line of progress comes when a hundred events or so were decided.
    line = next(line for line in running.stdout if re.search(rb" [\d,]+ events, ", line))
    assert b"acted on" in line
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 130
    assert b"Traceback" not in err
    assert b"ended early" in out
    decided = [json.loads(line) for line in (place / "out.jsonl").read_bytes().splitlines()]
    # The sixth payment of an hour is the first that passes the bound of the policy.
    assert [one["event_id"] for one in decided[:2]] == ["E-5", "E-6"]
    assert len(decided) < 1_990
    # The service has ended, and its folder with it.
    assert not list(place.glob("haitang-demo-*"))


def test_a_reader_that_leaves_is_no_error(place: Path) -> None:
    running = started(
        "replay", "events.jsonl", "--pack", "pack", "--decisions", "-",
        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stderr is not None
    assert running.stdout.readline().startswith(b'{"decision_id"')
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=SECONDS_MAX) == 141
    assert b"Traceback" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("arguments", [["explain", "d.jsonl"], ["--help"], ["check", "pack"]])
def test_output_that_finds_no_room_is_told(place: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        running = started(*arguments, cwd=place, stdout=full, stderr=subprocess.PIPE)
        _, err = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 2
    assert "<stdout>: no room was left to write" in err.decode()


def test_a_demo_runs_without_a_terminal(place: Path) -> None:
    done = haitang(
        "demo", "--events", "events.jsonl", "--pack", "pack", "--language", "zh", cwd=place
    )
    assert done.returncode == 0
    out = done.stdout.decode()
    assert "播放结束" in out
    assert "2,000 个事件" in out
    assert "haitang explain out/demo/decisions.jsonl" in out
    assert "http://127.0.0.1:" in out
    assert len((place / "out/demo/decisions.jsonl").read_bytes().splitlines()) == 1_995


def test_a_demo_draws_a_live_view_on_a_terminal(place: Path) -> None:
    shown = on_a_terminal(
        "demo", "--events", "events.jsonl", "--pack", "pack", "--speed", "4000x", cwd=place
    )
    for said in ("Latest hits", "money at risk", "left within an hour", "events.jsonl: the end"):
        assert said in shown, shown[-2_000:]
    # Colour and cursor movements are there: it was drawn, not printed.
    assert "\x1b[" in shown


def on_a_terminal(*arguments: str, cwd: Path) -> str:
    """Run a command on a terminal of 110 columns and return all that was shown."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    running = started(*arguments, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        ready, _, _ = select.select([ours], [], [], 1.0)
        if not ready:
            continue
        try:
            piece = os.read(ours, 65_536)
        except OSError:
            # The other side of a terminal is gone when its last process has ended.
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert running.wait(timeout=SECONDS_MAX) == 0
    return shown.decode(errors="replace")
