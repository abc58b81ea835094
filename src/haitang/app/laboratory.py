"""Runs of the lab that the command line starts: days to files, the leak test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal

import msgspec

from haitang.app.wiring import Replacement, make_folder, naming
from haitang.lab.day import LabDay, generate
from haitang.lab.leaks import Leak, find_leaks

DaysFormat = Literal["parquet", "jsonl"]

CUSTOMERS_MIN = 200
CUSTOMERS_MAX = 200_000
DAYS_MIN = 2
DAYS_MAX = 400
"""Bounds of what is generated at once; the whole bank is held in memory."""


class DaysRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which days of which bank."""

    seed: int = 7
    customers: int = 2_000
    days: int = 7


class WrittenDays(msgspec.Struct, frozen=True, kw_only=True):
    """What was written where."""

    events: int
    labelled: int
    files: tuple[Path, ...]


def generate_days(request: DaysRequest) -> LabDay:
    """Generate the days; the same request gives the same bytes."""
    return generate(request.seed, customers=request.customers, days=request.days)


def write_days(day: LabDay, folder: Path, *, form: DaysFormat) -> WrittenDays:
    """Write events, labels and likenesses into a folder; they appear when all are complete."""
    make_folder(folder)
    waiting = folder / f".{os.getpid()}.partial"
    make_folder(waiting)
    try:
        with naming(folder):
            day.write(waiting)
        if form == "jsonl":
            with Replacement(waiting / "events.jsonl") as stream, naming(folder):
                encode = msgspec.json.Encoder().encode_lines
                rows: list[dict[str, object]] = []
                for row in day.rows():
                    rows.append(row)
                    if len(rows) == ROWS_AT_ONCE:
                        stream.write(encode(rows))
                        rows.clear()
                stream.write(encode(rows))
            (waiting / "events.parquet").unlink()
        files = tuple(sorted(waiting.iterdir()))
        with naming(folder):
            written = tuple(path.replace(folder / path.name) for path in files)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
    return WrittenDays(events=len(day), labelled=len(day.labels()), files=written)


ROWS_AT_ONCE = 8_192


def leaks_of(day: LabDay) -> tuple[Leak, ...]:
    """Ask of everything that means nothing whether it tells frauds from honest events."""
    return find_leaks(day.table(), day.labels())
