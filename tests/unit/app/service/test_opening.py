"""Packs opened by another process are those that this one would have opened."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from haitang.app.programs import OpenedPack, open_source
from haitang.app.service import opening
from haitang.app.service.companions import Companions
from haitang.app.service.opening import PROGRAM, Asked, PackProcess, framed, hand_over
from haitang.data.events.batch import batch_events
from haitang.decision.engine import EngineState, evaluate, pack_decisions
from haitang.decision.rules.pack import LoadCache
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError
from tests.unit.app.service.nodes import Told, small_pack, transfer
from tests.unit.app.service.test_node import stricter_pack


@contextmanager
def started(*program: str) -> Iterator[PackProcess]:
    process = PackProcess(program or PROGRAM)
    try:
        yield process
    finally:
        process.end()


def handed_over(found: object) -> bytes:
    written = io.BytesIO()
    hand_over(found, written)
    return written.getvalue()


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
    with started() as process:
        here, there = open_source(source), process.open(source)
    assert there.pack == here.pack
    assert there.pack.digest == here.pack.digest
    assert there.program.plan.digest == here.program.plan.digest
    assert decided(there) == decided(here)
    assert any(decided(here))


def test_one_process_opens_pack_after_pack_and_refuses_in_the_same_words() -> None:
    wrong = small_pack()
    path = next(path for path in wrong if path.startswith("policies/"))
    wrong[path] = wrong[path].replace(b"amount", b"amuont")
    with started() as process:
        process.make_ready(source_of(small_pack()))
        for source in (source_of(stricter_pack()), source_of(small_pack())) * 2:
            assert process.open(source).pack == open_source(source).pack
        for ask in (process.open, process.make_ready):
            with pytest.raises(HaitangError) as here:
                open_source(source_of(wrong))
            with pytest.raises(HaitangError) as there:
                ask(source_of(wrong))
            assert type(there.value) is type(here.value)
            assert there.value.render() == here.value.render()
            assert "amuont" in there.value.render()
        assert process.running
        assert (
            process.open(source_of(small_pack())).pack == open_source(source_of(small_pack())).pack
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("raise SystemExit(9)", "ended with code 9"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with code -9"),
        ("import time; time.sleep(600)", "was not done after 1 s"),
    ],
)
def test_a_process_that_gives_no_pack_is_told_of(words: str, said: str) -> None:
    with started(sys.executable, "-c", words) as process:
        with pytest.raises(HaitangError) as refused:
            process.open(source_of(small_pack()), within_s=1.0)
        assert refused.value.code == "publication_not_checked"
        assert said in refused.value.message
        assert not process.running


def test_half_an_answer_is_none() -> None:
    whole = handed_over([Numbered(number=1)] * 10)
    words = f"import sys; sys.stdout.buffer.write({whole[:-5]!r})"
    with started(sys.executable, "-c", words) as process:
        with pytest.raises(HaitangError) as refused:
            process.open(source_of(small_pack()))
        assert refused.value.code == "publication_not_checked"
        assert not process.running


def test_a_process_that_died_between_two_packs_is_made_anew(tmp_path: Path) -> None:
    companions = Companions(tmp_path, tell=Told(), elapsed_us=lambda: 0)
    with closing(companions):
        companions.make_ready(source_of(small_pack()))
        first = companions.opening_pid
        assert first is not None
        companions.open(source_of(small_pack()))
        assert companions.opening_pid == first
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert (
            companions.open(source_of(small_pack())).pack
            == open_source(source_of(small_pack())).pack
        )
        assert companions.opening_pid not in (first, None)


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    next: Numbered | None = None


def test_what_is_taken_over_pauses_every_so_many_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Numbered(number=number, next=Numbered(number=-number)) for number in range(1_000)]
    written = handed_over(many)
    pauses: list[float] = []
    monkeypatch.setattr("haitang.app.service.opening.time.sleep", pauses.append)
    assert pickle.loads(written) == many
    assert pauses == [opening.PAUSE_S] * (2_000 // opening.PAUSE_EVERY)


def test_one_object_stays_one() -> None:
    shared = Numbered(number=1)
    found = pickle.loads(handed_over([shared] * 200))
    assert all(one is found[0] for one in found)


def test_what_a_terminal_sends_to_the_service_is_not_for_it() -> None:
    with started() as process:
        assert os.getpgid(process.process.pid) != os.getpgid(0)


def test_what_it_remembers_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[LoadCache] = []

    class Watched(LoadCache):
        def __init__(self) -> None:
            super().__init__()
            begun.append(self)

    monkeypatch.setattr(opening, "LoadCache", Watched)
    # A pack has more policies and files than files.
    monkeypatch.setattr(opening, "REMEMBERED_MAX", 1)
    sources = [source_of(small_pack()), source_of(stricter_pack())] * 2
    asked = b"".join(framed(Asked(source=source)) for source in sources)
    answered = io.BytesIO()
    opening.answer(io.BytesIO(asked), answered)
    answered.seek(0)
    assert [pickle.load(answered).pack for _ in sources] == [open_source(s).pack for s in sources]
    assert len(begun) == 1 + len(sources)


NODE = """
import sys
from haitang.app.service.opening import PackProcess
process = PackProcess()
print(process.running, file=sys.stderr, flush=True)
process.process.wait()
"""


def test_the_process_outlives_no_node_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", NODE], stderr=subprocess.PIPE) as node:
        assert node.stderr is not None
        assert node.stderr.readline() == b"True\n"
        node.kill()
        # The process writes there too: the end comes when both are gone.
        assert node.stderr.read() == b""


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


def test_a_pack_does_not_wait_until_the_process_is_ready(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    companions = Companions(
        tmp_path,
        tell=Told(),
        elapsed_us=lambda: 0,
        gentle_opener=("sh", "-c", f'echo begun > "{tmp_path}/begun"; exec sleep 600'),
    )
    refusals: list[HaitangError] = []

    def make_ready() -> None:
        try:
            companions.make_ready(source_of(small_pack()))
        except HaitangError as error:
            refusals.append(error)

    with closing(companions):
        thread = threading.Thread(target=make_ready)
        thread.start()
        assert (tmp_path / "begun").read_text() == "begun\n"
        gentle = companions.opening_pid
        opened = companions.open(source_of(small_pack()))
        thread.join(30)
        assert not thread.is_alive()
        assert opened.pack == open_source(source_of(small_pack())).pack
        assert refusals == []
        assert companions.opening_pid not in (gentle, None)


def test_a_process_that_dies_while_it_makes_itself_ready_is_told_of(tmp_path: Path) -> None:
    companions = Companions(
        tmp_path, tell=Told(), elapsed_us=lambda: 0, gentle_opener=("sh", "-c", "kill -9 $$")
    )
    with closing(companions), pytest.raises(HaitangError) as refused:
        companions.make_ready(source_of(small_pack()))
    assert "ended with code -9" in refused.value.message


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
