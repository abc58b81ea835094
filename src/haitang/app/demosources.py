"""What a demo shows: the lab stream, a data set, or somebody's file, made ready."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa

from haitang.app.shipped import BANK, DATA_SETS, shipped_pack
from haitang.app.wiring import EventChunk, open_events, read_pack_folder, table_chunk
from haitang.data.features.specs import TextPair
from haitang.decision.rules.pack import load_pack
from haitang.decision.rules.specs import Pack
from haitang.kernel.errors import HaitangError
from haitang.kernel.instants import DAY_US
from haitang.lab.datasets import DATA_SETS as SETS
from haitang.lab.datasets import event_tables
from haitang.lab.scenarios import Scenario
from haitang.lab.stream import demo_stream

WATCHED_US = 7 * DAY_US
"""The end of the lab stream that is shown at a pace; what comes before builds the profiles."""

PIECE_EVENTS = 16_384
"""Events that are checked at once; small pieces cost much more an event."""


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
    pack: Pack
    pack_folder: Path
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


def lab_pack(request: DemoRequest) -> Path | None:
    """Return the pack of the lab stream; None when something else is to be shown."""
    if request.events is not None or request.data_set is not None:
        return None
    return request.pack or shipped_pack(BANK)


def _lab(request: DemoRequest) -> Demo:
    folder = request.pack or shipped_pack(BANK)
    pack = _pack(folder)
    stream = demo_stream(request.seed)
    table = stream.table()
    # What follows on the cases weeks later would be the end of the table, but nobody's week.
    last_us = int(stream.day.received_us.max())
    return Demo(
        title=TextPair(en=f"lab bank, seed {request.seed}", zh=f"虚构银行，种子 {request.seed}"),
        pack=pack,
        pack_folder=folder,
        chunks=_chunks([table], pack=pack, path="lab"),
        total=table.num_rows,
        span_us=WATCHED_US,
        paced_from_us=last_us - WATCHED_US,
        scenarios=stream.cases,
    )


def _data_set(request: DemoRequest, name: str) -> Demo:
    # A set that is not known is refused before its pack is looked for.
    tables = event_tables(name, Path(request.data_folder or "."))
    first = next(tables)
    folder = request.pack or shipped_pack(f"{DATA_SETS}/{name}")
    pack = _pack(folder)
    known = SETS[name]
    return Demo(
        title=TextPair(en=known.title_en, zh=known.title_zh),
        pack=pack,
        pack_folder=folder,
        chunks=_chunks(_after(first, tables), pack=pack, path=name),
        total=0,
        span_us=_span_us(first),
    )


def _file(request: DemoRequest, path: Path) -> Demo:
    folder = request.pack or shipped_pack(BANK)
    pack = _pack(folder)
    source = open_events(path, mapping=None, base_currency=pack.base_currency)
    name = path.name
    return Demo(
        title=TextPair(en=name, zh=name),
        pack=pack,
        pack_folder=folder,
        chunks=source.chunks,
        total=0,
        span_us=0,
    )


def _pack(folder: Path) -> Pack:
    """Read and check a pack; the service compiles it."""
    return load_pack(read_pack_folder(folder))


def _after(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest


def _span_us(table: pa.Table) -> int:
    instants = table["occurred_at_us"]
    return int(instants[-1].as_py()) - int(instants[0].as_py())


def _chunks(
    tables: Iterator[pa.Table] | list[pa.Table], *, pack: Pack, path: str
) -> Iterator[EventChunk]:
    """Check generated or loaded tables like any other input, in pieces that keep a view moving."""
    done = 0
    for table in tables:
        for start in range(0, table.num_rows, PIECE_EVENTS):
            piece = table.slice(start, PIECE_EVENTS)
            yield table_chunk(piece, path=path, first_row=done, base_currency=pack.base_currency)
            done += piece.num_rows
