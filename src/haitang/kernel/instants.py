"""Instants, durations and local calendars: integer microseconds UTC inside, RFC 3339 outside.

Local time exists only for features that name a zone. Zone rules come from the locked `tzdata`
package, not from the machine, so that two machines agree on the hour of an event.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from numba import njit

from haitang.kernel.errors import HaitangError, did_you_mean, symbol

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
"""Microseconds of a unit; a day is 24 hours here, whatever a local calendar does."""

EARLIEST_US = 631_152_000 * SECOND_US
"""1990-01-01T00:00:00Z, the first instant we accept."""

LATEST_US = 4_133_980_800 * SECOND_US - 1
"""2100-12-31T23:59:59.999999Z, the last instant we accept."""

MAX_DURATION_US = 400 * DAY_US
"""The longest window of a feature."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = 719_163
_MICROSECOND = timedelta(microseconds=1)
_UNITS_US = {"s": SECOND_US, "m": MINUTE_US, "h": HOUR_US, "d": DAY_US}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_LONGEST_INSTANT = 35

Int64Array = npt.NDArray[np.int64]


class InstantRefused(HaitangError):
    """A text or number that is not an instant or duration we accept."""


class ZoneTable(NamedTuple):
    """The offsets of a zone between `EARLIEST_US` and `LATEST_US`.

    `offsets_us[i]` (east positive) holds from `starts_us[i]` on; `starts_us[0]` is the least int64.
    """

    starts_us: Int64Array
    offsets_us: Int64Array


class LocalCalendar(NamedTuple):
    """Local hour 0–23, weekday (Monday 0) and day (`date.toordinal`), one of each per event."""

    hour: Int64Array
    weekday: Int64Array
    ordinal: Int64Array


def parse_instant(text: str) -> int:
    """Return the microseconds UTC of an RFC 3339 text, which must name its offset.

    Up to nine fractional digits are read; what is finer than a microsecond is dropped. Leap
    seconds, spaces in place of `T` and years outside 1990–2100 are refused.
    """
    match = _INSTANT.fullmatch(text) if len(text) <= _LONGEST_INSTANT else None
    if match is None:
        raise _instant_refused(text)
    date, clock, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{offset.upper()}")
        occurred_us = (moment - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise _instant_refused(text) from None
    if fraction:
        occurred_us += int(fraction.ljust(6, "0")[:6])
    check_instant(occurred_us)
    return occurred_us


def check_instant(instant_us: int) -> int:
    """Return the instant, or refuse it outside 1990–2100 (seconds or milliseconds sent as µs end
    here).
    """
    if EARLIEST_US <= instant_us <= LATEST_US:
        return instant_us
    raise InstantRefused(
        code="instant_out_of_range",
        message=f"the instant was {symbol(instant_us)} µs; expected one of the years 1990 to 2100",
        hint="instants are microseconds since 1970-01-01T00:00:00Z, not seconds or milliseconds",
    )


def format_instant(instant_us: int, zone: str = "UTC") -> str:
    """Return the RFC 3339 text in a zone, with `Z` for UTC and six fractional digits or none."""
    starts_us, offsets_us = zone_table(zone)
    offset_us = int(offsets_us[np.searchsorted(starts_us, instant_us, side="right") - 1])
    local = _EPOCH + timedelta(microseconds=instant_us + offset_us)
    text = local.strftime("%Y-%m-%dT%H:%M:%S")
    if local.microsecond:
        text += f".{local.microsecond:06d}"
    if zone == "UTC":
        return text + "Z"
    # Offsets of a fraction of a minute do not exist in our years.
    minutes = abs(offset_us) // MINUTE_US
    return f"{text}{'-' if offset_us < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def parse_duration(text: str) -> int:
    """Return the microseconds of `30s`, `10m`, `1h` or `400d` (0 to 400 days)."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InstantRefused(
            code="duration_malformed",
            message=f"the duration was {symbol(text)}; expected digits and one of s, m, h, d",
            hint="write for example `30s`, `10m`, `1h` or `7d`",
        )
    duration_us = int(match[1]) * _UNITS_US[match[2]]
    if duration_us > MAX_DURATION_US:
        raise InstantRefused(
            code="duration_out_of_range",
            message=f"the duration was {symbol(text)}; expected at most 400 days",
        )
    return duration_us


def format_duration(duration_us: int) -> str:
    """Return the shortest exact text of whole seconds: `90m` for an hour and a half, `2d` for 48
    hours.
    """
    assert duration_us % SECOND_US == 0, "a duration is a number of whole seconds"
    if duration_us == 0:
        return "0s"
    for unit in ("d", "h", "m"):
        if duration_us % _UNITS_US[unit] == 0:
            return f"{duration_us // _UNITS_US[unit]}{unit}"
    return f"{duration_us // SECOND_US}s"


def local_calendar(occurred_at_us: Int64Array, zone: str) -> LocalCalendar:
    """Return hour, weekday and date ordinal of each event in a zone."""
    starts_us, offsets_us = zone_table(zone)
    hour, weekday, ordinal = _calendar(occurred_at_us, starts_us, offsets_us)
    return LocalCalendar(hour, weekday, ordinal)


@functools.lru_cache(maxsize=64)
def zone_table(zone: str) -> ZoneTable:
    """Return the offsets of an IANA zone for 1990–2100 as read-only arrays, for kernels."""
    rules = load_zone(zone)
    starts = [np.iinfo(np.int64).min]
    offsets = [_offset_seconds(rules, EARLIEST_US // SECOND_US)]
    first, last, day = EARLIEST_US // SECOND_US, LATEST_US // SECOND_US, DAY_US // SECOND_US
    # A zone keeps an offset for weeks at least, so a daily look misses no change.
    for second in range(first + day, last + day, day):
        if _offset_seconds(rules, second) != offsets[-1]:
            change = _change_between(rules, second - day, second)
            starts.append(change * SECOND_US)
            offsets.append(_offset_seconds(rules, change))
    table = ZoneTable(np.array(starts, np.int64), np.array(offsets, np.int64) * SECOND_US)
    for column in table:
        column.flags.writeable = False
    return table


@functools.lru_cache(maxsize=64)
def load_zone(zone: str) -> ZoneInfo:
    """Return the rules of an IANA zone from the `tzdata` package, or refuse the name."""
    if zone in _zone_names():
        resource = importlib.resources.files("tzdata").joinpath("zoneinfo", *zone.split("/"))
        with resource.open("rb") as stream:
            return ZoneInfo.from_file(stream, key=zone)
    raise InstantRefused(
        code="zone_unknown",
        message=f"the zone was {symbol(zone)}; expected an IANA zone name",
        hint=did_you_mean(zone, _zone_names()) or "write for example `Asia/Shanghai`",
    )


@functools.lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    listing = importlib.resources.files("tzdata").joinpath("zones").read_text("utf-8")
    return frozenset(listing.split())


def _offset_seconds(rules: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, rules).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _change_between(rules: ZoneInfo, before: int, after: int) -> int:
    """Return the first second of the offset that holds at `after`, by halving."""
    target = _offset_seconds(rules, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset_seconds(rules, middle) == target:
            after = middle
        else:
            before = middle
    return after


def _instant_refused(text: str) -> InstantRefused:
    return InstantRefused(
        code="instant_malformed",
        message=f"the instant was {symbol(text)}; expected RFC 3339 with an offset",
        hint="write for example `2026-03-02T10:00:00+08:00`",
    )


@njit(cache=True)
def _calendar(
    occurred_at_us: Int64Array, starts_us: Int64Array, offsets_us: Int64Array
) -> tuple[Int64Array, Int64Array, Int64Array]:
    count = occurred_at_us.shape[0]
    hour = np.empty(count, np.int64)
    weekday = np.empty(count, np.int64)
    ordinal = np.empty(count, np.int64)
    row = starts_us.shape[0] - 1
    for index in range(count):
        instant_us = occurred_at_us[index]
        # Neighbouring events mostly share a row, so the last one is looked at before searching.
        if instant_us < starts_us[row] or (
            row + 1 < starts_us.shape[0] and instant_us >= starts_us[row + 1]
        ):
            row = np.searchsorted(starts_us, instant_us, side="right") - 1
        local_us = instant_us + offsets_us[row]
        day = local_us // DAY_US
        hour[index] = (local_us - day * DAY_US) // HOUR_US
        weekday[index] = (day + 3) % 7
        ordinal[index] = day + _EPOCH_ORDINAL
    return hour, weekday, ordinal
