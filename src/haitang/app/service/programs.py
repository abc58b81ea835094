"""The packs of a data folder, opened once each and made ready to decide."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from haitang.app.programs import OpenedPack, open_source
from haitang.app.service.opening import breathe
from haitang.decision.rules.pack import LoadCache
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError, Place

OPENED_MAX = 16
"""Opened packs that are kept; the oldest are opened again when they are asked for."""


Opener = Callable[[PackSource], OpenedPack]


class Library(Protocol):
    """Where packs are kept by digest."""

    def put(self, digest: str, files: dict[str, bytes]) -> None:
        """Keep a pack durably."""
        ...

    def get(self, digest: str) -> dict[str, bytes]:
        """Return a pack's files."""
        ...


class Programs:
    """Packs by digest, read, checked and compiled. May be asked from any thread."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._opened: dict[str, OpenedPack] = {}
        self._cache = LoadCache()
        self._lock = threading.Lock()

    def add(
        self,
        files: Mapping[str, bytes],
        *,
        name: str,
        origins: Mapping[str, str] | None = None,
        opener: Opener | None = None,
    ) -> OpenedPack:
        """Check and compile a new pack and keep it; `name` starts the places of its errors, and
        `origins` those in packs that it includes. `opener` does it elsewhere.
        """
        opened = self._open(PackSource(name=name, files=files, origins=origins or {}), opener)
        breathe()
        self._library.put(opened.pack.digest, dict(files))
        self._remember(opened)
        return opened

    def get(self, digest: str, *, opener: Opener | None = None) -> OpenedPack:
        """Return a pack that was kept; refuses one whose files are not what its digest says."""
        found = self._opened.get(digest)
        if found is not None:
            return found
        opened = self._open(self.source(digest), opener)
        if opened.pack.digest != digest:
            raise HaitangError(
                code="pack_library_damaged",
                message=f"the kept pack was `{opened.pack.digest[:12]}` and not what its name says",
                place=Place(path=f"packs/{digest}.pack"),
                hint="put the file back from a backup",
            )
        self._remember(opened)
        return opened

    def source(self, digest: str) -> PackSource:
        """Return the files of a pack that was kept."""
        return PackSource(name=f"packs/{digest[:12]}", files=self._library.get(digest))

    def _open(self, source: PackSource, opener: Opener | None) -> OpenedPack:
        if opener is not None:
            return opener(source)
        with self._lock:
            return open_source(source, cache=self._cache)

    def _remember(self, opened: OpenedPack) -> None:
        with self._lock:
            self._opened[opened.pack.digest] = opened
            while len(self._opened) > OPENED_MAX:
                del self._opened[next(iter(self._opened))]
