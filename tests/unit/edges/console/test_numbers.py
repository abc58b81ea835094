from __future__ import annotations

import pytest

from haitang.edges.console import numbers
from haitang.edges.console.texts import Language


@pytest.mark.parametrize(
    ("amount_minor", "currency", "language", "said"),
    [
        (0, "CNY", "en", "CNY 0"),
        (8_600_000, "CNY", "en", "CNY 86,000"),
        (123_456_789, "CNY", "en", "CNY 1.23 million"),
        (1_728_134_326, "CNY", "en", "CNY 17.3 million"),
        (172_813_432_600, "CNY", "en", "CNY 1.73 billion"),
        (86_000, "CNY", "zh", "860元"),
        (8_600_000, "CNY", "zh", "8.60万元"),
        (1_728_134_326, "CNY", "zh", "1,728万元"),
        (1_728_134_326_00, "CNY", "zh", "17.3亿元"),
        (5_000, "JPY", "en", "JPY 5,000"),
        (5_000_000, "USD", "zh", "USD 5.00万"),
    ],
)
def test_money_is_said_in_few_digits(
    amount_minor: int, currency: str, language: Language, said: str
) -> None:
    assert numbers.money(amount_minor, currency=currency, language=language) == said


def test_shares_and_durations_are_short() -> None:
    assert [numbers.share(part, 1_000) for part in (0, 4, 99, 100, 1_000)] == [
        "0.0%", "0.4%", "9.9%", "10%", "100%",
    ]  # fmt: skip
    assert numbers.share(0, 0) == "—"
    assert [numbers.milliseconds(us) for us in (840, 9_940, 10_400, 1_234_000)] == [
        "0.8", "9.9", "10", "1,234",
    ]  # fmt: skip


def test_instants_are_local() -> None:
    instant_us = 1_772_416_800_000_000
    assert numbers.clock(instant_us, zone="Asia/Shanghai", language="en") == "Mon 2026-03-02 10:00"
    assert numbers.clock(instant_us, zone="UTC", language="zh") == "2026年3月2日 周一 02:00"
    assert numbers.time_of_day(instant_us, zone="Asia/Shanghai") == "10:00:00"
