"""The parts of `haitang bench serve`: each starts a fresh service and a fresh load generator."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from bench import disk, memory, pack_folder, service, stream
from bench.lines import line_count, starts_path
from bench.load import Plan, quantiles
from bench.measures import Measured, stolen_s
from bench.service import Service, ServiceFailed
from bench.tables import say

Int64 = npt.NDArray[np.int64]

DEADLINE_MS = 60_000
"""Nothing may be left out of a decision for want of time: what is measured is the whole engine."""
LATENCY_RATE = 1_000.0
LATENCY_CONNECTIONS = 64
BATCH = 64
WARM_EVENTS = 20_000
LOAD_BATCH = 1_024
LOAD_CONNECTIONS = 4
SETTLE_S = 0.5
AWAKE = "--processors-awake"
"""As the guide has it for machines that serve payments; of no effect where the system refuses."""

TOUCHED_BYTES = 1 << 30
"""Of the state's memory, taken at the start, as the guide has it for virtual machines: their hosts
may take milliseconds for a large page, whenever an event or a ring comes to it.
"""


class Prepared(NamedTuple):
    """What every part needs; made once."""

    folder: Path
    pack: Path
    events: Path


class Sizes(NamedTuple):
    """How long each part takes."""

    events: int = 3_000_000
    runs: int = 3
    throughput_s: float = 20.0
    warm_s: float = 3.0
    connections: Sequence[int] = (16, 64, 256)
    latency_rounds: int = 6
    latency_s: float = 10.0
    hot_history: Sequence[int] = (10_000, 1_000_000)
    hot_rounds: int = 15
    hot_s: float = 4.0
    """Short turns, many of them: what the host does to one for ten seconds it does to the other."""
    publications: int = 5
    publish_before_s: float = 30.0
    publish_each_s: float = 10.0
    memory_bytes: int = memory.WANTED_BYTES
    """Touched before each part."""
    options: tuple[str, ...] = ()
    """Of `haitang serve`."""


FULL = Sizes()
QUICK = Sizes(
    events=300_000,
    runs=1,
    throughput_s=3.0,
    warm_s=0.5,
    connections=(64,),
    latency_rounds=2,
    latency_s=2.0,
    hot_history=(1_000, 50_000),
    hot_rounds=2,
    hot_s=1.5,
    publications=2,
    publish_before_s=3.0,
    publish_each_s=10.0,
    memory_bytes=0,
    # It takes seconds of a core when it starts, and there is no time to wait until it has.
    options=("--no-follower",),
)


def prepare(folder: Path, events: int, *, quick: bool) -> Prepared:
    """Draw policies, train trees, and write the pack and the stream's events into a folder.

    What is there already is taken as it is: the folder may be named again for the next run.
    """
    folder = folder / f"prepared-{events}"
    prepared = Prepared(folder, folder / "pack", folder / "events.jsonl")
    # Where lines begin is written last of all: then all else is complete.
    if starts_path(prepared.events).exists():
        return prepared
    folder.mkdir(parents=True, exist_ok=True)
    part = "prepare_briefly" if quick else "prepare"
    _run("bench.parts", part, str(folder), str(events))
    policies = pickle.loads((folder / "policies.pickle").read_bytes())
    text = (folder / "trees.txt").read_text()
    pack_folder.write_pack(prepared.pack, policies, model_text=text)
    pack_folder.write_events(prepared.events, stream.read(folder / "stream.arrow"))
    return prepared


@contextmanager
def running(
    prepared: Prepared, name: str, *, options: Sequence[str] = ()
) -> Iterator[tuple[Service, str]]:
    """Start a service on an empty data folder; yield it, ready, and a key; leave nothing behind."""
    data = prepared.folder / "data" / name
    _remove(data)
    key = service.create_key(data)
    (data / "settings.toml").write_text(f"state_touched_bytes = {TOUCHED_BYTES}\n")
    with service.ended(service.start(data, prepared.pack, options=[AWAKE, *options])) as started:
        service.ready(started)
        yield started, key
    _remove(data)


class Feed:
    """Hands out the events of the stream in order, to one service."""

    def __init__(self, prepared: Prepared, started: Service, key: str) -> None:
        self._prepared = prepared
        self._started = started
        self._key = key
        self._left = line_count(prepared.events)
        self._next = 0

    def plan(self, events_max: int, **given: Any) -> Plan:
        """Return a plan over the next events; `used` is to be called with what it says."""
        last = min(self._next + events_max, self._left)
        if last <= self._next:
            raise ServiceFailed("the stream has no events left; prepare a longer one")
        return Plan(
            port=self._started.port,
            events=str(self._prepared.events),
            first=self._next,
            last=last,
            key=self._key,
            deadline_ms=DEADLINE_MS,
            **given,
        )

    def load(self, events_max: int, **given: Any) -> Measured:
        """Run one load to its end."""
        seen = generated(self.plan(events_max, **given), folder=self._prepared.folder)
        self.used(seen)
        return seen

    def used(self, seen: Measured) -> None:
        """Go on behind what a load has sent."""
        self._next += int(seen["used"])

    def warm(self, events: int = WARM_EVENTS) -> None:
        """Let every window have something in it, every code path be loaded, and peace return."""
        self.load(events, seconds=600.0, batch=LOAD_BATCH, connections=LOAD_CONNECTIONS)
        self.load(500, seconds=10.0, connections=4)
        service.settle(self._started)


def generated(plan: Plan, *, folder: Path) -> Measured:
    """Run the load generator in a process of its own."""
    process = spawned(plan, folder=folder)
    return outcome(process)


def spawned(plan: Plan, *, folder: Path) -> subprocess.Popen[bytes]:
    """Start the load generator."""
    path = folder / f"plan-{plan.port}.json"
    path.write_bytes(msgspec.json.encode(plan))
    return subprocess.Popen(
        [sys.executable, "-m", "bench.load", str(path)],
        cwd=service.ROOT,
        env={**os.environ, "PYTHONPATH": service.search_path()},
        stdout=subprocess.PIPE,
    )


def outcome(process: subprocess.Popen[bytes]) -> Measured:
    """Wait for the load generator and return what it saw; any refusal is told."""
    written, _ = process.communicate()
    if process.returncode != 0:
        raise ServiceFailed(f"the load generator ended with {process.returncode}")
    seen: Measured = json.loads(written)
    if seen["refused"] or seen["unanswered"]:
        say(f"  refused {seen['refused']}, unanswered {seen['unanswered']}: {seen['samples']}")
    return seen


def _run(module: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=service.ROOT,
        env={**os.environ, "PYTHONPATH": service.search_path()},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _remove(data: Path) -> None:
    import shutil

    shutil.rmtree(data, ignore_errors=True)
    data.with_name(data.name + ".log").unlink(missing_ok=True)


def _throughput(feed: Feed, started: Service, events_max: int, **given: Any) -> Measured:
    """Load as fast as answers come; CPU of both sides beside it."""
    before = service.usage(started)
    seen = feed.load(events_max, **given)
    after = service.usage(started)
    cpu_s = after["cpu_s"] - before["cpu_s"]
    node_cpu_s = after["node_cpu_s"] - before["node_cpu_s"]
    return {
        **{name: value for name, value in seen.items() if isinstance(value, int | float)},
        "refused": sum(seen["refused"].values()),
        "service_cpu_s": cpu_s,
        "service_cpu_us_per_event": cpu_s / max(1, seen["used"]) * 1e6,
        "node_cpu_us_per_event": node_cpu_s / max(1, seen["used"]) * 1e6,
        "service_resident_bytes": after["resident_bytes"],
    }


def single(prepared: Prepared, sizes: Sizes) -> Measured:
    """One event a request: closed loop over several numbers of connections, then open."""
    found: dict[int, Measured] = {}
    with running(prepared, "single", options=sizes.options) as (started, key):
        feed = Feed(prepared, started, key)
        feed.warm()
        reserve = int(30_000 * (sizes.throughput_s + sizes.warm_s))
        for connections in sizes.connections:
            found[connections] = _throughput(
                feed, started, reserve,
                seconds=sizes.throughput_s, warm_seconds=sizes.warm_s, connections=connections,
            )  # fmt: skip
            say(f"  {connections} connections: {found[connections]['events_per_second']:,.0f}/s")
        best = max(found, key=lambda count: found[count]["events_per_second"])
        rate = found[best]["events_per_second"] * 0.8
        opened = feed.load(
            reserve, mode="open", rate=rate, seconds=sizes.throughput_s / 2, connections=256
        )
    return {
        **found[best],
        "connections": best,
        **{f"events_per_second_{count}": one["events_per_second"] for count, one in found.items()},
        "open_rate": rate,
        "open_events_per_second": opened["events_per_second"],
        "open_p50_us": opened["p50_us"],
        "open_p99_us": opened["p99_us"],
    }


def batches(prepared: Prepared, sizes: Sizes) -> Measured:
    """Batches of 64 events, as fast as answers come."""
    with running(prepared, "batches", options=sizes.options) as (started, key):
        feed = Feed(prepared, started, key)
        feed.warm()
        seen = _throughput(
            feed, started, int(200_000 * sizes.throughput_s),
            seconds=sizes.throughput_s / 2, warm_seconds=sizes.warm_s / 2, batch=BATCH,
            connections=16,
        )  # fmt: skip
        say(f"  batches of {BATCH}: {seen['events_per_second']:,.0f}/s")
        journal = service.folder_bytes(started.data / "journal")
    return {**seen, "journal_bytes": journal}


def latency(prepared: Prepared, sizes: Sizes) -> Measured:
    """Open loop at 1,000/s, in turns with bare syncs of as many bytes on the same file system."""
    loads: list[Int64] = []
    syncs: list[Int64] = []
    latencies = prepared.folder / "latencies.npy"
    with running(prepared, "latency", options=sizes.options) as (started, key):
        feed = Feed(prepared, started, key)
        feed.warm()
        size = 0
        late_us = 0.0
        stolen: list[float] = []
        for turn in range(sizes.latency_rounds):
            before = service.folder_bytes(started.data / "journal")
            stolen_before = stolen_s()
            seen = at_rate(feed, sizes.latency_s, latencies)
            stolen.append((stolen_s() - stolen_before) / sizes.latency_s)
            loads.append(answered_ns(latencies))
            late_us = max(late_us, seen["sent_late_p99_us"])
            grown = service.folder_bytes(started.data / "journal") - before
            size = size or max(512, grown // max(1, seen["used"]))
            syncs.append(
                disk.syncs(started.data, size=size, rate=LATENCY_RATE, seconds=sizes.latency_s)
            )
            say(
                f"  {_shown(loads[-1], syncs[-1])}; {stolen[-1]:.1%} of a core stolen "
                f"({turn + 1}/{sizes.latency_rounds})"
            )
    load, sync = quantiles(np.concatenate(loads)), quantiles(np.concatenate(syncs))
    by_turn = [_p99(one) - _p99(other) for one, other in zip(loads, syncs, strict=True)]
    return {
        **load,
        **{f"sync_{name}": value for name, value in sync.items()},
        "sync_bytes": size,
        "p99_less_sync_ms": (load["p99_us"] - sync["p99_us"]) / 1e3,
        "p99_less_sync_ms_median_of_turns": float(np.median(by_turn)) / 1e6,
        "sent_late_p99_us": late_us,
        "stolen_cores": float(np.mean(stolen)),
    }


def at_rate(feed: Feed, seconds: float, latencies: Path) -> Measured:
    """Send 1,000 a second for so long and keep every latency."""
    return feed.load(
        int(LATENCY_RATE * seconds), mode="open", rate=LATENCY_RATE, seconds=seconds,
        connections=LATENCY_CONNECTIONS, latencies=str(latencies),
    )  # fmt: skip


def answered_ns(latencies: Path) -> Int64:
    """Return the latencies of a load; a request without an answer counts as an hour."""
    took: Int64 = np.load(latencies)[1]
    return np.where(took < 0, 3_600 * 10**9, took)


def _p99(took_ns: Int64) -> float:
    return float(np.quantile(took_ns, 0.99))


def _shown(load: Int64, sync: Int64) -> str:
    at, bare = np.quantile(load, [0.5, 0.99]) / 1e6, np.quantile(sync, [0.5, 0.99]) / 1e6
    return (
        f"p50 {at[0]:.2f} ms, p99 {at[1]:.2f} ms; "
        f"bare sync p50 {bare[0]:.2f} ms, p99 {bare[1]:.2f} ms"
    )


def generator(prepared: Prepared, sizes: Sizes) -> Measured:
    """The generator alone, against a server that does nothing: what it takes from the machine."""
    empty = subprocess.Popen(
        [sys.executable, "-m", "bench.empty_server"],
        cwd=service.ROOT,
        env={**os.environ, "PYTHONPATH": service.search_path()},
        stdout=subprocess.PIPE,
    )
    try:
        assert empty.stdout is not None
        port = int(empty.stdout.readline())
        count = line_count(prepared.events)
        plan = Plan(
            port=port, events=str(prepared.events), first=0, last=min(count, 200_000),
            seconds=sizes.throughput_s / 4, connections=64, key="ht_00000000_" + "0" * 43,
        )  # fmt: skip
        seen = generated(plan, folder=prepared.folder)
    finally:
        empty.kill()
        empty.communicate()
    return {
        "cpu_us_per_request": seen["generator_cpu_us_per_request"],
        "requests_per_second": seen["requests_per_second"],
    }


PARTS: dict[str, Callable[[Prepared, Sizes], Measured]] = {
    "generator": generator,
    "single": single,
    "batches": batches,
    "latency": latency,
}
