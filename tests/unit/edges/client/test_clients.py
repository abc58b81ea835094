"""Both clients over real sockets: against a service that misbehaves, and against the real API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest

from haitang.adapters.iso20022.payments import decode_payments
from haitang.app.programs import warm_up
from haitang.app.service.answers import Arrival, Refusal
from haitang.decision.engine import EngineProgram
from haitang.edges.client import (
    AsyncClient,
    Client,
    DecisionAnswer,
    EventError,
    KeyRefused,
    ListEntry,
    RequestRefused,
    TooLate,
    Unavailable,
)
from haitang.edges.client.calls import ListRow
from haitang.kernel.errors import HaitangError
from tests.unit.adapters.iso20022.messages import PACS_PAYMENT, numbered, pacs008
from tests.unit.edges.api.calls import EVENT, make
from tests.unit.edges.api.memory_node import MemoryNode, small_program
from tests.unit.edges.client.conftest import Connect
from tests.unit.edges.client.services import Told, served, told_service, unused_address

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def program() -> EngineProgram:
    program = small_program()
    # The first decision of a machine takes seconds, and the tests have deadlines.
    warm_up(program)
    return program


@pytest.fixture
def node(program: EngineProgram) -> MemoryNode:
    return MemoryNode(program)


@pytest.fixture
def url(node: MemoryNode) -> Iterator[str]:
    decoder = partial(decode_payments, zone="Asia/Shanghai")
    with served(make(node, decoders={"application/xml": decoder})) as address:
        yield address


def event(name: str, **fields: object) -> dict[str, object]:
    return {**EVENT, "event_id": name, **fields}


def test_a_decision_is_asked_for_repeated_explained_and_replayed(
    url: str, connect: Connect
) -> None:
    client = connect(url)
    first = client.decide(event("e1"), deadline_ms=2_000)
    assert (first.event_id, first.repeated) == ("e1", False)
    again = client.decide(event("e1"))
    assert again.repeated
    assert again.decision_id == first.decision_id
    explained = client.decide(event("e1"), explain=True)
    assert explained.explanation == client.decision("e1") == client.decision(first.decision_id)
    check = client.replay("e1")
    assert check.equal
    assert check.decision_id == first.decision_id


def test_a_batch_answers_each_event_in_its_place(url: str, connect: Connect) -> None:
    client = connect(url)
    results = client.decide_many(
        [event("e1"), b"{", event("e2"), b"", event("e1", call_active=True)]
    )
    kinds = [type(result) for result in results]
    assert kinds == [DecisionAnswer, EventError, DecisionAnswer, EventError, EventError]
    errors = [result for result in results if isinstance(result, EventError)]
    assert [(error.index, error.code) for error in errors] == [
        (1, "event_not_json"),
        (3, "event_not_object"),
        (4, "event_id_reused"),
    ]


def test_events_and_outcomes_are_receipted(url: str, connect: Connect) -> None:
    client = connect(url)
    receipt = client.send([event("e1"), event("e2"), event("e1"), b"[]"])
    assert (receipt.accepted, receipt.repeated, receipt.position) == (2, 1, 1)
    assert [error.index for error in receipt.refused] == [3]
    label = {
        "event_type": "LABEL", "event_id": "l1", "occurred_at_us": EVENT["occurred_at_us"],
        "label": "LEGIT", "subject_event_id": "e1",
    }  # fmt: skip
    with pytest.raises(RequestRefused) as caught:
        client.outcome(event("e9"))
    assert caught.value.code == "event_type_no_outcome"
    refused = client.outcomes([label, event("e9")]).refused
    assert refused[-1].index == 1


def test_every_payment_of_a_message_is_decided(url: str, connect: Connect) -> None:
    client = connect(url)
    payments = [numbered(PACS_PAYMENT, number) for number in (1, 2)]
    results = client.decide_payments(pacs008(payments))
    assert [type(result) for result in results] == [DecisionAnswer, DecisionAnswer]
    broken = pacs008([payments[0], payments[1].replace("86000.50", "86000.505")])
    with pytest.raises(RequestRefused) as caught:
        client.decide_payments(broken)
    assert caught.value.code == "amount_too_fine"
    assert str(caught.value.place).endswith("CdtTrfTxInf[2]/IntrBkSttlmAmt")


def test_a_pack_is_published_and_rolled_back(url: str, connect: Connect) -> None:
    client = connect(url)
    published = client.publish({"pack.yaml": b"id: x"}, author="lin", approver="wang")
    assert client.publications()[-1] == published
    back = client.roll_back(published.number, author="lin", approver="wang")
    assert back.number == published.number + 1
    with pytest.raises(RequestRefused) as caught:
        client.publish({"pack.yaml": b"id: x"}, author="lin", approver="lin")
    assert caught.value.code == "publication_unapproved"


def test_a_list_is_changed_and_read(url: str, connect: Connect) -> None:
    client = connect(url)
    entries = [ListEntry(list_value="B/1"), ListEntry(list_value="B2", severity=0.5)]
    assert client.put_list_entries("mules", entries).accepted == 2
    assert client.remove_list_entry("mules", "B2").accepted == 1
    bad: list[ListRow] = [{"list_value": "B3"}, b'{"list_value":""}', ListEntry(list_value="B4")]
    receipt = client.remove_list_entries("mules", bad)
    assert receipt.accepted == 2
    assert [refused.index for refused in receipt.refused] == [1]
    view = client.list_entry("mules", "B2", at_us=1_772_416_800_000_000)
    assert (view.list_name, view.list_value, view.at_us) == ("mules", "B2", 1_772_416_800_000_000)


def test_a_key_that_may_not_is_told_what_it_lacks(url: str, connect: Connect) -> None:
    with pytest.raises(KeyRefused) as caught:
        connect(url, "ht_read_only").decide(event("e1"))
    assert caught.value.code == "scope_missing"
    with pytest.raises(KeyRefused) as caught:
        connect(url, "ht_nobody_x").decide(event("e1"))
    assert caught.value.code == "api_key_unknown"


def test_what_is_refused_or_unknown_says_why(url: str, connect: Connect) -> None:
    client = connect(url)
    with pytest.raises(RequestRefused) as caught:
        client.decide(event("e1", amount_minor=-5))
    assert caught.value.code == "field_out_of_bounds"
    assert caught.value.fail_action == ""
    with pytest.raises(RequestRefused) as caught:
        client.decision("no/such:thing")
    assert (caught.value.code, caught.value.status) == ("decision_unknown", 404)


def test_a_full_queue_is_waited_for_and_then_told(
    url: str, connect: Connect, node: MemoryNode
) -> None:
    node.busy = True
    client = connect(url, timeout_s=0.5, fail_action="HOLD")
    begun = time.perf_counter()
    with pytest.raises(Unavailable) as caught:
        client.decide(event("e1"))
    # Two seconds were asked for: more than the call has, so it does not wait at all.
    assert time.perf_counter() - begun < 2
    assert caught.value.code == "service_busy"
    assert caught.value.fail_action == "HOLD"


def test_a_deadline_that_passed_brings_the_channels_fail_action(
    url: str, connect: Connect, node: MemoryNode
) -> None:
    def too_late(arrival: Arrival) -> Refusal:
        return Refusal(
            event_id=arrival.event.event_id,
            code="deadline_passed",
            message="the deadline passed",
            status=504,
            fail_action="DELAY",
        )

    node.refuse = too_late
    with pytest.raises(TooLate) as caught:
        connect(url, fail_action="HOLD").decide(event("e1"), deadline_ms=50)
    assert caught.value.fail_action == "DELAY"
    (result,) = connect(url).decide_many([event("e1")])
    assert isinstance(result, EventError)
    assert result.fail_action == "DELAY"


def test_a_broken_connection_is_mended_by_asking_again(connect: Connect) -> None:
    body = (
        b'{"decision_id":"d","event_id":"e1","position":0,"action":"ALLOW","actions":["ALLOW"],'
        b'"tier":"low","score_payer":0,"score_payee":0,"newer_field":[1]}'
    )
    hang_up, bad_gateway = Told(hang_up=True), Told(status=502, body=b"<html>")
    with told_service(hang_up, bad_gateway, Told(body=body)) as service:
        answer = connect(service.url, "ht_a_b").decide(event("e1"), deadline_ms=5_000)
    assert answer.action == "ALLOW"
    first, *others = service.heard
    assert len(others) == 2
    assert {request.body for request in service.heard} == {first.body}
    assert first.headers["authorization"] == "Bearer ht_a_b"
    assert first.headers["haitang-deadline-ms"] == "5000"
    assert int(others[1].headers["haitang-deadline-ms"]) < 5_000


def test_a_service_that_stays_silent_ends_in_time(connect: Connect) -> None:
    with told_service(Told(silent=True)) as service:
        client = connect(service.url, fail_action="HOLD")
        begun = time.perf_counter()
        with pytest.raises(TooLate) as caught:
            client.decide(event("e1"), deadline_ms=100)
        assert time.perf_counter() - begun < 3
        service.over.set()
    assert caught.value.code == "service_timeout"
    assert caught.value.fail_action == "HOLD"


def test_nobody_listening_is_told_with_the_address(connect: Connect) -> None:
    address = unused_address()
    with pytest.raises(Unavailable) as caught:
        connect(address, timeout_s=0.4).decide(event("e1"))
    assert caught.value.code == "service_unreachable"
    assert address in caught.value.message
    assert "ht_k1_all" not in caught.value.render()


def test_an_answer_without_end_is_not_read_to_it(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haitang.edges.client.wire.ANSWER_BYTES_MAX", 1_000)
    endless = told_service(Told(body=b" " * 100_000))
    with endless as service, pytest.raises(Unavailable) as caught:
        connect(service.url).publications()
    assert caught.value.code == "service_answer_unreadable"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("url", "key", "timeout_s", "code"),
    [
        ("", "ht_a_b", 1.0, "service_address_malformed"),
        ("ftp://host.example", "ht_a_b", 1.0, "service_address_malformed"),
        ("http://", "ht_a_b", 1.0, "service_address_malformed"),
        ("http://host.example:x", "ht_a_b", 1.0, "service_address_malformed"),
        ("http://host.example", "", 1.0, "api_key_malformed"),
        ("http://host.example", "ht_a\r\nx: y", 1.0, "api_key_malformed"),
        ("http://host.example", "ht_a_b", 0.0, "service_timeout_malformed"),
    ],
)
def test_a_client_that_cannot_work_is_not_made(
    kind: type[Client | AsyncClient], url: str, key: str, timeout_s: float, code: str
) -> None:
    with pytest.raises(HaitangError) as caught:
        kind(url, key, timeout_s=timeout_s)
    assert caught.value.code == code
    assert not key or key not in caught.value.render()


def test_a_client_does_not_show_its_key() -> None:
    with Client("http://host.example/", "ht_a_secret") as client:
        assert repr(client) == "Client('http://host.example')"
