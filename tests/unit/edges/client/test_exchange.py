from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from haitang.edges.client.calls import Call, Reply, decide, list_entry, publish, roll_back
from haitang.edges.client.errors import ServiceError, TooLate, Unavailable
from haitang.edges.client.exchange import (
    ATTEMPTS_MAX,
    GRACE_S,
    Broken,
    Pause,
    Send,
    Terms,
    exchange,
)

TERMS = Terms(url="http://service.example", timeout_s=5.0, fail_action="HOLD")
LOST = Broken(kind="lost", reason="hung up")
UNCONNECTED = Broken(kind="unconnected", reason="nobody listened")
LATE = Broken(kind="late", reason="")
FINE = msgspec.json.encode({"number": 1})
LOOKED_UP = list_entry("a", "b", at_us=None)
VIEW = msgspec.json.encode({"list_name": "a", "list_value": "b", "listed": True, "at_us": 1})


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=body)


class Played:
    """One call carried out over given results on a clock that only pauses and attempts move."""

    def __init__(
        self, call: Call[Any], results: Sequence[Reply | Broken], *, attempt_s: float = 0.0
    ) -> None:
        self.attempts: list[Send] = []
        self.pauses: list[float] = []
        self.answer: object = None
        self.error: ServiceError | None = None
        self.now_s = 0.0
        steps = exchange(call, TERMS, now_s=lambda: self.now_s)
        assert results
        left = list(results)
        result: Reply | Broken | None = None
        try:
            while True:
                step = steps.send(result)
                if isinstance(step, Pause):
                    self.pauses.append(step.duration_s)
                    self.now_s += step.duration_s
                    result = None
                else:
                    self.attempts.append(step)
                    self.now_s += attempt_s
                    result = left.pop(0) if len(left) > 1 else left[0]
        except StopIteration as done:
            self.answer = done.value
        except ServiceError as error:
            self.error = error


@pytest.mark.parametrize(
    "failure", [LOST, UNCONNECTED, reply(502), reply(503), reply(504), reply(429)]
)
def test_what_may_pass_is_tried_again(failure: Reply | Broken) -> None:
    played = Played(LOOKED_UP, [failure, failure, reply(200, VIEW)])
    assert played.answer is not None
    assert played.pauses == [0.05, 0.1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 500])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    played = Played(LOOKED_UP, [reply(status)])
    assert played.error is not None
    assert played.error.status == status
    assert len(played.attempts) == 1


def test_attempts_end_by_their_number_and_pauses_stay_below_their_bound() -> None:
    played = Played(LOOKED_UP, [reply(503)])
    assert len(played.attempts) == ATTEMPTS_MAX
    assert played.pauses == [0.05, 0.1, 0.2, 0.4, 0.8]
    assert isinstance(played.error, Unavailable)


def test_attempts_end_by_the_time_of_the_call() -> None:
    played = Played(LOOKED_UP, [reply(503)], attempt_s=2.0)
    assert len(played.attempts) == 3
    assert played.attempts[2].timeout_s == pytest.approx(5.0 - 4.15)


def test_retry_after_is_honoured_and_not_waited_for_in_vain() -> None:
    patient = Played(LOOKED_UP, [reply(503, retry_after="2"), reply(200, VIEW)])
    assert patient.pauses == [2.0]
    assert patient.answer is not None
    hurried = Played(LOOKED_UP, [reply(503, retry_after="60"), reply(200, VIEW)])
    assert hurried.pauses == []
    assert hurried.error is not None
    odd = Played(LOOKED_UP, [reply(503, retry_after="soon"), reply(200, VIEW)])
    assert odd.pauses == [0.05]


def test_a_deadline_shrinks_with_every_attempt_and_ends_the_call() -> None:
    call = decide({"event_id": "e1"}, deadline_ms=300, explain=False)
    played = Played(call, [reply(504)], attempt_s=0.1)
    assert [attempt.deadline_ms for attempt in played.attempts] == [300, 150]
    assert played.attempts[0].timeout_s == pytest.approx(0.3 + GRACE_S)
    assert played.now_s == pytest.approx(0.25)
    assert isinstance(played.error, TooLate)


def test_a_publication_is_sent_again_only_when_it_was_certainly_not_taken() -> None:
    pack = {"pack.yaml": b""}
    published = publish(
        pack, author="a", approver="b", kind="live", share=0, start_at_us=0, note=""
    )
    back = roll_back(1, author="a", approver="b", note="")
    for call in (published, back):
        for failure in (LOST, LATE, reply(502), reply(504)):
            assert len(Played(call, [failure]).attempts) == 1
        for failure in (UNCONNECTED, reply(503)):
            assert len(Played(call, [failure]).attempts) == ATTEMPTS_MAX


def test_errors_carry_the_services_word_and_else_the_clients() -> None:
    said = (
        b'{"error":{"code":"deadline_passed","message":"the deadline passed","hint":"ask again",'
        b'"fail_action":"ALLOW"}}'
    )
    error = Played(LOOKED_UP, [reply(504, said)]).error
    assert isinstance(error, TooLate)
    assert (error.code, error.message, error.hint) == (
        "deadline_passed",
        "the deadline passed",
        "ask again",
    )
    assert error.fail_action == "ALLOW"
    for failure in (reply(504), reply(503), LATE, UNCONNECTED, LOST):
        silent = Played(LOOKED_UP, [failure]).error
        assert isinstance(silent, TooLate | Unavailable)
        assert silent.fail_action == "HOLD"
    refused = Played(LOOKED_UP, [reply(422)]).error
    assert refused is not None
    assert refused.fail_action == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b'{"error":"no"}',
        b'{"error":{"code":"Bad Code","message":"x"}}',
        b'{"error":{"code":"fine_code","message":"It broke."}}',
        b"\xff",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_an_answer_of_somebody_else_is_told_as_such(status: int, body: bytes) -> None:
    error = Played(LOOKED_UP, [reply(status, body)]).error
    assert error is not None
    assert error.code == "service_answer_unreadable"
    assert error.status == status
