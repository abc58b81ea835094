"""Requests while they wait: for their turn, for the disk, for an old answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from haitang.app.service.answers import Answered, Arrival, Outcome, Want


class Request:
    """Events that came together and are answered together."""

    __slots__ = (
        "answered", "arrivals", "arrived_us", "closed", "deadline_at_us", "end_stage", "future",
        "open", "outcomes", "sender", "taken", "want",
    )  # fmt: skip

    def __init__(
        self,
        arrivals: Sequence[Arrival],
        *,
        sender: str,
        now_us: int,
        deadline_us: int,
        want: Want,
        answered: Answered | None = None,
    ) -> None:
        """Without `answered` there is a future, which a caller awaits and may cancel."""
        self.arrivals = arrivals
        self.sender = sender
        self.arrived_us = now_us
        self.deadline_at_us = now_us + deadline_us
        self.want = want
        self.taken = 0
        """Arrivals that a turn has looked at."""
        self.open = 0
        """Outcomes that are being read back from the journal."""
        self.end_stage = 0
        """How much of what was staged must be durable before the request is answered."""
        self.outcomes: list[Outcome | None] = [None] * len(arrivals)
        self.closed = False
        """It was answered."""
        self.answered = answered
        self.future: asyncio.Future[list[Outcome]] | None = None
        if answered is None:
            self.future = asyncio.get_running_loop().create_future()

    @property
    def complete(self) -> bool:
        """Tell whether every outcome is known, if not yet durable."""
        return self.taken == len(self.arrivals) and self.open == 0

    @property
    def awaited(self) -> asyncio.Future[list[Outcome]]:
        """Return the future of a request that nobody listens to."""
        assert self.future is not None, "somebody listens"
        return self.future

    @property
    def left(self) -> bool:
        """Tell whether nobody waits any more: it was answered, or its caller gave it up."""
        return self.closed or (self.future is not None and self.future.done())

    def answer(self, outcomes: list[Outcome]) -> None:
        """Hand the outcomes over, once."""
        if self.left:
            return
        self.closed = True
        if self.answered is not None:
            self.answered(outcomes)
        elif self.future is not None:
            self.future.set_result(outcomes)

    def fail(self, error: Exception) -> None:
        """End a request that has no events, and so no outcomes, in an error."""
        if self.future is not None and not self.left:
            self.closed = True
            self.future.set_exception(error)


def customer_of(arrival: Arrival) -> str | None:
    """Return whose decision it is: the payer's, else the customer's."""
    event = arrival.event
    customer: str | None = event.payer_customer_id or event.customer_id  # type: ignore[union-attr]
    return customer
