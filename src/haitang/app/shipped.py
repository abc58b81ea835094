"""The packs that come with Haitang: beside the sources, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

from haitang.kernel.errors import HaitangError, Place, symbol

BANK = "bank"
"""Everything that is shipped for a bank: includes the packs of all families."""

DATA_SETS = "datasets"


def shipped_pack(name: str) -> Path:
    """Return the folder of a shipped pack, `bank`, `retail` or `datasets/<set>`."""
    here = Path(__file__).resolve()
    places = (here.parents[3] / "packs", here.parents[1] / "packs")
    for place in places:
        if (place / name / "pack.yaml").is_file():
            return place / name
    raise HaitangError(
        code="use_pack_not_shipped",
        message=f"there was no pack {symbol(name)} among those that come with this version",
        place=Place(path=str(places[0])),
        hint="name a pack with `--pack`",
    )
