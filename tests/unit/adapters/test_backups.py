from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import msgspec
import pytest

from haitang.adapters.backups import MANIFEST, Manifest, back_up, read_manifest, restore
from haitang.adapters.journal.journal import Journal
from haitang.adapters.journal.layout import segment_paths
from haitang.kernel.errors import HaitangError

EVENTS = 1


def payload_of(position: int) -> bytes:
    """Return what stands at a position: bytes that nobody could have there by accident."""
    return position.to_bytes(8, "little") * (10 + position % 90)


def fill(folder: Path, frames: int, *, segment_bytes: int = 16_384) -> None:
    with Journal.open(folder, segment_bytes=segment_bytes) as journal:
        for _ in range(frames):
            position = journal.next_position
            payload = payload_of(position)
            journal.stage(kind=EVENTS, count=1, stamp_us=position, payload=payload, keys=[position])
            if position % 3 == 0:
                journal.commit()
        journal.commit()


def furnish(folder: Path) -> None:
    for name, content in {
        "snapshots/000000000000000010.snap": b"snapshot",
        "packs/" + "a" * 64 + ".pack": b"pack",
        "keys.json": b'{"version": 1, "keys": []}',
        "settings.toml": b"port = 9000\n",
        "LOCK": b"1",
        "snapshots/half.snap.partial": b"half",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "keys.json").chmod(0o600)


def taken(data: Path, to: Path, previous: Path | None = None) -> Manifest:
    return back_up(data, to, made_at_us=1, previous=previous, progress=lambda _: None)


def put_back(backup: Path, to: Path) -> Manifest:
    return restore(backup, to, progress=lambda _: None)


def contents(folder: Path) -> list[bytes]:
    with Journal.open(folder, read_only=True) as journal:
        return [frame.payload for frame in journal.read(0)]


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_restored_folder_holds_what_was_backed_up(tmp_path: Path) -> None:
    data, backup, again = (tmp_path / name for name in ("data", "backup", "again"))
    fill(data, 500)
    furnish(data)
    assert len(segment_paths(data)) > 3
    manifest = taken(data, backup)
    assert (manifest.first_position, manifest.next_position) == (0, 500)
    assert put_back(backup, again) == manifest
    assert contents(again) == contents(data) == [payload_of(n) for n in range(500)]
    expected = files(data) - {"snapshots/half.snap.partial", "LOCK"}
    assert files(again) - {"LOCK"} == expected
    assert files(backup) == expected | {MANIFEST}
    for name in expected:
        assert (again / name).read_bytes() == (data / name).read_bytes(), name
    assert (again / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_service_goes_on_from_where_the_backup_ends(tmp_path: Path) -> None:
    data, backup, again = (tmp_path / name for name in ("data", "backup", "again"))
    fill(data, 100)
    taken(data, backup)
    fill(data, 50)
    put_back(backup, again)
    fill(again, 50)
    assert contents(again) == contents(data)
    with Journal.open(again, read_only=True) as journal:
        assert journal.find(120) == [120]


def test_a_torn_tail_is_left_out(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    fill(data, 20)
    last = segment_paths(data)[-1]
    whole = last.read_bytes()
    fill(data, 1)
    torn = last.read_bytes()
    last.write_bytes(torn[: len(whole) + 30])
    manifest = taken(data, backup)
    assert manifest.next_position == 20
    assert (backup / "journal" / last.name).read_bytes() == whole
    assert last.read_bytes() == torn[: len(whole) + 30]


@pytest.mark.parametrize("which", [0, -1], ids=["sealed", "open"])
def test_a_damaged_journal_is_not_backed_up(tmp_path: Path, which: int) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    fill(data, 300)
    segment = segment_paths(data)[which]
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    with pytest.raises(HaitangError) as raised:
        taken(data, backup)
    assert raised.value.code == "journal_corrupt"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_missing_segment_is_noticed(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    fill(data, 400)
    segment_paths(data)[1].unlink()
    with pytest.raises(HaitangError) as raised:
        taken(data, backup)
    assert raised.value.code == "journal_corrupt"
    assert not backup.exists()


def test_closed_segments_are_linked_from_an_earlier_backup(tmp_path: Path) -> None:
    data, first, second, again = (tmp_path / name for name in ("data", "one", "two", "again"))
    fill(data, 300)
    taken(data, first)
    fill(data, 200)
    taken(data, second, first)
    linked = {path for path in files(second) if (second / path).stat().st_nlink == 2}
    closed = {path.name for path in segment_paths(first)[:-1]}
    assert {path.split("/")[1] for path in linked if path.endswith(".log")} == closed
    put_back(second, again)
    assert contents(again) == contents(data)
    assert contents(first) == [payload_of(n) for n in range(300)]


def test_a_folder_that_holds_something_is_never_written_to(tmp_path: Path) -> None:
    data, backup, full = (tmp_path / name for name in ("data", "backup", "full"))
    fill(data, 10)
    taken(data, backup)
    full.mkdir()
    (full / "precious").write_text("x")
    with pytest.raises(HaitangError) as raised:
        taken(data, full)
    assert raised.value.code == "file_folder_not_empty"
    with pytest.raises(HaitangError) as raised:
        put_back(backup, full)
    assert raised.value.code == "file_folder_not_empty"
    assert files(full) == {"precious"}
    (empty := tmp_path / "empty").mkdir()
    put_back(backup, empty)
    assert contents(empty) == contents(data)


def test_what_an_ended_run_left_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fill(data, 10)
    (tmp_path / "backup.partial").mkdir()
    with pytest.raises(HaitangError) as raised:
        taken(data, tmp_path / "backup")
    assert raised.value.code == "file_folder_not_empty"
    assert raised.value.place.path.endswith("backup.partial")


@pytest.mark.parametrize("change", ["flip", "cut", "remove", "manifest", "outside"])
def test_a_changed_backup_is_not_restored(tmp_path: Path, change: str) -> None:
    data, backup, again = (tmp_path / name for name in ("data", "backup", "again"))
    fill(data, 50)
    furnish(data)
    manifest = taken(data, backup)
    pack = next(backup.glob("packs/*.pack"))
    match change:
        case "flip":
            pack.write_bytes(b"kcap")
        case "cut":
            pack.write_bytes(b"")
        case "remove":
            pack.unlink()
        case "manifest":
            (backup / MANIFEST).write_bytes(b"{}")
        case _:
            outside = msgspec.structs.replace(manifest.files[0], path="../escaped")
            changed = msgspec.structs.replace(manifest, files=(outside,))
            (backup / MANIFEST).write_bytes(msgspec.json.encode(changed))
    with pytest.raises(HaitangError) as raised:
        put_back(backup, again)
    assert raised.value.code == "backup_damaged"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "data"]


def test_a_folder_without_a_journal_is_no_data_folder(tmp_path: Path) -> None:
    with pytest.raises(HaitangError) as raised:
        taken(tmp_path, tmp_path / "backup")
    assert raised.value.code == "backup_source_refused"
    with pytest.raises(HaitangError) as raised:
        read_manifest(tmp_path)
    assert raised.value.code == "file_missing"


def write_for_ever(folder: Path, begun: Event) -> None:
    with Journal.open(folder, segment_bytes=65_536) as journal:
        while True:
            for _ in range(20):
                position = journal.next_position
                journal.stage(
                    kind=EVENTS, count=1, stamp_us=position, payload=payload_of(position),
                    keys=[position],
                )  # fmt: skip
            journal.commit()
            begun.set()


@pytest.mark.slow
def test_backups_taken_under_load_are_whole_and_lose_nothing_durable(tmp_path: Path) -> None:
    """A real writer in a process of its own; backups one after the other; `kill -9` at the end."""
    data = tmp_path / "data"
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    writer = context.Process(target=write_for_ever, args=(data, begun))
    writer.start()
    try:
        assert begun.wait(120)
        ends: list[int] = []
        until = time.monotonic() + 3
        previous: Path | None = None
        while time.monotonic() < until and len(ends) < 6:
            with Journal.open(data, read_only=True) as journal:
                durable = journal.durable_position
            backup = tmp_path / f"backup{len(ends)}"
            manifest = taken(data, backup, previous)
            assert manifest.next_position >= durable
            ends.append(manifest.next_position)
            previous = backup
    finally:
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join(30)
    assert len(ends) >= 3
    assert ends == sorted(ends)
    for number, end in enumerate(ends):
        again = tmp_path / f"again{number}"
        put_back(tmp_path / f"backup{number}", again)
        assert contents(again) == [payload_of(n) for n in range(end)]
        fill(again, 5)
        assert len(contents(again)) == end + 5
