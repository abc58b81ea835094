"""CSV files in pieces of text columns, with the line on which every row begins."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from haitang.adapters.files.lines import BYTE_ORDER_MARK, LINE_BYTES_MAX
from haitang.adapters.files.tables import PIECE_ROWS, TablePiece
from haitang.adapters.files.troubles import naming
from haitang.data.events.errors import EventRefused
from haitang.kernel.errors import HaitangError, Place

DELIMITERS = (",", "\t", ";", "|")
"""What may stand between two cells: the one that the header has most of."""

COLUMNS_MAX = 4_096


def read_delimited_pieces(path: Path) -> Iterator[TablePiece]:
    """Yield a CSV file in pieces of rows; every cell is a text, an empty one stays empty.

    A row that cannot be read stands as a row of nothing, so that the numbers of the others stay
    right, and is refused. Faults of the header are raised.
    """
    with naming(path), path.open("rb") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=_delimiter(stream), strict=True)
        header = _header(reader, lines, path=path)
        first_row = 0
        while True:
            piece = _piece(reader, lines, header, first_row=first_row, path=path)
            if piece is None:
                return
            yield piece
            first_row += piece.table.num_rows


class _Lines:
    """The decoded lines of a stream; remembers what could not be decoded."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.number = 0
        self.bytes_read = 0
        self.faults: list[tuple[str, str]] = []
        """Code and message of what was wrong since somebody last looked."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LINE_BYTES_MAX)
        if not line:
            raise StopIteration
        self.number += 1
        self.bytes_read += len(line)
        if len(line) == LINE_BYTES_MAX:
            self._skip_rest()
            self.faults.append(("event_too_long", f"the line was over {LINE_BYTES_MAX:,} bytes"))
            return "\n"
        if self.number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            self.faults.append(
                ("event_not_utf8", f"the line was not UTF-8 at byte {error.start + 1}")
            )
            return line.decode(errors="replace")

    def _skip_rest(self) -> None:
        while piece := self._stream.readline(LINE_BYTES_MAX):
            self.bytes_read += len(piece)
            if piece.endswith(b"\n"):
                return


def _delimiter(stream: BinaryIO) -> str:
    header = stream.readline(LINE_BYTES_MAX).decode(errors="replace")
    stream.seek(0)
    return max(DELIMITERS, key=header.count)


def _header(reader: Iterator[list[str]], lines: _Lines, *, path: Path) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error:
        header = []
    if lines.faults or not header or len(header) > COLUMNS_MAX or len(set(header)) < len(header):
        raise HaitangError(
            code="table_header_malformed",
            message="the first line was not a header of different column names in UTF-8",
            place=Place(path=str(path), line=1),
            hint="write the names of the columns in the first line; convert GBK and GB18030 before",
        )
    return header


def _piece(
    reader: Iterator[list[str]], lines: _Lines, header: list[str], *, first_row: int, path: Path
) -> TablePiece | None:
    nothing = [""] * len(header)
    rows: list[list[str]] = []
    line_numbers: list[int] = []
    refused: dict[int, EventRefused] = {}
    while len(rows) < PIECE_ROWS:
        begins = lines.number + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            lines.faults.append(("event_not_csv", f"the line was not CSV: `{error}`"))
            row = nothing
        if not row and not lines.faults:
            continue
        if len(row) != len(header) and not lines.faults:
            found = f"the row had {len(row)} cells; expected {len(header)} as in the header"
            lines.faults.append(("event_not_csv", found))
        if lines.faults:
            code, message = lines.faults[0]
            place = Place(path=str(path), line=begins)
            refused[len(rows)] = EventRefused(code=code, message=message, place=place)
            lines.faults.clear()
            row = nothing
        rows.append(row)
        line_numbers.append(begins)
    if not rows:
        return None
    columns = zip(*rows, strict=True)
    table = pa.table(
        {name: pa.array(cells, pa.string()) for name, cells in zip(header, columns, strict=True)}
    )
    return TablePiece(
        table=table,
        first_row=first_row,
        lines=tuple(line_numbers),
        refused=refused,
        done=lines.bytes_read,
    )
