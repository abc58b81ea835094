"""Mapping files on disk."""

from __future__ import annotations

from pathlib import Path

from haitang.adapters.files.troubles import naming
from haitang.data.events.mapping import MappingSpec
from haitang.data.events.mapping_reader import read_mapping
from haitang.kernel.errors import HaitangError, Place, Refusals

MAPPING_BYTES_MAX = 1 << 20


def read_mapping_file(path: Path) -> MappingSpec:
    """Read a mapping file; raises its faults, all of them at once."""
    with naming(path), path.open("rb") as stream:
        content = stream.read(MAPPING_BYTES_MAX + 1)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > MAPPING_BYTES_MAX:
        raise HaitangError(
            code="mapping_malformed",
            message=f"the mapping was not a text of UTF-8 up to {MAPPING_BYTES_MAX:,} bytes",
            place=Place(path=str(path)),
            hint="see docs/reference/mapping.md",
        )
    try:
        return read_mapping(text, path=str(path))
    except Refusals as refused:
        raise Refusals(refused.problems, code="mapping_refused") from refused
