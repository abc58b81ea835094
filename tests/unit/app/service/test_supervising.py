"""The supervisor over real processes that behave badly."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator, Sequence

import pytest

from haitang.app.service import supervising
from haitang.app.service.supervising import Supervisor

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(60)]

STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
ORDERLY = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))"
READY = "os.write(int(sys.argv[1]), b'ready\\n')"
STANDBY = "os.write(int(sys.argv[1]), b'standby\\n')"
STANDBY_AND_READY = "os.write(int(sys.argv[1]), b'standby\\nready\\n')"
ASK_TO_STOP = "os.kill(os.getppid(), signal.SIGTERM)"
ASK_TO_ROLL = "os.kill(os.getppid(), signal.SIGHUP)"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def supervised(
    listening: socket.socket,
    node: Sequence[str],
    successor: Sequence[str] = (),
    *,
    stop_when: str = "",
) -> tuple[int, list[str]]:
    """Supervise processes that do these steps and then wait; stop when something is told.

    Returns the exit code and what was told.
    """
    told: list[str] = []

    def command(_listen_fd: int, tell_fd: int, standby: bool) -> list[str]:
        steps = ("import os, signal, sys", *(successor if standby else node))
        program = "\n".join((*steps, "while True: signal.pause()"))
        return [sys.executable, "-S", "-c", program, str(tell_fd)]

    def tell(event: str, **_details: object) -> None:
        told.append(event)
        if event == stop_when:
            signal.raise_signal(signal.SIGTERM)

    supervisor = Supervisor(
        command, listening, tell=tell, pause=lambda _seconds: None, stop_timeout_s=0.5
    )
    return supervisor.run(), told


def test_a_node_that_does_not_end_when_asked_is_killed_and_told_of(
    listening: socket.socket,
) -> None:
    code, told = supervised(listening, [STUBBORN, READY, ASK_TO_STOP])
    assert (code, told) == (-signal.SIGKILL, ["node_killed"])


def test_a_successor_follows_a_node_that_had_to_be_killed(listening: socket.socket) -> None:
    code, told = supervised(
        listening,
        [STUBBORN, READY, ASK_TO_ROLL],
        [ORDERLY, STANDBY],
        stop_when="node_succeeded",
    )
    assert (code, told) == (0, ["node_killed", "node_succeeded"])


def test_a_stop_while_a_successor_warms_up_does_not_wait_for_it(listening: socket.socket) -> None:
    code, told = supervised(listening, [ORDERLY, READY, ASK_TO_ROLL], [STUBBORN, ASK_TO_STOP])
    assert (code, told) == (0, ["successor_failed"])


def test_a_successor_that_never_warms_up_leaves_the_node_serving(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "WARM_S_MAX", 1)
    code, told = supervised(
        listening, [ORDERLY, READY, ASK_TO_ROLL], [STUBBORN], stop_when="successor_failed"
    )
    # The node was there to be stopped; it was not taken down for a successor that never came.
    assert (code, told) == (0, ["successor_failed"])


def test_a_successor_that_was_ready_at_once_takes_over(listening: socket.socket) -> None:
    code, told = supervised(
        listening,
        [ORDERLY, READY, ASK_TO_ROLL],
        [ORDERLY, STANDBY_AND_READY],
        stop_when="node_succeeded",
    )
    assert (code, told) == (0, ["node_succeeded"])
