"""Instants for readers: the one place where the command line turns microseconds into a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from haitang.kernel.instants import load_zone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def show_instant(instant_us: int, *, zone: str = "UTC") -> str:
    """Write an instant in an IANA zone, to the millisecond where it has any."""
    moment = (EPOCH + timedelta(microseconds=instant_us)).astimezone(load_zone(zone))
    said = moment.strftime("%Y-%m-%d %H:%M:%S")
    fraction_us = instant_us % 1_000_000
    return f"{said}.{fraction_us // 1_000:03d} {zone}" if fraction_us else f"{said} {zone}"
