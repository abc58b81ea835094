"""Both clients for every test that asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from haitang.edges.client import AsyncClient, Client
from tests.unit.edges.client.services import Awaited

Connect = Callable[..., Client]


@pytest.fixture(params=["waiting", "awaited"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Return what makes a client of an address; it is closed after the test."""
    with ExitStack() as stack:

        def make(url: str, key: str = "ht_k1_all", **options: Any) -> Client:
            if request.param == "waiting":
                return stack.enter_context(Client(url, key, **options))
            runner = stack.enter_context(asyncio.Runner())
            awaited = Awaited(AsyncClient(url, key, **options), runner)
            stack.callback(awaited.close)
            return awaited  # type: ignore[return-value]

        yield make
