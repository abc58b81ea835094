"""The files of a pack, for a publication."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from haitang.kernel.errors import HaitangError, Place, symbol

PACK_BYTES_MAX = 48 << 20
"""Bytes of a pack: in base64 they fill a request."""

PACK_FILES_MAX = 10_000
PACK_FILE = "pack.yaml"
INCLUDES = "includes"
"""Key of a pack's file, and folder of the packs that it names."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
PackFiles = Path | str | Mapping[str, bytes]
"""A folder that holds `pack.yaml`, or the contents of its files by their paths."""


def read_pack(pack: PackFiles) -> dict[str, bytes]:
    """Return every file of a pack by its path in the folder, and those of the packs that it
    includes as `includes/<name>/…`, wherever they lie.

    Hidden files and what editors leave behind are no part of it. Raises `HaitangError` for what is
    no pack or too large; whether the pack is good is for the service to say.
    """
    if isinstance(pack, Mapping):
        return dict(pack)
    folder = Path(pack)
    files: dict[str, bytes] = {}
    size = 0
    try:
        if not (folder / PACK_FILE).is_file():
            raise HaitangError(
                code="pack_missing",
                message="there was no `pack.yaml` in this folder",
                place=Place(path=str(folder)),
                hint="name the folder that holds it",
            )
        for name, path in _all_paths(folder):
            content = path.read_bytes()
            files[name] = content
            size += len(content)
            if size > PACK_BYTES_MAX or len(files) > PACK_FILES_MAX:
                raise HaitangError(
                    code="pack_too_large",
                    message=f"the pack was larger than {PACK_BYTES_MAX:,} bytes or "
                    f"{PACK_FILES_MAX:,} files",
                    place=Place(path=str(folder)),
                    hint="leave what is no part of it out of the folder",
                )
    except OSError as error:
        raise HaitangError(
            code="file_failed",
            message=f"the system said {symbol(error.strerror or error)}",
            place=Place(path=str(error.filename or folder)),
        ) from None
    return files


def _all_paths(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a pack and of those that it includes, with their names in it."""
    yield from _own_paths(folder, "")
    waiting = [(folder, name) for name in _included(folder)]
    known: set[str] = set()
    while waiting:
        including, name = waiting.pop(0)
        inside = including / INCLUDES / name
        beside = Path(os.path.normpath(including / ".." / name))
        place = next((one for one in (inside, beside) if (one / PACK_FILE).is_file()), None)
        # That a pack is missing is for the service to say, at its line.
        if name in known or place is None:
            continue
        known.add(name)
        yield from _own_paths(place, f"{INCLUDES}/{name}/")
        waiting += [(place, further) for further in _included(place)]


def _own_paths(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] != INCLUDES and not any(map(_ignored, parts)):
            yield prefix + "/".join(parts), path


def _included(folder: Path) -> tuple[str, ...]:
    """Return what a pack includes; nothing where its `pack.yaml` has a fault."""
    try:
        written = yaml.safe_load((folder / PACK_FILE).read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError):
        return ()
    names = written.get(INCLUDES) if isinstance(written, dict) else None
    listed = names if isinstance(names, list) else [names]
    return tuple(name for name in listed if isinstance(name, str) and _NAME.fullmatch(name))


def _ignored(name: str) -> bool:
    return name.startswith((".", "__")) or name.endswith(("~", ".partial"))
