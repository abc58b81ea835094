from __future__ import annotations

from pathlib import Path

import pytest

from haitang.adapters.files.packs import read_pack_folder
from haitang.kernel.errors import HaitangError
from tests.unit.app.small_pack import FILES, write_pack


def test_hidden_files_and_remains_are_no_part_of_a_pack(tmp_path: Path) -> None:
    folder = write_pack(tmp_path)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_bytes(b"x")
    (folder / "policies" / "large_sum.yaml~").write_bytes(b"x")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"x")
    source = read_pack_folder(folder)
    assert sorted(source.files) == sorted([*FILES, "LOCK"])
    assert source.name == str(folder)


@pytest.mark.parametrize(
    ("path", "code"),
    [("nowhere", "file_missing"), ("file", "file_is_not_a_folder"), ("empty", "pack_missing")],
)
def test_what_is_no_pack_is_refused(tmp_path: Path, path: str, code: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    with pytest.raises(HaitangError) as refused:
        read_pack_folder(tmp_path / path)
    assert refused.value.code == code
