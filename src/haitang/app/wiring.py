"""Which adapter serves which need: the one file that names an adapter."""

from __future__ import annotations

from haitang.adapters.clock import MachineClock
from haitang.adapters.files.decisions import Listed, find_decision, strictest_decisions
from haitang.adapters.files.events import open_events, table_chunk
from haitang.adapters.files.features import FeatureTable
from haitang.adapters.files.packs import read_pack_folder, write_pack_file
from haitang.adapters.files.pieces import (
    EventChunk,
    EventColumns,
    EventRows,
    EventSource,
    RefusedLine,
)
from haitang.adapters.files.replacements import Replacement, make_folder
from haitang.adapters.files.states import StoredState, read_state, write_state
from haitang.adapters.files.troubles import file_error, naming

__all__ = [
    "EventChunk",
    "EventColumns",
    "EventRows",
    "EventSource",
    "FeatureTable",
    "Listed",
    "MachineClock",
    "RefusedLine",
    "Replacement",
    "StoredState",
    "file_error",
    "find_decision",
    "make_folder",
    "naming",
    "open_events",
    "read_pack_folder",
    "read_state",
    "strictest_decisions",
    "table_chunk",
    "write_pack_file",
    "write_state",
]
