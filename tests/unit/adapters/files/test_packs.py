from __future__ import annotations

from pathlib import Path

import pytest

from haitang.adapters.files.pack_library import PackLibrary
from haitang.adapters.files.packs import read_pack_folder, write_pack_file
from haitang.decision.rules.pack import load_pack
from haitang.decision.rules.problems import PackRefused
from haitang.decision.rules.source import PackSource
from haitang.edges.client.packfolder import read_pack
from haitang.kernel.errors import HaitangError
from tests.unit.app.small_pack import FILES, write_pack
from tests.unit.decision.rules.joined_packs import joined


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


def write_joined(folder: Path) -> Path:
    """Write packs that include each other beside one another; return the outermost."""
    source = joined()
    for path, content in source.files.items():
        own = path.removeprefix("includes/")
        place = folder / (own if own != path else f"whole/{path}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder / "whole"


def test_packs_that_lie_beside_are_read_as_one(tmp_path: Path) -> None:
    folder = write_joined(tmp_path)
    source = read_pack_folder(folder)
    assert source.files == joined().files
    assert source.origins == {"shared": f"{tmp_path}/shared", "family": f"{tmp_path}/family"}
    assert load_pack(source).digest == load_pack(joined()).digest


def test_a_published_pack_is_whole_by_itself_and_has_the_same_digest(tmp_path: Path) -> None:
    beside = read_pack_folder(write_joined(tmp_path / "packs"))
    published = tmp_path / "published"
    for path, content in beside.files.items():
        (published / path).parent.mkdir(parents=True, exist_ok=True)
        (published / path).write_bytes(content)
    again = read_pack_folder(published)
    assert again.files == beside.files
    assert again.origins == {}
    assert load_pack(again).digest == load_pack(beside).digest


def test_a_kept_pack_is_whole_by_itself_and_has_the_same_digest(tmp_path: Path) -> None:
    beside = read_pack_folder(write_joined(tmp_path / "packs"))
    digest = load_pack(beside).digest
    library = PackLibrary(tmp_path / "library")
    library.put(digest, dict(beside.files))
    kept = PackSource(name="kept", files=library.get(digest))
    assert load_pack(kept).digest == digest


def test_what_lies_inside_of_the_pack_goes_before_what_lies_beside(tmp_path: Path) -> None:
    folder = write_joined(tmp_path)
    inside = folder / "includes" / "shared"
    inside.mkdir(parents=True)
    text = (tmp_path / "shared" / "pack.yaml").read_text("utf-8")
    (inside / "pack.yaml").write_text(text.replace("version: 1.0.0", "version: 9.0.0"), "utf-8")
    (tmp_path / "family" / "pack.yaml").write_text(
        "pack: family\nversion: 1.0.0\ntitle: {en: F, zh: 族}\n", "utf-8"
    )
    source = read_pack_folder(folder)
    assert b"version: 9.0.0" in source.files["includes/shared/pack.yaml"]
    assert set(source.origins) == {"family"}


def test_two_packs_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = write_joined(tmp_path)
    inside = folder / "includes" / "shared"
    inside.mkdir(parents=True)
    (inside / "pack.yaml").write_bytes((tmp_path / "shared" / "pack.yaml").read_bytes())
    with pytest.raises(HaitangError) as refused:
        read_pack_folder(folder)
    assert refused.value.code == "include_ambiguous"
    assert str(tmp_path / "shared") in refused.value.message


def test_packs_that_include_each_other_in_a_circle_are_read_to_an_end(tmp_path: Path) -> None:
    folder = write_joined(tmp_path)
    with (tmp_path / "shared" / "pack.yaml").open("a", encoding="utf-8") as file:
        file.write("includes: [whole]\n")
    with pytest.raises(PackRefused) as refused:
        load_pack(read_pack_folder(folder))
    assert "include_cycle" in {problem.code for problem in refused.value.problems}


def test_a_pack_that_nobody_includes_is_not_left_out_in_silence(tmp_path: Path) -> None:
    folder = write_joined(tmp_path)
    (folder / "includes" / "other").mkdir(parents=True)
    (folder / "includes" / "other" / "pack.yaml").write_bytes(b"pack: other\n")
    with pytest.raises(PackRefused) as refused:
        load_pack(read_pack_folder(folder))
    assert [problem.message for problem in refused.value.problems] == ["no pack includes `other`"]


def test_the_folder_of_an_included_pack_is_named_as_the_author_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_joined(tmp_path / "packs")
    monkeypatch.chdir(tmp_path)
    relative = folder.relative_to(tmp_path)
    assert read_pack_folder(relative).origins["shared"] == "packs/shared"
    monkeypatch.chdir(folder)
    assert read_pack_folder(Path()).origins["shared"] == "../shared"


def test_the_client_sends_the_same_files(tmp_path: Path) -> None:
    folder = write_joined(tmp_path)
    write_pack_file(folder, "CHANGELOG.md", b"1.0.0")
    assert read_pack(folder) == dict(read_pack_folder(folder).files)
