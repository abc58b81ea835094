"""A folder with a pack of one's own over the shared part that is shipped."""

from __future__ import annotations

import shutil
from pathlib import Path

from haitang.app.authoring.drafting import draft_policy
from haitang.app.checking import write_lock
from haitang.app.shipped import shipped_pack
from haitang.app.wiring import read_pack_folder
from haitang.decision.rules.pack import LoadedPack, load_pack_unlocked

HEAD = """\
pack: mine
version: 1.0.0
title: {en: Mine, zh: 我的}
owner: tests
includes: [common]
"""
NAME = "c14_gold_loan"


def own_pack(folder: Path, *names: str) -> Path:
    """Make a pack that includes `common` and has drafts of these names; return its folder."""
    own = folder / "mine"
    if not own.exists():
        shutil.copytree(shipped_pack("retail").parent / "common", folder / "common")
        own.mkdir()
        (own / "pack.yaml").write_text(HEAD)
    for name in names:
        draft_policy(own, name, owner="tests")
    return own


def edit(own: Path, old: str, new: str, *, name: str = NAME) -> None:
    """Replace a piece of a policy's file that must be there."""
    path = own / "policies" / f"{name}.yaml"
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new))


def speaking(own: Path, *, name: str = NAME, status: str = "live") -> None:
    """Have a draft speak, with what is asked of it then and nothing left to do."""
    edit(own, "status: draft", f"status: {status}", name=name)
    path = own / "policies" / f"{name}.yaml"
    path.write_text(path.read_text().replace("TODO: ", "").replace("待写：", ""))
    write_lock(own)


def loaded(own: Path) -> LoadedPack:
    """Read the pack, whatever its `LOCK` says."""
    return load_pack_unlocked(read_pack_folder(own)).loaded
