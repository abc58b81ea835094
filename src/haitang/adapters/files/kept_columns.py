"""Columns kept in pieces, as Parquet files of a folder: any column is read without the others."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from haitang.adapters.files.troubles import naming
from haitang.kernel.errors import HaitangError, Place

ABOUT = b"haitang"
"""Key of the metadata that says what was kept."""
ABOUT_TABLE = "about"

Column = NDArray[Any] | Sequence[str | None]


class KeptWriter:
    """Writes pieces of several tables; the folder appears when the `with` block is left without an
    error.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._partial = folder.with_name(folder.name + ".partial")
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._about = b""

    def __enter__(self) -> KeptWriter:
        with naming(self._folder):
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self._writers.values():
            writer.close()
        if kind is not None:
            shutil.rmtree(self._partial, ignore_errors=True)
            return
        with naming(self._folder):
            schema = pa.schema([], metadata={ABOUT: self._about})
            pq.write_table(schema.empty_table(), self._path(ABOUT_TABLE))
            shutil.rmtree(self._folder, ignore_errors=True)
            self._partial.rename(self._folder)

    def about(self, content: bytes) -> None:
        """Say what it is all about."""
        self._about = content

    def put(self, table: str, columns: Mapping[str, Column]) -> None:
        """Write one piece of a table; every piece has the same columns."""
        arrays = {name: _array(column) for name, column in columns.items()}
        piece = pa.table(arrays)
        with naming(self._folder):
            writer = self._writers.get(table)
            if writer is None:
                # Octets of equal weight side by side: neighbours differ little, which packs well.
                split = [name for name in arrays if pa.types.is_floating(arrays[name].type)]
                writer = pq.ParquetWriter(
                    self._path(table), piece.schema, compression="zstd", compression_level=1,
                    use_dictionary=False, use_byte_stream_split=split, write_statistics=False,
                )  # fmt: skip
                self._writers[table] = writer
            writer.write_table(piece, row_group_size=max(piece.num_rows, 1))

    def _path(self, table: str) -> Path:
        return self._partial / f"{table}.parquet"


class KeptReader:
    """Reads what `KeptWriter` wrote, piece by piece."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, pq.ParquetFile] = {}
        self._held_of: tuple[str, range] = ("", range(0))
        self._held: dict[str, NDArray[Any]] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="kept")
        self._ahead: tuple[tuple[str, range, tuple[str, ...]], Future[pa.Table]] | None = None
        self._ahead_file: tuple[str, pq.ParquetFile] | None = None
        self.about: bytes = self._file(ABOUT_TABLE).schema_arrow.metadata[ABOUT]

    def close(self) -> None:
        """Let go of the files."""
        self._reader.shutdown(cancel_futures=True)
        if self._ahead_file is not None:
            self._ahead_file[1].close()
        for file in self._files.values():
            file.close()

    def piece_count(self, table: str) -> int:
        """Return how many pieces a table has."""
        return int(self._file(table).num_row_groups)

    def names(self, table: str) -> list[str]:
        """Return the columns of a table."""
        return list(self._file(table).schema_arrow.names)

    def read(self, table: str, pieces: range, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Return columns of numbers of some pieces, joined; what was read last is at hand."""
        if self._held_of != (table, pieces):
            self._held_of, self._held = (table, pieces), {}
        held = self._held
        missing = [name for name in dict.fromkeys(names) if name not in held]
        if missing:
            found = self._read_or_await(table, pieces, missing)
            held.update({name: np.asarray(found.column(name)) for name in missing})
        return {name: held[name] for name in names}

    def expect(self, table: str, pieces: range, names: Sequence[str]) -> None:
        """Read columns of numbers in another thread while the caller works on others."""
        asked = tuple(dict.fromkeys(names))
        if self._ahead_file is None or self._ahead_file[0] != table:
            # A file of its own: one is not for two threads.
            known = self._file(table)
            path = self._folder / f"{table}.parquet"
            own = pq.ParquetFile(path, memory_map=True, metadata=known.metadata)
            self._ahead_file = (table, own)
        reading = self._reader.submit(
            self._ahead_file[1].read_row_groups, list(pieces), columns=list(asked)
        )
        self._ahead = ((table, pieces, asked), reading)

    def _read_or_await(self, table: str, pieces: range, names: Sequence[str]) -> pa.Table:
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead[0] != (table, pieces, tuple(names)):
            # What was read ahead for a later call stays.
            self._ahead = ahead
            return self._read(table, pieces, names)
        try:
            return ahead[1].result()
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._folder) from error

    def read_texts(
        self, table: str, pieces: range, name: str, rows: NDArray[np.int64] | None = None
    ) -> list[str | None]:
        """Return a column of texts of some pieces, joined; of these rows only, if given."""
        column = self._read(table, pieces, [name]).column(name)
        texts: list[str | None] = (column if rows is None else column.take(rows)).to_pylist()
        return texts

    def _read(self, table: str, pieces: range, names: Sequence[str]) -> pa.Table:
        try:
            return self._file(table).read_row_groups(list(pieces), columns=list(names))
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._folder) from error

    def _file(self, table: str) -> pq.ParquetFile:
        file = self._files.get(table)
        if file is None:
            path = self._folder / f"{table}.parquet"
            try:
                with naming(path):
                    file = pq.ParquetFile(path, memory_map=True)
            except pa.ArrowException as error:
                raise _damaged(self._folder) from error
            self._files[table] = file
        return file


def _array(column: Column) -> pa.Array:
    if isinstance(column, np.ndarray):
        return pa.array(column)
    return pa.array(column, pa.string())


def _damaged(folder: Path) -> HaitangError:
    return HaitangError(
        code="backtest_kept_damaged",
        message="what an earlier run kept could not be read",
        place=Place(path=str(folder)),
        hint="remove the folder; the next run makes it anew",
    )
