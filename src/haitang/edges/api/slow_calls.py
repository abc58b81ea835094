"""Calls that may take long run in threads, and only so many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from haitang.edges.api.refusals import too_many_slow_calls

P = ParamSpec("P")
R = TypeVar("R")


class SlowCalls:
    """Runs functions in threads; one more than `calls_max` is refused, not queued."""

    def __init__(self, calls_max: int) -> None:
        self._calls_max = calls_max
        self._under_way = 0

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function in a thread and return what it returns."""
        if self._under_way >= self._calls_max:
            raise too_many_slow_calls()
        self._under_way += 1
        try:
            return await asyncio.to_thread(function, *args, **kwargs)
        finally:
            self._under_way -= 1
