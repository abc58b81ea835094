"""Packs opened by another process are those that this one would have opened."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from haitang.app.programs import OpenedPack, open_source
from haitang.app.service import opening
from haitang.app.service.companions import Companions
from haitang.app.service.opening import PROGRAM, opened_by, packed
from haitang.data.events.batch import batch_events
from haitang.decision.engine import EngineState, evaluate, pack_decisions
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError
from tests.unit.app.service.nodes import Told, small_pack, transfer


def started(*program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(program or PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def source_of(files: dict[str, bytes]) -> PackSource:
    return PackSource(name="pack", files=files)


def decided(opened: OpenedPack) -> list[bytes]:
    state = EngineState.create(opened.program)
    events = [transfer(number).event for number in range(1, 40)]
    return [
        pack_decisions(evaluate(batch_events([event], opened.program.fields), state))
        for event in events
    ]


def test_it_is_the_same_pack_and_decides_the_same() -> None:
    source = source_of(small_pack())
    here, there = open_source(source), opened_by(started(), source)
    assert there.pack == here.pack
    assert there.pack.digest == here.pack.digest
    assert there.program.plan.digest == here.program.plan.digest
    assert decided(there) == decided(here)
    assert any(decided(here))


def test_it_is_refused_in_the_same_words() -> None:
    files = small_pack()
    path = next(path for path in files if path.startswith("policies/"))
    files[path] = files[path].replace(b"amount", b"amuont")
    with pytest.raises(HaitangError) as here:
        open_source(source_of(files))
    with pytest.raises(HaitangError) as there:
        opened_by(started(), source_of(files))
    assert type(there.value) is type(here.value)
    assert there.value.render() == here.value.render()
    assert "amuont" in there.value.render()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("raise SystemExit(9)", "ended with code 9"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with code -9"),
        ("import time; time.sleep(600)", "was not done after 1 s"),
    ],
)
def test_a_process_that_gives_no_pack_is_told_of(words: str, said: str) -> None:
    process = started(sys.executable, "-c", words)
    with pytest.raises(HaitangError) as refused:
        opened_by(process, source_of(small_pack()), within_s=1.0)
    assert refused.value.code == "publication_not_checked"
    assert said in refused.value.message
    assert process.returncode is not None


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    next: Numbered | None = None


def test_what_is_taken_over_pauses_every_so_many_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Numbered(number=number, next=Numbered(number=-number)) for number in range(1_000)]
    written = packed(many)
    pauses: list[float] = []
    monkeypatch.setattr("haitang.app.service.opening.time.sleep", pauses.append)
    assert pickle.loads(written) == many
    assert pauses == [opening.PAUSE_S] * (2_000 // opening.PAUSE_EVERY)


def test_one_object_stays_one() -> None:
    shared = Numbered(number=1)
    found = pickle.loads(packed([shared] * 200))
    assert all(one is found[0] for one in found)


def test_the_process_ends_with_its_node(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    companions = Companions(
        tmp_path,
        tell=Told(),
        elapsed_us=lambda: 0,
        opener=("sh", "-c", f'echo begun > "{tmp_path}/begun"; exec sleep 600'),
    )
    refusals: list[HaitangError] = []

    def publish() -> None:
        try:
            companions.open(source_of(small_pack()))
        except HaitangError as error:
            refusals.append(error)

    thread = threading.Thread(target=publish)
    thread.start()
    assert (tmp_path / "begun").read_text() == "begun\n"
    companions.close()
    thread.join(30)
    assert [error.code for error in refusals] == ["publication_not_checked"]
    with pytest.raises(HaitangError) as refused:
        companions.open(source_of(small_pack()))
    assert "about to stop" in refused.value.message


def test_a_process_that_cannot_be_started_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haitang.app.service.companions.GIVING_WAY", ())
    companions = Companions(
        tmp_path, tell=Told(), elapsed_us=lambda: 0, opener=(str(tmp_path / "gone"),)
    )
    with pytest.raises(HaitangError) as refused:
        companions.open(source_of(small_pack()))
    assert refused.value.code == "publication_not_checked"
    assert "could not be started: no such file or directory" in refused.value.message
