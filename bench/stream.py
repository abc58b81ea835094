"""The card stream that every part reads: four keys of very uneven weight over fourteen days."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute, feather

days = 14
day_us = 86_400_000_000
start_us = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
seed = 20_260_101
events_full = 3_000_000
events_quick = 300_000

keys: dict[str, tuple[int, float]] = {
    "card_id": (1_000_000, 0.8),
    "device_id": (600_000, 0.8),
    "merchant_id": (100_000, 1.1),
    "ip": (320_000, 1.0),
}
"""Field name to (how many there are, exponent of the Zipf law of their weights)."""

channels = ("MOBILE", "WEB", "POS", "QR")

Int64 = npt.NDArray[np.int64]


def ranks(source: np.random.Generator, *, size: int, exponent: float, events: int) -> Int64:
    """Draw `events` ranks from a Zipf law over `size` keys; rank 0 is the heaviest."""
    weights = np.cumsum(np.arange(1, size + 1, dtype=np.float64) ** -exponent)
    drawn = source.random(events) * weights[-1]
    return np.asarray(np.searchsorted(weights, drawn, side="right"), dtype=np.int64)


def instants(source: np.random.Generator, events: int) -> Int64:
    """Draw unique millisecond instants, ascending, over the fourteen days."""
    steps = days * day_us // 1_000
    drawn = np.unique(source.integers(0, steps, events + events // 50))
    while len(drawn) < events:
        drawn = np.unique(np.concatenate([drawn, source.integers(0, steps, events)]))
    kept = np.sort(source.permutation(drawn)[:events])
    return np.asarray(start_us + kept * 1_000, dtype=np.int64)


def amounts(source: np.random.Generator, events: int) -> Int64:
    """Draw amounts in minor units, log-normal around 85.00."""
    return np.maximum(1, np.exp(source.normal(9.05, 1.1, events))).astype(np.int64)


def _names(prefix: str, numbers: Int64) -> pa.Array:
    return compute.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")


def table(events: int) -> pa.Table:
    """Make the stream as one Arrow table with the catalogue's field names."""
    source = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {
        "event_id": _names("e", np.arange(events)),
        "event_type": pa.array(["TXN_REQUEST"]).take(pa.array(np.zeros(events, np.int64))),
        "occurred_at_us": pa.array(instants(source, events)),
        "amount_minor": pa.array(amounts(source, events)),
        "currency": pa.array(["CNY"]).take(pa.array(np.zeros(events, np.int64))),
        "channel": pa.array(channels).take(pa.array(source.integers(len(channels), size=events))),
    }
    for field, (size, exponent) in keys.items():
        drawn = ranks(source, size=size, exponent=exponent, events=events)
        columns[field] = _names(field[0], drawn)
    return pa.table(columns)


def write(path: Path, events: int) -> None:
    """Write the stream as an uncompressed Arrow file."""
    feather.write_feather(table(events), path, compression="uncompressed")


def read(path: Path) -> pa.Table:
    """Read a stream back."""
    return feather.read_table(path)
