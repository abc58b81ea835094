"""From a character of a YAML text to its place in the file.

A policy's condition may be a plain, quoted, literal (`|`) or folded (`>`) text. Its characters
stand in the file in the same order with only white space, quotes and escapes between them, so one
walk over both finds the place of any of them exactly. It runs only when there is a fault to show.
"""

from __future__ import annotations

from haitang.decision.rules.yamltext import Document, Scalar

_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


def locate(document: Document, scalar: Scalar, offset: int) -> tuple[int, int]:
    """Return the line and column, counted from 0, of character `offset` of a scalar's text.

    An offset beyond the text gives the place after its last character that is not white space.
    """
    offset = min(offset, len(scalar.text.rstrip()))
    index = _source_index(document.text, scalar, offset)
    line = document.text.count("\n", 0, index)
    return line, index - (document.text.rfind("\n", 0, index) + 1)


def _source_index(source: str, scalar: Scalar, offset: int) -> int:
    """Return the index in the file of character `offset`."""
    index = _content_start(source, scalar)
    value = scalar.text
    position = 0
    while True:
        if scalar.style == '"':
            index = _skip_joined_lines(source, index)
        in_space = position < len(value) and value[position].isspace()
        if in_space and not _escaped(source, index, scalar):
            end = _space_end(source, index, value, position, scalar)
            after = _skip_space(source, index)
            if offset < end:
                return min(index + offset - position, after)
            position, index = end, after
            continue
        if position < len(value):
            index = _skip_space(source, index)
        if position >= offset or index >= len(source):
            return min(index, len(source))
        index += _length_in_source(source, index, scalar)
        position += 1


def _content_start(source: str, scalar: Scalar) -> int:
    if not scalar.style:
        return scalar.index
    if scalar.style in "'\"":
        return scalar.index + 1
    end = source.find("\n", scalar.index)
    return len(source) if end < 0 else end + 1


def _escaped(source: str, index: int, scalar: Scalar) -> bool:
    return scalar.style == '"' and source[index : index + 1] == "\\"


def _space_end(source: str, index: int, value: str, position: int, scalar: Scalar) -> int:
    """Return where the white space of the text ends that one run of it in the file stands for."""
    end = position
    while end < len(value) and value[end].isspace():
        end += 1
    if scalar.style != '"':
        return end
    # Escaped white space may follow the run, so count: lines are folded, or else nothing is
    # changed.
    run = source[index : _skip_space(source, index)]
    breaks = run.count("\n")
    return min(end, position + max(1, breaks - 1 if breaks else len(run)))


def _skip_joined_lines(source: str, index: int) -> int:
    while source.startswith("\\\n", index):
        index = _skip_space(source, index + 2)
    return index


def _skip_space(source: str, index: int) -> int:
    while index < len(source) and source[index] in " \n":
        index += 1
    return index


def _length_in_source(source: str, index: int, scalar: Scalar) -> int:
    """Return how many characters of the file write one character of the text."""
    if scalar.style == "'":
        return 2 if source.startswith("''", index) else 1
    if scalar.style == '"' and source[index] == "\\":
        return _ESCAPE_LENGTHS.get(source[index + 1 : index + 2], 2)
    return 1
