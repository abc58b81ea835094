from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from haitang.adapters.files.keys import (
    StoredKey,
    change_key_file,
    draw_secret,
    key_file_identity,
    read_key_file,
)
from haitang.kernel.errors import HaitangError


def key(identifier: str) -> StoredKey:
    return StoredKey(
        id=identifier,
        name="gateway",
        scopes=("decide",),
        algorithm="sm3",
        salt="00" * 16,
        digest="00" * 32,
        created_at_us=1,
    )


def test_keys_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert read_key_file(path) == ()
    change_key_file(path, lambda keys: (*keys, key("a")))
    change_key_file(path, lambda keys: (*keys, key("b")))
    assert read_key_file(path) == (key("a"), key("b"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    change_key_file(path, lambda keys: keys)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    change_key_file(path, lambda keys: keys)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    change_key_file(path, lambda keys: keys)
    path.chmod(mode)
    with pytest.raises(HaitangError) as raised:
        read_key_file(path)
    assert raised.value.code == "keys_unsafe"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version": 2, "keys": []}',
        b'{"version": 1, "kees": []}',
        b'{"version": 1, "keys": [{"id": "a"}]}',
    ],
)
def test_a_file_that_is_no_list_of_keys_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(HaitangError) as raised:
        read_key_file(path)
    assert raised.value.code == "keys_malformed"
    with pytest.raises(HaitangError):
        change_key_file(path, lambda keys: keys)
    assert path.read_bytes() == content


def test_every_change_is_seen_by_the_identity(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert key_file_identity(path) is None
    seen = set()
    for name in "abc":
        change_key_file(path, lambda keys, name=name: (*keys, key(name)))  # type: ignore[misc]
        seen.add(key_file_identity(path))
    assert len(seen) == 3


def add_keys(path: Path, name: str) -> None:
    for number in range(20):
        change_key_file(path, lambda keys, n=number: (*keys, key(f"{name}{n}")))  # type: ignore[misc]


def test_two_commands_at_once_lose_no_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=add_keys, args=(path, name)) for name in "ab"]
    for other in others:
        other.start()
    for other in others:
        other.join(timeout=60)
    assert len({one.id for one in read_key_file(path)}) == 40


def test_secrets_are_long_and_never_the_same() -> None:
    drawn = [draw_secret() for _ in range(100)]
    assert len({one.secret for one in drawn} | {one.id for one in drawn}) == 200
    assert {len(one.secret) for one in drawn} == {64}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(HaitangError) as raised:
        change_key_file(tmp_path / "none" / "keys.json", lambda keys: keys)
    assert raised.value.code == "file_missing"
