from __future__ import annotations

import msgspec
import pytest

from haitang.app.service.answers import ListEntryView, PublicationView, ReplayCheck
from haitang.data.events.codec import decode_event
from haitang.decision.engine import decisions
from haitang.edges.api import shapes
from haitang.edges.client import answers, calls
from haitang.edges.client.calls import Reply
from haitang.edges.client.packfolder import read_pack
from haitang.kernel.errors import HaitangError

EVENT = {"event_type": "LOGIN", "event_id": "e1", "occurred_at_us": 1_772_416_800_000_000}


def test_an_event_is_written_the_same_in_each_of_its_forms() -> None:
    content = msgspec.json.encode(EVENT)
    event = decode_event(content)
    assert calls.written(event) == calls.written(EVENT) == calls.written(content) == content


def test_an_event_is_one_line_and_a_blank_one_keeps_its_place() -> None:
    (call,) = calls.send([b'{\n"a":\r\n1}', b"", b" \n"])
    lines = call.body.split(b"\n")
    assert len(lines) == 3
    assert lines[1:] == [b"null", b"null"]
    assert b"\r" not in call.body


def test_what_is_no_json_is_refused_before_it_is_sent() -> None:
    with pytest.raises(HaitangError) as caught:
        calls.written({"event_id": object()})
    assert caught.value.code == "event_not_json"


def test_many_events_go_in_requests_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "BATCH_EVENTS_MAX", 3)
    sent = [b'{"n":%d}' % number for number in range(8)]
    bodies = [call.body for call in calls.send(sent)]
    assert [body.count(b"\n") + 1 for body in bodies] == [3, 3, 2]
    assert b"\n".join(bodies).split(b"\n") == sent
    monkeypatch.setattr(calls, "BATCH_BYTES_MAX", 16)
    assert all(len(call.body) <= 16 for call in calls.send(sent))
    assert list(calls.send([])) == []


def test_results_of_later_requests_keep_their_place_in_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "BATCH_EVENTS_MAX", 2)
    error = b'{"index":0,"error":{"code":"field_missing","message":"a field was missing"}}'
    _, second = calls.decide_many([b"{}"] * 3, deadline_ms=None)
    (result,) = second.read(Reply(status=200, headers={}, body=b'{"results":[%b]}' % error))
    assert isinstance(result, answers.EventError)
    assert result.index == 2
    _, receipt = calls.send([b"{}"] * 3)
    body = b'{"accepted":0,"repeated":0,"refused":[%b],"position":-1}' % error
    assert receipt.read(Reply(status=202, headers={}, body=body)).refused[0].index == 2


@pytest.mark.parametrize(
    "results",
    [b"", b'{"index":1,"error":{"code":"a_b","message":"c"}}', b'{"index":0}'],
    ids=["too few", "another index", "neither"],
)
def test_a_batch_that_does_not_fit_its_events_is_no_answer(results: bytes) -> None:
    with pytest.raises(ValueError, match="result"):
        answers.read_batch(b'{"results":[%b]}' % results, expected=1)


def test_names_in_paths_are_quoted_whatever_they_hold() -> None:
    call = calls.list_entry("a/b", "../x?y#z é", at_us=5)
    assert call.path == "/v1/lists/a%2Fb/entries/..%2Fx%3Fy%23z%20%C3%A9?at=5"


@pytest.mark.parametrize("deadline_ms", [0, -1, 60_001, 86_400_000])
def test_a_deadline_out_of_bounds_is_refused_before_it_is_sent(deadline_ms: int) -> None:
    with pytest.raises(HaitangError) as caught:
        calls.decide(EVENT, deadline_ms=deadline_ms, explain=False)
    assert caught.value.code == "deadline_out_of_range"


PAIRS = [
    (answers.DecisionAnswer, shapes.DecisionAnswer, {"repeated"}),
    (answers.BriefHit, shapes.BriefHit, set()),
    (answers.Receipt, shapes.Receipt, set()),
    (answers.Publication, PublicationView, set()),
    (answers.ListEntryView, ListEntryView, set()),
    (answers.ReplayCheck, ReplayCheck, set()),
    (calls.ListEntry, shapes.ListEntry, set()),
    (calls._Publish, shapes.Publication, set()),
    (answers.Explanation, decisions.Decision, set()),
    (answers.Hit, decisions.Hit, set()),
    (answers.ReadValue, decisions.ReadValue, set()),
    (answers.ModelScore, decisions.ModelScore, set()),
    (answers.Contribution, decisions.Contribution, set()),
    (answers.Measure, decisions.Measure, set()),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "more"), PAIRS, ids=lambda kind: getattr(kind, "__name__", "")
)
def test_the_client_knows_every_field_of_the_service(
    ours: type, theirs: type, more: set[str]
) -> None:
    assert names_of(ours) - more == names_of(theirs)


def names_of(kind: type) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind)}


def test_a_pack_is_read_without_what_editors_leave(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "policies").mkdir()
    (folder / ".git").mkdir()
    for name in ("pack.yaml", "policies/a.yaml", "policies/a.yaml~", ".git/HEAD", "LOCK"):
        (folder / name).write_text(name)
    assert read_pack(folder) == {
        name: name.encode() for name in ("LOCK", "pack.yaml", "policies/a.yaml")
    }
    assert read_pack(str(folder)) == read_pack(read_pack(folder))
    with pytest.raises(HaitangError) as caught:
        read_pack(folder / "policies")
    assert caught.value.code == "pack_missing"
