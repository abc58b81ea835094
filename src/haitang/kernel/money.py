"""Money: an integer of minor units and a currency; never a float.

`amount_minor` counts the currency's minor unit by ISO 4217: fen for CNY, cents for USD, whole yen
for JPY.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

import msgspec

from haitang.kernel.errors import HaitangError, did_you_mean, symbol

MAX_AMOUNT_MINOR = 10**15
"""The largest amount we accept, either sign: ten trillion yuan. Sums of float64 stay exact far
beyond it.
"""

_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN
    BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD
    FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW
    KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG
    SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD
    USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
# Withdrawn in 2023 to 2026; journals and data sets of those years carry them.
_WITHDRAWN_TWO = "ANG BGN HRK SLL ZWL"

MINOR_DIGITS: dict[str, int] = {
    code: digits
    for digits, codes in ((2, _TWO), (0, _ZERO), (3, _THREE), (4, _FOUR), (2, _WITHDRAWN_TWO))
    for code in codes.split()
}
"""Decimal places of the minor unit, by ISO 4217 code (metals and test codes have none and are left
out).
"""

Language = Literal["en", "zh"]

_NAMES_ZH = {
    "CNY": "元",
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "JPY": "日元",
    "HKD": "港元",
    "MOP": "澳门元",
    "TWD": "新台币",
    "KRW": "韩元",
    "SGD": "新加坡元",
    "AUD": "澳元",
    "CAD": "加元",
    "CHF": "瑞士法郎",
    "THB": "泰铢",
    "RUB": "卢布",
}
_AMOUNT = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,19})?")
_WAN = 10_000
_YI = 100_000_000


class MoneyRefused(HaitangError):
    """A text or number that is not an amount or a currency we accept."""


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount of one currency in its minor unit; checked when made."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        minor_digits(self.currency)
        check_amount(self.amount_minor)

    def __str__(self) -> str:
        return format_money(self.amount_minor, self.currency)


def minor_digits(currency: str) -> int:
    """Return the decimal places of a currency's minor unit, or refuse a code that ISO 4217 does not
    list.
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise MoneyRefused(
            code="currency_unknown",
            message=f"the currency was {symbol(currency)}; expected a code of ISO 4217",
            hint=did_you_mean(currency, MINOR_DIGITS) or "write for example `CNY`",
        )
    return digits


def check_amount(amount_minor: int) -> int:
    """Return the amount, or refuse one beyond `MAX_AMOUNT_MINOR` either way."""
    if -MAX_AMOUNT_MINOR <= amount_minor <= MAX_AMOUNT_MINOR:
        return amount_minor
    raise MoneyRefused(
        code="amount_out_of_range",
        message=f"the amount was {symbol(amount_minor)}; expected at most 10^15 minor units",
    )


def minor_from_major(amount: str | int | Decimal, currency: str) -> int:
    """Return the minor units of an amount in major ones, exactly: `1234.5` CNY is 123450.

    Texts hold an optional minus, digits and a decimal point, nothing else (no grouping, no
    exponent). A place finer than the minor unit is refused unless it is zero: we do not round
    people's money.
    """
    digits = minor_digits(currency)
    text = f"{amount:f}" if isinstance(amount, Decimal) else str(amount)
    if not _AMOUNT.fullmatch(text):
        raise MoneyRefused(
            code="amount_malformed",
            message=f"the amount was {symbol(text)}; expected digits and at most one decimal point",
            hint="write for example `1234.50`, without grouping or a currency sign",
        )
    whole, _, fraction = text.partition(".")
    if fraction[digits:].strip("0"):
        raise MoneyRefused(
            code="amount_too_fine",
            message=f"the amount was {symbol(text)}; expected at most {digits} decimal places",
            hint=f"{symbol(currency)} has no finer unit, and amounts are never rounded",
        )
    return check_amount(int(whole + fraction[:digits].ljust(digits, "0")))


def major_text(amount_minor: int, currency: str) -> str:
    """Return the exact amount in major units without grouping, as `minor_from_major` reads it."""
    digits = minor_digits(currency)
    if digits == 0:
        return str(amount_minor)
    sign = "-" if amount_minor < 0 else ""
    whole, fraction = divmod(abs(amount_minor), 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d}"


def format_money(amount_minor: int, currency: str, language: Language = "en") -> str:
    """Return an amount for a person: `CNY 50,000.00` in English, `50,000.00元` in Chinese.

    Chinese says round amounts as people do (`5万元`, `3.5亿元`) where this is exact and has at
    most two decimal places; a currency without a Chinese name here keeps its code.
    """
    grouped = _grouped(amount_minor, currency)
    name = _NAMES_ZH.get(currency)
    if language == "en" or name is None:
        return f"{currency} {grouped}"
    return f"{_round_zh(amount_minor, currency) or grouped}{name}"


def _grouped(amount_minor: int, currency: str) -> str:
    whole, point, fraction = major_text(amount_minor, currency).lstrip("-").partition(".")
    return f"{'-' if amount_minor < 0 else ''}{int(whole):,}{point}{fraction}"


def _round_zh(amount_minor: int, currency: str) -> str:
    """Return the amount in 万 or 亿 where two decimal places say it exactly, else an empty text."""
    unit_minor = 10 ** minor_digits(currency)
    for scale, word in ((_YI, "亿"), (_WAN, "万")):
        hundredths, rest = divmod(abs(amount_minor) * 100, scale * unit_minor)
        if hundredths >= 100 and rest == 0:
            whole, places = divmod(hundredths, 100)
            text = f"{whole:,}.{places:02d}".rstrip("0").rstrip(".") if places else f"{whole:,}"
            return f"{'-' if amount_minor < 0 else ''}{text}{word}"
    return ""
