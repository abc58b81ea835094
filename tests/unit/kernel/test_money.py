"""Amounts and currencies."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.kernel.money import (
    MAX_AMOUNT_MINOR,
    MINOR_DIGITS,
    Language,
    Money,
    MoneyRefused,
    format_money,
    major_text,
    minor_digits,
    minor_from_major,
)
from tests.conftest import CheckOutput

AMOUNTS = st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR)
CURRENCIES = st.sampled_from(sorted(MINOR_DIGITS))


@pytest.mark.parametrize(
    ("currency", "digits"), [("CNY", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XCG", 2), ("VND", 0)]
)
def test_minor_digits_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["", "cny", "CNH", "XAU", "RMB", "￥"])
def test_a_code_outside_of_iso_4217_is_refused(code: str) -> None:
    with pytest.raises(MoneyRefused):
        minor_digits(code)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1234.5", "CNY", 123_450),
        ("-0.01", "CNY", -1),
        ("0.10", "USD", 10),
        ("1234", "JPY", 1_234),
        ("1234.000", "JPY", 1_234),
        ("1.5", "KWD", 1_500),
        (Decimal("1E+3"), "CNY", 100_000),
        (7, "CNY", 700),
        ("10000000000000", "CNY", MAX_AMOUNT_MINOR),
    ],
)
def test_major_units_become_minor_ones_exactly(
    amount: str | int | Decimal, currency: str, minor: int
) -> None:
    assert minor_from_major(amount, currency) == minor


@pytest.mark.parametrize(
    "amount", ["", ".5", "5.", "1,000", "1e5", "NaN", "+1", " 1", "１", "0x10", "1.005", "1" * 30]
)
def test_an_amount_that_is_unclear_is_refused_and_never_rounded(amount: str) -> None:
    with pytest.raises(MoneyRefused):
        minor_from_major(amount, "CNY")


@given(AMOUNTS, CURRENCIES)
def test_an_amount_survives_being_written(amount_minor: int, currency: str) -> None:
    assert minor_from_major(major_text(amount_minor, currency), currency) == amount_minor


@pytest.mark.parametrize(
    ("amount_minor", "currency", "language", "text"),
    [
        (5_000_000, "CNY", "en", "CNY 50,000.00"),
        (5_000_000, "CNY", "zh", "5万元"),
        (5_123_456, "CNY", "zh", "51,234.56元"),
        (35_000_000_000, "CNY", "zh", "3.5亿元"),
        (168_000_000, "CNY", "zh", "168万元"),
        (999_900, "CNY", "zh", "9,999.00元"),
        (-1_250_000, "USD", "zh", "-1.25万美元"),
        (-5, "USD", "en", "USD -0.05"),
        (1_234_567, "JPY", "en", "JPY 1,234,567"),
        (100, "CHW", "zh", "CHW 1.00"),
    ],
)
def test_money_reads_as_people_say_it(
    amount_minor: int, currency: str, language: Language, text: str
) -> None:
    assert format_money(amount_minor, currency, language) == text


def test_refusals_say_what_was_expected(check_output: CheckOutput) -> None:
    said = []
    for attempt in (
        lambda: minor_from_major("1.005", "CNY"),
        lambda: minor_from_major("1,000", "CNY"),
        lambda: minor_from_major("1", "CNH"),
        lambda: Money(amount_minor=10**16, currency="CNY"),
    ):
        with pytest.raises(MoneyRefused) as refused:
            attempt()
        said.append(f"[{refused.value.code}] {refused.value.render()}")
    check_output("\n".join(said))
