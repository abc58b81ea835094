"""Processors that are asked not to sleep.

A processor without work sleeps, and waking it takes time: microseconds on a machine of one's own;
on a virtual one as long as its host pleases, for a processor that slept has lost its turn there.
Linux takes the longest delay that a program can bear through `/dev/cpu_dma_latency` and holds to it
while the file is open (Documentation/power/pm_qos_interface.rst); zero lets them wait awake.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

LATENCY_FILE = Path("/dev/cpu_dma_latency")
_NO_DELAY = struct.pack("@i", 0)

Tell = Callable[..., None]


@contextlib.contextmanager
def processors_awake(*, tell: Tell, file: Path = LATENCY_FILE) -> Iterator[bool]:
    """Keep all processors of the machine awake meanwhile; yields whether the system agreed.

    One that does not, for want of the file or of the right to write to it, is told of and costs
    speed only. The kernel takes the wish back by itself when the process ends.
    """
    try:
        held = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        tell("processors_may_sleep", path=str(file), reason=os.strerror(error.errno or 0))
        yield False
        return
    try:
        agreed = _wish(held)
        if agreed:
            tell("processors_kept_awake", path=str(file))
        else:
            tell("processors_may_sleep", path=str(file), reason="the wish was not taken")
        yield agreed
    finally:
        os.close(held)


def _wish(held: int) -> bool:
    try:
        return os.write(held, _NO_DELAY) == len(_NO_DELAY)
    except OSError:
        return False
