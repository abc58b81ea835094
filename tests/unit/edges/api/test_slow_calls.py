"""What takes long leaves the loop free, and is bounded."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence

import pytest

from haitang.app.service.metrics import Metrics
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_event
from haitang.edges.api.intake import SHORT_DOCUMENT_BYTES_MAX, Intake, Reply
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.refusals import ApiRefused
from haitang.edges.api.requests import WholeRequest
from haitang.edges.api.slow_calls import SlowCalls
from tests.unit.edges.api.calls import EVENT, TOKEN, Ring
from tests.unit.edges.api.memory_node import MemoryNode

LIMITS = ApiSettings(documents_max=2, document_threads_max=1)
LINE = json.dumps(EVENT).encode()
LONG = LINE + b" " * SHORT_DOCUMENT_BYTES_MAX


class Reading:
    """Reads documents, and says in which thread; a long one waits until it may go on."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def decode(self, data: bytes, *, base_currency: str) -> Sequence[Event]:
        """Read a made-up document."""
        self.threads.append(threading.get_ident())
        if len(data) > SHORT_DOCUMENT_BYTES_MAX:
            self.begun.set()
            assert self.go_on.wait(30)
        return [decode_event(data.strip(), base_currency=base_currency)]


def intake_of(node: MemoryNode, reading: Reading) -> Intake:
    return Intake(
        node,
        Ring(),
        LIMITS,
        Metrics(),
        decoders={"application/xml": reading.decode},
        slow_calls=SlowCalls(0),
    )


def request(body: bytes, media: bytes = b"application/xml") -> WholeRequest:
    head = {b"authorization": f"Bearer {TOKEN}".encode(), b"content-type": media}
    return WholeRequest(head, body)


@pytest.mark.parametrize("handler", ["decide", "decide_batch", "take_events"])
def test_a_long_document_is_read_in_a_thread_while_others_are_answered(
    node: MemoryNode, handler: str
) -> None:
    reading = Reading()

    async def story() -> tuple[Reply, Reply, Reply]:
        intake = intake_of(node, reading)
        long = asyncio.create_task(getattr(intake, handler)(request(LONG)))
        await asyncio.to_thread(reading.begun.wait, 30)
        other = LINE.replace(b'"e1"', b'"e2"')
        plain = await intake.decide(request(other, b"application/json"))
        short = await intake.decide(request(other))
        assert not long.done()
        reading.go_on.set()
        return await long, plain, short

    statuses = [reply[0] for reply in asyncio.run(story())]
    assert statuses == [202 if handler == "take_events" else 200, 200, 200]
    in_thread, in_loop = reading.threads
    assert in_loop == threading.get_ident() != in_thread


def test_one_document_too_many_is_refused_and_look_ups_do_not_count(node: MemoryNode) -> None:
    reading = Reading()

    async def story() -> None:
        intake = intake_of(node, reading)
        first = [
            asyncio.create_task(intake.take_events(request(LONG)))
            for _ in range(LIMITS.documents_max)
        ]
        await asyncio.to_thread(reading.begun.wait, 30)
        with pytest.raises(ApiRefused) as raised:
            await intake.take_events(request(LONG))
        assert (raised.value.status, raised.value.code) == (503, "service_busy")
        assert "too many payment messages were under way" in raised.value.message
        assert len(reading.threads) == LIMITS.document_threads_max
        reading.go_on.set()
        assert [(await one)[0] for one in first] == [202, 202]
        assert (await intake.take_events(request(LONG)))[0] == 202

    asyncio.run(story())
