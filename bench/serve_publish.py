"""Publications under load: whether anybody waits longer because a pack is published."""

from __future__ import annotations

import base64
import http.client
import json
import pickle
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench import pack_folder, serve_parts
from bench.measures import Measured
from bench.serve_parts import LATENCY_CONNECTIONS, LATENCY_RATE, SETTLE_S, Feed, Prepared, Sizes
from bench.service import ServiceFailed
from bench.tables import say

Int64 = npt.NDArray[np.int64]

BEHIND_NS = 1_000_000_000
"""What is due so long after a pack became live still counts: the one before is given up then."""
LIVE_S_MAX = 120.0
POLL_S = 0.02


class Publication(NamedTuple):
    """When it was asked for and when it was live, on the monotonic clock."""

    asked_ns: int
    live_ns: int


def publish(prepared: Prepared, sizes: Sizes) -> Measured:
    """Publish 600 changed policies, several times, under 1,000/s; look at the slowest requests."""
    latencies = prepared.folder / "latencies.npy"
    bodies = _bodies(prepared, sizes.publications)
    seconds = sizes.publish_before_s + sizes.publish_each_s * sizes.publications
    with serve_parts.running(prepared, "publish", options=sizes.options) as (started, key):
        feed = Feed(prepared, started, key)
        feed.warm()
        plan = feed.plan(
            int(LATENCY_RATE * seconds), mode="open", rate=LATENCY_RATE, seconds=seconds,
            connections=LATENCY_CONNECTIONS, latencies=str(latencies),
        )  # fmt: skip
        told: list[Publication] = []
        load = serve_parts.spawned(plan, folder=prepared.folder)
        # The generator needs a moment to load; what it does before it sends is not counted.
        wait = sizes.publish_before_s + SETTLE_S
        publisher = threading.Thread(
            target=_publish_all, args=(started.port, key, bodies, wait, sizes.publish_each_s, told)
        )
        publisher.start()
        seen = serve_parts.outcome(load)
        publisher.join()
        if len(told) < len(bodies):
            raise ServiceFailed("a publication was refused; the service's log says why")
    due, took = np.load(latencies)
    if told[-1].live_ns + BEHIND_NS > due[-1]:
        raise ServiceFailed("the load ended before the last pack had been live for a second")
    return {"p50_us": seen["p50_us"], **around(due, took, told)}


def around(due: Int64, took: Int64, publications: Sequence[Publication]) -> Measured:
    """Hold what was due around each publication against all that was due before it and outside of
    the earlier ones. Medians over the publications.

    `stretches_slower` says what chance alone does: the share of stretches as long, cut out of what
    was before, in which somebody waited longer than one in a thousand there.
    """
    took = np.where(took < 0, 3_600 * 10**9, took)
    apart = np.ones(len(due), bool)
    found: list[Measured] = []
    for asked, live in publications:
        within = (due >= asked) & (due < live + BEHIND_NS)
        before, during = took[apart & (due < asked)], took[within]
        apart &= ~within
        p999 = float(np.quantile(before, 0.999))
        # Where less was before than during, all of it is one stretch.
        stretch = max(1, min(len(during), len(before)))
        whole = len(before) // stretch * stretch
        slowest = before[:whole].reshape(-1, stretch).max(axis=1)
        most = float(during.max(initial=0))
        found.append(
            {
                "seconds_to_live": (live - asked) / 1e9,
                "before_p999_us": p999 / 1e3,
                "before_slowest_of_stretch_us": float(np.median(slowest)) / 1e3,
                "stretches_slower": float(np.mean(slowest > p999)),
                "slowest_us": most / 1e3,
                "requests": len(during),
                "slower_than_p999_before": int((during > p999).sum()),
                "slowest_of_p999_before": most / p999,
            }
        )
    ratios = [one["slowest_of_p999_before"] for one in found]
    return {
        **{name: float(np.median([one[name] for one in found])) for name in found[0]},
        "publications": len(found),
        "publications_slower": sum(ratio > 1 for ratio in ratios),
        "worst_of_p999_before": max(ratios),
    }


def of_all(runs: Sequence[Measured]) -> Measured:
    """Return what is counted over all runs."""
    return {
        "publications": sum(run["publications"] for run in runs),
        "publications_slower": sum(run["publications_slower"] for run in runs),
        "worst_of_p999_before": max(run["worst_of_p999_before"] for run in runs),
    }


def _bodies(prepared: Prepared, count: int) -> list[bytes]:
    """Return the bodies that publish so many packs, every policy of each unlike the one before."""
    policies = pickle.loads((prepared.folder / "policies.pickle").read_bytes())
    text = (prepared.folder / "trees.txt").read_text()
    bodies: list[bytes] = []
    for number in range(1, count + 1):
        policies = pack_folder.changed(policies)
        files = pack_folder.pack_files(policies, model_text=text, version=f"1.{number}.0")
        said = {
            "files": {path: base64.b64encode(content).decode() for path, content in files.items()},
            "author": "bench-author",
            "approver": "bench-approver",
        }
        bodies.append(json.dumps(said).encode())
    return bodies


def _publish_all(
    port: int, key: str, bodies: list[bytes], wait_s: float, each_s: float, told: list[Publication]
) -> None:
    begun = time.monotonic() + wait_s
    for turn, body in enumerate(bodies):
        time.sleep(max(0.0, begun + turn * each_s - time.monotonic()))
        done = _publish(port, key, body)
        if done is None:
            return
        told.append(done)


def _publish(port: int, key: str, body: bytes) -> Publication | None:
    """Publish and wait until the pack is live; return both instants, nothing when refused."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = time.monotonic_ns()
    status, answer = _call(port, "POST", "/v1/publications", body, headers)
    if status not in (200, 201, 202):
        say(f"  publication answered {status}: {answer[:500].decode(errors='replace')}")
        return None
    number = json.loads(answer)["number"]
    deadline = time.monotonic() + LIVE_S_MAX
    while time.monotonic() < deadline:
        _, listed = _call(port, "GET", "/v1/publications", b"", headers)
        views = json.loads(listed)
        if any(view["number"] == number and view["state"] == "live" for view in views):
            return Publication(asked, time.monotonic_ns())
        time.sleep(POLL_S)
    return None


def _call(
    port: int, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        asked.request(method, path, body or None, headers)
        answer = asked.getresponse()
        return answer.status, answer.read()
    finally:
        asked.close()
