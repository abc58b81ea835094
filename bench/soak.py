"""Minutes on end at 70 % of the measured maximum: whether memory and latency stay flat."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench import pack_folder, serve_parts, service, stream
from bench.load import quantiles
from bench.measures import Measured
from bench.picture import Panel, draw_panels
from bench.serve_parts import Feed, Prepared
from bench.tables import say

SHARE = 0.7
MINUTE_S = 60.0
TREND_MINUTES_MIN = 3


def soak(
    prepared: Prepared, *, minutes: int, events_per_second: float, connections: int, picture: Path
) -> Measured:
    """Load open-loop for so many minutes and draw memory and latency beside each other.

    `events_per_second` is the most that was reached, over so many connections.

    The stream is played again and again, each time fourteen days later and under new ids: keys
    come back as they do in a bank, and after the first rounds no new ones are to be expected.
    """
    rate = events_per_second * SHARE
    rows: list[Measured] = []
    latencies = prepared.folder / "latencies.npy"
    with serve_parts.running(prepared, "soak") as (started, key):
        Feed(prepared, started, key).warm()
        for minute in range(minutes):
            events = _minute(prepared, minute, int(rate * MINUTE_S))
            feed = Feed(prepared._replace(events=events), started, key)
            seen = feed.load(
                int(rate * MINUTE_S), mode="open", rate=rate, seconds=MINUTE_S,
                connections=connections, latencies=str(latencies),
            )  # fmt: skip
            events.unlink()
            rows.append(_row(seen, started, latencies))
            say(f"  minute {minute + 1}/{minutes}: {_shown(rows[-1])}")
    draw_panels(
        picture,
        [
            Panel("resident memory, MiB", {
                "the node": [row["resident_bytes"] / 2**20 for row in rows],
                "with companions": [row["resident_bytes_all"] / 2**20 for row in rows],
            }),
            Panel("latency, ms", {
                name: [row[f"{name}_us"] / 1e3 for row in rows] for name in ("p50", "p99")
            }),
            Panel("decisions per second", {
                "decided": [row["events_per_second"] for row in rows]
            }),
        ],
        title=f"{minutes} minutes at {rate:,.0f} requests per second",
    )  # fmt: skip
    return {"rate": rate, "minutes": minutes, **_trends(rows), "by_minute": rows}


def _minute(prepared: Prepared, minute: int, count: int) -> Path:
    """Write the events of one minute: the stream, again from its beginning when it has ended.

    They are on the disk when the minute begins; the system would write 190 MB in the middle of it.
    """
    table = stream.read(prepared.folder / "stream.arrow")
    first = minute * count
    numbers = np.arange(first, first + count)
    rounds = numbers // table.num_rows
    taken = table.take(pa.array(numbers % table.num_rows))
    later = taken["occurred_at_us"].to_numpy() + rounds * stream.days * stream.day_us
    for name, column in (
        ("event_id", pa.array([f"s{number}" for number in numbers])),
        ("occurred_at_us", pa.array(later)),
    ):
        taken = taken.set_column(taken.column_names.index(name), name, column)
    path = pack_folder.write_events(prepared.folder / "minute.jsonl", taken)
    with path.open("rb+") as written:
        os.fsync(written.fileno())
    return path


def _row(seen: Measured, started: service.Service, latencies: Path) -> Measured:
    return {
        **quantiles(serve_parts.answered_ns(latencies)),
        "events_per_second": seen["events_per_second"],
        "refused": sum(seen["refused"].values()) + seen["unanswered"],
        **service.usage(started),
        "journal_bytes": service.folder_bytes(started.data / "journal"),
    }


def _shown(row: Measured) -> str:
    return (
        f"{row['resident_bytes'] / 2**20:,.0f} MiB, p50 {row['p50_us'] / 1e3:.2f} ms, "
        f"p99 {row['p99_us'] / 1e3:.2f} ms, {row['events_per_second']:,.0f}/s"
    )


def _trends(rows: list[Measured]) -> Measured:
    """Return slopes over the second half, when every window and table has filled; none of a soak
    so short that its second half is no line.
    """
    half = rows[len(rows) // 2 :]
    found: Measured = {"refused": sum(row["refused"] for row in rows)}
    if len(half) < TREND_MINUTES_MIN:
        return found
    for name in ("resident_bytes", "resident_bytes_all", "p50_us", "p99_us"):
        values = np.array([row[name] for row in half], np.float64)
        slope = _slope(values)
        found[f"{name}_a_minute"] = slope
        # What the slope makes of the level over the half that was looked at.
        found[f"{name}_growth"] = 1 + slope * len(half) / float(np.median(values))
    return found


def _slope(values: npt.NDArray[np.float64]) -> float:
    """Return the median of the slopes between all pairs (Theil and Sen): a line of least squares
    through a quarter of an hour follows its one worst minute, above all the first or the last.
    """
    first, second = np.triu_indices(len(values), 1)
    return float(np.median((values[second] - values[first]) / (second - first)))
