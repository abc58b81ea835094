"""Errors that people read: one shape, one grammar, one rendering.

The tree (each room draws its own branch in its `errors.py`):

    Exception
    └── HaitangError                 code, message, place, hint, source_line
        ├── Refusals                 several of them, sorted, shown as one list
        ├── InstantRefused           kernel/instants: not an instant or a duration we accept
        ├── MoneyRefused             kernel/money: not an amount or a currency we accept
        ├── IdentityRefused          kernel/identity: a key that is too short, an unknown algorithm
        └── …                        data/, decision/, adapters/, edges/: the errors of those rooms

Programmer errors are assertions and have no code. Operating errors are `HaitangError`s: their
`code` is stable and has a heading in `docs/reference/errors.md`; their `message` keeps to the
grammar that `assert_grammar` states.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import msgspec

MAX_SYMBOL_LENGTH = 80
"""Characters of foreign text that a message quotes at most."""

MAX_SOURCE_COLUMNS = 96
"""Columns of a source line that a rendering shows at most."""

_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SYMBOL = re.compile(r"`[^`]*`")
_QUOTES = re.compile(r"\"|[“”‘’]|(?<!\w)'[^']*'(?!\w)")
_GOT = re.compile(r"\bgot\b", re.IGNORECASE)
_SEPARATORS = frozenset({"Zl", "Zp"})
_INDENT = 2
_GUTTER = 5


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a fault stands; not keyword-only because it reads as it prints: path, line, column.

    `line` and `column` count from 1 (columns in characters), 0 means unknown. `pointer` is the path
    inside a document without lines (`$.features.paid_sum.window`), shown only where there is no
    line.
    """

    path: str = ""
    line: int = 0
    column: int = 0
    pointer: str = ""

    def __str__(self) -> str:
        parts = [self.path] if self.path else []
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        elif self.pointer:
            parts.append(self.pointer)
        return ":".join(parts)


NOWHERE = Place()
"""The place of an error that has none (yet): see `HaitangError.at`."""


class HaitangError(Exception):
    """An operating error: something outside of the program was not as it must be.

    The message keeps to one grammar (see `assert_grammar`); foreign text goes into it through
    `symbol`, never bare. `hint` says what to do next and is shown under the caret, or under the
    message without a source line.
    """

    def __init__(
        self,
        *,
        code: str,
        message: str,
        place: Place = NOWHERE,
        hint: str = "",
        source_line: str | None = None,
    ) -> None:
        assert _CODE.fullmatch(code), f"{code!r} is not a stable error code"
        assert_grammar(message)
        if hint:
            assert_grammar(hint)
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
        self.source_line = source_line

    def at(self, place: Place, *, source_line: str | None = None) -> HaitangError:
        """Set the place (and the source line) where a caller knows them better; returns itself."""
        self.place = place
        if source_line is not None:
            self.source_line = source_line
        return self

    def render(self) -> str:
        """Return the text for a person: place, message, source line, caret and hint."""
        place = str(self.place)
        lines = [f"{place}: {self.message}" if place else self.message]
        if self.source_line is not None and self.place.line:
            lines += _source_lines(self.source_line, self.place, self.hint)
        elif self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions with keyword-only arguments do not travel between processes by themselves.
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class Refusals(HaitangError):
    """Several errors found in one go, so that an author sees all of them at once.

    `problems` is sorted by place, then code, then message, and never empty.
    """

    def __init__(self, problems: Iterable[HaitangError], *, code: str = "refusals") -> None:
        self.problems: tuple[HaitangError, ...] = tuple(sorted(problems, key=_order))
        assert self.problems, "refusals without a problem"
        super().__init__(code=code, message=f"{_count(len(self.problems))} found")

    def render(self) -> str:
        """Return every problem as it renders alone, one after the other, and their number."""
        return "\n".join([*(problem.render() for problem in self.problems), self.message])


def assert_grammar(message: str) -> None:
    """Assert the house grammar of a message or hint; what stands between backticks is not looked
    at.

    A lower-case start, no full stop at the end, backticks and not quotes, "was" and not "got", one
    line.
    """
    assert message, "an error message was empty"
    assert len(message.splitlines()) == 1, f"{message!r} has more than one line"
    assert message.count("`") % 2 == 0, f"{message!r} has a backtick without its pair"
    bare = _SYMBOL.sub("`", message)
    assert not bare[0].isupper(), f"{message!r} starts with a capital"
    assert not bare.endswith((".", "。")), f"{message!r} ends with a full stop"
    assert not _QUOTES.search(bare), f"{message!r} has quotes in place of backticks"
    assert not _GOT.search(bare), f'{message!r} says "got" where "was" is meant'


def symbol(value: object, *, length_max: int = MAX_SYMBOL_LENGTH) -> str:
    """Return foreign text in backticks, on one line, bounded, and without control characters or
    backticks.
    """
    text = value if isinstance(value, str) else str(value)
    clipped = text[:length_max]
    shown = "".join(_visible(character) for character in clipped).replace("`", "'")
    return f"`{shown}…`" if len(text) > len(clipped) else f"`{shown}`"


def suggest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was most likely meant, or None; ties go to the first in sorted
    order.
    """
    names = sorted(set(known))
    folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    matches = difflib.get_close_matches(name[:MAX_SYMBOL_LENGTH].casefold(), list(folded), n=1)
    return folded[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint ``did you mean `x`?``, or an empty text when nothing known is near."""
    nearest = suggest(name, known)
    return f"did you mean {symbol(nearest)}?" if nearest else ""


def _source_lines(source_line: str, place: Place, hint: str) -> list[str]:
    """Return the quoted line and the caret under its column, indented by two whatever it was."""
    source = "".join(_visible(character) for character in source_line.rstrip("\r\n").expandtabs(1))
    body = source.lstrip(" ")
    position = max(0, place.column - 1 - (len(source) - len(body))) if place.column else 0
    position = min(position, len(body))
    body, position = _clip(body, position)
    quoted = f"{place.line:>{_GUTTER}} | {' ' * _INDENT}{body}".rstrip()
    if not place.column and not hint:
        return [quoted]
    pad = " " * (_INDENT + _columns(body[:position]))
    caret = "^ " if place.column else ""
    return [quoted, f"{'':>{_GUTTER}} | {pad}{caret}{hint}".rstrip()]


def _clip(body: str, position: int) -> tuple[str, int]:
    """Cut a long line to a stretch around the caret; `…` marks what was left out."""
    if len(body) <= MAX_SOURCE_COLUMNS:
        return body, position
    start = max(0, min(position - MAX_SOURCE_COLUMNS // 2, len(body) - MAX_SOURCE_COLUMNS))
    end = min(len(body), start + MAX_SOURCE_COLUMNS)
    head = "…" if start else ""
    tail = "…" if end < len(body) else ""
    return head + body[start:end] + tail, position - start + len(head)


def _columns(text: str) -> int:
    """Return how many terminal columns a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _visible(character: str) -> str:
    """Return the character, or a stand-in where printing it would move the cursor, hide text or
    begin another line.
    """
    category = unicodedata.category(character)
    is_hidden = category[0] == "C" or category in _SEPARATORS
    return "\N{REPLACEMENT CHARACTER}" if is_hidden else character


def _order(problem: HaitangError) -> tuple[Place, str, str]:
    return problem.place, problem.code, problem.message


def _count(number: int) -> str:
    return "1 problem" if number == 1 else f"{number:,} problems"


def _rebuild(
    kind: type[HaitangError], args: tuple[Any, ...], state: dict[str, Any]
) -> HaitangError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
