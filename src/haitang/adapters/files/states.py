"""State files: the engine's state and the memory of seen events, in one envelope."""

from __future__ import annotations

from pathlib import Path

import msgspec

from haitang.adapters.files.replacements import write_whole
from haitang.adapters.files.troubles import naming
from haitang.kernel.errors import HaitangError, Place

MAGIC = b"haitang-state\n"
"""First bytes of every state file."""

VERSION = 1


class StoredState(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a replay needs to go on where another one ended."""

    version: int = VERSION
    engine: bytes
    """`EngineState.dump()`, which knows its own plan."""
    seen: bytes
    """The written memory of seen events."""
    events: int
    """How many events were decided before: positions go on counting from here."""


def write_state(path: Path, state: StoredState) -> None:
    """Write a state file completely or not at all."""
    write_whole(path, MAGIC + msgspec.msgpack.encode(state))


def read_state(path: Path) -> StoredState:
    """Read a state file; refuses one that is cut short, of another kind or of another version."""
    with naming(path):
        content = path.read_bytes()
    place = Place(path=str(path))
    if not content.startswith(MAGIC):
        raise HaitangError(
            code="state_malformed",
            message="this was not a state file",
            place=place,
            hint="name a file that `haitang replay --state-out` wrote",
        )
    try:
        state = msgspec.msgpack.decode(content[len(MAGIC) :], type=StoredState)
    except msgspec.MsgspecError as error:
        raise HaitangError(
            code="state_malformed",
            message="the state file was cut short or damaged",
            place=place,
            hint="write it again with `haitang replay --state-out`",
        ) from error
    if state.version != VERSION:
        raise HaitangError(
            code="state_version_unknown",
            message=f"the state file was of version {state.version}; expected {VERSION}",
            place=place,
            hint="write it again with this version of `haitang replay --state-out`",
        )
    return state
