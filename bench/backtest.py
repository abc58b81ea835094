"""One changed threshold over a long stream, beside deciding the stream whole.

`python bench/backtest.py [--customers N] [--months N] [--again N] [--folder DIR] [--json FILE]`.
A month of the lab is laid out several times over, each later by thirty days and with ids of its
own, so that the same customers live on. The first run decides and keeps it; then one number of one
policy is another each time, and only that is asked. Both are whole calls of `backtest`, labels
included; Python is running already. With `--folder` the stream and what was kept stay for the next
run. The ten million events of the project's bar are `--customers 10000 --months 11`: a quarter of
an hour and 6 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.measures import Measured, machine
from haitang.app.backtest.running import BacktestRequest, Report, backtest
from haitang.data.events.catalogue import FIELDS
from haitang.kernel.instants import DAY_US
from haitang.lab.day import generate

repository = Path(__file__).resolve().parents[1]
seed = 7
days = 29
month_us = 30 * DAY_US
piece_rows = 65_536
policy_file = "retail/policies/c14_break_and_send.yaml"
threshold = re.compile(r"(least_staged: \{unit: money, value: )(\d+)")


def lay_out(folder: Path, customers: int, months: int) -> None:
    """Write the stream and its labels."""
    day = generate(seed, customers=customers, days=days)
    events, labels = pa.concat_tables(day.batches()), day.labels()
    instants = [name for name in events.column_names if FIELDS[name].kind == "instant"]
    with pq.ParquetWriter(folder / "events.parquet", events.schema, compression="zstd") as writer:
        for month in range(months):
            later = _shifted(events, instants, month * month_us)
            writer.write_table(_renamed(later, ("event_id",), month), row_group_size=piece_rows)
    several = [_renamed(labels, ("event_id", "story_id"), month) for month in range(months)]
    pq.write_table(pa.concat_tables(several), folder / "labels.parquet")


def _shifted(table: pa.Table, names: list[str], by_us: int) -> pa.Table:
    for name in names:
        place = table.column_names.index(name)
        kind = table.schema.field(name).type
        column = pc.add(table[name].cast(pa.int64()), by_us).cast(kind)
        table = table.set_column(place, table.schema.field(name), column)
    return table


def _renamed(table: pa.Table, names: tuple[str, ...], month: int) -> pa.Table:
    for name in names:
        place = table.column_names.index(name)
        kind = table.schema.field(name).type
        column = pc.binary_join_element_wise(table[name].cast(pa.string()), f"{month}", "-")
        table = table.set_column(place, table.schema.field(name), column.cast(kind))
    return table


def measure(folder: Path, again: int) -> Measured:
    """Return the seconds of the first run, and the median of those with another threshold."""
    packs = folder / "packs"
    shutil.rmtree(packs, ignore_errors=True)
    shutil.copytree(repository / "packs", packs)
    first, first_s = _run(folder)
    path = packs / policy_file
    text = path.read_text("utf-8")
    value = int(threshold.search(text)[2])  # type: ignore[index] # the shipped policy has it
    seconds = []
    for step in range(1, again + 1):
        path.write_text(threshold.sub(rf"\g<1>{value + 1_000 * step}", text), "utf-8")
        report, took_s = _run(folder)
        assert report.way == "changed", f"one threshold made the run {report.way}"
        seconds.append(took_s)
    return {
        "events": first.events,
        "first_run": first.way,
        "first_s": first_s,
        "changed_s": seconds,
        "changed_median_s": statistics.median(seconds),
        "ratio": first_s / statistics.median(seconds) if first.way == "first" else None,
    }


def _run(folder: Path) -> tuple[Report, float]:
    request = BacktestRequest(
        pack=folder / "packs" / "bank",
        events=folder / "events.parquet",
        labels=folder / "labels.parquet",
        keep=folder / "keep",
    )
    began = time.perf_counter()
    report = backtest(request)
    return report, time.perf_counter() - began


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=3)
    parser.add_argument("--again", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "labels.parquet").exists():
            lay_out(folder, chosen.customers, chosen.months)
        report: dict[str, Any] = {"machine": machine(), **measure(folder, chosen.again)}
    text = json.dumps(report, indent=2)
    if chosen.json:
        chosen.json.write_text(text + "\n", "utf-8")
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
