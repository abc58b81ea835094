"""The benchmark of recovery: how long a restart takes, and what `kill -9` leaves behind.

`haitang bench recovery` starts this file; `--quick` takes fewer keys and kills, and is for trying
out. Exit code 4 when a bar is missed.
"""

from __future__ import annotations

import argparse
import http.client
import os
import pickle
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from bench import kills, pack_folder, serve_parts, service  # noqa: E402
from bench.lines import line_count, read_lines  # noqa: E402
from bench.measures import Measured, machine  # noqa: E402
from bench.tables import (  # noqa: E402
    EXIT_MISSED,
    Bar,
    draw,
    report_frame,
    say,
    write_json,
)

KILL_POLICIES = 60
TAIL_EVENTS = 20_000
"""Events behind the snapshot when the service is killed."""


class Sizes(NamedTuple):
    """How much of everything."""

    events: int = 3_000_000
    """Of the stream; 3 M have about 1.5 M keys."""
    kills: int = 200
    restarts: int = 3


FULL = Sizes()
QUICK = Sizes(events=100_000, kills=10, restarts=1)

BARS = (
    Bar("restart to the first decision", "restart.seconds_to_first_decision", 10, 3, "s", False),
    Bar("the same without a snapshot", "restart.seconds_without_snapshot", None, 30, "s", False),
    Bar("kill -9 under load: answers lost", "kills.lost", 0, 0, more=False),
    Bar("answers changed", "kills.changed", 0, 0, more=False),
    Bar("events doubled", "kills.doubled", 0, 0, more=False),
    Bar("answers unlike an uninterrupted run", "kills.differ_from_uninterrupted", 0, 0, more=False),
    Bar("probes unlike an uninterrupted run", "kills.probes_that_differ", 0, 0, more=False),
    Bar("journals that did not verify", "kills.journals_refused", 0, 0, more=False),
)


def run(
    json_path: Path | None = None,
    *,
    quick: bool = False,
    folder: Path | None = None,
    kill_count: int | None = None,
) -> int:
    """Measure everything, draw the table, write the JSON; return the exit code.

    `folder` keeps the prepared stream and the data folder with its keys for the next run.
    """
    sizes = QUICK if quick else FULL
    if kill_count is not None:
        sizes = sizes._replace(kills=kill_count)
    started = machine()
    with tempfile.TemporaryDirectory(prefix="haitang-bench-") as temporary:
        place = folder or Path(temporary)
        say(f"preparing {sizes.events:,} events, 600 policies and 200 trees in {place}")
        prepared = serve_parts.prepare(place, sizes.events, quick=quick)
        work = prepared.folder / "work"
        try:
            parts = {
                "restart": restarts(prepared, sizes, work),
                "kills": _kills(prepared, sizes, work),
            }
        finally:
            shutil.rmtree(work, ignore_errors=True)
    report = _report(parts, started=started, quick=quick)
    if json_path is not None:
        write_json(json_path, report)
    draw(report, note=_note(parts))
    return 0 if report["bars_met"] else EXIT_MISSED


def _report(parts: dict[str, Measured], *, started: Measured, quick: bool) -> Measured:
    kept = ("kills", "lost", "changed", "doubled", "state_equal")
    return {
        **report_frame(bars=BARS, medians=parts, started=started, quick=quick),
        **{name: parts["kills"][name] for name in kept},
        "seconds_to_first_decision": parts["restart"]["seconds_to_first_decision"],
        "seconds_without_snapshot": parts["restart"]["seconds_without_snapshot"],
        "parts": parts,
    }


def _note(parts: dict[str, Measured]) -> str:
    restart, killed = parts["restart"], parts["kills"]
    return (
        f"{restart['events']:,} events in the journal ({restart['journal_bytes'] / 1e9:.2f} GB), "
        f"{TAIL_EVENTS:,} behind the snapshot; {killed['kills']} kills under load "
        f"({killed['kills_while_deciding_new']} of them while new events were decided) and "
        f"{killed['kills_while_starting']} while starting, {killed['answered']:,} answers held "
        f"against the journal, {killed['seconds_per_kill']:.2f} s a kill."
    )


def _kills(prepared: serve_parts.Prepared, sizes: Sizes, work: Path) -> Measured:
    say(f"killing {sizes.kills} times")
    count = min(line_count(prepared.events), kills.EVENTS_PER_KILL * sizes.kills + 20_000)
    lines = read_lines(prepared.events, 0, count)
    pack = _smaller_pack(prepared, work / "pack")
    seen = kills.kill_test(work, kills.Kills(pack, lines, sizes.kills))
    return {**seen, "journals_refused": 0 if seen["journal_verified"] else 1}


def _smaller_pack(prepared: serve_parts.Prepared, to: Path) -> Path:
    """Write the pack with fewer policies: reading it takes most of a start, here many times."""
    policies = pickle.loads((prepared.folder / "policies.pickle").read_bytes())
    text = (prepared.folder / "trees.txt").read_text()
    return pack_folder.write_pack(to, policies[:KILL_POLICIES], model_text=text)


def restarts(prepared: serve_parts.Prepared, sizes: Sizes, work: Path) -> Measured:
    """Kill a service with many keys and time its restart: with a snapshot, and without any."""
    kept = built(prepared, sizes.events)
    key = (kept.parent / "key").read_text()
    tail = read_lines(prepared.events, sizes.events - TAIL_EVENTS - 100, sizes.events)
    data = service.copied(kept, work / "restarted")
    _add_tail_and_kill(data, key, tail[:TAIL_EVENTS])
    with_snapshot: list[float] = []
    cold: list[float] = []
    left = iter(tail[TAIL_EVENTS:])
    for turn in range(sizes.restarts):
        with_snapshot.append(_restart(data, key, next(left)))
        _forget_cached(data)
        cold.append(_restart(data, key, next(left)))
        say(f"  restart {turn + 1}: {with_snapshot[-1]:.2f} s, from a cold disk {cold[-1]:.2f} s")
    shutil.rmtree(data / "snapshots", ignore_errors=True)
    without = _restart(data, key, next(left), options=("--no-follower",))
    say(f"  without a snapshot: {without:.2f} s")
    sizes_read = {
        "journal_bytes": service.folder_bytes(data / "journal"),
        "snapshot_bytes": service.folder_bytes(kept / "snapshots"),
    }
    shutil.rmtree(data)
    return {
        "events": sizes.events,
        "seconds_to_first_decision": float(np.median(with_snapshot)),
        "seconds_to_first_decision_cold": float(np.median(cold)),
        "seconds_without_snapshot": without,
        **sizes_read,
    }


def built(prepared: serve_parts.Prepared, events: int) -> Path:
    """Return a data folder that has seen the stream and was stopped well; build it once."""
    kept = prepared.folder / "kept" / "data"
    done = kept.parent / "key"
    if done.exists():
        return kept
    shutil.rmtree(kept.parent, ignore_errors=True)
    key = service.create_key(kept)
    begun = time.monotonic()
    with service.ended(service.start(kept, prepared.pack)) as started:
        service.ready(started)
        feed = serve_parts.Feed(prepared, started, key)
        seen = feed.load(
            events - TAIL_EVENTS - 100, seconds=3_600.0, batch=serve_parts.LOAD_BATCH,
            connections=serve_parts.LOAD_CONNECTIONS,
        )  # fmt: skip
        if seen["refused"] or seen["unanswered"]:
            raise service.ServiceFailed("not every event was taken in")
        stop_s = service.stop(started)
    say(f"  built in {time.monotonic() - begun:.0f} s, stopped in {stop_s:.1f} s")
    done.write_text(key)
    return kept


def _add_tail_and_kill(data: Path, key: str, lines: list[bytes]) -> None:
    with service.ended(service.start(data, None, options=("--no-follower",))) as started:
        service.ready(started)
        for at in range(0, len(lines), 1_000):
            _post(started.port, key, b"[" + b",".join(lines[at : at + 1_000]) + b"]", batch=True)


def _restart(data: Path, key: str, line: bytes, *, options: tuple[str, ...] = ()) -> float:
    """Start, and return the seconds until an event was decided; then `kill -9`."""
    begun = time.monotonic()
    with service.ended(service.start(data, None, options=options)) as started:
        while True:
            with suppress(OSError, http.client.HTTPException):
                if _post(started.port, key, line, batch=False):
                    return time.monotonic() - begun
            service.check_alive(started)
            if time.monotonic() - begun > service.START_SECONDS_MAX:
                raise service.ServiceFailed(f"no decision: {service.last_words(started)}")
            time.sleep(service.POLL_S)


def _post(port: int, key: str, body: bytes, *, batch: bool) -> bool:
    """Ask once; True when it was decided."""
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=service.START_SECONDS_MAX)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    path = "/v1/decisions:batch" if batch else "/v1/decisions"
    try:
        caller.request("POST", path, body, headers)
        answer = caller.getresponse()
        answer.read()
    finally:
        caller.close()
    return answer.status == 200


def _forget_cached(data: Path) -> None:
    """Let the system forget what it holds of these files in memory, as after a reboot."""
    for path in data.rglob("*"):
        if path.is_file():
            number = os.open(path, os.O_RDONLY)
            try:
                os.fdatasync(number)
                os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(number)


def main(arguments: list[str]) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="haitang bench recovery", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    parser.add_argument("--quick", action="store_true", help="fewer keys and kills")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep what was prepared here")
    parser.add_argument("--kills", type=int, metavar="N", help="how often to kill")
    given = parser.parse_args(arguments)
    return run(given.json, quick=given.quick, folder=given.folder, kill_count=given.kills)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
