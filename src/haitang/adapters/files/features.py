"""Feature files: one row per event with every feature value, as Parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 65_536
"""Rows gathered for a row group: small blocks must not make thousands of groups."""

EVENT_COLUMNS = ("event_id", "occurred_at_us")


class FeatureTable:
    """Writes feature values to a Parquet stream.

    Numbers are float64 in the units of design.md §4, flags 0 and 1, texts their words; missing is
    null. Close it to write the footer; without one the file cannot be read.
    """

    def __init__(
        self, stream: BinaryIO, *, names: Sequence[str], text_names: frozenset[str]
    ) -> None:
        self._names = tuple(names)
        self._texts = text_names
        columns = [pa.field("event_id", pa.string()), pa.field("occurred_at_us", pa.int64())]
        columns += [
            pa.field(name, pa.string() if name in text_names else pa.float64())
            for name in self._names
        ]
        self._schema = pa.schema(columns)
        self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0

    def write(
        self,
        *,
        event_ids: Sequence[str],
        occurred_at_us: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
        word_of: Callable[[float], str | None],
    ) -> None:
        """Add one row per event; `values` is features × events, `word_of` tells a code's text."""
        columns: list[pa.Array] = [pa.array(event_ids, pa.string()), pa.array(occurred_at_us)]
        for name, row in zip(self._names, values, strict=True):
            if name in self._texts:
                said = [word_of(code) for code in row.tolist()]
                columns.append(pa.array(said, pa.string()))
            else:
                # `from_pandas` is Arrow's name for "NaN means null"; the copy outlives the
                # engine's scratch.
                columns.append(pa.array(row.copy(), pa.float64(), from_pandas=True))
        self._waiting.append(pa.record_batch(columns, schema=self._schema))
        self._waiting_rows += len(event_ids)
        if self._waiting_rows >= ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting, schema=self._schema).combine_chunks()
            self._writer.write_table(table)
        self._waiting, self._waiting_rows = [], 0

    def close(self) -> None:
        """Write what is waiting and the footer."""
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Let go of the stream after a failure; does nothing to a closed table."""
        # The writer insists on a footer, which a full disk refuses again; the file is dropped.
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
