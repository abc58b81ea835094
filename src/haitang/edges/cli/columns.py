"""Text laid out for a terminal, where a Chinese character is two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

BAR_CELLS = " ▏▎▍▌▋▊▉█"


def width_of(text: str) -> int:
    """Return how many terminal columns a text takes."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def pad(text: str, columns: int) -> str:
    """Fill with spaces up to `columns`; a longer text stays as it is."""
    return text + " " * max(0, columns - width_of(text))


def pad_left(text: str, columns: int) -> str:
    """Fill with spaces on the left up to `columns`."""
    return " " * max(0, columns - width_of(text)) + text


def cut(text: str, columns: int) -> str:
    """Shorten to at most `columns`, marking the cut with `…`."""
    if width_of(text) <= columns:
        return text
    kept, used = [], 0
    for character in text:
        used += _columns(character)
        if used > columns - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def wrap(text: str, *, columns: int, indent: str = "") -> list[str]:
    """Break one paragraph into lines of at most `columns`, each beginning with `indent`.

    English breaks at spaces, Chinese between any two characters except before closing punctuation.
    """
    lines: list[str] = []
    line = ""
    room = max(columns - width_of(indent), 20)
    for piece in _pieces(text):
        if line and width_of(line) + width_of(piece.rstrip()) > room:
            lines.append(indent + line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    if line.strip() or not lines:
        lines.append(indent + line.rstrip())
    return lines


def _pieces(text: str) -> list[str]:
    """Split into the smallest parts that may not be broken, each with the spaces that follow it."""
    pieces: list[str] = []
    word = ""
    for character in text:
        wide = _columns(character) == 2
        if wide and character in CLOSING:
            word += character
        elif wide:
            if word:
                pieces.append(word)
            word = character
        elif word and (_columns(word[-1]) == 2 or (word[-1] == " " and character != " ")):
            pieces.append(word)
            word = character
        else:
            word += character
    return [*pieces, word] if word else pieces


CLOSING = frozenset("，。；：、！？）」』》】”’％")
"""Punctuation that must not begin a line."""


def bar(value: float, *, full: float, columns: int) -> str:
    """Draw a bar of eighth blocks: `full` fills all columns, anything above zero shows."""
    if full <= 0 or value <= 0:
        return ""
    eighths = max(1, round(min(value / full, 1.0) * columns * 8))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (BAR_CELLS[rest] if rest else "")


def table(
    rows: Sequence[tuple[str, ...]], *, indent: str = "  ", right: frozenset[int] = frozenset()
) -> list[str]:
    """Align rows into columns two spaces apart; columns in `right` are flush right."""
    if not rows:
        return []
    widths = [max(width_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            pad_left(cell, widths[column]) if column in right else pad(cell, widths[column])
            for column, cell in enumerate(row)
        ]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines
