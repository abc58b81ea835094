"""Texts of elements to values of events; what is not exact is refused at its path."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from haitang.adapters.iso20022.elements import Element
from haitang.adapters.iso20022.errors import PaymentsRefused, refused
from haitang.kernel.errors import HaitangError, Place, symbol
from haitang.kernel.instants import load_zone, parse_instant
from haitang.kernel.money import minor_from_major

_UETR = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?")
_COUNT = re.compile(r"[0-9]{1,15}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_BIC = re.compile(r"[A-Z0-9]{4}([A-Z]{2})[A-Z0-9]{2}([A-Z0-9]{3})?")
_IBAN = re.compile(r"([A-Z]{2})[0-9]{2}[A-Za-z0-9]{1,30}")


class Amount(NamedTuple):
    """An amount of an element, in minor units of its currency."""

    minor: int
    currency: str


def amount_of(element: Element) -> Amount:
    """Return the amount and the currency of its attribute `Ccy`."""
    currency = element.attributes.get("Ccy", "")
    if not currency:
        raise refused(
            "payments_value",
            "the amount was without its currency; expected the attribute `Ccy`",
            path=element.path,
        )
    try:
        minor = minor_from_major(element.text, currency)
    except HaitangError as error:
        raise error.at(Place(pointer=element.path)) from None
    if minor < 0:
        raise malformed(element, "an amount from 0 on")
    return Amount(minor, currency)


def instant_of(element: Element, *, zone: str) -> int:
    """Return the instant in microseconds UTC.

    A time without an offset is read in `zone`, the earlier one where clocks were set back; without
    a zone it is refused, since ISO 20022 says only that it is somebody's local time.
    """
    text = element.text
    try:
        if not _LOCAL.fullmatch(text):
            return parse_instant(text)
        if zone:
            return parse_instant(_with_offset(text, zone))
    except (HaitangError, ValueError):
        raise malformed(
            element,
            "a date and time with its offset",
            hint="write for example `2026-03-02T10:00:00+08:00`",
        ) from None
    raise malformed(
        element,
        "a date and time with its offset",
        hint="write `+08:00` or `Z` behind it, or declare the zone of the sender's messages",
    )


def _with_offset(text: str, zone: str) -> str:
    seconds, dot, fraction = text.partition(".")
    moment = datetime.fromisoformat(seconds).replace(tzinfo=load_zone(zone))
    offset = moment.isoformat()[len(seconds) :]
    return f"{seconds}{dot}{fraction}{offset}"


def uetr_of(element: Element) -> str:
    """Return the unique end-to-end transaction reference in lower case."""
    text = element.text.lower()
    if not _UETR.fullmatch(text):
        raise malformed(element, "a UUID of version 4")
    return text


def count_of(element: Element) -> int:
    """Return a number of transactions."""
    if not _COUNT.fullmatch(element.text):
        raise malformed(element, "a whole number")
    return int(element.text)


def country_of(element: Element) -> str:
    """Return a country's two letters (ISO 3166)."""
    if not _COUNTRY.fullmatch(element.text):
        raise malformed(element, "the two letters of a country")
    return element.text


def country_of_bic(element: Element) -> str:
    """Return the country inside a business identifier code, checking its form."""
    match = _BIC.fullmatch(element.text)
    if match is None:
        raise malformed(element, "a BIC of 8 or 11 characters")
    return match[1]


def country_of_iban(element: Element) -> str:
    """Return the country of an international account number, checking its form.

    Its check digits are not looked at: a payment with a mistyped account must be decided too.
    """
    match = _IBAN.fullmatch(element.text)
    if match is None:
        raise PaymentsRefused(
            code="payments_value",
            # An account number is not quoted.
            message=f"the IBAN had {len(element.text)} characters or a form that no IBAN has",
            place=Place(pointer=element.path),
            hint="write two letters, two digits and up to 30 more, without spaces",
        )
    return match[1]


def malformed(element: Element, expected: str, *, hint: str = "") -> PaymentsRefused:
    """Return the refusal of a text that is not personal: it is quoted."""
    return refused(
        "payments_value",
        f"the element {symbol(element.name)} was {symbol(element.text)}; expected {expected}",
        path=element.path,
        hint=hint,
    )
