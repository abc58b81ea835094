"""Settings files on disk."""

from __future__ import annotations

from pathlib import Path

from haitang.adapters.files.troubles import naming
from haitang.kernel.errors import HaitangError, Place

SETTINGS_BYTES_MAX = 1 << 20


def read_settings_text(path: Path) -> str:
    """Read a settings file; refuses one that is no UTF-8 or far too long to be one."""
    with naming(path), path.open("rb") as stream:
        content = stream.read(SETTINGS_BYTES_MAX + 1)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or len(content) > SETTINGS_BYTES_MAX:
        raise HaitangError(
            code="settings_malformed",
            message=f"the settings were not a text of UTF-8 up to {SETTINGS_BYTES_MAX:,} bytes",
            place=Place(path=str(path)),
            hint="see docs/reference/settings.md",
        )
    return text
