"""Instants for readers: the one place where the command line turns microseconds into a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from haitang.kernel.errors import HaitangError, symbol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def show_instant(instant_us: int, *, zone: str = "UTC") -> str:
    """Write an instant in a zone, to the millisecond where it has any."""
    moment = (EPOCH + timedelta(microseconds=instant_us)).astimezone(named_zone(zone))
    said = moment.strftime("%Y-%m-%d %H:%M:%S")
    fraction_us = instant_us % 1_000_000
    name = "UTC" if zone == "UTC" else zone
    return f"{said}.{fraction_us // 1_000:03d} {name}" if fraction_us else f"{said} {name}"


@lru_cache(maxsize=64)
def named_zone(zone: str) -> ZoneInfo:
    """Return a zone by its IANA name."""
    try:
        return ZoneInfo(zone)
    except (OSError, ValueError) as error:
        raise HaitangError(
            code="zone_unknown",
            message=f"the zone was {symbol(zone)}; expected an IANA zone name",
            hint="write for example `Asia/Shanghai`",
        ) from error
