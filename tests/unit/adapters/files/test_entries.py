"""Files of list entries in every format, with a place for every bad row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haitang.adapters.files.entries import CHUNK_ENTRIES, open_entries, written_at_us
from haitang.adapters.files.pieces import EventRows, RefusedLine
from haitang.data.lists.entries import EntryRules, entry_template
from haitang.kernel.errors import HaitangError

RULES = EntryRules(list_name="case_accounts", occurred_at_us=1_772_294_400_000_000)
ROWS = [
    {"list_value": "6222", "category": "fraud", "effective_at": "2026-03-01T00:00:00+08:00"},
    {"list_value": "", "category": "fraud", "effective_at": "2026-03-01T00:00:00+08:00"},
    {"list_value": "6223", "category": "mule", "effective_at": "yesterday"},
    {"list_value": "6224", "category": "mule", "effective_at": "2026-03-02T00:00:00Z"},
]


def write(path: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    match path.suffix:
        case ".csv":
            lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
            path.write_text("\n".join(lines) + "\n", "utf-8")
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        case ".json":
            path.write_text(json.dumps(rows), "utf-8")
        case _:
            pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def read(path: Path, rules: EntryRules = RULES) -> tuple[list[Any], list[RefusedLine]]:
    events: list[Any] = []
    refused: list[RefusedLine] = []
    source = open_entries(path, rules=rules)
    done = 0
    for chunk in source.chunks:
        assert isinstance(chunk.events, EventRows)
        events += chunk.events.events
        refused += chunk.refused
        done = chunk.done
    # Between the elements of a JSON array there may be spaces, which are not counted.
    assert done == source.total or path.suffix == ".json"
    return events, refused


@pytest.mark.parametrize("name", ["case.csv", "case.jsonl", "case.json", "case.parquet"])
def test_every_format_gives_the_good_rows_and_the_places_of_the_bad_ones(
    tmp_path: Path, name: str
) -> None:
    events, refused = read(write(tmp_path / name))
    assert [(event.list_value, event.category) for event in events] == [
        ("6222", "fraud"),
        ("6224", "mule"),
    ]
    assert events[0].effective_at_us == RULES.occurred_at_us
    first = 3 if name.endswith("csv") else 2
    if name.endswith(".json"):
        assert [line.error.place.pointer for line in refused] == [
            "$[1]",
            "$[2]",
        ]
    else:
        assert [line.error.place.line for line in refused] == [first, first + 1]
    assert all(line.error.place.path == str(tmp_path / name) for line in refused)


def test_the_same_file_makes_the_same_events_and_a_changed_one_others(tmp_path: Path) -> None:
    path = write(tmp_path / "case.csv")
    first, again = read(path)[0], read(path)[0]
    assert first == again
    path.write_text(path.read_text("utf-8") + "6225,mule,\n", "utf-8")
    changed = read(path)[0]
    assert {event.event_id for event in changed}.isdisjoint(event.event_id for event in first)
    assert len(changed) == len(first) + 1


def test_many_rows_come_in_chunks_with_ids_of_their_own(tmp_path: Path) -> None:
    rows = [{"list_value": f"V{number}"} for number in range(2 * CHUNK_ENTRIES + 3)]
    path = write(tmp_path / "case.csv", rows)
    sizes = [chunk.events.count for chunk in open_entries(path, rules=RULES).chunks]
    assert sizes == [CHUNK_ENTRIES, CHUNK_ENTRIES, 3]
    events, _ = read(path)
    assert len({event.event_id for event in events}) == len(rows)


@pytest.mark.parametrize("name", ["case.csv", "case.parquet"])
def test_a_column_that_no_entry_has_refuses_the_file(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, [{"list_value": "6222", "sevrity": "3"}])
    with pytest.raises(HaitangError, match="sevrity") as refused:
        read(path)
    assert refused.value.code == "list_column_unknown"
    assert "severity" in refused.value.hint


def test_the_template_is_read_as_it_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "template.csv"
    path.write_text(entry_template(), "utf-8")
    events, refused = read(path)
    assert not refused
    assert {event.list_name for event in events} == {"case_accounts"}
    assert [event.severity for event in events] == [3.0, 2.0]


def test_a_line_that_is_no_csv_stands_aside(tmp_path: Path) -> None:
    path = tmp_path / "case.csv"
    path.write_text("list_value,category\n6222\n6223,mule\n", "utf-8")
    events, refused = read(path)
    assert [event.list_value for event in events] == ["6223"]
    assert [(line.error.code, line.error.place.line) for line in refused] == [("event_not_csv", 2)]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for ask in (written_at_us, lambda path: open_entries(path, rules=RULES)):
        with pytest.raises(HaitangError) as refused:
            ask(tmp_path / "none.csv")
        assert refused.value.code == "file_missing"
