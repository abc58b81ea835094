"""The refusals of this room.

HaitangError
├── ListsRefused       a written table that cannot be read back
└── EventRefused       an entry of a list that is no event (of `data/events`)
"""

from __future__ import annotations

from haitang.kernel.errors import HaitangError


class ListsRefused(HaitangError):
    """A written list table that is damaged, or of another version."""


def damaged(size_bytes: int) -> ListsRefused:
    """Return the refusal of a written table whose length is not what its header says."""
    return ListsRefused(
        code="state_damaged",
        message=f"the lists were {size_bytes} bytes; expected what their header says",
        hint="use the state of an earlier backup and replay from there",
    )
