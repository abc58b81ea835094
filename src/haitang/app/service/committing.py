"""How staged frames are made durable beside the loop.

The common commit is begun and ended on the loop, and written by a thread of the journal's own that
needs no interpreter. What takes longer, a new segment or a disk that fails, is left to a thread in
Python: the loop must not wait for a disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from haitang.kernel.hashing import UInt64Array


class Journal(Protocol):
    """What the node needs of the journal."""

    @property
    def next_position(self) -> int:
        """Position of the next event to be staged."""
        ...

    @property
    def durable_position(self) -> int:
        """Events before it are on disk."""
        ...

    def stage(
        self,
        *,
        kind: int,
        count: int,
        stamp_us: int,
        payload: bytes,
        keys: Sequence[int] | UInt64Array = (),
    ) -> int:
        """Put a frame into the line; returns the position of its first event."""
        ...

    def commit(self) -> int:
        """Make all that is staged durable; returns the position behind it."""
        ...

    def start_syncing(self) -> int:
        """Have a thread for `begin_commit`; returns what is readable when a commit has ended."""
        ...

    def begin_commit(self) -> bool:
        """Begin to make durable what is staged; False where it needs `commit`."""
        ...

    @property
    def commit_failed(self) -> bool:
        """Whether what was begun went wrong, so that `end_commit` waits for the disk."""
        ...

    def end_commit(self, *, wait: bool = False) -> int | None:
        """Take the result of what was begun; returns the position behind it, None without one."""
        ...


class Committer:
    """Runs one commit after the other, each when it is asked for; belongs to the loop's thread."""

    def __init__(
        self,
        journal: Journal,
        *,
        loop: asyncio.AbstractEventLoop,
        told: Callable[[int, BaseException | None], None],
    ) -> None:
        """`told` is called on the loop with what a commit returned, or -1 and its error."""
        self._journal = journal
        self._loop = loop
        self._told = told
        self._asked: SimpleQueue[Callable[[], int | None] | None] = SimpleQueue()
        self._told_by = journal.start_syncing()
        loop.add_reader(self._told_by, self._ended)
        self._thread = Thread(target=self._run, name="haitang-commit", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Have what is staged made durable; what was asked for before must be done."""
        if not self._journal.begin_commit():
            self._asked.put(self._journal.commit)

    def leave(self) -> None:
        """Listen no longer: what is under way is told to nobody."""
        self._loop.remove_reader(self._told_by)

    def close(self) -> None:
        """Wait until the commits that were asked for are done; nothing may be asked afterwards.

        May be called from any thread, and again.
        """
        self._asked.put(None)
        self._thread.join()
        with suppress(Exception):
            # Whoever waits for it is refused; what it says of the disk, the next opening finds.
            self._journal.end_commit(wait=True)

    def _ended(self) -> None:
        if self._journal.commit_failed:
            self._asked.put(self._journal.end_commit)
            return
        try:
            durable = self._journal.end_commit()
        except Exception as error:  # noqa: BLE001 - the node must hear of it
            self._told(-1, error)
        else:
            if durable is not None:
                self._told(durable, None)

    def _run(self) -> None:
        while (commit := self._asked.get()) is not None:
            error: BaseException | None = None
            durable: int | None = -1
            try:
                durable = commit()
            except BaseException as caught:  # noqa: BLE001 - the loop must hear of it
                error = caught
            if durable is None:
                # Another took the result.
                continue
            if self._loop.is_closed():
                return
            self._loop.call_soon_threadsafe(self._told, durable, error)
