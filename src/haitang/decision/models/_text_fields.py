"""Lines of the form `name=value` with their places, and the numbers in them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn, TypeVar

from haitang.decision.models.errors import ModelRefused
from haitang.kernel.errors import Place, symbol

Number = TypeVar("Number", int, float)

COUNT_MOST = 2**63 - 1
"""A count that has no other bound: what an int64 holds."""

_TOKEN = re.compile(r"\S+")


class Source(NamedTuple):
    """A model file by lines, and the name it has in messages."""

    path: str
    lines: list[str]


class Field(NamedTuple):
    """One line `name=value`; `line` counts from 0."""

    name: str
    value: str
    line: int


class Fields(NamedTuple):
    """A section of such lines: the header or one tree."""

    source: Source
    title: str
    line: int
    """Where the section starts, from 0: the place of what is absent."""
    by_name: dict[str, Field]


def refuse(
    source: Source, line: int, code: str, message: str, *, column: int = 0, hint: str = ""
) -> NoReturn:
    """Raise `ModelRefused` at a line that counts from 0 (and a column from 1)."""
    raise ModelRefused(
        code=code,
        message=message,
        place=Place(path=source.path, line=line + 1, column=column),
        hint=hint,
        source_line=source.lines[line] if line < len(source.lines) else None,
    )


def refuse_field(
    fields: Fields, name: str, code: str, message: str, *, token: int = -1, hint: str = ""
) -> NoReturn:
    """Raise `ModelRefused` at a field, or at the `token`-th number of it."""
    field = fields.by_name[name]
    column = len(name) + 2
    if token >= 0:
        for position, match in enumerate(_TOKEN.finditer(field.value)):
            if position == token:
                column += match.start()
    refuse(fields.source, field.line, code, message, column=column, hint=hint)


def read_fields(source: Source, title: str, start: int, end: int) -> Fields:
    """Read the lines `start` to `end`; a line without `=` is a name with an empty value."""
    by_name: dict[str, Field] = {}
    for line in range(start, end):
        text = source.lines[line]
        if not text:
            continue
        name, _, value = text.partition("=")
        if name in by_name:
            refuse(
                source,
                line,
                "model_inconsistent",
                f"field {symbol(name)} stood twice in {title}",
                column=1,
                hint="save the model again with LightGBM; do not join or edit model files",
            )
        by_name[name] = Field(name, value, line)
    return Fields(source, title, start, by_name)


def text_of(fields: Fields, name: str) -> str:
    """Return the value of a field that must be there."""
    field = fields.by_name.get(name)
    if field is None:
        refuse(
            fields.source,
            max(0, fields.line - 1),
            "model_field_invalid",
            f"{fields.title} had no field {symbol(name)}",
            hint="save the model again with LightGBM",
        )
    return field.value


def whole(fields: Fields, name: str, least: int, most: int) -> int:
    """Return a field's one whole number."""
    text_of(fields, name)
    return wholes(fields, name, 1, least, most)[0]


def wholes(fields: Fields, name: str, count: int, least: int, most: int) -> list[int]:
    """Return a field's `count` whole numbers, each from `least` to `most`."""
    numbers = _numbers(fields, name, count, int, "a whole number")
    if min(numbers, default=least) >= least and max(numbers, default=most) <= most:
        return numbers
    bounds = f"from {least} to {most}" if most < COUNT_MOST else f"of at least {least}"
    for position, number in enumerate(numbers):
        if not least <= number <= most:
            refuse_field(
                fields,
                name,
                "model_field_invalid",
                f"{symbol(name)} was {number}; expected a whole number {bounds}",
                token=position,
            )
    return numbers


def reals(fields: Fields, name: str, count: int, *, infinite: bool = False) -> list[float]:
    """Return a field's `count` numbers: no NaN, and `inf` only where it is allowed."""
    numbers = _numbers(fields, name, count, float, "a number")
    for position, number in enumerate(numbers):
        if not math.isfinite(number) and (math.isnan(number) or not infinite):
            wanted = "a number" if infinite else "a finite number"
            refuse_field(
                fields,
                name,
                "model_field_invalid",
                f"{symbol(name)} was {number}; expected {wanted}",
                token=position,
            )
    return numbers


def _numbers(
    fields: Fields, name: str, count: int, convert: Callable[[str], Number], kind: str
) -> list[Number]:
    text = text_of(fields, name)
    tokens = text.split()
    if len(tokens) != count:
        refuse_field(
            fields,
            name,
            "model_inconsistent",
            f"the number of values of {symbol(name)} was {len(tokens)};"
            f" {fields.title} needs {count}",
        )
    try:
        # Python reads `1_0`, LightGBM does not write it.
        if "_" not in text:
            return [convert(token) for token in tokens]
    except ValueError:
        pass
    position, token = _first_bad(tokens, convert)
    refuse_field(
        fields,
        name,
        "model_field_invalid",
        f"{symbol(name)} was {symbol(token)}; expected {kind}",
        token=position,
    )


def _first_bad(tokens: list[str], convert: Callable[[str], object]) -> tuple[int, str]:
    for position, token in enumerate(tokens):
        try:
            convert(token)
        except ValueError:
            return position, token
        if "_" in token:
            return position, token
    raise AssertionError("every token was a number")
