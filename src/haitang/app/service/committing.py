"""The thread that makes staged frames durable.

An executor would wrap every commit in two futures and a turn of the loop more; this is on the way
of every answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Protocol


class Committing(Protocol):
    """The part of a journal that makes durable."""

    def commit(self) -> int:
        """Make all that is staged durable; returns the position behind it."""
        ...


class Committer:
    """Runs one commit after the other, each when it is asked for."""

    def __init__(
        self,
        journal: Committing,
        *,
        loop: asyncio.AbstractEventLoop,
        told: Callable[[int, BaseException | None], None],
    ) -> None:
        """`told` is called on the loop with what a commit returned, or -1 and its error."""
        self._journal = journal
        self._loop = loop
        self._told = told
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._thread = Thread(target=self._run, name="haitang-commit", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Have what is staged made durable."""
        self._asked.put(True)

    def close(self) -> None:
        """Wait until the commits that were asked for are done; nothing may be asked afterwards."""
        self._asked.put(False)
        self._thread.join()

    def _run(self) -> None:
        while self._asked.get():
            error: BaseException | None = None
            durable = -1
            try:
                durable = self._journal.commit()
            except BaseException as caught:  # noqa: BLE001 - the loop must hear of it
                error = caught
            if self._loop.is_closed():
                return
            self._loop.call_soon_threadsafe(self._told, durable, error)
