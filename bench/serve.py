"""The benchmark of the decision service: over HTTP, durable, load generator included.

`haitang bench serve` starts this file; `--quick` takes seconds for each part and fewer rounds, and
is for trying out. `--soak MINUTES` runs the service on at 70 % of the maximum. Exit code 4 when a
bar is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import memory, serve_hot, serve_parts, serve_publish, soak  # noqa: E402
from bench.measures import Measured, machine  # noqa: E402
from bench.serve_parts import Prepared, Sizes  # noqa: E402
from bench.service import ServiceFailed  # noqa: E402
from bench.tables import (  # noqa: E402
    EXIT_MISSED,
    Bar,
    draw,
    report_frame,
    say,
    write_json,
)

BARS = (
    Bar("durable decisions/s, one a request", "single.events_per_second", 5_000, 10_000),
    Bar("durable decisions/s, batches of 64", "batches.events_per_second", 40_000, 120_000),
    Bar("p99 at 1,000/s less p99 of fdatasync", "latency.p99_less_sync_ms", 5, 1, "ms", False),
    Bar("p99 on a hot account, long over short history", "hot.ratio_p99", 1.2, 1.05, "×", False),
    Bar(
        "publishing: slowest over p99.9 before", "publish.slowest_of_p999_before", 1, 1, "×", False
    ),
)
SOAK_BARS = (
    Bar(
        "soak: growth of memory, second half", "soak.resident_bytes_growth", 1.05, 1.01, "×", False
    ),
    Bar("soak: the same with companions", "soak.resident_bytes_all_growth", 1.05, 1.01, "×", False),
    Bar("soak: growth of p99, second half", "soak.p99_us_growth", 1.2, 1.05, "×", False),
    Bar("soak: requests refused or lost", "soak.refused", 0, 0, more=False),
)

HEADLINES = (
    ("decisions_per_second", "single", "events_per_second"),
    ("decisions_per_second_batches", "batches", "events_per_second"),
    ("p50_us_at_1000", "latency", "p50_us"),
    ("p95_us_at_1000", "latency", "p95_us"),
    ("p99_us_at_1000", "latency", "p99_us"),
    ("p999_us_at_1000", "latency", "p999_us"),
    ("fdatasync_p99_us", "latency", "sync_p99_us"),
    ("p99_less_sync_ms", "latency", "p99_less_sync_ms"),
    ("hot_ratio_p99", "hot", "ratio_p99"),
    ("publish_slowest_of_p999_before", "publish", "slowest_of_p999_before"),
)
"""Keys at the top of the JSON: (key, part, figure)."""

Part = Callable[[Prepared, Sizes], Measured]
PARTS: dict[str, Part] = {
    **serve_parts.PARTS,
    "publish": serve_publish.publish,
    "hot": serve_hot.hot,
}
REPEATED = ("single", "batches", "publish")
"""Parts that run several times, in fresh processes; the others take turns inside."""


def run(
    json_path: Path | None = None,
    *,
    quick: bool = False,
    folder: Path | None = None,
    only: tuple[str, ...] = (),
    soak_minutes: int = 0,
) -> int:
    """Measure everything, draw the table, write the JSON; return the exit code.

    `folder` keeps the prepared stream and packs for the next run; `only` names the parts wanted.
    """
    sizes = serve_parts.QUICK if quick else serve_parts.FULL
    started = machine()
    runs: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory(prefix="haitang-bench-") as temporary:
        place = folder or Path(temporary)
        say(f"preparing {sizes.events:,} events, 600 policies and 200 trees in {place}")
        prepared = serve_parts.prepare(place, sizes.events, quick=quick)
        names = only or tuple(PARTS)
        for name in names:
            for turn in range(sizes.runs if name in REPEATED else 1):
                runs.setdefault(name, []).append(_measured(name, turn, prepared, sizes))
        medians = {name: _medians(found) for name, found in runs.items()}
        if medians.get("publish"):
            medians["publish"] |= serve_publish.of_all(runs["publish"])
        if soak_minutes:
            medians["soak"] = _soaked(medians, prepared, soak_minutes, json_path)
    bars = tuple(bar for bar in BARS if bar.figure.partition(".")[0] in names)
    report = {
        **report_frame(
            bars=(*bars, *(SOAK_BARS if soak_minutes else ())),
            medians=medians,
            started=started,
            quick=quick,
        ),
        **{key: medians.get(part, {}).get(name) for key, part, name in HEADLINES},
        "medians": medians,
        "runs": runs,
    }
    if json_path is not None:
        write_json(json_path, report)
    draw(report, note=_note(medians))
    return 0 if report["bars_met"] else EXIT_MISSED


def _measured(name: str, turn: int, prepared: Prepared, sizes: Sizes) -> Measured:
    taken = memory.take_once(sizes.memory_bytes)
    say(
        f"{name} {turn + 1} (before it {taken['bytes'] / 2**30:.0f} GiB of memory were touched in "
        f"{taken['seconds']:.1f} s)"
    )
    begun = time.monotonic()
    try:
        found = PARTS[name](prepared, sizes)
    except ServiceFailed as failed:
        # The other parts go on; the table says that this one was not measured.
        say(f"  {failed}")
        return {}
    say(f"{name} {turn + 1}: {time.monotonic() - begun:.1f} s")
    return found


def _soaked(
    medians: dict[str, Measured], prepared: Prepared, minutes: int, json_path: Path | None
) -> Measured:
    most = medians.get("single", {}).get("events_per_second")
    if most is None:
        say("soak: the maximum was not measured")
        return {}
    picture = json_path.with_suffix(".svg") if json_path else Path("soak.svg")
    say(f"soak: {minutes} minutes at {soak.SHARE:.0%} of {most:,.0f}/s, drawn in {picture}")
    return soak.soak(
        prepared, minutes=minutes, events_per_second=most,
        connections=int(medians["single"]["connections"]), picture=picture,
    )  # fmt: skip


def _medians(runs: list[Measured]) -> Measured:
    done = [run for run in runs if run]
    if not done or len(done) < len(runs):
        return {}
    return {name: statistics.median(run[name] for run in done) for name in done[0]}


def _note(medians: dict[str, Measured]) -> str:
    """Say what stood behind the figures."""
    told = [
        (
            "Service and load generator shared the cores; every decision was on disk before its "
            "answer. 192 features, 600 policies, 200 trees. Processors were kept awake "
            "(`--processors-awake`) where the system allowed it, and "
            f"{serve_parts.TOUCHED_BYTES / 2**30:.0f} GiB of state taken at the start; "
            "memory was touched before each part, but not before a soak."
        )
    ]
    if single := medians.get("single"):
        told.append(
            f"One a request, {single['connections']:.0f} connections: node "
            f"{single['node_cpu_us_per_event']:.0f} µs of CPU an event (with companions "
            f"{single['service_cpu_us_per_event']:.0f}), generator "
            f"{single['generator_cpu_us_per_request']:.0f} µs; open loop at "
            f"{single['open_rate']:,.0f}/s p99 {single['open_p99_us'] / 1e3:.1f} ms."
        )
    if batches := medians.get("batches"):
        told.append(
            f"Batches: node {batches['node_cpu_us_per_event']:.1f} µs of CPU an event (with "
            f"companions {batches['service_cpu_us_per_event']:.1f})."
        )
    if late := medians.get("latency"):
        told.append(
            f"At 1,000/s: p50 {late['p50_us'] / 1e3:.2f}, p95 {late['p95_us'] / 1e3:.2f}, "
            f"p99 {late['p99_us'] / 1e3:.2f}, p99.9 {late['p999_us'] / 1e3:.2f} ms; bare fdatasync "
            f"p50 {late['sync_p50_us'] / 1e3:.2f}, p99 {late['sync_p99_us'] / 1e3:.2f} ms; "
            f"meanwhile the host gave {late['stolen_cores']:.1%} of a core to others."
        )
    if published := medians.get("publish"):
        told.append(
            f"{published['publications']} publications, live after "
            f"{published['seconds_to_live']:.1f} s: in {published['publications_slower']} "
            f"somebody waited longer than p99.9 before ({published['before_p999_us'] / 1e3:.1f} "
            f"ms), at worst {published['worst_of_p999_before']:.2f} times as long; so did somebody "
            f"in {published['stretches_slower']:.0%} of stretches as long without a publication."
        )
    return "\n".join(told)


def main(arguments: list[str]) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="haitang bench serve", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    parser.add_argument("--quick", action="store_true", help="seconds a part, fewer rounds")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep what was prepared here")
    parser.add_argument("--soak", type=int, default=0, metavar="MINUTES", help="then go on")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; repeatable")
    given = parser.parse_args(arguments)
    return run(
        given.json,
        quick=given.quick,
        folder=given.folder,
        only=tuple(given.only or ()),
        soak_minutes=given.soak,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
