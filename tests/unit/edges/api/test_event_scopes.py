"""Which events need more than the scope of the route that they come in by."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from haitang.app.service.metrics import Metrics
from haitang.data.events.catalogue import EVENT_TYPES
from haitang.data.events.codec import decode_event
from haitang.edges.api.event_scopes import EVENT_SCOPES, OUTCOME_TYPES
from haitang.edges.api.intake import Intake
from haitang.edges.api.keys import SCOPES
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.refusals import ApiRefused
from haitang.edges.api.requests import AsgiApp, WholeRequest
from haitang.edges.api.slow_calls import SlowCalls
from tests.unit.edges.api.calls import EVENT, NOW_US, Ring, call, make
from tests.unit.edges.api.memory_node import MemoryNode

LISTED: dict[str, Any] = {
    "event_type": "LIST_UPSERT",
    "event_id": "x1",
    "occurred_at_us": NOW_US,
    "list_name": "allow",
    "list_value": "A1",
}
OTHERS: dict[str, dict[str, Any]] = {
    "LIST_UPSERT": LISTED,
    "LIST_REMOVE": {**LISTED, "event_type": "LIST_REMOVE"},
    "TXN_REVERSED": {**EVENT, "event_type": "TXN_REVERSED", "event_id": "x1"},
}
ROUTES = {"/v1/decisions": "decide", "/v1/decisions:batch": "decide", "/v1/events": "events"}


def of_type(event_type: str) -> dict[str, Any]:
    plain = {"event_type": event_type, "event_id": "x1", "occurred_at_us": NOW_US}
    return OTHERS.get(event_type, plain)


def test_what_steers_other_decisions_needs_a_scope_of_its_own_and_what_was_seen_needs_none() -> (
    None
):
    assert EVENT_SCOPES == {
        "LIST_UPSERT": "lists",
        "LIST_REMOVE": "lists",
        "POLICE_ORDER": "orders",
        "WARNING_PUSH": "orders",
        "POLICE_FEEDBACK": "outcomes",
        "LABEL": "outcomes",
        "CONTACT_RESULT": "outcomes",
        "RECOVERY": "outcomes",
        "LEAD_CREATED": "outcomes",
        "TXN_REVERSED": "outcomes",
    }
    assert set(EVENT_SCOPES.values()) <= SCOPES.keys()
    assert EVENT_SCOPES.keys() < EVENT_TYPES.keys()


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("event_type", EVENT_SCOPES)
def test_an_event_comes_in_only_with_the_scope_of_its_type_beside_that_of_the_route(
    app: AsgiApp, node: MemoryNode, path: str, event_type: str
) -> None:
    route, needed = ROUTES[path], EVENT_SCOPES[event_type]
    event = of_type(event_type)
    got = call(app, "POST", path, event, token=f"ht_{route}_only")
    assert (got.status, got.code) == (403, "scope_missing")
    error = got.json()["error"]
    assert f"lacks the scope `{needed}`, which `{event_type}` needs" in error["message"]
    assert error["place"] == "$.event_type"
    assert not node.submitted
    assert call(app, "POST", path, event, token=f"ht_{needed}_only").status == 403
    assert call(app, "POST", path, event, token=f"ht_{route}+{needed}").status in {200, 202}
    assert len(node.submitted) == 1


@pytest.mark.parametrize("path", ["/v1/decisions:batch", "/v1/events"])
@pytest.mark.parametrize("lines", [False, True])
def test_among_many_events_the_one_without_scope_is_refused_by_its_index(
    app: AsgiApp, node: MemoryNode, path: str, lines: bool
) -> None:
    events = [EVENT, LISTED, {**EVENT, "event_id": "e2"}, of_type("LABEL"), {}]
    body = b"\n".join(_json(event) for event in events) if lines else events
    got = call(app, "POST", path, body, token=f"ht_{ROUTES[path]}+outcomes")
    results = got.json()["results"] if "batch" in path else got.json()["refused"]
    codes = {one["index"]: one["error"]["code"] for one in results if "error" in one}
    assert codes == {1: "scope_missing", 4: "event_type_missing"}
    assert [count for count, *_ in node.submitted] == [3]


def test_outcomes_take_no_list_whatever_the_key_may_do(app: AsgiApp, node: MemoryNode) -> None:
    got = call(app, "POST", "/v1/outcomes", LISTED)
    assert (got.status, got.code) == (422, "event_type_no_outcome")
    assert not node.submitted
    for event_type in OUTCOME_TYPES:
        event = {**of_type(event_type), "event_id": event_type}
        assert call(app, "POST", "/v1/outcomes", event, token="ht_outcomes_only").status == 202


def test_the_list_routes_ask_for_their_scope(app: AsgiApp, node: MemoryNode) -> None:
    entry = {"list_value": "A1"}
    for token in ("ht_decide_only", "ht_events_only", "ht_orders_only"):
        assert call(app, "PUT", "/v1/lists/allow/entries", entry, token=token).status == 403
        assert call(app, "DELETE", "/v1/lists/allow/entries/A1", token=token).status == 403
    assert not node.submitted
    assert call(app, "PUT", "/v1/lists/allow/entries", entry, token="ht_lists_only").status == 202


def test_the_way_without_a_task_refuses_the_same(node: MemoryNode) -> None:
    intake = Intake(
        node, Ring(), ApiSettings(), Metrics(), decoders={}, slow_calls=SlowCalls(1)
    )  # fmt: skip

    async def begun(token: str) -> Any:
        head = {b"authorization": f"Bearer {token}".encode()}
        answered = asyncio.get_running_loop().create_future()
        intake.begin(WholeRequest(head, _json(LISTED)), answered.set_result)
        return await answered

    with pytest.raises(ApiRefused) as raised:
        asyncio.run(begun("ht_decide_only"))
    assert (raised.value.status, raised.value.code) == (403, "scope_missing")
    assert not node.submitted
    assert asyncio.run(begun("ht_decide+lists"))[0].event_id == "x1"


def test_what_a_decoder_reads_is_checked_like_the_rest(node: MemoryNode) -> None:
    def read(data: bytes, *, base_currency: str) -> list[Any]:
        return [decode_event(data, base_currency=base_currency)]

    app = make(node, decoders={"application/xml": read})
    xml = {"Content-Type": "application/xml"}
    for path, route in ROUTES.items():
        token = f"ht_{route}_only"
        got = call(app, "POST", path, _json(LISTED), headers=xml, token=token)
        assert b"scope_missing" in got.body
    assert not node.submitted


def test_refusals_by_index_are_counted_like_others(node: MemoryNode) -> None:
    metrics = Metrics()
    app = make(node, metrics=metrics)
    call(app, "POST", "/v1/events", [EVENT, LISTED], token="ht_events_only")
    assert metrics.refusals.values == {("scope_missing",): 1}


def test_the_document_says_which_types_need_a_second_scope(app: AsgiApp) -> None:
    paths = call(app, "GET", "/openapi.json").json()["paths"]
    for path in ROUTES:
        said = paths[path]["post"]["description"]
        assert "`lists` for `LIST_UPSERT`, `LIST_REMOVE`" in said
        assert all(f"`{name}`" in said for name in EVENT_SCOPES)
    assert b"Some types need a second scope" in call(app, "GET", "/docs").body


def _json(event: object) -> bytes:
    return json.dumps(event).encode()
