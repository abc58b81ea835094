"""A stream in pieces of one size, each event once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from haitang.app.wiring import EventChunk
from haitang.data.events.batch import EventBatch, FieldSet, join_batches
from haitang.kernel.hashing import hash_texts


class Pieces:
    """Iterates once over a stream; afterwards it tells what was left out.

    An event whose id stood earlier is dropped, as replay does, but whatever its content says: a
    backtest counts, and does not judge the file. Ids are told apart by their 64-bit hash.
    """

    def __init__(self, chunks: Iterable[EventChunk], fields: FieldSet, *, size: int) -> None:
        self._chunks = chunks
        self._fields = fields
        self._size = size
        self._seen: set[int] = set()
        self.refused = 0
        """Rows that were no events."""
        self.duplicates = 0

    def __iter__(self) -> Iterator[EventBatch]:
        """Yield batches of `size` events, and at last the rest."""
        waiting: list[EventBatch] = []
        count = 0
        for chunk in self._chunks:
            self.refused += len(chunk.refused)
            if chunk.events.count:
                batch = self._new_ones(chunk.events.batch(self._fields))
                waiting.append(batch)
                count += len(batch)
            while count >= self._size:
                joined = join_batches(waiting)
                yield joined.slice(0, self._size)
                count -= self._size
                waiting = [joined.slice(self._size, len(joined))]
        if count:
            yield join_batches(waiting)

    def _new_ones(self, batch: EventBatch) -> EventBatch:
        seen = self._seen
        fresh = []
        for row, word in enumerate(hash_texts(batch.event_ids).tolist()):
            if word not in seen:
                seen.add(word)
                fresh.append(row)
        if len(fresh) == len(batch):
            return batch
        self.duplicates += len(batch) - len(fresh)
        return batch.take(np.array(fresh, np.int64))
