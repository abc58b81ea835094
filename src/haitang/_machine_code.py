"""Keep compiled kernels apart by the sources they were compiled from.

Numba's cache looks only at the file in which a function stands, not at what it calls: after a
change to a layout or to an inner function, outer ones would go on running the old machine code, and
decide wrongly. So the cache lives in a folder named after a digest of all sources that end up in
it. It is set before Numba is imported, and only when the user has not chosen a folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"


_IMPORT = re.compile(rb"^from haitang\.([\w.]+) import", re.MULTILINE)


def sources_digest(package: Path) -> str:
    """Return a digest of the modules with kernels and of those whose constants they import."""
    contents = {
        path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*.py")
    }
    chosen = {name for name, content in contents.items() if b"from numba" in content}
    for name in tuple(chosen):
        for module in _IMPORT.findall(contents[name]):
            path = module.decode().replace(".", "/")
            chosen.update(own for own in (f"{path}.py", f"{path}/__init__.py") if own in contents)
    digest = hashlib.sha256()
    for name in sorted(chosen):
        digest.update(name.encode())
        digest.update(contents[name])
    return digest.hexdigest()[:16]


def keep_machine_code_apart() -> None:
    """Point Numba's cache to a folder of this very version of the sources, where one can be
    written.
    """
    if VARIABLE in os.environ:
        return
    package = Path(__file__).resolve().parent
    name = f"machine-{sources_digest(package)}"
    homes = (
        package / "__pycache__",
        Path.home() / ".cache" / "haitang",
        Path(tempfile.gettempdir()),
    )
    for home in homes:
        folder = home / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            os.environ[VARIABLE] = str(folder)
            return
