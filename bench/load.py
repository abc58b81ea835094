"""The load generator, in a process of its own: `python -m bench.load PLAN.json`.

It prints one JSON object when it has finished and, when the plan asks, writes the latency of every
request beside it. In a **closed** loop each connection sends its next request when it has its
answer. In an **open** loop requests are sent at intended instants, whatever the service does, and
latency counts from the intended instant: a service that stalls is charged for all who had to wait
(no coordinated omission). `--empty` measures the generator alone, against a server that does
nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import numpy as np
import numpy.typing as npt

from bench.connections import Connection, connect, request, run_in_uvloop
from bench.lines import read_lines
from bench.measures import Measured
from bench.ticks import Ticks

Int64 = npt.NDArray[np.int64]

TICK_NS_MIN = 250_000
LAST_ANSWERS_S = 10.0
"""How long the generator waits for what is under way when its time is over."""
SAMPLES_MAX = 3
"""Refused answers that are shown."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, and how fast."""

    port: int
    events: str
    """File of `pack_folder.write_events`."""
    first: int
    last: int
    """Events `first ≤ n < last`; the load ends when they are used up."""
    mode: Literal["closed", "open"] = "closed"
    seconds: float
    rate: float = 0.0
    """Open loop: requests a second."""
    connections: int = 16
    batch: int = 1
    key: str = ""
    deadline_ms: int = 0
    warm_seconds: float = 0.0
    """Closed loop: not measured."""
    latencies: str = ""
    """File for `int64[2, n]`: intended (open) or sent (closed) instant and latency, in nanoseconds
    of the monotonic clock; -1 where no answer came."""


class _Run:
    """What is under way: arrays by number of request, and the way to the next one."""

    def __init__(self, plan: Plan, requests: list[bytes]) -> None:
        self.plan = plan
        self.requests = requests
        self.due_ns: Int64 = np.zeros(len(requests), np.int64)
        self.done_ns: Int64 = np.full(len(requests), -1, np.int64)
        self.sent_ns: Int64 = np.zeros(len(requests), np.int64)
        self.next = 0
        self.statuses: Counter[int] = Counter()
        self.samples: list[str] = []
        self.broken = 0
        self.idle: deque[Connection] = deque()
        self.under_way = 0
        self.ended = asyncio.Event()
        self.sending = True

    def send(self, connection: Connection, *, due_ns: int = 0) -> None:
        number = self.next
        self.next = number + 1
        self.under_way += 1
        now = time.monotonic_ns()
        self.sent_ns[number] = now
        self.due_ns[number] = due_ns or now
        connection.send(self.requests[number], number)

    def note(self, connection: Connection, status: int, body: bytes) -> None:
        self.done_ns[connection.number] = time.monotonic_ns()
        connection.number = -1
        self.under_way -= 1
        if status != 200:
            self.statuses[status] += 1
            if len(self.samples) < SAMPLES_MAX:
                self.samples.append(f"{status} {body[:400].decode(errors='replace')}")
        if not self.sending and not self.under_way:
            self.ended.set()

    def lost(self, connection: Connection) -> None:
        if connection.number >= 0:
            self.broken += 1
            self.under_way -= 1
        if connection in self.idle:
            self.idle.remove(connection)
        if not self.sending and not self.under_way:
            self.ended.set()

    async def wait_for_last(self) -> None:
        self.sending = False
        if self.under_way:
            try:
                await asyncio.wait_for(self.ended.wait(), LAST_ANSWERS_S)
            except TimeoutError:
                self.broken += self.under_way


async def _closed(run: _Run) -> None:
    plan, total = run.plan, len(run.requests)
    until = time.monotonic_ns() + int((plan.warm_seconds + plan.seconds) * 1e9)

    def answered(connection: Connection, status: int, _: bytes, body: bytes) -> None:
        run.note(connection, status, body)
        if run.next < total and time.monotonic_ns() < until:
            run.send(connection)
        elif run.sending:
            run.sending = False
            if not run.under_way:
                run.ended.set()

    made = await connect(plan.port, plan.connections, answered=answered, lost=run.lost)
    for connection in made[:total]:
        run.send(connection)
    await asyncio.wait_for(run.ended.wait(), plan.warm_seconds + plan.seconds + LAST_ANSWERS_S)
    _close(made)


async def _open(run: _Run) -> None:
    plan = run.plan
    total = min(len(run.requests), round(plan.seconds * plan.rate))
    apart_ns = 1e9 / plan.rate
    begun_ns = 0

    def pump() -> None:
        """Send all that is due, as far as connections are free."""
        due = min(total, int((time.monotonic_ns() - begun_ns) / apart_ns) + 1)
        idle = run.idle
        while run.next < due and idle:
            run.send(idle.popleft(), due_ns=begun_ns + int(run.next * apart_ns))
        if run.next >= total:
            all_sent.set()

    def answered(connection: Connection, status: int, _: bytes, body: bytes) -> None:
        run.note(connection, status, body)
        run.idle.append(connection)
        pump()

    all_sent = asyncio.Event()
    made = await connect(plan.port, plan.connections, answered=answered, lost=run.lost)
    run.idle.extend(made)
    begun_ns = time.monotonic_ns()
    ticks = Ticks(max(TICK_NS_MIN, int(apart_ns)), pump)
    try:
        # Twice the time: what could not be sent by then says enough.
        await asyncio.wait_for(all_sent.wait(), 2 * plan.seconds + LAST_ANSWERS_S)
    except TimeoutError:
        pass
    finally:
        ticks.close()
    await run.wait_for_last()
    _close(made)


def _close(connections: list[Connection]) -> None:
    for connection in connections:
        if connection.transport is not None:
            connection.transport.abort()


def rendered(plan: Plan) -> list[bytes]:
    """Return the bytes of every request of a plan."""
    lines = read_lines(Path(plan.events), plan.first, plan.last)
    if plan.batch == 1:
        bodies = lines
        path = "/v1/decisions"
    else:
        every = range(0, len(lines), plan.batch)
        bodies = [b"[" + b",".join(lines[at : at + plan.batch]) + b"]" for at in every]
        path = "/v1/decisions:batch"
    return [request(body, path=path, key=plan.key, deadline_ms=plan.deadline_ms) for body in bodies]


def generate(plan: Plan) -> Measured:
    """Send the load from this process; a fault of the generator ends it."""
    return cast("Measured", run_in_uvloop(_alone(plan)))


async def _alone(plan: Plan) -> Measured:
    # A fault of the generator must end it and not be told once per request.
    asyncio.get_running_loop().set_exception_handler(_end_at_fault)
    requests = rendered(plan)
    gc.collect()
    gc.freeze()
    gc.disable()
    return await measured(plan, requests)


async def measured(plan: Plan, requests: list[bytes] | None = None) -> Measured:
    """Send the load in the running loop and return what was seen; latencies in microseconds."""
    run = _Run(plan, rendered(plan) if requests is None else requests)
    cpu, begun_ns = _cpu_s(), time.monotonic_ns()
    await (_closed(run) if plan.mode == "closed" else _open(run))
    return _summary(run, cpu_s=_cpu_s() - cpu, begun_ns=begun_ns)


def _end_at_fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    loop.default_exception_handler(context)
    os._exit(1)


def _summary(run: _Run, *, cpu_s: float, begun_ns: int) -> Measured:
    plan, sent = run.plan, run.next
    due, done = run.due_ns[:sent], run.done_ns[:sent]
    took = np.where(done >= 0, done - due, -1)
    if plan.latencies:
        np.save(plan.latencies, np.stack([due, took]))
    measured_from = begun_ns + int(plan.warm_seconds * 1e9)
    counted = (done >= 0) & (done >= measured_from)
    end_ns = int(done.max(initial=begun_ns))
    span_s = max(1e-9, (end_ns - measured_from) / 1e9)
    late = run.sent_ns[:sent] - due
    requests = int(counted.sum())
    return {
        "requests": requests,
        "events": requests * plan.batch,
        "seconds": span_s,
        "requests_per_second": requests / span_s,
        "events_per_second": requests * plan.batch / span_s,
        "begun_ns": begun_ns,
        "used": min(sent * plan.batch, plan.last - plan.first),
        "unanswered": run.broken,
        "refused": {str(status): count for status, count in sorted(run.statuses.items())},
        "samples": run.samples,
        "generator_cpu_s": cpu_s,
        "generator_cpu_us_per_request": cpu_s / max(1, sent) * 1e6,
        "sent_late_p99_us": float(np.quantile(late, 0.99)) / 1e3 if sent else 0.0,
        **quantiles(took[counted]),
    }


def quantiles(took_ns: Int64) -> Measured:
    """Return the quantiles by which latency is told, in microseconds."""
    if not len(took_ns):
        return {}
    p50, p95, p99, p999 = np.quantile(took_ns, [0.5, 0.95, 0.99, 0.999]) / 1e3
    return {
        "p50_us": float(p50),
        "p95_us": float(p95),
        "p99_us": float(p99),
        "p999_us": float(p999),
        "slowest_us": float(took_ns.max()) / 1e3,
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(arguments: list[str]) -> int:
    """Read a plan, send the load, print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("plan", type=Path, help="JSON file")
    given = parser.parse_args(arguments)
    plan = msgspec.json.decode(given.plan.read_bytes(), type=Plan)
    print(json.dumps(generate(plan)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
