"""The client for programs with an event loop: the same calls, awaited."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable
from typing import Literal, Self, TypeVar

import httpx

from haitang.edges.client import calls
from haitang.edges.client.answers import (
    DecisionAnswer,
    EventError,
    Explanation,
    ListEntryView,
    Publication,
    Receipt,
    ReplayCheck,
    joined,
)
from haitang.edges.client.calls import Call, ListRow, Sendable
from haitang.edges.client.exchange import Exchange, Pause, Result, Send, exchange
from haitang.edges.client.packfolder import PackFiles
from haitang.edges.client.wire import (
    CONNECTIONS_MAX,
    TIMEOUT_S,
    Answer,
    broken,
    headers_of,
    request_of,
    terms_of,
)

T = TypeVar("T")


class AsyncClient:
    """The decision service at an address. Close it, or use it in an `async with` block.

    Every call ends within `timeout_s` (within its deadline, where it has one), retries included,
    with an answer or a `ServiceError`. `fail_action` is what errors carry where the service itself
    could not say what to do with the payment.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = TIMEOUT_S,
        fail_action: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._terms = terms_of(url, timeout_s=timeout_s, fail_action=fail_action)
        self._http = httpx.AsyncClient(
            headers=headers_of(key),
            verify=tls if tls is not None else True,
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            # No proxy and no other surprise from the environment on a payment's way.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self._terms.url!r})"

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def decide(
        self, event: Sendable, *, deadline_ms: int | None = None, explain: bool = False
    ) -> DecisionAnswer:
        """Return the decision of one event; durable at the service before it is answered.

        Raises `TooLate` or `Unavailable` with `fail_action` where none is known.
        """
        return await self._run(calls.decide(event, deadline_ms=deadline_ms, explain=explain))

    async def decide_many(
        self, events: Iterable[Sendable], *, deadline_ms: int | None = None
    ) -> list[DecisionAnswer | EventError]:
        """Return a decision or an error for each event, in their order.

        More events than one request takes go in several; `deadline_ms` holds for each request.
        """
        results: list[DecisionAnswer | EventError] = []
        for call in calls.decide_many(events, deadline_ms=deadline_ms):
            answered = await self._run(call)
            results.extend(answered)
        return results

    async def decide_payments(
        self, document: bytes, *, deadline_ms: int | None = None
    ) -> list[DecisionAnswer | EventError]:
        """Return a decision for each payment of an ISO 20022 `pacs.008` or `pain.001`."""
        return await self._run(calls.decide_payments(document, deadline_ms=deadline_ms))

    async def send(self, events: Iterable[Sendable]) -> Receipt:
        """Make events durable; refused ones are in the receipt by their place."""
        receipt = Receipt()
        for call in calls.send(events):
            receipt = joined(receipt, await self._run(call))
        return receipt

    async def outcome(self, event: Sendable) -> Receipt:
        """Say what became of an earlier event: a label, a contact's result, money recovered."""
        return await self._run(calls.outcome(event))

    async def outcomes(self, events: Iterable[Sendable]) -> Receipt:
        """Do the same for many."""
        receipt = Receipt()
        for call in calls.send(events, path="/v1/outcomes"):
            receipt = joined(receipt, await self._run(call))
        return receipt

    async def decision(self, identifier: str) -> Explanation:
        """Return a decision with its whole explanation, by its id or its event's."""
        return await self._run(calls.decision(identifier))

    async def replay(self, identifier: str) -> ReplayCheck:
        """Have a decision made once more from the journal and compared."""
        return await self._run(calls.replay(identifier))

    async def publish(
        self,
        pack: PackFiles,
        *,
        author: str,
        approver: str,
        kind: Literal["live", "shadow", "canary"] = "live",
        share: int = 0,
        start_at_us: int = 0,
        note: str = "",
    ) -> Publication:
        """Publish a pack; `share` is that of a canary, in customers of 10,000."""
        call = calls.publish(
            pack,
            author=author,
            approver=approver,
            kind=kind,
            share=share,
            start_at_us=start_at_us,
            note=note,
        )
        return await self._run(call)

    async def publications(self) -> list[Publication]:
        """Return every publication, oldest first."""
        return await self._run(calls.publications())

    async def roll_back(
        self, number: int, *, author: str, approver: str, note: str = ""
    ) -> Publication:
        """Make the publication before the live one live again; `number` is the live one's.

        Whoever comes second is refused, so that nobody goes back twice.
        """
        return await self._run(calls.roll_back(number, author=author, approver=approver, note=note))

    async def put_list_entries(self, list_name: str, entries: Iterable[ListRow]) -> Receipt:
        """Put values on a list; refused entries are in the receipt by their place."""
        return await self._change_list(list_name, entries, removal=False)

    async def remove_list_entries(self, list_name: str, entries: Iterable[ListRow]) -> Receipt:
        """Take values off a list; an entry needs no more than its `list_value`."""
        return await self._change_list(list_name, entries, removal=True)

    async def _change_list(
        self, list_name: str, entries: Iterable[ListRow], *, removal: bool
    ) -> Receipt:
        receipt = Receipt()
        for call in calls.change_list(list_name, entries, removal=removal):
            receipt = joined(receipt, await self._run(call))
        return receipt

    async def remove_list_entry(self, list_name: str, list_value: str) -> Receipt:
        """Take a value off a list."""
        return await self._run(calls.remove_list_entry(list_name, list_value))

    async def list_entry(
        self, list_name: str, list_value: str, *, at_us: int | None = None
    ) -> ListEntryView:
        """Return what a list says of a value, now or at an instant."""
        return await self._run(calls.list_entry(list_name, list_value, at_us=at_us))

    async def _run(self, call: Call[T]) -> T:
        steps: Exchange[T] = exchange(call, self._terms, now_s=time.monotonic)
        result: Result = None
        while True:
            try:
                step = steps.send(result)
            except StopIteration as done:
                answer: T = done.value
                return answer
            if isinstance(step, Pause):
                await asyncio.sleep(step.duration_s)
                result = None
            else:
                result = await self._attempt(call, step)

    async def _attempt(self, call: Call[T], step: Send) -> Result:
        request = request_of(self._http, call, step, self._terms)
        try:
            async with asyncio.timeout(step.timeout_s):
                response = await self._http.send(request, stream=True)
                try:
                    answer = Answer(response)
                    async for piece in response.aiter_bytes():
                        if not answer.take(piece):
                            break
                    return answer.reply()
                finally:
                    await response.aclose()
        except (httpx.HTTPError, TimeoutError) as error:
            return broken(error)
