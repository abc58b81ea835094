"""Memory of the machine, taken once before something is timed.

A virtual machine's host may take back what the machine frees, and give it again when a page is
touched: the processor that touches it stands still for as long, three milliseconds a megabyte on
one such host, a tenth of that where the host had not taken it back. Whoever serves payments has the
machine's memory reserved (see the operations guide); without that, a bench would time the host.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from bench.measures import Measured

WANTED_BYTES = 6 << 30
"""More than a part uses. What was freed last is given out first."""
SHARE_MAX = 0.5
"""Of what is free."""
_STEP_BYTES = 64 << 20


def take_once(wanted_bytes: int = WANTED_BYTES) -> Measured:
    """Have the host give so much memory, but at most half of what is free, and leave it to the
    system; tell how long that took.

    A process of its own does it, which ends with it.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.memory", str(wanted_bytes)],
        cwd=Path(__file__).resolve().parent.parent,
        stdout=subprocess.PIPE,
        check=True,
    )
    taken, seconds = done.stdout.split()
    return {"bytes": int(taken), "seconds": float(seconds)}


def _available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _take(wanted_bytes: int) -> None:
    steps = int(min(wanted_bytes, _available_bytes() * SHARE_MAX)) // _STEP_BYTES
    begun = time.monotonic()
    # Kept until all is taken: else the system would hand out the same pages again.
    kept = [bytearray(_STEP_BYTES) for _ in range(steps)]
    for part in kept:
        part[::4096] = b"\1" * (_STEP_BYTES // 4096)
    print(steps * _STEP_BYTES, time.monotonic() - begun)


if __name__ == "__main__":
    _take(int(sys.argv[1]))
