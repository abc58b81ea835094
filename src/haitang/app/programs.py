"""Packs made ready to decide: read, checked, compiled."""

from __future__ import annotations

from pathlib import Path

import msgspec

from haitang.app.wiring import read_pack_folder
from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import (
    EngineProgram,
    EngineState,
    brief_answers,
    compile_pack,
    evaluate,
    pack_decisions,
    unpack_decisions,
)
from haitang.decision.rules.pack import LoadCache, load_pack
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import Pack
from haitang.kernel.instants import EARLIEST_US


class OpenedPack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack and the program that was compiled from it."""

    pack: Pack
    program: EngineProgram

    @property
    def text_features(self) -> frozenset[str]:
        """Names of the features whose values are texts."""
        features = self.pack.catalogue.features
        return frozenset(feature.name for feature in features if feature.type == "text")


def warm_up(program: EngineProgram) -> None:
    """Have the engine's machine code made, once per machine, before anything is measured: also
    that which reads back what was recorded, or the first repeated event waits a second for it.
    """
    event = decode_row(
        {"event_type": "LOGIN", "event_id": "warm-up", "occurred_at_us": EARLIEST_US}
    )
    events = batch_events([event], program.fields)
    out = evaluate(events, EngineState.create(program))
    unpack_decisions(pack_decisions(out), program, events)
    brief_answers(out, positions=(0,))


def open_pack(folder: Path) -> OpenedPack:
    """Read, check and compile the pack in a folder; every problem is a `HaitangError`."""
    return open_source(read_pack_folder(folder))


def open_source(source: PackSource, *, cache: LoadCache | None = None) -> OpenedPack:
    """Do the same with a pack's files."""
    pack = load_pack(source, cache=cache)
    return OpenedPack(pack=pack, program=compile_pack(pack))
