from __future__ import annotations

import json
from typing import Any

import pytest

from haitang.app.service.answers import Arrival, Refusal
from haitang.app.service.metrics import Metrics
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_event, encode_event
from haitang.edges.api.requests import AsgiApp
from haitang.kernel.errors import HaitangError
from tests.unit.edges.api.calls import EVENT, NOW_US, call, make
from tests.unit.edges.api.memory_node import MemoryNode

HOT = ("/v1/decisions", "/v1/decisions:batch", "/v1/events", "/v1/outcomes")
LABEL = {"event_type": "LABEL", "event_id": "l1", "occurred_at_us": NOW_US, "label": "MULE"}


def event(number: int) -> dict[str, Any]:
    return {**EVENT, "event_id": f"e{number}"}


def test_a_decision_is_answered_with_what_fired(app: AsgiApp) -> None:
    got = call(app, "POST", "/v1/decisions", EVENT)
    assert got.status == 200
    answer = got.json()
    assert (answer["event_id"], answer["position"], answer["action"]) == ("e1", 0, "HOLD")
    assert [hit["policy"] for hit in answer["hits"]] == ["large_sum"]
    assert got.headers["content-type"] == "application/json"
    assert "haitang-repeated" not in got.headers


def test_the_same_event_gets_the_same_bytes_and_a_header_says_so(app: AsgiApp) -> None:
    first = call(app, "POST", "/v1/decisions", EVENT)
    # Another order of fields is the same content.
    again = call(app, "POST", "/v1/decisions", dict(reversed(EVENT.items())))
    assert again.body == first.body
    assert again.headers["haitang-repeated"] == "true"


def test_other_content_under_the_same_id_is_a_conflict(app: AsgiApp) -> None:
    call(app, "POST", "/v1/decisions", EVENT)
    got = call(app, "POST", "/v1/decisions", {**EVENT, "amount_minor": 1})
    assert (got.status, got.code) == (409, "event_id_reused")


def test_the_whole_explanation_comes_with_the_answer_when_it_is_asked_for(app: AsgiApp) -> None:
    brief = call(app, "POST", "/v1/decisions", EVENT)
    full = call(app, "POST", "/v1/decisions", EVENT, query="explain=full").json()
    assert full["explanation"]["hits"][0]["values"]
    del full["explanation"]
    assert full == brief.json()
    got = call(app, "POST", "/v1/decisions", EVENT, query="explain=some")
    assert (got.status, got.code) == (400, "query_not_understood")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "event_not_json"),
        (b"{", 400, "event_not_json"),
        (b"\xff", 400, "event_not_utf8"),
        (b"[]", 400, "event_not_object"),
        (b'{"event_type":"LOGIN"}', 422, "field_missing"),
        ({**EVENT, "amount_minor": -5}, 422, "field_out_of_bounds"),
        ({**EVENT, "amount": 5}, 422, "field_unknown"),
        (json.dumps(EVENT).encode() + b" " * 70_000, 422, "event_too_long"),
    ],
)
def test_a_bad_event_is_refused_and_never_reaches_the_node(
    app: AsgiApp, node: MemoryNode, body: object, status: int, code: str
) -> None:
    got = call(app, "POST", "/v1/decisions", body)
    assert (got.status, got.code) == (status, code)
    assert not node.submitted


def test_a_batch_answers_each_event_and_refuses_bad_ones_by_index(app: AsgiApp) -> None:
    got = call(app, "POST", "/v1/decisions:batch", [event(1), {}, 3, event(2), event(1)])
    assert got.status == 200
    results = got.json()["results"]
    assert [result["index"] for result in results] == [0, 1, 2, 3, 4]
    assert [result.get("error", {}).get("code", "") for result in results] == [
        "", "event_type_missing", "event_not_object", "", "",
    ]  # fmt: skip
    assert results[4]["repeated"]
    assert results[4]["decision"] == results[0]["decision"]


@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson; charset=utf-8"])
def test_json_lines_are_a_batch_by_name_or_by_their_first_byte(app: AsgiApp, media: str) -> None:
    lines = b"\r\n\n".join([json.dumps(event(1)).encode(), b"nonsense", b'{"a":1}'])
    got = call(app, "POST", "/v1/decisions:batch", lines, headers={"Content-Type": media})
    codes = [each.get("error", {}).get("code") for each in got.json()["results"]]
    assert codes == [None, "event_not_json", "event_type_missing"]


def test_an_array_that_is_broken_is_refused_as_a_whole(app: AsgiApp, node: MemoryNode) -> None:
    body = json.dumps([event(1), event(2)]).encode()[:-1]
    got = call(app, "POST", "/v1/decisions:batch", body)
    assert (got.status, got.code) == (400, "body_not_understood")
    assert not node.submitted


@pytest.mark.parametrize("path", ["/v1/decisions:batch", "/v1/events"])
def test_too_many_events_are_refused_with_the_bound(node: MemoryNode, path: str) -> None:
    app = make(node, batch_request_events_max=3)
    got = call(app, "POST", path, [event(number) for number in range(4)])
    assert (got.status, got.code) == (413, "batch_too_many_events")
    assert "3 events" in got.json()["error"]["message"]
    assert not node.submitted
    lines = b"\n".join(json.dumps(event(number)).encode() for number in range(4))
    assert call(app, "POST", path, lines).status == 413
    assert call(app, "POST", path, [event(number) for number in range(3)]).status in {200, 202}


def test_ten_thousand_events_are_one_batch_and_one_more_is_not(app: AsgiApp) -> None:
    login = '{"event_type":"LOGIN","event_id":"%d","occurred_at_us":1772416800000000}'
    many = [login % number for number in range(10_000)]
    got = call(app, "POST", "/v1/events", f"[{','.join(many)}]".encode())
    assert got.json()["accepted"] == 10_000
    assert got.json()["position"] == 9_999
    more = f"[{','.join([*many, login % 10_000])}]".encode()
    assert call(app, "POST", "/v1/events", more).status == 413


def test_events_are_receipted_and_bad_ones_named(app: AsgiApp, node: MemoryNode) -> None:
    got = call(app, "POST", "/v1/events", [event(1), event(1), {"a": 1}, event(2)])
    assert got.status == 202
    receipt = got.json()
    assert (receipt["accepted"], receipt["repeated"], receipt["position"]) == (2, 1, 1)
    assert [refused["index"] for refused in receipt["refused"]] == [2]
    assert [want for _, _, _, want in node.submitted] == ["receipt"]


def test_one_event_alone_is_refused_as_a_whole(app: AsgiApp) -> None:
    for path in ("/v1/events", "/v1/outcomes", "/v1/decisions:batch"):
        got = call(app, "POST", path, {"event_type": "LOGIN"})
        assert (got.status, got.code) == (422, "field_missing")
    pretty = json.dumps(EVENT, indent=2).encode()
    assert call(app, "POST", "/v1/events", pretty).json()["accepted"] == 1


def test_outcomes_are_of_their_types_only(app: AsgiApp) -> None:
    got = call(app, "POST", "/v1/outcomes", [LABEL, EVENT])
    assert got.json()["accepted"] == 1
    assert got.json()["refused"][0]["error"]["code"] == "event_type_no_outcome"
    assert call(app, "POST", "/v1/outcomes", EVENT).status == 422


@pytest.mark.parametrize(
    ("given", "understood"),
    [("1", 1_000), ("60000", 60_000_000), ("250", 250_000)],
)
def test_the_deadline_reaches_the_node(
    app: AsgiApp, node: MemoryNode, given: str, understood: int
) -> None:
    call(app, "POST", "/v1/decisions", EVENT, headers={"Haitang-Deadline-Ms": given})
    assert node.submitted == [(1, "k1", understood, "decision")]


@pytest.mark.parametrize("given", ["0", "60001", "86400000", "-1", "1.5", "soon", "", "9" * 40])
@pytest.mark.parametrize("path", HOT)
def test_a_deadline_out_of_bounds_is_refused_with_the_bounds(
    app: AsgiApp, node: MemoryNode, path: str, given: str
) -> None:
    got = call(app, "POST", path, EVENT, headers={"Haitang-Deadline-Ms": given})
    assert (got.status, got.code) == (422, "deadline_out_of_range")
    assert "from 1 to 60000" in got.json()["error"]["message"]
    assert not node.submitted


@pytest.mark.parametrize("path", HOT)
def test_keys_that_are_missing_wrong_or_too_weak_are_refused(app: AsgiApp, path: str) -> None:
    got = call(app, "POST", path, EVENT, token=None)
    assert (got.status, got.code) == (401, "api_key_missing")
    for header in ("Bearer ht_k9_all", "Basic abc", "Bearer", "", "Bearer " + "x" * 5_000, "ÿ"):
        got = call(app, "POST", path, EVENT, headers={"Authorization": header})
        assert (got.status, got.code) == (401, "api_key_unknown")
        assert got.headers["www-authenticate"] == 'Bearer realm="haitang"'
    got = call(app, "POST", path, EVENT, token="ht_read_only")
    assert (got.status, got.code) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/v1/decisions", "decide"),
        ("/v1/decisions:batch", "decide"),
        ("/v1/events", "events"),
        ("/v1/outcomes", "outcomes"),
    ],
)
def test_each_route_asks_for_its_own_scope_and_names_it(
    app: AsgiApp, path: str, scope: str
) -> None:
    event = LABEL if scope == "outcomes" else EVENT
    refused = call(app, "POST", path, event, token="ht_publish_only")
    assert f"`{scope}`" in refused.json()["error"]["message"]
    assert call(app, "POST", path, event, token=f"ht_{scope}_only").status in {200, 202}


@pytest.mark.parametrize("path", HOT)
def test_a_full_queue_and_a_node_that_is_not_ready_say_when_to_come_back(
    app: AsgiApp, node: MemoryNode, path: str
) -> None:
    node.busy = True
    got = call(app, "POST", path, LABEL)
    assert (got.status, got.code) == (503, "service_busy")
    assert got.headers["retry-after"] == "2"
    node.busy, node.state, node.trouble = False, "failed", "the disk was full"
    got = call(app, "POST", path, LABEL)
    assert (got.status, got.code) == (503, "service_not_ready")
    assert got.headers["retry-after"] == "1"
    assert "the disk was full" in got.json()["error"]["message"]


@pytest.mark.parametrize("status", [409, 422, 503, 504])
def test_a_refusal_of_the_node_keeps_its_status_and_says_what_to_do(
    app: AsgiApp, node: MemoryNode, status: int
) -> None:
    def refuse(arrival: Arrival) -> Refusal:
        return Refusal(
            event_id=arrival.event.event_id,
            code="deadline_passed",
            message="too late",
            status=status,
            fail_action="HOLD",
        )

    node.refuse = refuse
    got = call(app, "POST", "/v1/decisions", EVENT)
    assert got.status == status
    assert got.json()["error"]["fail_action"] == "HOLD"
    assert ("retry-after" in got.headers) == (status == 503)
    batch = call(app, "POST", "/v1/decisions:batch", [EVENT])
    assert batch.status == 200
    assert batch.json()["results"][0]["error"]["code"] == "deadline_passed"


@pytest.mark.parametrize("path", HOT)
def test_bodies_of_other_kinds_are_refused(app: AsgiApp, path: str) -> None:
    for media in ("text/csv", "application/x-www-form-urlencoded", "application/xml", ""):
        got = call(app, "POST", path, EVENT, headers={"Content-Type": media})
        assert (got.status, got.code) == (415, "content_type_unknown")


def payments(data: bytes, *, base_currency: str) -> list[Event]:
    """Read a made-up document: one event a line."""
    if data == b"<bad/>":
        raise HaitangError(code="payment_malformed", message="the document was not understood")
    return [decode_event(line, base_currency=base_currency) for line in data.splitlines()]


def test_other_media_types_are_decoded_by_what_the_application_was_given(node: MemoryNode) -> None:
    app = make(node, decoders={"application/xml": payments})
    xml = {"Content-Type": "application/xml; charset=utf-8"}
    one = encode_event(decode_event(json.dumps(event(1)).encode()))
    two = one.replace(b'"e1"', b'"e2"')
    assert call(app, "POST", "/v1/decisions", one, headers=xml).json()["event_id"] == "e1"
    got = call(app, "POST", "/v1/decisions", one + b"\n" + two, headers=xml)
    assert (got.status, got.code) == (422, "payments_several")
    batch = call(app, "POST", "/v1/decisions:batch", one + b"\n" + two, headers=xml)
    assert len(batch.json()["results"]) == 2
    bad = call(app, "POST", "/v1/decisions", b"<bad/>", headers=xml)
    assert (bad.status, bad.code) == (422, "payment_malformed")


def test_the_arrival_holds_the_canonical_bytes_of_the_completed_event(node: MemoryNode) -> None:
    seen: list[Arrival] = []
    node.refuse = seen.append
    call(make(node), "POST", "/v1/decisions", {**EVENT, "remark": None})
    assert seen[0].content == encode_event(seen[0].event)
    assert json.loads(seen[0].content)["amount_base_minor"] == EVENT["amount_minor"]


def test_requests_and_refusals_are_counted(node: MemoryNode) -> None:
    metrics = Metrics()
    app = make(node, metrics=metrics)
    call(app, "POST", "/v1/decisions", EVENT)
    call(app, "POST", "/v1/decisions", {})
    call(app, "POST", "/v1/events", [EVENT, {}])
    assert metrics.requests.values == {
        ("/v1/decisions", "200"): 1,
        ("/v1/decisions", "422"): 1,
        ("/v1/events", "202"): 1,
    }
    assert metrics.refusals.values == {("event_type_missing",): 2}
    assert metrics.request_seconds.count == 3
