"""Work that nobody waits for, done a little at a time.

A process that starts loads its libraries and takes memory for seconds on end. Run where nobody
else wants the processor it still takes something from everybody: on a virtual machine a processor
stands still while the host gives it a page, and a host may count what a machine takes in a tenth of
a second and hold all of it up for the rest. This module loads nothing, so that it can be there
before what it slows down.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

RUN_S = 0.005
"""Of a processor, between two rests."""
REST_S = 0.015


@contextmanager
def gently() -> Iterator[None]:
    """Rest after every few milliseconds of work; on the main thread of a process of its own."""
    # The handler stays: a signal that is still on its way would otherwise end the process.
    signal.signal(signal.SIGPROF, _rest)
    signal.setitimer(signal.ITIMER_PROF, RUN_S, RUN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def _rest(_number: int, _frame: FrameType | None) -> None:
    time.sleep(REST_S)
