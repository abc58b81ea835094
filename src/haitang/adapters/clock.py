"""The machine's clocks."""

from __future__ import annotations

import time


class MachineClock:
    """Wall clock, stopwatch and pause of the machine that runs us."""

    def now_us(self) -> int:
        """Return the wall clock as microseconds UTC since 1970."""
        return time.time_ns() // 1_000

    def elapsed_us(self) -> int:
        """Return a stopwatch reading in microseconds; only differences mean anything."""
        return time.perf_counter_ns() // 1_000

    def processor_us(self) -> int:
        """Return the processor time of this process, all threads, in microseconds."""
        return time.process_time_ns() // 1_000

    def pause(self, *, duration_us: int) -> None:
        """Wait; returns at once for zero and below."""
        if duration_us > 0:
            time.sleep(duration_us / 1_000_000)
