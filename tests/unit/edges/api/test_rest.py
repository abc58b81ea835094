from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from haitang.decision.engine.decisions import Decision
from haitang.edges.api.requests import AsgiApp
from tests.unit.edges.api.calls import EVENT, NOW_US, call, make
from tests.unit.edges.api.memory_node import MemoryNode

PACK = {"files": {"pack.yaml": "cGFjazogc21hbGwK"}, "author": "lin", "approver": "wang"}


@pytest.mark.parametrize("event_id", ["e1", "a/b//c", "x:replay", "10.0.0.0/8", "交易 1"])
def test_a_decision_is_read_by_its_event_or_by_its_own_id(app: AsgiApp, event_id: str) -> None:
    made = call(app, "POST", "/v1/decisions", {**EVENT, "event_id": event_id}).json()
    by_event = call(app, "GET", f"/v1/decisions/{event_id}")
    by_itself = call(app, "GET", f"/v1/decisions/{made['decision_id']}")
    assert by_event.status == 200
    assert by_event.json() == by_itself.json()
    assert by_event.json()["hits"][0]["reason"]["zh"]


def test_a_decision_is_replayed_and_compared(app: AsgiApp) -> None:
    call(app, "POST", "/v1/decisions", EVENT)
    check = call(app, "POST", "/v1/decisions/e1:replay").json()
    assert check["equal"]
    assert check["recorded"] == check["recomputed"]


@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("POST", ":replay")])
def test_what_was_never_decided_is_a_404(app: AsgiApp, method: str, tail: str) -> None:
    got = call(app, method, f"/v1/decisions/nobody{tail}")
    assert (got.status, got.code) == (404, "decision_unknown")


def test_packs_are_published_and_rolled_back(app: AsgiApp) -> None:
    got = call(app, "POST", "/v1/publications", PACK)
    assert got.status == 201
    assert got.json()["number"] == 1
    back = {"author": "lin", "approver": "wang", "note": "too many tips"}
    rolled = call(app, "POST", "/v1/publications/1:rollback", back)
    assert (rolled.status, rolled.json()["kind"]) == (200, "rollback")
    assert len(call(app, "GET", "/v1/publications").json()) == 3


def test_only_what_is_live_is_rolled_back(app: AsgiApp, node: MemoryNode) -> None:
    back = {"author": "lin", "approver": "wang"}
    got = call(app, "POST", "/v1/publications/7:rollback", back)
    assert (got.status, got.code) == (404, "publication_unknown")
    node.published[0] = msgspec.structs.replace(node.published[0], state="superseded")
    got = call(app, "POST", "/v1/publications/0:rollback", back)
    assert (got.status, got.code) == (409, "publication_not_live")
    for path in (
        "/v1/publications/x:rollback",
        "/v1/publications/1",
        "/v1/publications/-1:rollback",
    ):
        assert call(app, "POST", path, back).status == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "body_not_understood"),
        ({**PACK, "files": {"pack.yaml": "!"}}, 400, "body_not_understood"),
        ({**PACK, "colour": 1}, 400, "body_not_understood"),
        ({**PACK, "approver": "lin"}, 422, "publication_unapproved"),
    ],
)
def test_a_publication_that_is_wrong_is_refused(
    app: AsgiApp, body: object, status: int, code: str
) -> None:
    got = call(app, "POST", "/v1/publications", body)
    assert (got.status, got.code) == (status, code)


def test_a_list_changes_by_an_event(app: AsgiApp, node: MemoryNode) -> None:
    entry = {"list_value": "10.0.0.0/8", "category": "mule"}
    got = call(app, "PUT", "/v1/lists/watch/entries", entry)
    assert got.status == 202
    assert got.json() == {"accepted": 1, "repeated": 0, "refused": [], "position": 0}
    assert call(app, "DELETE", "/v1/lists/watch/entries/10.0.0.0/8").json()["position"] == 1
    assert [want for _, _, _, want in node.submitted] == ["receipt", "receipt"]
    seen = call(app, "GET", "/v1/lists/watch/entries/10.0.0.0/8").json()
    assert (seen["list_value"], seen["at_us"]) == ("10.0.0.0/8", NOW_US)
    then = call(app, "GET", "/v1/lists/watch/entries/a", query="at=1700000000000000").json()
    assert then["at_us"] == 1_700_000_000_000_000


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PUT", "/v1/lists/watch/entries", {"list_value": "a\x00"}, 422, "field_control_character"),
        ("PUT", "/v1/lists/watch/entries", {"value": "a"}, 400, "body_not_understood"),
        ("PUT", "/v1/lists/watch/entries", {"list_value": ""}, 400, "body_not_understood"),
        ("DELETE", "/v1/lists/watch/entries/" + "x" * 200, None, 422, "field_text_length"),
        ("GET", "/v1/lists/watch/entries/" + "x" * 200, None, 422, "field_text_length"),
    ],
)
def test_a_list_entry_that_cannot_be_is_refused(
    app: AsgiApp, method: str, path: str, body: object, status: int, code: str
) -> None:
    got = call(app, method, path, body)
    assert (got.status, got.code) == (status, code)


@pytest.mark.parametrize("at", ["0", "now", "", "99999999999999999", "1.5"])
def test_an_instant_that_is_none_is_refused(app: AsgiApp, at: str) -> None:
    got = call(app, "GET", "/v1/lists/watch/entries/a", query=f"at={at}")
    assert (got.status, got.code) == (422, "query_not_understood")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/decisions/e1", "read"),
        ("POST", "/v1/decisions/e1:replay", "read"),
        ("GET", "/v1/publications", "publish"),
        ("POST", "/v1/publications", "publish"),
        ("POST", "/v1/publications/0:rollback", "publish"),
        ("PUT", "/v1/lists/watch/entries", "lists"),
        ("GET", "/v1/lists/watch/entries/a", "lists"),
        ("DELETE", "/v1/lists/watch/entries/a", "lists"),
    ],
)
def test_each_route_asks_for_a_key_and_for_its_scope(
    app: AsgiApp, method: str, path: str, scope: str
) -> None:
    assert call(app, method, path, token=None).status == 401
    got = call(app, method, path, token="ht_decide_only")
    assert (got.status, got.code) == (403, "scope_missing")
    assert f"`{scope}`" in got.json()["error"]["message"]


def test_one_look_up_too_many_is_refused_and_not_queued(node: MemoryNode) -> None:
    app = make(node, slow_calls_max=1)
    entered, leave = threading.Event(), threading.Event()

    def wait(_: str) -> Decision | None:
        entered.set()
        leave.wait(10)
        return None

    node.decision = wait  # type: ignore[method-assign, assignment] # a look-up that takes its time
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(call, app, "GET", "/v1/decisions/e1")
        assert entered.wait(10)
        second = call(app, "GET", "/v1/decisions/e1")
        leave.set()
        assert first.result().status == 404
    assert (second.status, second.code) == (503, "service_busy")
    assert second.headers["retry-after"] == "1"


def test_a_body_that_is_no_json_is_a_415(app: AsgiApp) -> None:
    got = call(app, "POST", "/v1/publications", PACK, headers={"Content-Type": "text/yaml"})
    assert (got.status, got.code) == (415, "content_type_unknown")


def test_a_pack_may_be_longer_than_a_batch_of_events(node: MemoryNode) -> None:
    app = make(node, body_bytes_max=200, publication_bytes_max=100_000, linger_s=0.01)
    long = {**PACK, "note": "x" * 1_000}
    assert call(app, "POST", "/v1/publications", long).status == 201
    assert call(app, "PUT", "/v1/lists/watch/entries", {"list_value": "a" * 400}).status == 413
    # Nobody uploads one who may not publish.
    assert call(app, "POST", "/v1/publications", long, token="ht_read_only").status == 403


@pytest.mark.parametrize("lines", [False, True], ids=["array", "lines"])
def test_many_values_are_listed_and_taken_off_in_one_request(app: AsgiApp, lines: bool) -> None:
    rows: list[dict[str, Any]] = [
        {"list_value": f"A{number}", "category": "mule"} for number in range(3)
    ]
    bad = {"list_value": "", "nonsense": 1}

    def send(method: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
        if lines:
            body = b"\n".join(msgspec.json.encode(entry) for entry in entries)
            headers = {"content-type": "application/x-ndjson"}
            got = call(app, method, "/v1/lists/case/entries", body, headers=headers)
        else:
            got = call(app, method, "/v1/lists/case/entries", entries)
        assert got.status == 202, got.json()
        answer: dict[str, Any] = got.json()
        return answer

    put = send("PUT", [rows[0], bad, rows[1], rows[2]])
    assert (put["accepted"], put["repeated"]) == (3, 0)
    (refused,) = put["refused"]
    assert refused["index"] == 1
    assert refused["error"]["code"]
    taken = send("DELETE", [{"list_value": row["list_value"]} for row in rows])
    assert taken["accepted"] == 3


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_many_entries_are_changed_at_once_and_bad_ones_refused_by_index(
    app: AsgiApp, node: MemoryNode, method: str
) -> None:
    path = "/v1/lists/watch/entries"
    rows = [{"list_value": "a"}, {"value": "b"}, {"list_value": "c"}]
    got = call(app, method, path, rows)
    assert got.status == 202
    assert (got.json()["accepted"], got.json()["position"]) == (2, 1)
    assert [refused["index"] for refused in got.json()["refused"]] == [1]
    assert call(app, method, path, []).json()["position"] == -1
    assert call(app, method, path, {"value": "b"}).status == 400
    nameless = call(app, method, f"/v1/lists/{'x' * 129}/entries", rows)
    assert (nameless.status, nameless.code) == (422, "field_text_length")
    assert [count for count, _, _, _ in node.submitted] == [2]
