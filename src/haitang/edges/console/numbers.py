"""Numbers as people say them: counts with separators, money in millions or 万, local times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from haitang.edges.console.texts import Language
from haitang.kernel.instants import load_zone
from haitang.kernel.money import minor_digits

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SCALES: dict[Language, tuple[tuple[int, str], ...]] = {
    "en": ((1_000_000_000, " billion"), (1_000_000, " million")),
    "zh": ((100_000_000, "亿"), (10_000, "万")),
}
_WEEKDAYS: dict[Language, str] = {"en": "Mon Tue Wed Thu Fri Sat Sun", "zh": "一 二 三 四 五 六 日"}


def count(number: int) -> str:
    """Write a whole number with separators, `1,234,567`."""
    return f"{number:,}"


def money(amount_minor: int, *, currency: str, language: Language) -> str:
    """Write an amount in three or four digits and a scale: `CNY 17.3 million`, `1,728万元`."""
    major = amount_minor / 10 ** minor_digits(currency)
    for scale, word in _SCALES[language]:
        if abs(major) >= scale:
            said = f"{_few_digits(major / scale)}{word}"
            break
    else:
        said = f"{major:,.0f}"
    if language == "zh" and currency == "CNY":
        return f"{said}元"
    return f"{currency} {said}"


def _few_digits(value: float) -> str:
    places = 0 if abs(value) >= 1_000 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{places}f}"


def milliseconds(duration_us: int) -> str:
    """Write a duration in milliseconds, one place below ten."""
    value = duration_us / 1_000
    return f"{value:,.1f}" if value < 10 else f"{value:,.0f}"


def share(part: int, whole: int) -> str:
    """Write a share in per cent, one place below ten; `—` of nothing."""
    if not whole:
        return "—"
    return f"{part / whole:.1%}" if part * 10 < whole else f"{part / whole:.0%}"


def clock(instant_us: int, *, zone: str, language: Language) -> str:
    """Write a local date with its weekday and time to the minute."""
    moment = _local(instant_us, zone)
    day = _WEEKDAYS[language].split()[moment.weekday()]
    if language == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日 周{day} {moment:%H:%M}"
    return f"{day} {moment:%Y-%m-%d %H:%M}"


def time_of_day(instant_us: int, *, zone: str) -> str:
    """Write a local time to the second."""
    return f"{_local(instant_us, zone):%H:%M:%S}"


def _local(instant_us: int, zone: str) -> datetime:
    return (EPOCH + timedelta(microseconds=instant_us)).astimezone(load_zone(zone))
