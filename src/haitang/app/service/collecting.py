"""When Python's collector of reference cycles may run: every run of it holds up the answers."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

COLLECT_EVERY = (50_000, 20, 50)
"""Objects, and rounds, between two collections: requests leave no cycles behind, so the collector
finds next to nothing and may look seldom.
"""


def settle() -> None:
    """Take what is there now for good: a collection that walks it would hold up every answer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


@contextmanager
def held() -> Iterator[None]:
    """Collect nothing while many objects are made that stay; they are not looked at afterwards.

    Reading a pack makes some hundred thousand. A cycle among what is thrown away of them is never
    given back: some kilobytes a publication, against tens of milliseconds for whoever waits.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
