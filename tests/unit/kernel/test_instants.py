"""Instants, durations and local calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.kernel import instants
from haitang.kernel.instants import (
    EARLIEST_US,
    LATEST_US,
    SECOND_US,
    InstantRefused,
    check_instant,
    format_duration,
    format_instant,
    local_calendar,
    parse_duration,
    parse_instant,
    zone_table,
)
from tests.conftest import CheckOutput

INSTANTS = st.integers(EARLIEST_US, LATEST_US)
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "America/New_York",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
)


def moment(instant_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant_us)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1990-01-01T00:00:00Z", EARLIEST_US),
        ("2100-12-31T23:59:59.999999Z", LATEST_US),
        ("2026-03-02T10:00:00+08:00", 1_772_416_800_000_000),
        ("2026-03-02T02:00:00Z", 1_772_416_800_000_000),
        ("2026-03-02t02:00:00z", 1_772_416_800_000_000),
        ("2026-03-02T10:00:00.5+08:00", 1_772_416_800_500_000),
        ("2026-03-02T10:00:00.000001+08:00", 1_772_416_800_000_001),
        ("2026-03-02T10:00:00.123456789+08:00", 1_772_416_800_123_456),
        ("2026-03-01T16:30:00-09:30", 1_772_416_800_000_000),
    ],
)
def test_an_instant_is_read_to_the_microsecond(text: str, expected: int) -> None:
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-02",
        "2026-03-02T10:00:00",
        "2026-03-02 10:00:00Z",
        "2026-03-02T10:00Z",
        "2026-03-02T10:00:00+0800",
        "2026-03-02T10:00:00+24:00",
        "2026-03-02T10:00:60Z",
        "2026-02-30T10:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T10:00:00.Z",
        "2026-03-02T10:00:00.1234567890Z",
        "２０26-03-02T10:00:00Z",
        "2026-03-02T10:00:00Z\n",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_what_is_no_instant_with_an_offset_is_refused(text: str) -> None:
    with pytest.raises(InstantRefused) as refused:
        check_instant(parse_instant(text))
    assert refused.value.code in {"instant_malformed", "instant_out_of_range"}


def test_refusals_say_what_was_expected(check_output: CheckOutput) -> None:
    said = []
    for attempt in (
        lambda: parse_instant("2026-03-02 10:00"),
        lambda: check_instant(1_772_416_800),
        lambda: parse_duration("1 hour"),
        lambda: parse_duration("401d"),
        lambda: zone_table("Asia/Shangai"),
        lambda: zone_table("../../etc/passwd"),
    ):
        with pytest.raises(InstantRefused) as refused:
            attempt()
        said.append(f"[{refused.value.code}] {refused.value.render()}")
    check_output("\n".join(said))


@given(INSTANTS, st.sampled_from(ZONES))
def test_an_instant_survives_being_written_in_any_zone(instant_us: int, zone: str) -> None:
    assert parse_instant(format_instant(instant_us, zone)) == instant_us


@given(st.text(alphabet="0123456789-:TZ+. ", max_size=40))
def test_the_reader_of_instants_refuses_or_answers(text: str) -> None:
    try:
        answer: int | str = parse_instant(text)
    except InstantRefused as refused:
        answer = refused.code
    assert isinstance(answer, int) or answer == "instant_malformed"


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("1s", 1), ("10m", 600), ("1h", 3600), ("400d", 34_560_000)]
)
def test_a_duration_is_read_and_written_exactly(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds * SECOND_US
    assert format_duration(seconds * SECOND_US) == text


@given(st.integers(0, 400 * 86_400))
def test_a_duration_survives_being_written(seconds: int) -> None:
    assert parse_duration(format_duration(seconds * SECOND_US)) == seconds * SECOND_US


@pytest.mark.parametrize("text", ["", "h", "1", "1w", "-1h", "1.5h", "1h30m", " 1h", "١h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InstantRefused):
        parse_duration(text)


@given(st.lists(INSTANTS, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_the_calendar_agrees_with_the_standard_library(events_us: list[int], zone: str) -> None:
    rules = ZoneInfo(zone) if zone == "UTC" else instants.load_zone(zone)
    local = [moment(instant_us).astimezone(rules) for instant_us in events_us]
    calendar = local_calendar(np.array(events_us, np.int64), zone)
    assert calendar.hour.tolist() == [when.hour for when in local]
    assert calendar.weekday.tolist() == [when.weekday() for when in local]
    assert calendar.ordinal.tolist() == [when.toordinal() for when in local]


@pytest.mark.parametrize("zone", ["America/New_York", "Africa/Casablanca", "Asia/Shanghai"])
def test_the_calendar_is_right_on_both_sides_of_every_change(zone: str) -> None:
    starts_us, offsets_us = zone_table(zone)
    assert len(starts_us) > 2
    rules = instants.load_zone(zone)
    around = np.concatenate([starts_us[1:] - 1, starts_us[1:]])
    calendar = local_calendar(around, zone)
    expected = [moment(int(instant_us)).astimezone(rules) for instant_us in around]
    assert calendar.hour.tolist() == [when.hour for when in expected]
    assert bool(np.all(np.diff(offsets_us) != 0))


def test_a_calendar_of_no_events_is_empty() -> None:
    assert [len(column) for column in local_calendar(np.empty(0, np.int64), "UTC")] == [0, 0, 0]


def test_a_zone_table_cannot_be_changed_by_a_reader() -> None:
    with pytest.raises(ValueError, match="read-only"):
        zone_table("Asia/Shanghai").offsets_us[0] = 0
