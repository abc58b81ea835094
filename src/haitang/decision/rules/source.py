"""The files of a pack as bytes, and what may be among them; adapters read the folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

from haitang.decision.rules.problems import Problems
from haitang.kernel.errors import Place, did_you_mean, symbol

MAX_PACK_BYTES = 64 << 20
MAX_PACK_FILES = 20_000
MAX_DATA_BYTES = 32 << 20
"""Largest list or model file; YAML files are bounded by `yamltext.MAX_YAML_BYTES`."""

PACK_FILE = "pack.yaml"
MEASURES_FILE = "measures.yaml"
TYPOLOGIES_FILE = "typologies.yaml"
LOCK_FILE = "LOCK"
INCLUDES_FOLDER = "includes"
"""Where the packs lie that this one includes, each in a folder of its own name."""

_ACCOMPANYING = ("CHANGELOG.md", "LOCK", "PHILOSOPHY.md")
"""Files that say something about the pack and are no part of what decides."""

_FOLDERS = {
    "features": (".yaml",), "policies": (".yaml",), "scripts": (".yaml",),
    "regulation": (".yaml",), "lists": (".csv",), "models": None,
}  # fmt: skip
_OWN_FILES = (PACK_FILE, MEASURES_FILE, TYPOLOGIES_FILE)
_PATH = re.compile(r"[^/\\\x00-\x1f]+(/[^/\\\x00-\x1f]+)*")


class PackSource(msgspec.Struct, frozen=True, kw_only=True):
    """A pack with those that it includes, flat.

    `name` is the folder as the author knows it and starts every place of an error; `files` maps
    paths relative to it, with `/`, to their bytes. The files of an included pack stand under
    `includes/<name>/`, wherever they were read from; `origins` says where that was.
    """

    name: str
    files: Mapping[str, bytes]
    origins: Mapping[str, str] = {}
    """Folder of an included pack as the author knows it, by its name; only where it is another than
    `includes/<name>`."""

    def shown(self, path: str) -> str:
        """Return the path of a file as an author knows it."""
        included, rest = split_included(path)
        if included in self.origins:
            return f"{self.origins[included]}/{rest}"
        return f"{self.name}/{path}" if self.name else path

    def under(self, folder: str, ending: str) -> list[str]:
        """Return the paths of the files of one folder, sorted."""
        return sorted(
            path
            for path in self.files
            if path.startswith(f"{folder}/")
            and path.endswith(ending)
            and not _hidden(path)
            # What lies deeper was refused by `check_files`, or is a model's own business.
            and (not ending or "/" not in path[len(folder) + 1 :])
        )


def split_included(path: str) -> tuple[str, str]:
    """Return the name of the included pack and the path inside of it; no name for the pack's own
    files.
    """
    folder, _, rest = path.partition("/")
    name, _, own = rest.partition("/")
    return (name, own) if folder == INCLUDES_FOLDER and own else ("", path)


def content_digest(content: bytes) -> str:
    """Return the SHA-256 of one file, hex."""
    return hashlib.sha256(content).hexdigest()


def pack_digest(source: PackSource) -> str:
    """Return the SHA-256 that names which content decided, hex.

    It covers the path and bytes of every file in sorted order, without `LOCK`, `CHANGELOG.md` and
    `PHILOSOPHY.md` and without hidden files: `sha256(path NUL sha256(content) LF …)`. Files of an
    included pack count under `includes/<name>/`, so that it does not matter where they were read.
    """
    digest = hashlib.sha256()
    for path in sorted(source.files):
        if split_included(path)[1] not in _ACCOMPANYING and not _hidden(path):
            digest.update(f"{path}\0{content_digest(source.files[path])}\n".encode())
    return digest.hexdigest()


def check_files(source: PackSource, problems: Problems) -> bool:
    """Check number and size of all files and the names of the pack's own; False when reading them
    makes no sense.
    """
    total = sum(map(len, source.files.values()))
    place = Place(source.name)
    if len(source.files) > MAX_PACK_FILES:
        problems.add(
            "pack_too_large",
            f"the pack has {len(source.files):,} files; expected at most {MAX_PACK_FILES:,}",
            place=place,
            hint="split it",
        )
        return False
    if total > MAX_PACK_BYTES:
        problems.add(
            "pack_too_large",
            f"the pack has {total:,} bytes; expected at most {MAX_PACK_BYTES:,}",
            place=place,
            hint="split it, or keep long lists in the list service",
        )
        return False
    for path in sorted(source.files):
        if not _hidden(path) and not split_included(path)[0]:
            _check_path(source, path, problems)
    if PACK_FILE not in source.files:
        problems.add(
            "file_missing",
            f"the pack has no {symbol(PACK_FILE)}",
            place=place,
            hint="name the folder that holds it, or write it",
        )
        return False
    return True


def _check_path(source: PackSource, path: str, problems: Problems) -> None:
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        problems.add(
            "file_unexpected",
            f"the path {symbol(path)} is not one of a pack",
            place=Place(source.name),
        )
        return
    folder, _, rest = path.partition("/")
    place = Place(source.shown(path))
    if not rest:
        if path.endswith((".yaml", ".yml")) and path not in _OWN_FILES:
            hint = (
                did_you_mean(path, _OWN_FILES)
                or "put it under `features/`, `policies/` or `models/`"
            )
            problems.add(
                "file_unexpected", f"{symbol(path)} is not read from here", place=place, hint=hint
            )
        return
    if folder not in _FOLDERS:
        hint = did_you_mean(folder, _FOLDERS) or f"a pack has {', '.join(map(symbol, _FOLDERS))}"
        problems.add(
            "file_unexpected",
            f"the folder {symbol(folder)} is not part of a pack",
            place=place,
            hint=hint,
        )
        return
    endings = _FOLDERS[folder]
    if endings is not None and (not rest.endswith(endings) or "/" in rest):
        wanted = f"{folder}/<name>{endings[0]}"
        problems.add(
            "file_unexpected",
            f"{symbol(path)} is not read",
            place=place,
            hint=f"files here are called {symbol(wanted)}",
        )


def _hidden(path: str) -> bool:
    return any(part.startswith(".") and part.strip(".") for part in path.split("/"))
