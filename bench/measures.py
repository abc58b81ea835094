"""Clocks, memory and the machine: what every part reports in the same words."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

Measured = dict[str, Any]

Result = TypeVar("Result")

libraries = ("numba", "numpy", "duckdb", "polars", "lightgbm", "pyarrow", "msgspec")


def timed(work: Callable[[], Result]) -> tuple[Result, float, float]:
    """Do the work once; return its result, CPU seconds of the whole process (all threads) and wall
    seconds.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def resident_bytes() -> int:
    """What the process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def stolen_s() -> float:
    """Seconds that a host gave to others while this machine wanted them, over all cores.

    0 on a machine of its own. Where it is more than a hundredth of the time, p99 may be the host's.
    """
    words = Path("/proc/stat").read_text().partition("\n")[0].split()
    return int(words[8]) / os.sysconf("SC_CLK_TCK") if len(words) > 8 else 0.0


def machine() -> Measured:
    """Describe the machine and the versions, so that figures can be compared."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": memory,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average_1m": os.getloadavg()[0],
        **{name: version(name) for name in libraries},
    }
