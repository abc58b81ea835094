"""Pack folders on disk."""

from __future__ import annotations

import os
from pathlib import Path

from haitang.adapters.files.replacements import write_whole
from haitang.adapters.files.troubles import naming
from haitang.decision.rules.source import MAX_PACK_BYTES, MAX_PACK_FILES, PackSource
from haitang.kernel.errors import HaitangError, Place, symbol

PATH_LENGTH_MAX = 4_096
"""Linux takes no longer path."""


def read_pack_folder(folder: Path) -> PackSource:
    """Read every file of a pack.

    Hidden files and what editors and interrupted runs leave behind (`.git`, `x~`) are no part of
    a pack. Reading ends soon after the bounds of a pack; that they were passed is for the pack's
    reader to say.
    """
    files: dict[str, bytes] = {}
    size = 0
    with naming(folder):
        names = _names(folder)
    for name in names:
        path = folder / name
        with naming(path):
            files[name] = path.read_bytes()
        size += len(files[name])
        if size > MAX_PACK_BYTES:
            break
    return PackSource(name=str(folder), files=files)


def _names(folder: Path) -> list[str]:
    # `scandir` of a file or of nothing raises what `naming` explains; `walk` would stay silent.
    with os.scandir(folder):
        pass
    if not (folder / "pack.yaml").is_file():
        raise _no_pack(folder)
    names: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _ignored(name))
        inside = Path(place).relative_to(folder)
        names += [(inside / name).as_posix() for name in files if not _ignored(name)]
        if len(names) > MAX_PACK_FILES:
            break
    return sorted(names)


def _ignored(name: str) -> bool:
    return name.startswith((".", "__")) or name.endswith(("~", ".partial"))


def _no_pack(folder: Path) -> HaitangError:
    """Say that the folder holds no pack, and name the pack below it that was meant perhaps."""
    below = sorted(path.parent.name for path in folder.glob("*/pack.yaml"))
    hint = "name the folder that holds it"
    if below:
        # A path is there to be typed again, so it is not clipped.
        hint = f"did you mean {symbol(folder / below[0], length_max=PATH_LENGTH_MAX)}?"
    return HaitangError(
        code="pack_missing",
        message="there was no `pack.yaml` in this folder",
        place=Place(path=str(folder)),
        hint=hint,
    )


def write_pack_file(folder: Path, name: str, content: bytes) -> Path:
    """Write one file of a pack completely or not at all, and return its path."""
    path = folder / name
    write_whole(path, content)
    return path
