"""Calls that may take long run in threads, and only so many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from haitang.edges.api.refusals import too_many_slow_calls

P = ParamSpec("P")
R = TypeVar("R")


class SlowCalls:
    """Runs functions in threads; one more than `calls_max` is refused, not queued.

    With `threads_max` it has threads of its own, made when they are needed: its calls neither wait
    for those of others nor share the interpreter among more than that. `what` says in the refusal
    of what there was too much.
    """

    def __init__(
        self,
        calls_max: int,
        *,
        what: str = "look-ups, replays or publications",
        threads_max: int | None = None,
    ) -> None:
        self._calls_max = calls_max
        self._what = what
        self._threads = None if threads_max is None else ThreadPoolExecutor(threads_max)
        self._under_way = 0

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function in a thread and return what it returns."""
        if self._under_way >= self._calls_max:
            raise too_many_slow_calls(self._what)
        self._under_way += 1
        try:
            # Without threads of its own these are the loop's, as with `asyncio.to_thread`.
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, partial(function, *args, **kwargs))
        finally:
            self._under_way -= 1
