from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haitang.adapters.files.events import open_events
from haitang.adapters.files.pieces import EventChunk
from haitang.data.events.batch import FieldSet
from haitang.kernel.errors import HaitangError
from tests.conftest import CheckOutput
from tests.unit.app.payments import journal, payment

MAPPING = """\
mapping: cards
events:
  - event_type: TXN_REQUEST
    fields:
      event_id: {template: "card-{$row}"}
      occurred_at_us: {column: at, time: {format: "%Y-%m-%d %H:%M:%S", zone: UTC}}
      amount_minor: {column: amount, scale: 100}
      currency: {constant: EUR}
      payer_customer_id: customer
"""


def chunks(path: Path, *, mapping: Path | None = None) -> list[EventChunk]:
    return list(open_events(path, mapping=mapping, base_currency="CNY").chunks)


def ids(found: list[EventChunk]) -> list[str]:
    fields = FieldSet()
    return [name for chunk in found for name in chunk.events.batch(fields).event_ids]


def reasons(found: list[EventChunk]) -> list[tuple[int, str]]:
    return [
        (line.error.place.line, line.error.message) for chunk in found for line in chunk.refused
    ]


@pytest.mark.parametrize("name", ["e.jsonl", "e.ndjson", "e.JSONL", "e.json", "e.log", "e"])
def test_lines_of_json_are_known_by_name_or_by_look(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(journal(payment(1), payment(2)))
    assert ids(chunks(tmp_path / name)) == ["E-1", "E-2"]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_events_is_read_as_one_document(tmp_path: Path, indent: int | None) -> None:
    rows = [payment(1), {"event_type": "NOPE"}, payment(2)]
    (tmp_path / "e.json").write_text(json.dumps(rows, indent=indent), encoding="utf-8")
    found = chunks(tmp_path / "e.json")
    assert ids(found) == ["E-1", "E-2"]
    assert found[0].refused[0].error.place.pointer == "$[1]"


def test_one_event_over_several_lines_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(json.dumps(payment(1), indent=2), encoding="utf-8")
    assert ids(chunks(tmp_path / "e.json")) == ["E-1"]


def test_parquet_is_known_by_look_and_its_rows_are_counted_from_one(tmp_path: Path) -> None:
    rows = [payment(1), payment(2, amount_minor=-1), payment(3)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "e.data")
    found = chunks(tmp_path / "e.data")
    assert ids(found) == ["E-1", "E-3"]
    assert [line for line, _ in reasons(found)] == [2]


def test_csv_becomes_events_by_its_mapping(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "e.csv").write_text(
        "at,amount,customer\n"
        "2026-03-02 10:00:00,12.34,C1\n"
        "2026-03-02 10:00:00,12.34\n"
        "2026-03-02 10:00:00,-5,C1\n"
        "yesterday,1,C1\n"
        "2026-03-02 10:01:00,7,C2\n",
        encoding="utf-8",
    )
    found = chunks(tmp_path / "e.csv", mapping=tmp_path / "m.yaml")
    assert ids(found) == ["card-1", "card-5"]
    assert [line for line, _ in reasons(found)] == [3, 4, 5]
    batch = found[0].events.batch(FieldSet(numbers=("amount_minor",)))
    assert batch.numbers.tolist() == [[1234.0, 700.0]]


def test_parquet_becomes_events_by_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    table = pa.table({"at": ["2026-03-02 10:00:00"], "amount": [3.5], "customer": [17]})
    pq.write_table(table, tmp_path / "e.parquet")
    assert ids(chunks(tmp_path / "e.parquet", mapping=tmp_path / "m.yaml")) == ["card-1"]


def test_files_that_cannot_be_used_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check_output: CheckOutput
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("events.jsonl").write_bytes(journal(payment(1)))
    Path("folder.jsonl").mkdir()
    Path("cut.parquet").write_bytes(b"PAR1 and no more")
    Path("strange.bin").write_bytes(b"\x00\x01\x02")
    Path("open.json").write_bytes(b'[{"event_type": "LOGIN"}')
    Path("table.csv").write_bytes(b"a,b\n1,2\n")
    Path("odd.parquet").write_bytes(b"")
    pq.write_table(pa.table({"amount": [1], "payee_acount": ["x"]}), "columns.parquet")
    Path("bad.yaml").write_text("mapping: x\nevents: [{event_type: PAY}]\n", encoding="utf-8")
    Path("m.yaml").write_text(MAPPING, encoding="utf-8")
    cases = {
        "missing": ("event.jsonl", None),
        "missing_folder": ("nowhere/events.jsonl", None),
        "folder": ("folder.jsonl", None),
        "cut_short": ("cut.parquet", None),
        "empty_parquet": ("odd.parquet", None),
        "unknown": ("strange.bin", None),
        "not_closed": ("open.json", None),
        "no_mapping": ("table.csv", None),
        "columns": ("columns.parquet", None),
        "mapping_unread": ("events.jsonl", "m.yaml"),
        "mapping_malformed": ("table.csv", "bad.yaml"),
        "mapping_missing": ("table.csv", "n.yaml"),
        "mapping_of_other_columns": ("table.csv", "m.yaml"),
    }
    for name, (path, mapping) in cases.items():
        with pytest.raises(HaitangError) as refused:
            chunks(Path(path), mapping=Path(mapping) if mapping else None)
        check_output(refused.value.render(), name)
