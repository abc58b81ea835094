"""Latency on one hot account with a short and with a long history, in turns on two services."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench import pack_folder, serve_parts, service, stream
from bench.load import quantiles
from bench.measures import Measured
from bench.serve_parts import LATENCY_RATE, LOAD_BATCH, LOAD_CONNECTIONS, Feed, Prepared, Sizes
from bench.tables import say

Int64 = npt.NDArray[np.int64]

HOT_DAYS = 6
"""All of the history lies in the longest window, which has seven."""
MARGIN_EVENTS = 2_000


def hot(prepared: Prepared, sizes: Sizes) -> Measured:
    """Send 1,000/s to one card: behind few events and, in the next turn, behind very many."""
    short, long = sizes.hot_history
    loaded = int(LATENCY_RATE * sizes.hot_s * sizes.hot_rounds)
    events = _write_hot(prepared.folder / "hot.jsonl", long + loaded + MARGIN_EVENTS)
    hot_prepared = prepared._replace(events=events)
    took: dict[int, list[Int64]] = {short: [], long: []}
    latencies = prepared.folder / "latencies.npy"
    with ExitStack() as stack:
        feeds: dict[int, Feed] = {}
        for history in (short, long):
            started, key = stack.enter_context(
                serve_parts.running(hot_prepared, f"hot-{history}", options=sizes.options)
            )
            feeds[history] = Feed(hot_prepared, started, key)
            feeds[history].load(
                history, seconds=3_600.0, batch=LOAD_BATCH, connections=LOAD_CONNECTIONS
            )
            feeds[history].load(MARGIN_EVENTS // 2, seconds=30.0, connections=4)
            service.settle(started)
        for turn in range(sizes.hot_rounds):
            # Alternately the one and the other first, so that a drift of the disk favours neither.
            for history in (short, long) if turn % 2 else (long, short):
                serve_parts.at_rate(feeds[history], sizes.hot_s, latencies)
                took[history].append(serve_parts.answered_ns(latencies))
            say(f"  {_shown(short, took)}; {_shown(long, took)} ({turn + 1}/{sizes.hot_rounds})")
    events.unlink()
    few, many = (quantiles(np.concatenate(took[history])) for history in (short, long))
    return {
        "history_short": short,
        "history_long": long,
        **{f"short_{name}": value for name, value in few.items()},
        **{f"long_{name}": value for name, value in many.items()},
        "ratio_p50": many["p50_us"] / few["p50_us"],
        "ratio_p99": many["p99_us"] / few["p99_us"],
        "ratio_p99_median_of_turns": float(np.median(_ratios(took[long], took[short]))),
    }


def _ratios(over: list[Int64], under: list[Int64]) -> list[float]:
    return [
        float(np.quantile(one, 0.99) / np.quantile(other, 0.99))
        for one, other in zip(over, under, strict=True)
    ]


def _shown(history: int, took: dict[int, list[Int64]]) -> str:
    p50, p99 = np.quantile(took[history][-1], [0.5, 0.99]) / 1e6
    return f"behind {history:,} events p50 {p50:.2f} ms, p99 {p99:.2f} ms"


def _write_hot(path: Path, events: int) -> Path:
    """Write a stream whose every event is of one card, all within the longest window."""
    table = stream.table(events)
    at_us = table["occurred_at_us"].to_numpy()
    pressed = stream.start_us + (at_us - stream.start_us) * HOT_DAYS // stream.days
    columns = {
        "occurred_at_us": pa.array(pressed),
        "card_id": pa.array(["hot"]).take(pa.array(np.zeros(events, np.int64))),
    }
    for name, column in columns.items():
        table = table.set_column(table.column_names.index(name), name, column)
    return pack_folder.write_events(path, table)
