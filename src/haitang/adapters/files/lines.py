"""Text files in pieces: bounded lines of JSON Lines, elements of a JSON array."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from haitang.adapters.files.troubles import naming
from haitang.kernel.errors import HaitangError, Place

LINE_BYTES_MAX = 1 << 20
"""A longer line is refused without being kept; the codec's own bound on one event is lower."""

DOCUMENT_BYTES_MAX = 512 << 20
"""A JSON array is read whole; a larger one must come as JSON Lines."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line (or array element) with its place and the bytes read up to its end."""

    place: Place
    text: bytes
    end: int


def read_lines(stream: BinaryIO, *, path: Path) -> Iterator[Line]:
    """Yield the lines that are not blank; of a line beyond the bound only the beginning is kept."""
    number, end = 0, 0
    with naming(path):
        while text := stream.readline(LINE_BYTES_MAX):
            number += 1
            end += len(text)
            # The rest of an over-long line is skipped piece by piece: the file may be hostile.
            piece = text
            while len(piece) == LINE_BYTES_MAX and not piece.endswith(b"\n"):
                piece = stream.readline(LINE_BYTES_MAX)
                end += len(piece)
            if number == 1:
                text = text.removeprefix(BYTE_ORDER_MARK)
            text = text.strip(b" \t\r\n")
            if text:
                yield Line(Place(path=str(path), line=number), text, end)


def read_elements(stream: BinaryIO, *, path: Path) -> Iterator[Line]:
    """Yield the elements of one JSON array, or the one object of the document.

    The whole document must be JSON, else it is refused whole: after a fault in the brackets
    nobody can tell where the next event begins.
    """
    with naming(path):
        content = stream.read(DOCUMENT_BYTES_MAX + 1)
    place = Place(path=str(path))
    if len(content) > DOCUMENT_BYTES_MAX:
        raise HaitangError(
            code="event_document_too_large",
            message=f"the JSON document was over {DOCUMENT_BYTES_MAX >> 20} MiB",
            place=place,
            hint="write one event per line (JSON Lines, `.jsonl`), which is read in pieces",
        )
    content = content.removeprefix(BYTE_ORDER_MARK)
    if not content.lstrip().startswith(b"["):
        if content.strip():
            yield Line(place, content.strip(), len(content))
        return
    try:
        elements = msgspec.json.decode(content, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HaitangError(
            code="event_document_not_json",
            message="the file was not one JSON array of events",
            place=place,
            hint="close every bracket, or write one event per line (JSON Lines, `.jsonl`)",
        ) from error
    end = 0
    for position, element in enumerate(elements):
        text = bytes(element)
        end += len(text) + 1
        yield Line(Place(path=str(path), pointer=f"$[{position}]"), text, min(end, len(content)))
