"""Event files of every format we read, in pieces of bounded size."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Literal, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from haitang.adapters.files.delimited import read_delimited_pieces
from haitang.adapters.files.lines import BYTE_ORDER_MARK, Line, read_elements, read_lines
from haitang.adapters.files.mappings import read_mapping_file
from haitang.adapters.files.pieces import (
    QUOTED_CHARACTERS_MAX,
    EventChunk,
    EventColumns,
    EventRows,
    EventSource,
    RefusedLine,
)
from haitang.adapters.files.replacements import STANDARD_STREAM
from haitang.adapters.files.tables import TablePiece, parquet_rows, read_parquet_pieces
from haitang.adapters.files.troubles import naming
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_event
from haitang.data.events.errors import EventRefused
from haitang.data.events.mapping import MappingSpec
from haitang.data.events.mapping_table import MappedTable, map_table
from haitang.data.events.table import check_table
from haitang.kernel.errors import HaitangError, Place, Refusals, symbol

Format = Literal["json_lines", "json", "csv", "parquet"]

FORMATS: dict[str, Format] = {
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
"""File name endings and what they promise; other names are looked into."""

PIECE_EVENTS = 8_192
"""Events of a text file read before they are handed on."""

SNIFFED_BYTES = 4_096


def open_events(path: Path, *, mapping: Path | None, base_currency: str) -> EventSource:
    """Open a file of events; the format is known by the name, else by the first bytes.

    Faults of the file as a whole are raised; faults of single events are in the chunks.
    """
    meaning = read_mapping_file(mapping) if mapping is not None else None
    if str(path) == STANDARD_STREAM:
        _refuse_mapping(mapping, path=path)
        lines = read_lines(cast("BinaryIO", sys.stdin.buffer), path=Path("<stdin>"))
        return EventSource(chunks=_decoded(lines, base_currency=base_currency), total=0)
    found = format_of(path)
    with naming(path):
        size = path.stat().st_size
    if found in ("json_lines", "json"):
        _refuse_mapping(mapping, path=path)
        lines = _lines_of(path, read_lines if found == "json_lines" else read_elements)
        return EventSource(chunks=_decoded(lines, base_currency=base_currency), total=size)
    if found == "parquet":
        pieces, total = read_parquet_pieces(path), parquet_rows(path)
    else:
        pieces, total = read_delimited_pieces(path), size
        if meaning is None:
            raise HaitangError(
                code="use_mapping_missing",
                message="a CSV file was named without a mapping of its columns",
                place=Place(path=str(path)),
                hint="write one and name it with `--mapping`; see docs/reference/mapping.md",
            )
    chunks = (
        _checked_piece(piece, mapping=meaning, path=path, base_currency=base_currency)
        for piece in pieces
    )
    return EventSource(chunks=chunks, total=total)


def _refuse_mapping(mapping: Path | None, *, path: Path) -> None:
    """Refuse a mapping for input that has no columns, rather than leave it unread."""
    if mapping is not None:
        raise HaitangError(
            code="use_mapping_unread",
            message=f"the mapping {symbol(mapping)} was named for JSON, which has no columns",
            place=Place(path=str(path)),
            hint="leave `--mapping` out, or bring the events as CSV or Parquet",
        )


def _lines_of(path: Path, read: Callable[..., Iterator[Line]]) -> Iterator[Line]:
    """Read an opened file to its end, or until nobody asks any more."""
    with naming(path), path.open("rb") as stream:
        yield from read(stream, path=path)


def format_of(path: Path) -> Format:
    """Return a file's format; `.json` with an object per line is JSON Lines all the same."""
    named = FORMATS.get(path.suffix.lower())
    if named in ("json_lines", "csv", "parquet"):
        return cast("Format", named)
    with naming(path), path.open("rb") as stream:
        head = stream.read(SNIFFED_BYTES)
    if head.startswith(b"PAR1"):
        return "parquet"
    first_line = head.removeprefix(BYTE_ORDER_MARK).lstrip().split(b"\n", 1)[0].rstrip()
    if first_line.startswith(b"{"):
        return "json_lines" if first_line.endswith(b"}") or named is None else "json"
    if first_line.startswith(b"[") or named == "json":
        return "json"
    raise HaitangError(
        code="use_format_unknown",
        message=f"the format of the file was not known from its name, ending {symbol(path.suffix)}",
        place=Place(path=str(path)),
        hint="name it `.jsonl`, `.json`, `.csv` or `.parquet`",
    )


def _decoded(lines: Iterator[Line], *, base_currency: str) -> Iterator[EventChunk]:
    """Decode line by line; a bad one stands aside with its reason."""
    events: list[Event] = []
    places: list[Place] = []
    refused: list[RefusedLine] = []
    end = 0
    for place, text, end in lines:
        try:
            events.append(decode_event(text, place=place, base_currency=base_currency))
            places.append(place)
        except EventRefused as error:
            refused.append(RefusedLine(error=error, text=_quoted(text)))
        if len(events) + len(refused) >= PIECE_EVENTS:
            rows = EventRows(events=events, places=places)
            yield EventChunk(events=rows, refused=tuple(refused), done=end)
            events, places, refused = [], [], []
    if events or refused:
        rows = EventRows(events=events, places=places)
        yield EventChunk(events=rows, refused=tuple(refused), done=end)


def table_chunk(
    table: pa.Table, *, path: str, first_row: int = 0, base_currency: str
) -> EventChunk:
    """Check a table in event columns that is already in memory, like a piece of a file."""
    piece = TablePiece(table=table, first_row=first_row, done=first_row + table.num_rows)
    return _checked_piece(piece, mapping=None, path=Path(path), base_currency=base_currency)


def _checked_piece(
    piece: TablePiece, *, mapping: MappingSpec | None, path: Path, base_currency: str
) -> EventChunk:
    """Check a piece in bulk; a bad row stands aside with its reason."""
    place = Place(path=str(path))
    refused: dict[int, EventRefused] = dict(piece.refused)
    if mapping is None:
        table, rows = piece.table, np.arange(piece.table.num_rows)
    else:
        mapped = map_table(piece.table, mapping, first_row=piece.first_row + 1, place=place)
        table, rows = _without(mapped, piece.refused)
        refused |= {row: error for row, error in mapped.refusals() if row not in refused}
    try:
        checked = check_table(table, place=place, base_currency=base_currency)
    except Refusals as faults:
        raise Refusals(faults.problems, code="column_refused") from faults
    for row, error in checked.refusals():
        refused.setdefault(int(rows[row]), error)
    return EventChunk(
        events=EventColumns(
            checked=checked,
            path=str(path),
            lines=[piece.line_of(row) for row in rows[checked.rows].tolist()],
        ),
        refused=tuple(
            RefusedLine(error=refused[row].at(_placed(refused[row], piece=piece, row=row)))
            for row in sorted(refused)
        ),
        done=piece.done,
    )


def _without(
    mapped: MappedTable, unread: Mapping[int, EventRefused]
) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Return the mapped events and their source rows, less those of rows that were never read."""
    if not unread:
        return mapped.table, mapped.rows
    kept = ~np.isin(mapped.rows, list(unread))
    return mapped.table.filter(pa.array(kept)), mapped.rows[kept]


def _placed(error: EventRefused, *, piece: TablePiece, row: int) -> Place:
    place = error.place
    return Place(path=place.path, line=piece.line_of(row), pointer=place.pointer)


def _quoted(text: bytes) -> str:
    return text[:QUOTED_CHARACTERS_MAX].decode(errors="replace")
