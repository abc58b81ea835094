"""Files of list entries: CSV, JSON Lines, JSON or Parquet in pieces of list events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from haitang.adapters.files.delimited import read_delimited_pieces
from haitang.adapters.files.events import format_of
from haitang.adapters.files.lines import read_elements, read_lines
from haitang.adapters.files.pieces import (
    QUOTED_CHARACTERS_MAX,
    EventChunk,
    EventRows,
    EventSource,
    RefusedLine,
)
from haitang.adapters.files.tables import TablePiece, parquet_rows, read_parquet_pieces
from haitang.adapters.files.troubles import naming
from haitang.data.events.catalogue import Event
from haitang.data.events.errors import EventRefused
from haitang.data.lists.entries import (
    EntryRules,
    check_columns,
    decode_entry,
    entry_event,
    typed_cells,
)
from haitang.kernel.errors import Place

CHUNK_ENTRIES = 5_000
"""Entries that are handed on at once."""


def open_entries(path: Path, *, rules: EntryRules) -> EventSource:
    """Open a file of list entries as the events that make these changes.

    The events' ids derive from the content of the file and the number of the row. Faults of the
    file as a whole are raised; faults of single rows are in the chunks.
    """
    found = format_of(path)
    with naming(path), path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
    if found == "parquet":
        pieces = read_parquet_pieces(path)
        rows = _table_rows(pieces, path=path, rules=rules, digest=digest)
        return EventSource(chunks=_in_chunks(rows), total=parquet_rows(path))
    if found == "csv":
        pieces = read_delimited_pieces(path)
        rows = _table_rows(pieces, path=path, rules=rules, digest=digest)
        return EventSource(chunks=_in_chunks(rows), total=size)
    rows = _text_rows(path, lines=found == "json_lines", rules=rules, digest=digest)
    return EventSource(chunks=_in_chunks(rows), total=size)


def written_at_us(path: Path) -> int:
    """Return when a file was last written, in microseconds UTC."""
    with naming(path):
        return path.stat().st_mtime_ns // 1_000


_Row = tuple[Event | RefusedLine, Place, int]
"""What became of a row, where it stood, and how far into the file it reaches."""


def _text_rows(path: Path, *, lines: bool, rules: EntryRules, digest: str) -> Iterator[_Row]:
    with naming(path), path.open("rb") as stream:
        read = read_lines if lines else read_elements
        for number, (place, text, end) in enumerate(read(stream, path=path), start=1):
            try:
                event = decode_entry(text, rules=rules, origin=(digest, number), place=place)
                yield event, place, end
            except EventRefused as error:
                quoted = text[:QUOTED_CHARACTERS_MAX].decode(errors="replace")
                yield RefusedLine(error=error, text=quoted), place, end


def _table_rows(
    pieces: Iterator[TablePiece], *, path: Path, rules: EntryRules, digest: str
) -> Iterator[_Row]:
    shown = str(path)
    for piece in pieces:
        check_columns(piece.table.column_names, place=Place(path=shown, line=1))
        done = piece.first_row
        texts = bool(piece.lines)
        for index, cells in enumerate(piece.table.to_pylist()):
            place = Place(path=shown, line=piece.line_of(index))
            # Bytes are known by the piece, rows one by one; both only move a bar.
            done = piece.done if texts else piece.first_row + index + 1
            refusal = piece.refused.get(index)
            if refusal is not None:
                yield RefusedLine(error=refusal), place, done
                continue
            row: Mapping[str, object] = typed_cells(cells) if texts else cells
            try:
                origin = (digest, piece.first_row + index + 1)
                yield entry_event(row, rules=rules, origin=origin, place=place), place, done
            except EventRefused as error:
                yield RefusedLine(error=error), place, done


def _in_chunks(rows: Iterator[_Row]) -> Iterator[EventChunk]:
    events: list[Event] = []
    places: list[Place] = []
    refused: list[RefusedLine] = []
    done = 0
    for found, place, done in rows:
        if isinstance(found, RefusedLine):
            refused.append(found)
        else:
            events.append(found)
            places.append(place)
        if len(events) + len(refused) >= CHUNK_ENTRIES:
            yield _chunk(events, places, refused, done)
            events, places, refused = [], [], []
    if events or refused:
        yield _chunk(events, places, refused, done)


def _chunk(
    events: list[Event], places: list[Place], refused: list[RefusedLine], done: int
) -> EventChunk:
    return EventChunk(
        events=EventRows(events=events, places=places), refused=tuple(refused), done=done
    )
