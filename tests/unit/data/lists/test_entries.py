"""Rows of list files as events, and what is refused of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from haitang.data.events.errors import EventRefused
from haitang.data.events.knowledge import ListRemove, ListUpsert
from haitang.data.lists.entries import (
    EntryRules,
    check_columns,
    decode_entry,
    entry_event,
    entry_template,
    typed_cells,
)
from haitang.kernel.errors import Place
from haitang.kernel.identity import Tokeniser
from haitang.kernel.instants import parse_instant
from tests.conftest import CheckOutput

MARCH_US = parse_instant("2026-03-01T00:00:00+08:00")
RULES = EntryRules(list_name="case_accounts", occurred_at_us=MARCH_US)
ORIGIN = ("digest", 7)
PLACE = Place(path="case.csv", line=7)


def read(row: dict[str, Any], rules: EntryRules = RULES) -> Any:
    return entry_event(row, rules=rules, origin=ORIGIN, place=PLACE)


def test_a_row_says_what_it_knows_and_the_load_says_the_rest() -> None:
    event = read(
        {
            "list_value": "6222",
            "category": "fraud",
            "source": None,
            "severity": 3.0,
            "effective_at": "2026-02-01T00:00:00+08:00",
            "expires_at_us": MARCH_US,
        }
    )
    assert event == ListUpsert(
        event_id=event.event_id,
        occurred_at_us=MARCH_US,
        list_name="case_accounts",
        list_value="6222",
        category="fraud",
        severity=3.0,
        effective_at_us=parse_instant("2026-02-01T00:00:00+08:00"),
        expires_at_us=MARCH_US,
    )


def test_a_removal_is_an_event_of_its_own() -> None:
    removal = msgspec.structs.replace(RULES, removal=True)
    event = read({"list_value": "6222"}, removal)
    assert type(event) is ListRemove
    assert event.event_id != read({"list_value": "6222"}).event_id


def test_the_same_row_of_the_same_file_is_the_same_event_and_any_other_is_not() -> None:
    row = {"list_value": "6222"}
    later = msgspec.structs.replace(RULES, occurred_at_us=MARCH_US + 1)
    other = msgspec.structs.replace(RULES, list_name="grey")
    tokens = msgspec.structs.replace(RULES, value_kind="card", tokeniser=Tokeniser(b"k" * 16))
    assert read(row) == read(dict(row))
    ids = [read(row, rules).event_id for rules in (RULES, later, other, tokens)]
    ids += [
        entry_event(row, rules=RULES, origin=origin, place=PLACE).event_id
        for origin in (("digest", 8), ("other", 7))
    ]
    assert len(set(ids)) == len(ids)


def test_values_become_tokens_at_the_edge() -> None:
    tokeniser = Tokeniser(b"k" * 16)
    rules = msgspec.structs.replace(RULES, value_kind="phone", tokeniser=tokeniser)
    expected = f"sm3:{tokeniser.token('13800000000', kind='phone')}"
    assert read({"list_value": "13800000000"}, rules).list_value == expected
    assert read({"list_value": expected}, rules).list_value == expected


def test_a_table_may_hold_instants_as_such() -> None:
    row = {"list_value": "6222", "effective_at": datetime(2026, 2, 28, 16, tzinfo=UTC)}
    assert read(row).effective_at_us == MARCH_US


def test_cells_of_text_become_values_and_empty_ones_are_absent() -> None:
    assert typed_cells(
        {
            "list_value": "6222",
            "category": "",
            "source": None,
            "severity": "2.5",
            "effective_at_us": "17",
            "expires_at_us": "soon",
        }
    ) == {"list_value": "6222", "severity": 2.5, "effective_at_us": 17, "expires_at_us": "soon"}


BAD_ROWS: dict[str, dict[str, Any]] = {
    "no-value": {"category": "fraud"},
    "column": {"list_value": "6222", "categorie": "fraud"},
    "event-field": {"list_value": "6222", "amount_minor": 5},
    "type": {"list_value": "6222", "event_type": "LOGIN"},
    "instant": {"list_value": "6222", "effective_at": "2026-03-01"},
    "naive-instant": {"list_value": "6222", "effective_at": datetime(2026, 3, 1)},  # noqa: DTZ001
    "instant-twice": {
        "list_value": "6222",
        "expires_at": "2026-03-01T00:00:00Z",
        "expires_at_us": MARCH_US,
    },
    "seconds": {"list_value": "6222", "effective_at_us": 1_772_294_400},
    "other-list": {"list_value": "6222", "list_name": "grey"},
    "id-alone": {"list_value": "6222", "event_id": "L-1"},
    "never-holds": {
        "list_value": "6222",
        "effective_at": "2026-03-01T00:00:00Z",
        "expires_at": "2026-03-01T00:00:00Z",
    },
    "number": {"list_value": "6222", "severity": "high"},
    "value-number": {"list_value": 6222},
    "control": {"list_value": "62\n22"},
}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_refused_where_it_stands(
    row: dict[str, Any], check_output: CheckOutput
) -> None:
    with pytest.raises(EventRefused) as refused:
        read(row)
    assert refused.value.place.line == PLACE.line
    check_output(refused.value.render())


def test_a_row_needs_a_list_from_somewhere() -> None:
    rules = msgspec.structs.replace(RULES, list_name="")
    assert read({"list_value": "6222", "list_name": "grey"}, rules).list_name == "grey"
    with pytest.raises(EventRefused, match="`list_name` was missing"):
        read({"list_value": "6222"}, rules)


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b"{", b'{"list_value": NaN}', b"\xff", b'"x"', b"{" + b" " * 70_000]
)
def test_what_is_no_object_of_json_is_refused(data: bytes) -> None:
    with pytest.raises(EventRefused):
        decode_entry(data, rules=RULES, origin=ORIGIN, place=PLACE)


def test_an_object_of_json_is_a_row() -> None:
    event = decode_entry(b'{"list_value":"6222","severity":3}', rules=RULES, origin=ORIGIN)
    assert event == read({"list_value": "6222", "severity": 3.0})


def test_a_removal_may_name_any_instants() -> None:
    removal = msgspec.structs.replace(RULES, removal=True)
    row = {"list_value": "6222", "effective_at_us": MARCH_US, "expires_at_us": MARCH_US}
    assert read(row, removal).effective_at_us == MARCH_US


def test_the_template_is_a_file_that_loads() -> None:
    header, *lines = entry_template().splitlines()
    names = header.split(",")
    check_columns(names, place=PLACE)
    rows = [typed_cells(dict(zip(names, line.split(","), strict=True))) for line in lines]
    assert [read(row).list_value for row in rows] == [row["list_value"] for row in rows]
