"""The refusals of this room.

    HaitangError
    ├── EventRefused       one event: bytes, a row, or a row of a table
    ├── DuplicateRefused   an `event_id` that was seen before with other content
    ├── TableRefused       a whole table: a column that is no field, or of the wrong type
    └── MappingRefused     a mapping file

Every message names the field and what was expected; `Place` names file and line or row.
"""

from __future__ import annotations

from haitang.kernel.errors import HaitangError, Place


class EventRefused(HaitangError):
    """An event that the catalogue does not admit; `field` is the one at fault, or empty."""

    field: str = ""


class DuplicateRefused(HaitangError):
    """The same `event_id` with other content; `first` is the position of the one that was kept."""

    first: int = 0
    second: int = 0


class TableRefused(HaitangError):
    """A table whose columns cannot be events, whatever its rows say."""


class MappingRefused(HaitangError):
    """A mapping file that was not understood."""


def refused(
    code: str, message: str, *, place: Place, field: str = "", hint: str = ""
) -> EventRefused:
    """Return an `EventRefused` whose place points at the field where it has no column."""
    if field and not place.pointer:
        place = Place(path=place.path, line=place.line, column=place.column, pointer=f"$.{field}")
    error = EventRefused(code=code, message=message, place=place, hint=hint)
    error.field = field
    return error
