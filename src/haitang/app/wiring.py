"""Which adapter serves which need: the one file that names an adapter.

A name is imported when it is first asked for: no command pays for what it does not use, and the
process that holds the service's socket starts a node before it could have loaded an engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haitang.adapters.backups import back_up as back_up
    from haitang.adapters.backups import restore as restore
    from haitang.adapters.clock import MachineClock as MachineClock
    from haitang.adapters.files.decisions import Listed as Listed
    from haitang.adapters.files.decisions import find_decision as find_decision
    from haitang.adapters.files.decisions import strictest_decisions as strictest_decisions
    from haitang.adapters.files.entries import open_entries as open_entries
    from haitang.adapters.files.entries import written_at_us as written_at_us
    from haitang.adapters.files.events import open_events as open_events
    from haitang.adapters.files.events import table_chunk as table_chunk
    from haitang.adapters.files.features import FeatureTable as FeatureTable
    from haitang.adapters.files.kept_columns import KeptReader as KeptReader
    from haitang.adapters.files.kept_columns import KeptWriter as KeptWriter
    from haitang.adapters.files.keys import FileIdentity as FileIdentity
    from haitang.adapters.files.keys import StoredKey as StoredKey
    from haitang.adapters.files.keys import change_key_file as change_key_file
    from haitang.adapters.files.keys import draw_secret as draw_secret
    from haitang.adapters.files.keys import key_file_identity as key_file_identity
    from haitang.adapters.files.keys import read_key_file as read_key_file
    from haitang.adapters.files.pack_library import PackLibrary as PackLibrary
    from haitang.adapters.files.packs import read_pack_folder as read_pack_folder
    from haitang.adapters.files.packs import write_pack_file as write_pack_file
    from haitang.adapters.files.pieces import EventChunk as EventChunk
    from haitang.adapters.files.pieces import EventColumns as EventColumns
    from haitang.adapters.files.pieces import EventRows as EventRows
    from haitang.adapters.files.pieces import EventSource as EventSource
    from haitang.adapters.files.pieces import RefusedLine as RefusedLine
    from haitang.adapters.files.replacements import Replacement as Replacement
    from haitang.adapters.files.replacements import make_folder as make_folder
    from haitang.adapters.files.replacements import write_json as write_json
    from haitang.adapters.files.settings import read_settings_text as read_settings_text
    from haitang.adapters.files.states import StoredState as StoredState
    from haitang.adapters.files.states import read_state as read_state
    from haitang.adapters.files.states import write_state as write_state
    from haitang.adapters.files.troubles import file_error as file_error
    from haitang.adapters.files.troubles import naming as naming
    from haitang.adapters.iso20022.payments import decode_payments as decode_payments
    from haitang.adapters.journal.errors import SnapshotDamaged as SnapshotDamaged
    from haitang.adapters.journal.journal import Journal as Journal
    from haitang.adapters.journal.snapshots import drop_snapshots as drop_snapshots
    from haitang.adapters.journal.snapshots import latest_snapshot as latest_snapshot
    from haitang.adapters.journal.snapshots import whole_snapshots as whole_snapshots
    from haitang.adapters.journal.snapshots import write_snapshot as write_snapshot
    from haitang.adapters.journal.staging import Mended as Mended
    from haitang.adapters.journal.upkeep import JournalReport as JournalReport
    from haitang.adapters.journal.upkeep import RepairReport as RepairReport
    from haitang.adapters.journal.upkeep import prune as prune
    from haitang.adapters.logs import open_log as open_log
    from haitang.adapters.processors import processors_awake as processors_awake

_ADAPTERS: dict[str, str] = {
    "BackupManifest": "backups.Manifest",
    "EventChunk": "files.pieces.EventChunk",
    "EventColumns": "files.pieces.EventColumns",
    "EventRows": "files.pieces.EventRows",
    "EventSource": "files.pieces.EventSource",
    "FeatureTable": "files.features.FeatureTable",
    "FileIdentity": "files.keys.FileIdentity",
    "Journal": "journal.journal.Journal",
    "JournalReport": "journal.upkeep.JournalReport",
    "KeptReader": "files.kept_columns.KeptReader",
    "KeptWriter": "files.kept_columns.KeptWriter",
    "Listed": "files.decisions.Listed",
    "MachineClock": "clock.MachineClock",
    "Mended": "journal.staging.Mended",
    "PackLibrary": "files.pack_library.PackLibrary",
    "RefusedLine": "files.pieces.RefusedLine",
    "RepairReport": "journal.upkeep.RepairReport",
    "Replacement": "files.replacements.Replacement",
    "SnapshotDamaged": "journal.errors.SnapshotDamaged",
    "StoredKey": "files.keys.StoredKey",
    "StoredState": "files.states.StoredState",
    "back_up": "backups.back_up",
    "change_key_file": "files.keys.change_key_file",
    "decode_payments": "iso20022.payments.decode_payments",
    "draw_secret": "files.keys.draw_secret",
    "drop_snapshots": "journal.snapshots.drop_snapshots",
    "file_error": "files.troubles.file_error",
    "find_decision": "files.decisions.find_decision",
    "key_file_identity": "files.keys.key_file_identity",
    "latest_snapshot": "journal.snapshots.latest_snapshot",
    "make_folder": "files.replacements.make_folder",
    "naming": "files.troubles.naming",
    "open_entries": "files.entries.open_entries",
    "open_events": "files.events.open_events",
    "open_log": "logs.open_log",
    "processors_awake": "processors.processors_awake",
    "prune": "journal.upkeep.prune",
    "read_key_file": "files.keys.read_key_file",
    "read_pack_folder": "files.packs.read_pack_folder",
    "read_settings_text": "files.settings.read_settings_text",
    "read_state": "files.states.read_state",
    "repair_journal": "journal.upkeep.repair",
    "restore": "backups.restore",
    "strictest_decisions": "files.decisions.strictest_decisions",
    "table_chunk": "files.events.table_chunk",
    "verify_journal": "journal.upkeep.verify",
    "whole_snapshots": "journal.snapshots.whole_snapshots",
    "write_json": "files.replacements.write_json",
    "write_pack_file": "files.packs.write_pack_file",
    "write_snapshot": "journal.snapshots.write_snapshot",
    "write_state": "files.states.write_state",
    "written_at_us": "files.entries.written_at_us",
}
"""Name here to module and name below `haitang.adapters`."""


def __getattr__(name: str) -> Any:
    place = _ADAPTERS.get(name)
    if place is None:
        raise AttributeError(f"no adapter is called {name!r}")
    module, _, attribute = place.rpartition(".")
    found = getattr(importlib.import_module(f"haitang.adapters.{module}"), attribute)
    globals()[name] = found
    return found
