"""Reading ahead: the next piece is made in another thread while this one is at work."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")

AHEAD_MAX = 1
"""Items that wait; one more is in the making."""

LOOK_SECONDS = 0.1
"""How often the thread looks whether anybody still reads."""


class _Ended(NamedTuple):
    """The last thing in the queue: the items ended, well or not."""

    error: BaseException | None


def read_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items of an iterator that runs in a thread of its own, `AHEAD_MAX` ahead.

    What it raises is raised here, in its place. Closing this iterator ends the thread.
    """
    waiting: queue.Queue[Item | _Ended] = queue.Queue(AHEAD_MAX)
    left = threading.Event()

    def put(item: Item | _Ended) -> None:
        while not left.is_set():
            try:
                waiting.put(item, timeout=LOOK_SECONDS)
            except queue.Full:
                continue
            return

    def make() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                put(item)
                if left.is_set():
                    return
        except BaseException as raised:  # noqa: BLE001 - raised again by whoever reads
            error = raised
        put(_Ended(error))

    threading.Thread(target=make, name="read-ahead", daemon=True).start()
    try:
        while True:
            item = waiting.get()
            if not isinstance(item, _Ended):
                yield item
            elif item.error is not None:
                raise item.error
            else:
                return
    finally:
        left.set()
