"""The peers: the 120 base features by DuckDB, Polars and plain Python, each on one thread.

Every peer takes the prepared columns (integers for keys, instants and amounts) and gives back one
`float64[120, n]` matrix in the order of the events, so that outputs can be held against each other.
Only the computation is timed; each peer is given the form that suited it best when tried.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as arrow

from bench import stream

windows_us: dict[str, int] = {
    "1m": 60_000_000,
    "10m": 600_000_000,
    "1h": 3_600_000_000,
    "6h": 21_600_000_000,
    "24h": 86_400_000_000,
    "7d": 604_800_000_000,
}
statistics = ("count", "sum", "max", "mean", "std")

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


class Columns(NamedTuple):
    """The stream as the peers read it: keys as integers, one row per key field."""

    at_us: Int64
    amount_minor: Int64
    keys: dict[str, Int64]


def names() -> list[str]:
    """Name the base features in the order of every matrix."""
    return [
        f"{key}_{statistic}_{window}"
        for key in stream.keys
        for window in windows_us
        for statistic in statistics
    ]


def columns(table: pa.Table) -> Columns:
    """Take keys apart: `c17` is 17."""
    keys = {
        key: arrow.cast(arrow.utf8_slice_codeunits(table[key], 1), pa.int64()).to_numpy()
        for key in stream.keys
    }
    return Columns(table["occurred_at_us"].to_numpy(), table["amount_minor"].to_numpy(), keys)


class Peer(NamedTuple):
    """A prepared computation, and how its result becomes a matrix (which is not timed)."""

    compute: Callable[[], list[Any]]
    matrix: Callable[[list[Any]], Float64]


def duckdb(given: Columns) -> Peer:
    """DuckDB: one query with a RANGE INTERVAL window per key and length."""
    import duckdb as peer

    connection = peer.connect()
    connection.execute("set threads = 1")
    loaded = pa.table(
        {
            "place": np.arange(len(given.at_us)),
            "moment": pa.array(given.at_us).cast(pa.timestamp("us")),
            "amount": given.amount_minor,
            **given.keys,
        }
    )
    connection.register("loaded", loaded)
    connection.execute("create table events as select * from loaded")
    parts, frames = [], []
    for key in stream.keys:
        for window, length_us in windows_us.items():
            frame = f"{key}_{window}"
            frames.append(
                f"{frame} as (partition by {key} order by moment "
                f"range between interval '{length_us - 1} microseconds' preceding and current row)"
            )
            parts += [
                f"count(*) over {frame}",
                f"sum(amount) over {frame}",
                f"max(amount) over {frame}",
                f"avg(amount) over {frame}",
                f"stddev_samp(amount) over {frame}",
            ]
    named = ", ".join(f"cast({part} as double) as f{number}" for number, part in enumerate(parts))
    query = f"select place, {named} from events window {', '.join(frames)} order by place"

    def compute() -> list[Float64]:
        found = connection.execute(query).fetchnumpy()
        return [found[f"f{number}"] for number in range(len(parts))]

    return Peer(compute, lambda rows: np.stack([np.ma.filled(row, np.nan) for row in rows]))


def polars(given: Columns, *, restore_order: bool) -> Peer:
    """Polars: rolling kernels over one line of time per key field, the fastest of four forms tried.

    Keys are laid one behind another on the line, far enough apart for no window to reach over; this
    spares the cost of a million small groups. `restore_order` brings the results back to the order
    of the events.
    """
    import polars as pl

    frame = pl.DataFrame(
        {
            "place": np.arange(len(given.at_us)),
            "moment": given.at_us - stream.start_us,
            "amount": given.amount_minor,
            **given.keys,
        }
    )
    span_us = (stream.days + 8) * stream.day_us
    amount, one = pl.col("amount"), pl.col("one")

    def compute() -> list[Float64]:
        rows: list[Float64] = []
        for key in stream.keys:
            line = (pl.col(key) * span_us + pl.col("moment")).alias("line")
            laid = frame.select("place", "amount", pl.lit(1).alias("one"), line).sort("line")
            back = np.argsort(laid["place"].to_numpy())
            for length_us in windows_us.values():
                size = f"{length_us}i"
                rolled = laid.select(
                    one.rolling_sum_by("line", size).cast(pl.Float64).alias("count"),
                    amount.rolling_sum_by("line", size).cast(pl.Float64).alias("sum"),
                    amount.rolling_max_by("line", size).cast(pl.Float64).alias("max"),
                    amount.rolling_mean_by("line", size).alias("mean"),
                    amount.rolling_std_by("line", size).alias("std"),
                )
                for statistic in statistics:
                    column = rolled[statistic].to_numpy()
                    rows.append(column[back] if restore_order else column)
        return rows

    return Peer(compute, np.stack)


class _Window:
    """One window of one key: a deque of what it holds, running sums, and a monotone deque for the
    maximum.
    """

    __slots__ = ("held", "squares", "tallest", "total")

    def __init__(self) -> None:
        self.held: deque[tuple[int, int]] = deque()
        self.tallest: deque[tuple[int, int]] = deque()
        self.total = 0
        self.squares = 0

    def add(
        self, at_us: int, amount: int, edge_us: int
    ) -> tuple[float, float, float, float, float]:
        held, tallest = self.held, self.tallest
        while held and held[0][0] <= edge_us:
            _, gone = held.popleft()
            self.total -= gone
            self.squares -= gone * gone
        while tallest and tallest[0][0] <= edge_us:
            tallest.popleft()
        while tallest and tallest[-1][1] <= amount:
            tallest.pop()
        tallest.append((at_us, amount))
        held.append((at_us, amount))
        self.total = total = self.total + amount
        self.squares = squares = self.squares + amount * amount
        n = len(held)
        deviation = math.nan
        if n > 1:
            deviation = math.sqrt((n * squares - total * total) / (n * (n - 1)))
        return n, total, tallest[0][1], total / n, deviation


def python(given: Columns) -> Peer:
    """Plain Python: what one would write with `collections.deque`, one window object per key and
    length.
    """
    lengths = list(windows_us.values())
    key_columns = [column.tolist() for column in given.keys.values()]
    at_column, amount_column = given.at_us.tolist(), given.amount_minor.tolist()

    def compute() -> list[list[float]]:
        owners: list[dict[int, list[_Window]]] = [{} for _ in key_columns]
        rows: list[list[float]] = []
        for place, (at_us, amount) in enumerate(zip(at_column, amount_column, strict=True)):
            row: list[float] = []
            for known, column in zip(owners, key_columns, strict=True):
                key = column[place]
                held = known.get(key)
                if held is None:
                    held = known[key] = [_Window() for _ in lengths]
                for window, length_us in zip(held, lengths, strict=True):
                    row += window.add(at_us, amount, at_us - length_us)
            rows.append(row)
        return rows

    return Peer(compute, lambda rows: np.array(rows, dtype=np.float64).T)


class Agreement(NamedTuple):
    """How a peer's matrix compares with ours."""

    values: int
    unequal: int
    """Cells that differ: counts and maxima at all, others by more than the rounding allowed."""
    largest: float
    """Largest relative difference among sums, means and deviations."""


def agreement(
    ours: Float64, theirs: Float64, *, rounding: float = 1e-9, deviations: float = 1e-6
) -> Agreement:
    """Hold two matrices against each other; missing agrees with missing only.

    Deviations get a wider margin: peers compute them in floating point with cancellation, ours are
    exact.
    """
    unequal, largest = 0, 0.0
    for name, a, b in zip(names(), ours, theirs, strict=True):
        missing = np.isnan(a) != np.isnan(b)
        if "_count_" in name or "_max_" in name:
            unequal += int(np.sum((a != b) & ~(np.isnan(a) & np.isnan(b))))
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1.0)
        apart = np.nan_to_num(apart, nan=0.0)
        largest = max(largest, float(apart.max(initial=0.0)))
        margin = deviations if "_std_" in name else rounding
        unequal += int(np.sum((apart > margin) | missing))
    return Agreement(values=ours.size, unequal=unequal, largest=largest)
