"""A changed policy over a kept stream comes to the decisions of a whole run, bit by bit."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from haitang.app.backtest import keeping, running
from haitang.app.backtest.keeping import (
    DIGESTS_FILE,
    keep_run,
    open_kept,
    stream_digest,
)
from haitang.app.backtest.running import BacktestRequest, backtest
from haitang.app.programs import OpenedPack
from haitang.app.wiring import open_events, read_pack_folder
from haitang.decision.batch import kept as kept_module
from haitang.decision.batch.again import Again
from haitang.decision.batch.changes import change_between
from haitang.decision.batch.kept import EVENTS, HITS, OUT_COLUMNS, VALUES, Kept
from haitang.decision.batch.measures import Labels, StoryLabel
from haitang.decision.engine import compile_pack
from haitang.decision.rules.pack import load_pack_unlocked
from haitang.kernel.errors import HaitangError
from haitang.kernel.instants import DAY_US

START_US = 1_772_416_800_000_000
PACK = """\
pack: tried
version: 1.0.0
title: {en: Tried, zh: 试验}
owner: tests
zone: Asia/Shanghai
base_currency: CNY
entities: {customer: {retention: 30d}}
keys: {customer: {entity: customer, fields: [payer_customer_id | customer_id]}}
tiers: {medium: 300, high: 600, critical: 850}
segment: customer_segment
table:
  - {tier: critical, action: BLOCK, also: [CALL]}
  - {tier: high, segment: [ELDER], action: HOLD, also: [CALL]}
  - {tier: [medium, high], channel: [MOBILE], action: TIP}
  - {tier: [medium, high], action: WATCH}
lists:
  watched: {title: {en: Watched, zh: 关注}}
"""
FEATURES = """\
features:
  paid_1h:
    {title: {en: Paid in an hour, zh: 近一小时付款}, key: customer, aggregate: sum,
     of: amount_base_minor, where: event_type == 'TXN_REQUEST', window: 1h, unit: money}
  payees_1d:
    {title: {en: Payees of a day, zh: 当日收款方}, key: customer, aggregate: distinct,
     of: payee_account, where: event_type == 'TXN_REQUEST', window: 1d, unit: count}
  last_device:
    {title: {en: Last device, zh: 上次设备}, key: customer, aggregate: latest, of: device_id,
     where: known(device_id), prior: true}
  paid_each:
    {title: {en: Paid to each, zh: 平均每户}, value: paid_1h / payees_1d, unit: money}
"""


def _policy(name: str, when: str, *, score: int = 400, action: str = "PASS", **more: str) -> str:
    lines = "".join(f"{key}: {value}\n" for key, value in more.items())
    return (
        f"id: {name}\nversion: 1\nstatus: shadow\ntypology: D01\nparty: payer\nowner: tests\n"
        f"title: {{en: {name}, zh: 策略}}\nwhen: {when}\nscore: {score}\naction: {action}\n"
        f"reason: {{en: it was so, zh: 如此}}\n{lines}"
    ).replace("status: shadow", f"status: {'live' if 'silent' not in name else 'shadow'}")


TESTS = (
    "\n  - {name: fires, fires: true, events: [{event_type: TXN_REQUEST}]}"
    "\n  - {name: fires again, fires: true, events: [{event_type: TXN_REQUEST}]}"
    "\n  - {name: silent, fires: false, events: [{event_type: TXN_REQUEST}]}"
    "\n  - {name: silent again, fires: false, events: [{event_type: TXN_REQUEST}]}"
)
POLICIES = {
    "a_large": _policy("a_large", "event_type == 'TXN_REQUEST' and amount_base_minor >= 300000",
                       shows="[payees_1d]", tests=TESTS),
    "b_each": _policy("b_each", "event_type == 'TXN_REQUEST' and paid_each >= 200000", score=350,
                      tests=TESTS),
    "c_device": _policy("c_device", "event_type == 'TXN_REQUEST' and device_id != last_device",
                        score=200, also="[STR]", tests=TESTS),
    "d_listed": _policy("d_listed", "event_type == 'TXN_REQUEST' and "
                        "listed('watched', payee_account)", score=700, action="HOLD", tests=TESTS),
    "e_silent": _policy("e_silent", "event_type == 'TXN_REQUEST' and payees_1d >= 2", tests=TESTS),
}  # fmt: skip


def _folder(tmp_path: Path, name: str = "tried", **changes: str) -> Path:
    """Write the pack, with some policies replaced or (by an empty text) left out."""
    folder = tmp_path / name
    (folder / "policies").mkdir(parents=True)
    (folder / "features").mkdir()
    (folder / "pack.yaml").write_text(changes.pop("pack", PACK))
    (folder / "features" / "all.yaml").write_text(changes.pop("features", FEATURES))
    for policy, text in (POLICIES | changes).items():
        if text:
            (folder / "policies" / f"{policy}.yaml").write_text(text)
    return folder


def _events(path: Path, count: int = 3_000) -> Path:
    drawn = np.random.default_rng(5)
    rows: list[dict[str, Any]] = []
    for n in range(count):
        row: dict[str, Any] = {
            "event_id": f"E{n}", "occurred_at_us": START_US + n * 20_000_000,
            "customer_segment": str(drawn.choice(["ELDER", "ORDINARY"])),
        }  # fmt: skip
        if n % 97 == 5:
            row |= {
                "event_type": "LIST_UPSERT", "list_name": "watched",
                "list_value": f"B{drawn.integers(40)}",
            }  # fmt: skip
            del row["customer_segment"]
        elif n % 7 == 0:
            row |= {"event_type": "LOGIN", "customer_id": f"C{drawn.integers(30)}",
                    "device_id": f"D{drawn.integers(4)}", "channel": "MOBILE"}  # fmt: skip
        else:
            row |= {
                "event_type": "TXN_REQUEST", "txn_type": "TRANSFER_INTER", "currency": "CNY",
                "amount_minor": int(drawn.gamma(1.0, 150_000)),
                "payer_customer_id": f"C{drawn.integers(30)}", "payer_account": "A",
                "payee_account": f"B{drawn.integers(40)}",
                "channel": str(drawn.choice(["MOBILE", "WEB", "COUNTER"])),
                "device_id": f"D{drawn.integers(4)}",
            }  # fmt: skip
        rows.append(row)
    path.write_bytes(msgspec.json.Encoder().encode_lines(rows))
    return path


def _opened(folder: Path) -> OpenedPack:
    pack = load_pack_unlocked(read_pack_folder(folder)).loaded.pack
    return OpenedPack(pack=pack, program=compile_pack(pack))


def _keep(folder: Path, events: Path, to: Path) -> Kept:
    chunks = open_events(events, mapping=None, base_currency="CNY").chunks
    keep_run(_opened(folder), chunks, to, stream="s")
    return open_kept(to)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PIECE_EVENTS", 700)
    monkeypatch.setattr(kept_module, "SPAN_PIECES", 2)


def _whole(kept: Kept) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
    for pieces in kept.spans():
        yield {
            **kept.reader.read(EVENTS, pieces, OUT_COLUMNS),
            **kept.reader.read(HITS, pieces, ["policy"]),
            **kept.reader.read(VALUES, pieces, ["value"]),
        }


CHANGES = {
    "a threshold": {"a_large": POLICIES["a_large"].replace("300000", "450000")},
    "a milder one": {"a_large": POLICIES["a_large"].replace("300000", "3000")},
    "a derived feature's threshold": {"b_each": POLICIES["b_each"].replace("200000", "90000")},
    "a score alone": {"c_device": POLICIES["c_device"].replace("score: 200", "score: 650")},
    "an action": {"d_listed": POLICIES["d_listed"].replace("HOLD", "BLOCK")},
    "a list that events change": {
        "d_listed": POLICIES["d_listed"].replace(
            "and listed", "and amount_base_minor > 9 and listed"
        )
    },
    "a status": {"e_silent": POLICIES["e_silent"].replace("status: shadow", "status: live")},
    "one gone": {"b_each": ""},
    "one new between others": {
        "b_new": _policy(
            "b_new",
            "event_type == 'LOGIN' and known(last_device)",
            tests=TESTS.replace("TXN_REQUEST", "LOGIN"),
        )
    },
    "several": {
        "a_large": POLICIES["a_large"].replace("300000", "100000"),
        "c_device": "",
        "e_silent": POLICIES["e_silent"].replace(">= 2", ">= 4"),
    },
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_is_asked_again_and_the_whole_is_that_of_a_whole_run(
    tmp_path: Path, name: str
) -> None:
    events = _events(tmp_path / "events.jsonl")
    kept = _keep(_folder(tmp_path, "old"), events, tmp_path / "kept")
    folder = _folder(tmp_path, "new", **CHANGES[name])
    new = _opened(folder).pack
    fields = frozenset((*kept.about.numbers, *kept.about.texts, *kept.about.remarks))
    change = change_between(kept.about.pack, new, fields)
    assert change.reason == ""
    assert change.policies
    found = [piece.whole(kept) for piece in Again(kept, kept.about.pack, new, change).pieces()]
    whole = list(_whole(_keep(folder, events, tmp_path / "whole")))
    assert len(found) == len(whole) == 3
    for piece, expected in zip(found, whole, strict=True):
        assert piece.keys() == expected.keys()
        for column, values in expected.items():
            assert piece[column].dtype == values.dtype, column
            assert piece[column].tobytes() == values.tobytes(), column
    before = list(_whole(kept))
    assert any(
        one[column].tobytes() != other[column].tobytes()
        for one, other in zip(before, whole, strict=True)
        for column in one
    ), "the change must make a difference, or the test shows nothing"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"features": FEATURES.replace("window: 1h", "window: 2h")}, "features"),
        ({"pack": PACK.replace("action: TIP", "action: DELAY")}, "surroundings"),
        ({"features": FEATURES.replace("paid_1h / payees_1d", "paid_1h * payees_1d")},
         "surroundings"),
        ({"a_large": POLICIES["a_large"].replace("amount_base", "payer_balance_after")}, "fields"),
    ],
)  # fmt: skip
def test_where_more_changed_everything_is_decided_again(
    tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    events = _events(tmp_path / "events.jsonl", 300)
    kept = _keep(_folder(tmp_path, "old"), events, tmp_path / "kept")
    new = _opened(_folder(tmp_path, "new", **changes)).pack
    fields = frozenset((*kept.about.numbers, *kept.about.texts, *kept.about.remarks))
    found = change_between(kept.about.pack, new, fields)
    if reason == "features":
        # Only where a changed policy reads such a feature; the others stand as they were.
        changed = POLICIES["b_each"].replace("200000", "1")
        new = _opened(_folder(tmp_path, "newer", **changes, b_each=changed)).pack
        found = change_between(kept.about.pack, new, fields)
    assert found.reason == reason


def test_a_backtest_is_first_kept_then_changed_and_its_report_says_so(tmp_path: Path) -> None:
    events = _events(tmp_path / "events.jsonl")
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "event_id,story_id,typology,amount_at_risk_minor\nE1,S1,D01,100\nE2,S1,D01,900\n"
        "E8,S2,D02,50\n"
    )

    def run(folder: Path) -> Any:
        return backtest(
            BacktestRequest(pack=folder, events=events, keep=tmp_path / "keep", labels=labels)
        )

    old = _folder(tmp_path, "old")
    first, again = run(old), run(old)
    assert (first.way, again.way) == ("first", "kept")
    assert first.after == again.after
    new = _folder(tmp_path, "new", **CHANGES["a milder one"])
    changed = run(new)
    assert (changed.way, changed.changed) == ("changed", ("a_large",))
    assert changed.before == first.after
    whole = backtest(
        BacktestRequest(pack=new, events=events, keep=tmp_path / "other", labels=labels)
    )
    assert changed.after == whole.after
    assert changed.after != changed.before
    assert changed.hits["a_large"] == whole.hits["a_large"]
    assert changed.after.by_typology["D01"].stories == 1
    assert changed.samples


def test_alerts_are_those_that_a_plain_loop_counts(tmp_path: Path) -> None:
    events = _events(tmp_path / "events.jsonl")
    folder = _folder(tmp_path, "old")
    report = backtest(BacktestRequest(pack=folder, events=events, keep=tmp_path / "keep"))
    opened = _opened(folder)
    from haitang.app.deciding import Decider, in_blocks
    from haitang.app.wiring import MachineClock

    decider = Decider(opened, clock=MachineClock())
    decisions = []
    for chunk in open_events(events, mapping=None, base_currency="CNY").chunks:
        for decided in decider.decide(chunk.events, next_stop=in_blocks(512)):
            decisions += decided.decisions
    loud = [one for one in decisions
            if one.action not in {"PASS", "WATCH"} or "CALL" in one.actions]  # fmt: skip
    assert report.after.alerts == len(loud)
    assert report.after.by_action == Counter(one.action for one in loud)


def test_a_draft_is_tried_as_if_in_shadow_and_live_when_asked(tmp_path: Path) -> None:
    events = _events(tmp_path / "events.jsonl")
    draft = POLICIES["d_listed"].replace("status: live", "status: draft")
    folder = _folder(tmp_path, "old", d_listed=draft)

    def run(*live: str) -> Any:
        return backtest(
            BacktestRequest(pack=folder, events=events, keep=tmp_path / "keep", live=live)
        )

    first = run()
    assert first.hits["d_listed"] > 0
    assert "d_listed" in first.policy_digests
    assert first.tried_live == ()
    tried = run("d_listed")
    assert (tried.way, tried.changed, tried.tried_live) == (
        "changed", ("d_listed",), ("d_listed",)
    )  # fmt: skip
    assert tried.hits["d_listed"] == first.hits["d_listed"]
    assert tried.after.by_action["HOLD"] > first.after.by_action.get("HOLD", 0)
    with pytest.raises(HaitangError, match="no policy `d_unknown`"):
        run("d_unknown")


def test_what_stands_twice_counts_once_and_what_is_no_event_is_counted(tmp_path: Path) -> None:
    plain = _events(tmp_path / "events.jsonl", 1_500)
    lines = plain.read_bytes().splitlines(keepends=True)
    faulty = tmp_path / "faulty.jsonl"
    faulty.write_bytes(
        b"".join([*lines[:900], b'{"event_id": "X", "event_type": "NOTHING"}\n',
                  *lines[100:140], *lines[900:], lines[3]])
    )  # fmt: skip
    folder = _folder(tmp_path, "old")
    expected = backtest(BacktestRequest(pack=folder, events=plain, keep=tmp_path / "a"))
    found = backtest(BacktestRequest(pack=folder, events=faulty, keep=tmp_path / "b"))
    assert (expected.refused, expected.duplicates) == (0, 0)
    assert (found.refused, found.duplicates) == (1, 41)
    assert found.after == expected.after


def test_a_stream_read_otherwise_is_another_stream(tmp_path: Path) -> None:
    events = _events(tmp_path / "events.jsonl", 10)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("one")
    keep = tmp_path / "keep"
    digests = {stream_digest(events, None, currency, keep) for currency in ("CNY", "USD")}
    digests.add(stream_digest(events, mapping, "CNY", keep))
    mapping.write_text("two!")
    digests.add(stream_digest(events, mapping, "CNY", keep))
    assert len(digests) == 4


def test_what_another_version_decided_is_decided_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = _events(tmp_path / "events.jsonl", 300)
    request = BacktestRequest(
        pack=_folder(tmp_path, "old"), events=events, keep=tmp_path / "keep"
    )  # fmt: skip
    assert [backtest(request).way for _ in range(2)] == ["first", "kept"]
    for module in (keeping, running):
        monkeypatch.setattr(module, "deciding_sources", lambda: "other sources")
    assert [backtest(request).way for _ in range(2)] == ["first", "kept"]


def test_spans_without_an_event_that_is_asked_about_stay_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PIECE_EVENTS", 50)
    monkeypatch.setattr(kept_module, "SPAN_PIECES", 1)
    lines = _events(tmp_path / "all.jsonl", 700).read_bytes().splitlines(keepends=True)
    logins = [line for line in lines if b"LOGIN" in line]
    others = [line for line in lines if b"LOGIN" not in line]
    events = tmp_path / "events.jsonl"
    # Late events are no trouble: what is asked is the same either way.
    events.write_bytes(b"".join([*others[:60], *logins[:90], *others[60:200]]))
    backtest(BacktestRequest(pack=_folder(tmp_path, "old"), events=events, keep=tmp_path / "keep"))
    new = _folder(tmp_path, "new", **CHANGES["a milder one"])
    changed = backtest(BacktestRequest(pack=new, events=events, keep=tmp_path / "keep"))
    whole = backtest(BacktestRequest(pack=new, events=events, keep=tmp_path / "other"))
    assert (changed.way, whole.way) == ("changed", "first")
    assert changed.after == whole.after != changed.before


def test_a_file_that_changed_is_read_again_and_another_is_not(tmp_path: Path) -> None:
    events, keep = _events(tmp_path / "events.jsonl", 10), tmp_path / "keep"
    first = stream_digest(events, None, "CNY", keep)
    about, content = events.stat(), events.read_bytes()
    assert stream_digest(events, None, "CNY", tmp_path / "other") == first
    # The same length with other content, at another time.
    events.write_bytes(content.replace(b"LOGIN", b"LOGON"))
    os.utime(events, ns=(about.st_atime_ns, about.st_mtime_ns + 1))
    assert stream_digest(events, None, "CNY", keep) != first
    events.write_bytes(content)
    os.utime(events, ns=(about.st_atime_ns, about.st_mtime_ns + 1_000))
    assert stream_digest(events, None, "CNY", keep) == first
    (keep / DIGESTS_FILE).write_bytes(b"no digests")
    assert stream_digest(events, None, "CNY", keep) == first


def test_labels_are_held_against_alerts_as_by_a_plain_loop() -> None:
    drawn = np.random.default_rng(11)
    labels = [
        StoryLabel(event_id=f"E{n}", story_id=f"S{drawn.integers(60)}", typology="",
                   amount_at_risk_minor=int(drawn.integers(2**53, 2**54)))
        for n in range(400)
    ]  # fmt: skip
    labels = [msgspec.structs.replace(one, typology=f"D{int(one.story_id[1:]) % 7}")
              for one in labels]  # fmt: skip
    ids = [f"E{n}" for n in drawn.choice(900, 120, replace=False).tolist()]
    acted = drawn.random(120) < 0.6
    found = Labels(labels).against(ids, acted)
    acting = {name for name, does in zip(ids, acted, strict=True) if does}
    stories: dict[str, list[StoryLabel]] = {}
    for one in labels:
        stories.setdefault(one.story_id, []).append(one)
    sums: dict[str, list[int]] = {}
    for events in stories.values():
        first = next((n for n, one in enumerate(events) if one.event_id in acting), None)
        money = [one.amount_at_risk_minor for one in events]
        row = sums.setdefault(events[0].typology, [0, 0, 0, 0])
        for place, number in enumerate(
            (1, first is not None, sum(money), 0 if first is None else sum(money[first:]))
        ):
            row[place] += int(number)
    assert {
        name: [one.stories, one.caught, one.value_minor, one.value_stopped_minor]
        for name, one in found["by_typology"].items()
    } == sums
    assert found["recall"] == sum(row[1] for row in sums.values()) / len(stories)
    assert found["precision"] == sum(n < 400 for n in (int(i[1:]) for i in ids)) / 120
    assert 0 < found["value_recall"] < 1


def test_what_follows_months_later_makes_a_stream_no_longer(tmp_path: Path) -> None:
    events = _events(tmp_path / "events.jsonl", 9_000)
    late = {
        "event_id": "late", "event_type": "LOGIN", "customer_id": "C1", "channel": "MOBILE",
        "occurred_at_us": START_US + 90 * DAY_US,
    }  # fmt: skip
    with events.open("ab") as file:
        file.write(msgspec.json.encode(late) + b"\n")
    report = backtest(
        BacktestRequest(pack=_folder(tmp_path, "old"), events=events, keep=tmp_path / "keep")
    )
    assert report.after.days == 3
    assert report.after.events == 9_001
    assert report.after.alerts_per_day == pytest.approx(report.after.alerts / 3)


def test_below_the_line_lies_what_a_milder_threshold_would_add(tmp_path: Path) -> None:
    events = _events(tmp_path / "events.jsonl")
    rows = [msgspec.json.decode(line) for line in events.read_bytes().splitlines()]
    amounts = {row["event_id"]: row["amount_minor"] for row in rows if "amount_minor" in row}
    above = [name for name, amount in amounts.items() if amount >= 300_000]
    below = [name for name, amount in amounts.items() if 240_000 <= amount < 300_000]
    labels = tmp_path / "labels.csv"
    stories = [*above[:3], *below[:2]]
    labels.write_text(
        "event_id,story_id,typology,amount_at_risk_minor\n"
        + "".join(f"{name},S{n},D01,1\n" for n, name in enumerate(stories))
    )
    request = BacktestRequest(
        pack=_folder(tmp_path, "old"), events=events, keep=tmp_path / "keep", labels=labels,
        near=("a_large", "e_silent"),
    )  # fmt: skip
    large, silent = backtest(request).lines
    assert (large.above.events, large.above.labelled) == (len(above), 3)
    (side,) = large.below
    assert side.condition == "amount_base_minor >= 300000 → amount_base_minor >= 240000"
    assert (side.events, side.labelled) == (len(below), 2)
    assert 1 < len(side.samples) <= 6
    for sample in side.samples:
        assert sample.values == {"amount_base_minor": amounts[sample.event_id]}
        assert sample.typology == ("D01" if sample.event_id in below[:2] else "")
    # Of whole numbers one less is near: a payee of the day where two are asked for.
    assert silent.below[0].condition == "payees_1d >= 2 → payees_1d >= 1"
    assert {sample.values["payees_1d"] for sample in silent.below[0].samples} == {1.0}
