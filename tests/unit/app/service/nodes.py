"""A node over a real data folder, a small pack, and events for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from haitang.app.service.answers import Answer, Arrival, Outcome, Refusal
from haitang.app.service.lifecycle import Node, NodeOptions
from haitang.app.service.metrics import Metrics
from haitang.app.service.publishing import Beside, FirstPack
from haitang.app.wiring import MachineClock
from haitang.data.events.codec import decode_row, encode_event
from haitang.decision.rules.pack import lock_text
from haitang.decision.rules.source import LOCK_FILE
from tests.unit.app.small_pack import pack_source

NOW_US = 1_772_416_800_000_000
"""2026-03-02 10:00 in Shanghai: long before any clock that runs these tests."""


def small_pack(**changes: str) -> dict[str, bytes]:
    """Return the files of the small pack, with its lock."""
    source = pack_source(**changes)
    return {**source.files, LOCK_FILE: lock_text(source).encode()}


class Told:
    """Remembers what was told, as a log does."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def __call__(self, event: str, **details: object) -> None:
        self.events.append((event, details))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]


@asynccontextmanager
async def running(
    folder: Path,
    pack: dict[str, bytes] | None = None,
    *,
    options: NodeOptions | None = None,
    told: Told | None = None,
    stop: bool = True,
    beside: Beside | None = None,
) -> AsyncIterator[Node]:
    """Run a node; without `stop` it is left as a crash leaves it, but for the lock."""
    node = Node(
        options or NodeOptions(folder=folder),
        clocks=MachineClock(),
        metrics=Metrics(),
        tell=told or Told(),
        beside=beside,
    )
    await node.start(first_pack=FirstPack(files=pack, name="small") if pack else None)
    try:
        yield node
    finally:
        if stop:
            await node.stop()
        else:
            node.abandon()


def transfer(number: int, *, amount_minor: int = 100_00, customer: str = "C1") -> Arrival:
    """Return one payment of a customer."""
    event = decode_row(
        {
            "event_id": f"T{number}",
            "event_type": "TXN_REQUEST",
            "occurred_at_us": NOW_US + number * 1_000_000,
            "channel": "MOBILE",
            "txn_type": "TRANSFER_INTER",
            "amount_minor": amount_minor,
            "currency": "CNY",
            "payer_customer_id": customer,
            "payer_account": f"A-{customer}",
            "payee_account": f"P{number % 7}",
        },
        base_currency="CNY",
    )
    return Arrival(event=event, content=encode_event(event))


async def send(node: Node, *arrivals: Arrival, deadline_us: int = 10_000_000) -> list[Outcome]:
    """Send events as one request."""
    return await node.submit(arrivals, sender="test", deadline_us=deadline_us)


def bodies(outcomes: Sequence[Outcome]) -> list[bytes]:
    """Return the answers' bodies; there must be no refusal."""
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert not refused, refused
    return [outcome.body for outcome in outcomes if isinstance(outcome, Answer)]
