"""The row of one event while it is put together, with the element that each value came from."""

from __future__ import annotations

from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_row
from haitang.data.events.errors import EventRefused
from haitang.kernel.errors import Place


class Row:
    """Values of one `TXN_REQUEST`; a field that is put twice keeps the later value."""

    def __init__(self, *, path: str) -> None:
        self.path = path
        self.values: dict[str, object] = {"event_type": "TXN_REQUEST"}
        self._paths: dict[str, str] = {}

    def put(self, field: str, value: object, *, path: str) -> None:
        """Set a field, and say which element it came from."""
        self.values[field] = value
        self._paths[field] = path

    def text(self, field: str) -> str:
        """Return a text that was put, or an empty one."""
        value = self.values.get(field, "")
        assert isinstance(value, str)
        return value

    def event(self, *, base_currency: str) -> Event:
        """Check the row as any other event; a refusal stands at the element's path."""
        try:
            return decode_row(self.values, base_currency=base_currency)
        except EventRefused as error:
            raise error.at(Place(pointer=self._paths.get(error.field, self.path))) from None
