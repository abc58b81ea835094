"""The engine's benchmark: every part in fresh processes, and a table of bar, aim and measured.

`haitang bench engine` starts this file; `--quick` takes a tenth of the events and fewer processes,
and is for trying out. Exit code 4 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import stream  # noqa: E402
from bench.measures import Measured, machine  # noqa: E402
from bench.tables import (  # noqa: E402
    EXIT_MISSED,
    Bar,
    draw,
    figure,
    report_frame,
    say,
    write_json,
)

one_thread = {
    "POLARS_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "ARROW_NUM_THREADS": "1",
}
"""Peers and we get one core each; DuckDB is told by its own setting."""


class Part(NamedTuple):
    """One part: how many processes it gets, and on how much it runs."""

    name: str
    runs: int = 5
    number: int = 0


FULL = (
    Part("engine"),
    Part("retail", number=4_000),
    Part("gates", 1, 1_000),
    Part("duckdb", number=300_000),
    Part("polars", number=300_000),
    Part("python", number=60_000),
    Part("single", number=20_000),
    Part("workers"),
    Part("publish"),
    Part("memory"),
    Part("trees"),
    Part("mismatches", 1, 1_000_000),
)
QUICK = (
    Part("engine", 2),
    Part("retail", 1, 1_000),
    Part("gates", 1, 500),
    Part("duckdb", 1, 60_000),
    Part("polars", 1, 300_000),
    Part("python", 1, 20_000),
    Part("single", 1, 5_000),
    Part("workers", 1),
    Part("publish", 1),
    Part("memory", 1),
    Part("trees", 1),
    Part("mismatches", 1, 250_000),
)

BARS = (
    Bar("engine, events/s per core (CPU)", "engine.events_per_second_cpu", 250_000, 450_000),
    Bar(
        "shipped bank on lab days, events/s per core",
        "retail.events_per_second_cpu",
        150_000,
        350_000,
    ),
    Bar("shipped bank against the engine", "retail.ratio_engine_cpu", 0.8, 0.9, "×"),
    Bar("reading behind gates against everything", "gates.ratio_cpu", None, 1, "×"),
    Bar("features against DuckDB", "duckdb.ratio_cpu", 20, 35, "×"),
    Bar("features against Polars", "polars.ratio_cpu", 2, 4, "×"),
    Bar("features against plain Python", "python.ratio_cpu", 80, 130, "×"),
    Bar("outputs that differ: DuckDB", "duckdb.unequal", 0, 0, more=False),
    Bar("outputs that differ: Polars", "polars.unequal", 0, 0, more=False),
    Bar("outputs that differ: Python", "python.unequal", 0, 0, more=False),
    Bar("one event a call, median", "single.p50_us", None, 20, "µs", more=False),
    Bar("one event a call, p99", "single.p99_us", None, 60, "µs", more=False),
    Bar("two workers against one", "workers.speedup", None, 1.7, "×"),
    Bar("publish 600 policies (wall)", "publish.wall_ms", 300, 100, "ms", more=False),
    Bar("state per key, all windows", "memory.bytes_per_key", None, 300, "B", more=False),
    Bar("trees against LightGBM, batch", "trees.ratio_batch", 4, 8, "×"),
    Bar("tree scores whose bits differ", "trees.mismatches", 0, 0, more=False),
    Bar("values that differ from the oracle", "mismatches.mismatches", 0, 0, more=False),
)

HEADLINES = (
    ("events_per_second_per_core_cpu", "engine", "events_per_second_cpu"),
    ("events_per_second_per_core_wall", "engine", "events_per_second_wall"),
    ("retail_events_per_second_per_core_cpu", "retail", "events_per_second_cpu"),
    ("ratio_duckdb", "duckdb", "ratio_cpu"),
    ("ratio_polars", "polars", "ratio_cpu"),
    ("ratio_polars_unordered", "polars", "ratio_unordered_cpu"),
    ("ratio_python", "python", "ratio_cpu"),
    ("mismatches", "mismatches", "mismatches"),
    ("values_compared", "mismatches", "values"),
)
"""Keys at the top of the JSON: (key, part, figure)."""


def run(json_path: Path | None = None, *, quick: bool = False) -> int:
    """Measure everything, draw the table, write the JSON; return the exit code."""
    parts = QUICK if quick else FULL
    started = machine()
    measured: dict[str, list[Measured]] = {part.name: [] for part in parts}
    with tempfile.TemporaryDirectory(prefix="haitang-bench-") as temporary:
        folder = Path(temporary)
        events = stream.events_quick if quick else stream.events_full
        say(f"preparing {events:,} events, 600 policies and 200 trees")
        prepared = _in_process("prepare", folder, events)
        rounds = max(part.runs for part in parts)
        # Round by round, so that a busy spell of the machine spreads over all parts.
        for turn in range(rounds):
            for part in parts:
                if turn < part.runs:
                    begun = time.monotonic()
                    measured[part.name].append(_in_process(part.name, folder, part.number))
                    say(f"{part.name} {turn + 1}/{part.runs}: {time.monotonic() - begun:.1f} s")
    report = _report(measured, prepared=prepared, started=started, quick=quick)
    if json_path is not None:
        write_json(json_path, report)
    draw(
        report,
        note="Medians over fresh processes; CPU time of the whole process, one thread each. "
        "Polars restores the order of events, as we do; "
        f"without that the ratio is {figure(report['ratio_polars_unordered'], '×')}.",
    )
    return 0 if report["bars_met"] else EXIT_MISSED


def _in_process(name: str, folder: Path, number: int) -> Measured:
    finished = subprocess.run(
        [sys.executable, "-m", "bench.parts", name, str(folder), str(number)],
        cwd=ROOT,
        env={**os.environ, **one_thread, "PYTHONPATH": _search_path()},
        stdout=subprocess.PIPE,
        check=False,
    )
    lines = finished.stdout.decode().splitlines()
    if finished.returncode != 0 or not lines:
        # The other parts go on; the table says that this one was not measured.
        say(f"{name} failed with exit code {finished.returncode}")
        return {}
    measured: Measured = json.loads(lines[-1])
    return measured


def _search_path() -> str:
    """The repository first (for `bench` and `tests`), then its source unless it is installed."""
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(part for part in (str(ROOT), given, str(ROOT / "src")) if part)


def _report(
    measured: dict[str, list[Measured]], *, prepared: Measured, started: Measured, quick: bool
) -> Measured:
    medians = {name: _medians(runs) for name, runs in measured.items()}
    _hold_against(medians, "retail", "engine")
    return {
        **report_frame(bars=BARS, medians=medians, started=started, quick=quick),
        **{name: medians[part].get(figure) for name, part, figure in HEADLINES},
        "prepare": prepared,
        "medians": medians,
        "runs": measured,
    }


def _hold_against(medians: dict[str, Measured], part: str, other: str) -> None:
    """Add how fast a part is against another, of their medians; both must have been measured."""
    ours, theirs = (medians[name].get("events_per_second_cpu") for name in (part, other))
    if ours and theirs:
        medians[part][f"ratio_{other}_cpu"] = ours / theirs


def _medians(runs: list[Measured]) -> Measured:
    """Median of each figure; figures that are counted (differences) take the worst run."""
    worst = ("unequal", "mismatches")
    done = [run for run in runs if run]
    if not done or len(done) < len(runs):
        return {}
    return {
        name: (max if name in worst else statistics.median)(run[name] for run in done)
        for name in done[0]
    }


def main(arguments: list[str]) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="haitang bench engine", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events, fewer runs")
    given = parser.parse_args(arguments)
    return run(given.json, quick=given.quick)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
