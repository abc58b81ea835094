"""名单情报 — lists: which values are listed where, and from when to when.

Owns the table that answers "is this value on that list at this instant" inside the engine. It never
decides what a listing means. A change of a list is an event like any other (`LIST_UPSERT`,
`LIST_REMOVE`).
"""

from haitang.data.lists.table import Entry, ListTable

__all__ = ["Entry", "ListTable"]
