"""Every pack that was ever published, whole, by digest: what decided can be asked years later."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from haitang.adapters.files.replacements import make_folder, write_whole
from haitang.adapters.files.troubles import naming
from haitang.kernel.errors import HaitangError, Place

_DIGEST = re.compile(r"[0-9a-f]{64}")


class PackLibrary:
    """A folder of packs; what lies there is never changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, digest: str, files: dict[str, bytes]) -> None:
        """Keep a pack, completely and durably or not at all; one that is there stays as it is."""
        path = self._path(digest)
        if path.exists():
            return
        make_folder(self._folder)
        write_whole(path, msgspec.msgpack.encode(files))
        with naming(self._folder):
            # The name must survive a power cut too, for the journal is about to speak of it.
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def get(self, digest: str) -> dict[str, bytes]:
        """Return the files of a pack; whether they are what the digest says is for its reader."""
        path = self._path(digest)
        with naming(path):
            content = path.read_bytes()
        try:
            return msgspec.msgpack.decode(content, type=dict[str, bytes])
        except msgspec.MsgspecError:
            raise HaitangError(
                code="pack_library_damaged",
                message="the kept pack could not be read",
                place=Place(path=str(path)),
                hint="put the file back from a backup",
            ) from None

    def _path(self, digest: str) -> Path:
        assert _DIGEST.fullmatch(digest), f"{digest!r} is no digest of a pack"
        return self._folder / f"{digest}.pack"
