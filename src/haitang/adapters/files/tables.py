"""Parquet files in pieces of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from haitang.adapters.files.troubles import naming
from haitang.data.events.errors import EventRefused
from haitang.kernel.errors import HaitangError, Place

PIECE_ROWS = 65_536
"""Rows of a table read at once."""


class TablePiece(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows of a table and where they stood."""

    table: pa.Table
    first_row: int
    """Rows of the file before this piece."""
    done: int
    """How far into the file this reaches: rows of Parquet, bytes of CSV."""
    lines: tuple[int, ...] = ()
    """The line of the file on which each row begins; empty where rows have no lines."""
    refused: Mapping[int, EventRefused] = msgspec.field(default_factory=dict)
    """Rows of this piece, from 0, that could not be read at all."""

    def line_of(self, row: int) -> int:
        """Return what a person calls the place of a row: its line, else its number from 1."""
        return self.lines[row] if self.lines else self.first_row + row + 1


def parquet_rows(path: Path) -> int:
    """Return the number of rows that a Parquet file promises; refuses what is no such file."""
    with naming(path), _malformed(path), pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


def read_parquet_pieces(path: Path) -> Iterator[TablePiece]:
    """Yield a Parquet file in pieces of rows."""
    done = 0
    with naming(path), _malformed(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=PIECE_ROWS):
            table = pa.Table.from_batches([batch])
            first_row, done = done, done + table.num_rows
            yield TablePiece(table=table, first_row=first_row, done=done)


@contextmanager
def _malformed(path: Path) -> Iterator[None]:
    """Turn what Arrow says of a damaged file into the one grammar."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # Arrow's own words change from version to version and stay in the chained exception.
        raise HaitangError(
            code="file_malformed",
            message="the file was not Parquet, or was cut short",
            place=Place(path=str(path)),
            hint="write it again; a file that is still being written has no footer",
        ) from error
