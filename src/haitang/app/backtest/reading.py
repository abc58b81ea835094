"""A pack read for a backtest: what an earlier run read of files that have not changed since is not
read again.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from haitang.app.backtest.sources import deciding_sources
from haitang.app.wiring import Replacement, naming, read_pack_folder
from haitang.decision.rules.pack import LoadCache, load_pack_unlocked
from haitang.decision.rules.policies import ReadPolicy
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import Pack, PolicySpec
from haitang.kernel.errors import HaitangError

READ_FILE = "policies.read"


class _Kept(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    sources: str
    """Digest of the sources that read the policies."""
    policies: tuple[tuple[tuple[str, str, str], tuple[PolicySpec, ...]], ...]


class ReadPack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack without its tests, its files, and what loads of it with a change can draw upon."""

    source: PackSource
    pack: Pack
    cache: LoadCache


def read_pack(folder: Path, keep: Path) -> ReadPack:
    """Read a pack whatever its `LOCK` says; `keep` is where this and later runs keep what was read.

    A file is read again when it, or anything that its names could mean, has changed.
    """
    source = read_pack_folder(folder)
    sources = deciding_sources()
    path = keep / READ_FILE
    kept = _kept(path, sources)
    cache = LoadCache()
    cache.policies.update({key: ReadPolicy(instances=own) for key, own in kept.items()})
    pack = load_pack_unlocked(source, cache=cache).loaded.pack
    shown = {source.shown(name) for name in source.files}
    # One reading of each file, the last: what is kept stays as large as a pack.
    newest = {key[0]: key for key in cache.policies if key[0] in shown}
    if set(newest.values()) != kept.keys():
        own = tuple((key, cache.policies[key].instances) for key in newest.values())
        _keep(path, _Kept(sources=sources, policies=own))
    return ReadPack(source=source, pack=pack, cache=cache)


def _kept(path: Path, sources: str) -> dict[tuple[str, str, str], tuple[PolicySpec, ...]]:
    try:
        with naming(path):
            kept = msgspec.msgpack.decode(path.read_bytes(), type=_Kept)
    except (HaitangError, msgspec.MsgspecError):
        # None yet, by another version, or damaged: everything is read.
        return {}
    return dict(kept.policies) if kept.sources == sources else {}


def _keep(path: Path, kept: _Kept) -> None:
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with Replacement(path) as file:
        file.write(msgspec.msgpack.encode(kept))
