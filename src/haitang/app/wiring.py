"""Which adapter serves which need: the one file that names an adapter."""

from __future__ import annotations

from haitang.adapters.backups import Manifest as BackupManifest
from haitang.adapters.backups import back_up, restore
from haitang.adapters.clock import MachineClock
from haitang.adapters.files.decisions import Listed, find_decision, strictest_decisions
from haitang.adapters.files.entries import open_entries, written_at_us
from haitang.adapters.files.events import open_events, table_chunk
from haitang.adapters.files.features import FeatureTable
from haitang.adapters.files.keys import (
    FileIdentity,
    StoredKey,
    change_key_file,
    draw_secret,
    key_file_identity,
    read_key_file,
)
from haitang.adapters.files.pack_library import PackLibrary
from haitang.adapters.files.packs import read_pack_folder, write_pack_file
from haitang.adapters.files.pieces import (
    EventChunk,
    EventColumns,
    EventRows,
    EventSource,
    RefusedLine,
)
from haitang.adapters.files.replacements import Replacement, make_folder, write_json
from haitang.adapters.files.settings import read_settings_text
from haitang.adapters.files.states import StoredState, read_state, write_state
from haitang.adapters.files.troubles import file_error, naming
from haitang.adapters.iso20022.payments import decode_payments
from haitang.adapters.journal.errors import SnapshotDamaged
from haitang.adapters.journal.journal import Journal, Mended
from haitang.adapters.journal.snapshots import latest_snapshot, newest_snapshot, write_snapshot
from haitang.adapters.journal.upkeep import JournalReport, RepairReport, prune
from haitang.adapters.journal.upkeep import repair as repair_journal
from haitang.adapters.journal.upkeep import verify as verify_journal
from haitang.adapters.logs import open_log

__all__ = [
    "BackupManifest",
    "EventChunk",
    "EventColumns",
    "EventRows",
    "EventSource",
    "FeatureTable",
    "FileIdentity",
    "Journal",
    "JournalReport",
    "Listed",
    "MachineClock",
    "Mended",
    "PackLibrary",
    "RefusedLine",
    "RepairReport",
    "Replacement",
    "SnapshotDamaged",
    "StoredKey",
    "StoredState",
    "back_up",
    "change_key_file",
    "decode_payments",
    "draw_secret",
    "file_error",
    "find_decision",
    "key_file_identity",
    "latest_snapshot",
    "make_folder",
    "naming",
    "newest_snapshot",
    "open_entries",
    "open_events",
    "open_log",
    "prune",
    "read_key_file",
    "read_pack_folder",
    "read_settings_text",
    "read_state",
    "repair_journal",
    "restore",
    "strictest_decisions",
    "table_chunk",
    "verify_journal",
    "write_json",
    "write_pack_file",
    "write_snapshot",
    "write_state",
    "written_at_us",
]
