from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from haitang.adapters.files.replacements import Replacement, write_whole
from haitang.kernel.errors import HaitangError


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    with Replacement(target) as stream:
        stream.write(b"half")
        assert not target.exists()
    assert target.read_bytes() == b"half"
    assert names(tmp_path) == ["out.jsonl"]


def test_a_failure_leaves_what_was_there_and_no_remains(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), Replacement(target) as stream:  # noqa: PT012
        stream.write(b"half")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"before"
    assert names(tmp_path) == ["out.jsonl"]


def test_a_link_keeps_pointing_to_the_file_it_named(tmp_path: Path) -> None:
    (tmp_path / "real.jsonl").write_bytes(b"before")
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    write_whole(tmp_path / "link.jsonl", b"after")
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "real.jsonl").read_bytes() == b"after"


def test_devices_and_pipes_are_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"through")
    reader.join(timeout=10)
    assert read == [b"through"]
    assert pipe.is_fifo()
    write_whole(Path(os.devnull), b"away")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nowhere/out.jsonl", "file_missing"),
        ("file/out.jsonl", "file_is_not_a_folder"),
        ("folder", "file_is_a_folder"),
        ("x" * 300, "file_name_too_long"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, path: str, code: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(HaitangError) as refused:
        write_whole(tmp_path / path, b"content")
    assert refused.value.code == code
    assert refused.value.place.path == str(tmp_path / path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_an_operating_error() -> None:
    with pytest.raises(HaitangError) as refused:
        write_whole(Path("/dev/full"), b"content")
    assert refused.value.code == "disk_full"
