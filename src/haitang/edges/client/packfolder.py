"""The files of a pack, for a publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from haitang.kernel.errors import HaitangError, Place, symbol

PACK_BYTES_MAX = 48 << 20
"""Bytes of a pack: in base64 they fill a request."""

PACK_FILES_MAX = 10_000
PackFiles = Path | str | Mapping[str, bytes]
"""A folder that holds `pack.yaml`, or the contents of its files by their paths."""


def read_pack(pack: PackFiles) -> dict[str, bytes]:
    """Return every file of a pack by its path in the folder.

    Hidden files and what editors leave behind are no part of it. Raises `HaitangError` for what is
    no pack or too large; whether the pack is good is for the service to say.
    """
    if isinstance(pack, Mapping):
        return dict(pack)
    folder = Path(pack)
    files: dict[str, bytes] = {}
    size = 0
    try:
        if not (folder / "pack.yaml").is_file():
            raise HaitangError(
                code="pack_missing",
                message="there was no `pack.yaml` in this folder",
                place=Place(path=str(folder)),
                hint="name the folder that holds it",
            )
        for path in _paths(folder):
            content = path.read_bytes()
            files[path.relative_to(folder).as_posix()] = content
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


def _paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(map(_ignored, parts)):
            yield path


def _ignored(name: str) -> bool:
    return name.startswith((".", "__")) or name.endswith(("~", ".partial"))
