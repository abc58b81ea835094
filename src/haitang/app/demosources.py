"""What a demo shows: the lab stream, a data set, or somebody's file, made ready."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa

from haitang.app.programs import OpenedPack, open_pack
from haitang.app.shipped import DATA_SETS, RETAIL, shipped_pack
from haitang.app.wiring import EventChunk, open_events, table_chunk
from haitang.data.features.specs import TextPair
from haitang.kernel.errors import HaitangError
from haitang.kernel.instants import DAY_US
from haitang.lab.datasets import DATA_SETS as SETS
from haitang.lab.datasets import event_tables
from haitang.lab.scenarios import Scenario
from haitang.lab.stream import demo_stream

WATCHED_US = 7 * DAY_US
"""The end of the lab stream that is shown at a pace; what comes before builds the profiles."""

PIECE_EVENTS = 32_768


class DemoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to show; the lab stream unless events or a data set are named."""

    events: Path | None = None
    data_set: str | None = None
    pack: Path | None = None
    seed: int = 7
    decisions: Path = Path("out/demo/decisions.jsonl")
    data_folder: str = ""
    """Where the data sets lie (`Settings.data_folder`)."""


class Demo(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A demo made ready."""

    title: TextPair
    opened: OpenedPack
    chunks: Iterator[EventChunk]
    total: int
    """Events, 0 when nobody knows."""
    span_us: int
    """Bank time that is shown at a pace, 0 when nobody knows."""
    paced_from_us: int = 0
    """Events before this instant are decided as fast as possible."""
    scenarios: tuple[Scenario, ...] = ()


def open_demo(request: DemoRequest) -> Demo:
    """Read the pack and open the events; raises `HaitangError` for what cannot be used."""
    if request.events is not None and request.data_set is not None:
        raise HaitangError(
            code="use_two_sources",
            message="both `--events` and `--dataset` were named",
            hint="name one of them, or neither for the lab bank",
        )
    if request.events is not None:
        return _file(request, request.events)
    if request.data_set is not None:
        return _data_set(request, request.data_set)
    return _lab(request)


def _lab(request: DemoRequest) -> Demo:
    opened = open_pack(request.pack or shipped_pack(RETAIL))
    stream = demo_stream(request.seed)
    table = stream.table()
    last_us = int(table["occurred_at_us"][-1].as_py())
    return Demo(
        title=TextPair(en=f"lab bank, seed {request.seed}", zh=f"虚构银行，种子 {request.seed}"),
        opened=opened,
        chunks=_chunks([table], opened=opened, path="lab"),
        total=table.num_rows,
        span_us=WATCHED_US,
        paced_from_us=last_us - WATCHED_US,
        scenarios=stream.cases,
    )


def _data_set(request: DemoRequest, name: str) -> Demo:
    # A set that is not known is refused before its pack is looked for.
    tables = event_tables(name, Path(request.data_folder or "."))
    first = next(tables)
    opened = open_pack(request.pack or shipped_pack(f"{DATA_SETS}/{name}"))
    known = SETS[name]
    return Demo(
        title=TextPair(en=known.title_en, zh=known.title_zh),
        opened=opened,
        chunks=_chunks(_after(first, tables), opened=opened, path=name),
        total=0,
        span_us=_span_us(first),
    )


def _file(request: DemoRequest, path: Path) -> Demo:
    opened = open_pack(request.pack or shipped_pack(RETAIL))
    source = open_events(path, mapping=None, base_currency=opened.pack.base_currency)
    name = path.name
    return Demo(
        title=TextPair(en=name, zh=name),
        opened=opened,
        chunks=source.chunks,
        total=0,
        span_us=0,
    )


def _after(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest


def _span_us(table: pa.Table) -> int:
    instants = table["occurred_at_us"]
    return int(instants[-1].as_py()) - int(instants[0].as_py())


def _chunks(
    tables: Iterator[pa.Table] | list[pa.Table], *, opened: OpenedPack, path: str
) -> Iterator[EventChunk]:
    """Check generated or loaded tables like any other input, in pieces that keep a view moving."""
    done = 0
    for table in tables:
        for start in range(0, table.num_rows, PIECE_EVENTS):
            piece = table.slice(start, PIECE_EVENTS)
            yield table_chunk(
                piece, path=path, first_row=done, base_currency=opened.pack.base_currency
            )
            done += piece.num_rows
