"""Runs: who sent them is kept run-length, over the borders of requests."""

from __future__ import annotations

from haitang.app.service.answers import Outcome
from haitang.app.service.runs import Fresh, sender_runs
from haitang.app.service.waiting import Request
from tests.unit.app.service.nodes import transfer


def _ignored(_: list[Outcome]) -> None:
    """Nobody waits in these tests."""


def _sent(sender: str, count: int) -> list[Fresh]:
    arrivals = [transfer(number) for number in range(count)]
    request = Request(
        arrivals, sender=sender, now_us=0, deadline_us=1, want="receipt", answered=_ignored
    )
    return [Fresh(request, place, arrival, 0) for place, arrival in enumerate(arrivals)]


def test_requests_of_one_sender_in_a_row_are_one_run() -> None:
    fresh = [*_sent("a", 2), *_sent("a", 1), *_sent("b", 3), *_sent("a", 1)]
    assert sender_runs(fresh) == [("a", 3), ("b", 3), ("a", 1)]


def test_a_single_event_is_a_run() -> None:
    assert sender_runs(_sent("a", 1)) == [("a", 1)]
