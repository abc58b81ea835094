"""Pack folders on disk."""

from __future__ import annotations

import os
from pathlib import Path

from haitang.adapters.files.replacements import write_whole
from haitang.adapters.files.troubles import naming
from haitang.decision.rules.includes import include_names
from haitang.decision.rules.source import (
    INCLUDES_FOLDER,
    MAX_PACK_BYTES,
    MAX_PACK_FILES,
    PACK_FILE,
    PackSource,
)
from haitang.kernel.errors import HaitangError, Place, symbol

PATH_LENGTH_MAX = 4_096
"""Linux takes no longer path."""


def read_pack_folder(folder: Path) -> PackSource:
    """Read every file of a pack and of the packs that it includes.

    An included pack lies in `includes/<name>/` of the pack that includes it, else beside it; either
    way its files are called `includes/<name>/…` here, so that what was read is whole by itself.
    Hidden files and what editors and interrupted runs leave behind (`.git`, `x~`) are no part of
    a pack. Reading ends soon after the bounds of a pack; that they were passed, and that an
    included pack is missing, is for the pack's reader to say.
    """
    gathered = _Gathered()
    with naming(folder):
        # `scandir` of a file or of nothing raises what `naming` explains; `walk` would stay silent.
        with os.scandir(folder):
            pass
        if not (folder / PACK_FILE).is_file():
            raise _no_pack(folder)
    gathered.take(folder, "")
    waiting = [(folder, name) for name in include_names(gathered.files[PACK_FILE])]
    places: dict[str, Path] = {}
    while waiting:
        including, name = waiting.pop(0)
        place = _place_of(including, name)
        known = places.get(name)
        if known is not None and place is not None and not place.samefile(known):
            raise _ambiguous(name, known, place)
        if place is None or known is not None:
            continue
        places[name] = place
        gathered.take(place, f"{INCLUDES_FOLDER}/{name}/")
        content = gathered.files.get(f"{INCLUDES_FOLDER}/{name}/{PACK_FILE}", b"")
        waiting += [(place, further) for further in include_names(content)]
    for place in _children(folder / INCLUDES_FOLDER):
        if place.name not in places:
            # Nobody includes it; the pack's reader says so.
            gathered.take(place, f"{INCLUDES_FOLDER}/{place.name}/")
    inside = folder / INCLUDES_FOLDER
    origins = {name: str(place) for name, place in places.items() if place != inside / name}
    return PackSource(name=str(folder), files=gathered.files, origins=origins)


class _Gathered:
    """The files read so far, and whether that was enough."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.size = 0

    def take(self, folder: Path, prefix: str) -> None:
        """Read the files of one pack without those that lie in its `includes`."""
        with naming(folder):
            names = _names(folder)
        for name in names:
            if self.size > MAX_PACK_BYTES or len(self.files) > MAX_PACK_FILES:
                break
            path = folder / name
            with naming(path):
                self.files[prefix + name] = path.read_bytes()
            self.size += len(self.files[prefix + name])


def _place_of(including: Path, name: str) -> Path | None:
    """Return the folder of an included pack, or None when there is none."""
    inside = including / INCLUDES_FOLDER / name
    beside = Path(os.path.normpath(including / ".." / name))
    return next((place for place in (inside, beside) if (place / PACK_FILE).is_file()), None)


def _names(folder: Path) -> list[str]:
    names: list[str] = []
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        left_out = {INCLUDES_FOLDER} if Path(place) == folder else set()
        folders[:] = sorted(name for name in folders if not _ignored(name) and name not in left_out)
        names += [(inside / name).as_posix() for name in files if not _ignored(name)]
        if len(names) > MAX_PACK_FILES:
            break
    return sorted(names, key=lambda name: (name != PACK_FILE, name))


def _children(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        place for place in folder.iterdir() if place.is_dir() and not _ignored(place.name)
    )


def _ambiguous(name: str, first: Path, second: Path) -> HaitangError:
    return HaitangError(
        code="include_ambiguous",
        message=f"two packs are called {symbol(name)}: {symbol(first)} and {symbol(second)}",
        place=Place(path=str(second)),
        hint="keep one of them",
    )


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
