"""The index of a complete segment, written beside everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from haitang.adapters.journal.layout import index_path
from haitang.adapters.journal.segments import OpenSegment, write_index

REST_S = 0.01
"""How long it rests between pieces of a few milliseconds: in one piece, a fifth of a second for a
million keys, it kept processor, interpreter and disk from decisions.
"""


class Indexing:
    """Writes one index in a thread of its own, which gives way until somebody waits for it."""

    def __init__(self, segment: OpenSegment, written: Callable[[], None]) -> None:
        """`written` is called in the thread when the index is there."""
        self._segment = segment
        self._written = written
        self._waited_for = threading.Event()
        self._thread = threading.Thread(target=self._write, name="journal-index", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait until it is done; it rests no more."""
        self._waited_for.set()
        self._thread.join()

    def _write(self) -> None:
        # Without an index the segment is read again at the next opening.
        with suppress(OSError):
            write_index(self._segment, pause=lambda: self._waited_for.wait(REST_S))
            if not self._segment.path.exists():
                # It was pruned meanwhile.
                index_path(self._segment.path).unlink(missing_ok=True)
                return
            self._written()
