"""Numbers with a unit, as authors write them and as conditions see them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.yamltext import Node, Scalar
from haitang.kernel.errors import HaitangError, symbol
from haitang.kernel.instants import SECOND_US, parse_duration
from haitang.kernel.money import minor_digits

MAX_QUANTITY = 10**15

_BOUNDS: dict[str, tuple[int, int]] = {"ratio": (0, 1), "hour": (0, 24), "score": (0, 1_000)}


def read_quantity(
    reader: FileReader, node: Node, what: str, *, unit: str, currency: str
) -> float | None:
    """Return a number as conditions see it: money in minor units, durations in seconds.

    Money is written in the major unit, seconds as `30m`, `2h`, `7d` or as a number; everything
    else is the number that is written.
    """
    scalar = reader.scalar(node, what, "a number")
    if scalar is None:
        return None
    text = scalar.text.strip()
    if unit == "seconds" and text[-1:].isalpha():
        return _seconds(reader, scalar, text)
    least, most = _BOUNDS.get(unit, (0, MAX_QUANTITY))
    number = _number(scalar, text)
    if number is None or not least <= number <= most:
        reader.refuse(
            scalar,
            "value_out_of_range",
            f"{what} was {symbol(text)}; expected a number from {least:,} to {most:,}",
            "remove the quotes" if scalar.style in ("'", '"') else "",
        )
        return None
    if unit != "money":
        return float(number)
    minor = number.scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        reader.refuse(
            scalar,
            "value_out_of_range",
            f"{what} was {symbol(text)}; {symbol(currency)} has {minor_digits(currency)} decimal "
            "places",
            "write it in the major unit, for example `50000`",
        )
        return None
    return float(minor)


def _seconds(reader: FileReader, scalar: Scalar, text: str) -> float | None:
    try:
        return parse_duration(text) / SECOND_US
    except HaitangError as error:
        reader.refuse_error(scalar, error)
        return None


def _number(scalar: Scalar, text: str) -> Decimal | None:
    if scalar.style or len(text) > 40 or not set(text) <= set("+-.0123456789"):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
