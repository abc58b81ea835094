from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haitang.app.replay import ReplayProgress, ReplayRequest, ReplaySummary, Watcher, replay
from haitang.app.wiring import MachineClock, RefusedLine
from haitang.decision.engine.decisions import Decision
from haitang.kernel.errors import HaitangError
from tests.unit.app.payments import MINUTE_US, START_US, journal, payment
from tests.unit.app.small_pack import write_pack


class Run:
    """One replay in a folder of its own, with everything it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pack = write_pack(folder / "pack")
        self.decisions = folder / "decisions.jsonl"
        self.refused: list[RefusedLine] = []
        self.progress: list[ReplayProgress] = []

    def write(self, *rows: dict[str, Any] | str, name: str = "events.jsonl") -> Path:
        path = self.folder / name
        path.write_bytes(journal(*rows))
        return path

    def replay(self, events: Path, **given: Any) -> ReplaySummary:
        request = ReplayRequest(
            **{"events": events, "pack": self.pack, "decisions": self.decisions, **given}
        )
        watcher = Watcher(progressed=self.progress.append, refused=self.refused.append)
        return replay(request, watcher=watcher, clock=MachineClock())

    def decided(self) -> list[Decision]:
        decoder = msgspec.json.Decoder(Decision)
        return [decoder.decode(line) for line in self.decisions.read_bytes().splitlines()]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


BUSY_DAY = [
    payment(number, amount_minor=700_000 + 13 * number, call_active=number % 3 == 0)
    for number in range(150)
]


def test_every_event_gets_one_decision_in_the_order_of_the_file(run: Run) -> None:
    summary = run.replay(run.write(*BUSY_DAY))
    decided = run.decided()
    assert [decision.event_id for decision in decided] == [row["event_id"] for row in BUSY_DAY]
    assert summary.tally.decisions == 150
    assert summary.tally.actions == {"PASS": 7, "HOLD": 143}
    assert summary.tally.typologies == {"D01": 143}
    assert summary.tally.shadow_policies == {"on_a_call": 50}
    assert run.progress[-1].done == run.progress[-1].total


def test_bad_lines_are_reported_and_the_others_decided(run: Run) -> None:
    events = run.write(
        payment(0), "not json", payment(1, amount_minor=-5), payment(2), '{"event_type": "LOGIN"}'
    )
    bad_lines = run.folder / "bad.jsonl"
    summary = run.replay(events, bad_lines=bad_lines)
    assert summary.refused == 3
    assert [decision.event_id for decision in run.decided()] == ["E-0", "E-2"]
    assert [line.error.place.line for line in run.refused] == [2, 3, 5]
    kept = [json.loads(line) for line in bad_lines.read_bytes().splitlines()]
    assert (kept[0]["line"], kept[0]["text"]) == (2, "not json")
    assert kept[1]["reason"].startswith("field `amount_minor` was -5")


def test_duplicates_are_dropped_and_borrowed_ids_refused(run: Run) -> None:
    other = payment(0, amount_minor=7)
    summary = run.replay(run.write(payment(0), payment(1), payment(0), other))
    assert (summary.tally.decisions, summary.duplicates, summary.refused) == (2, 1, 1)
    assert run.refused[0].error.code == "event_id_reused"
    assert run.refused[0].error.place.line == 4


@pytest.mark.parametrize("block", [1, 7, 64, 4_096])
def test_the_block_changes_no_decision(run: Run, block: int) -> None:
    events = run.write(*BUSY_DAY)
    run.replay(events)
    expected = run.decisions.read_bytes()
    run.replay(events, block=block)
    assert run.decisions.read_bytes() == expected


def test_a_replay_goes_on_from_a_state_as_if_it_had_never_stopped(run: Run) -> None:
    run.replay(run.write(*BUSY_DAY))
    expected = run.decisions.read_bytes()
    state = run.folder / "state"
    run.replay(run.write(*BUSY_DAY[:70], name="one.jsonl"), state_out=state)
    first = run.decisions.read_bytes()
    # What was seen before the state was written is remembered with it.
    second_half = [BUSY_DAY[69], *BUSY_DAY[70:]]
    summary = run.replay(run.write(*second_half, name="two.jsonl"), state_in=state)
    assert first + run.decisions.read_bytes() == expected
    assert summary.duplicates == 1


def test_columns_and_lines_are_decided_alike(run: Run) -> None:
    run.replay(run.write(*BUSY_DAY, BUSY_DAY[3]))
    expected = run.decisions.read_bytes()
    parquet = run.folder / "events.parquet"
    pq.write_table(pa.Table.from_pylist([*BUSY_DAY, BUSY_DAY[3]]), parquet)
    summary = run.replay(parquet)
    assert run.decisions.read_bytes() == expected
    assert summary.duplicates == 1


def test_an_event_is_the_same_one_whichever_way_it_came(run: Run) -> None:
    state = run.folder / "state"
    parquet = run.folder / "events.parquet"
    full = {**payment(1), "schema_version": 1, "urgent": True, "latitude": 31.0}
    mixed = [full, payment(2)]
    pq.write_table(pa.Table.from_pylist(mixed), parquet)
    run.replay(parquet, state_out=state)
    summary = run.replay(run.write(*mixed), state_in=state)
    assert (summary.duplicates, summary.refused) == (2, 0)


def test_features_are_written_for_every_event(run: Run) -> None:
    features = run.folder / "features.parquet"
    run.replay(
        run.write(payment(0, device_id="phone"), payment(30), payment(61, device_id=None)),
        features=features,
    )
    table = pq.read_table(features)
    assert table.column_names == [
        "event_id", "occurred_at_us",
        "is_payment", "paid_sum_1h", "paid_mean_1h_prior", "latest_device",
    ]  # fmt: skip
    assert table.to_pylist() == [
        {"event_id": "E-0", "occurred_at_us": START_US, "is_payment": 1.0,
         "paid_sum_1h": 100_000.0, "paid_mean_1h_prior": None, "latest_device": None},
        {"event_id": "E-30", "occurred_at_us": START_US + 30 * MINUTE_US, "is_payment": 1.0,
         "paid_sum_1h": 200_000.0, "paid_mean_1h_prior": 100_000.0, "latest_device": "phone"},
        {"event_id": "E-61", "occurred_at_us": START_US + 61 * MINUTE_US, "is_payment": 1.0,
         "paid_sum_1h": 200_000.0, "paid_mean_1h_prior": 100_000.0, "latest_device": "D0"},
    ]  # fmt: skip


def test_the_base_currency_can_be_named(run: Run) -> None:
    features = run.folder / "features.parquet"
    events = run.write(payment(0, currency="USD"))
    run.replay(events, features=features)
    assert pq.read_table(features)["paid_sum_1h"].to_pylist() == [0.0]
    run.replay(events, features=features, base_currency="USD")
    assert pq.read_table(features)["paid_sum_1h"].to_pylist() == [100_000.0]


def test_an_empty_file_gives_empty_results(run: Run) -> None:
    features = run.folder / "features.parquet"
    summary = run.replay(run.write(), features=features)
    assert summary.tally.decisions == 0
    assert run.decisions.read_bytes() == b""
    assert pq.read_table(features).num_rows == 0


def test_outputs_of_a_failed_run_do_not_appear(run: Run) -> None:
    run.decisions.write_bytes(b"yesterday's\n")
    parquet = run.folder / "events.parquet"
    pq.write_table(pa.table({"unknown_column": [1]}), parquet)
    with pytest.raises(HaitangError):
        run.replay(parquet, features=run.folder / "f.parquet", state_out=run.folder / "state")
    assert run.decisions.read_bytes() == b"yesterday's\n"
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "decisions.jsonl",
        "events.parquet",
        "pack",
    ]


def test_an_output_never_replaces_an_input_or_another_output(run: Run) -> None:
    events = run.write(payment(0))
    for given in ({"decisions": events}, {"features": run.decisions}, {"bad_lines": events}):
        with pytest.raises(HaitangError) as refused:
            run.replay(events, **given)
        assert refused.value.code == "use_path_twice"
    assert events.read_bytes() == journal(payment(0))


def test_a_state_of_another_plan_is_refused(run: Run) -> None:
    state = run.folder / "state"
    events = run.write(payment(0))
    run.replay(events, state_out=state)
    from tests.unit.app.small_pack import FEATURES

    other = write_pack(
        run.folder / "other", features__all=FEATURES.replace("window: 1h", "window: 2h")
    )
    with pytest.raises(HaitangError) as refused:
        run.replay(events, pack=other, state_in=state)
    assert refused.value.code.startswith("state_")
