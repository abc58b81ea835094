"""Which sources decide: what earlier ones read or decided is not kept for later ones."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import haitang.data
import haitang.decision


@cache
def deciding_sources() -> str:
    """Return a digest of the sources that say what packs and events mean, and decide."""
    digest = hashlib.sha256()
    for package in (haitang.data, haitang.decision):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
