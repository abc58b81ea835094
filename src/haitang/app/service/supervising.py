"""The process above the node: holds the listening socket, so that no restart refuses a caller.

A node that dies is started again. A rolling restart (SIGHUP) starts a successor that follows the
journal until it is warm, then stops the node; the successor takes the folder, walks the last
frames, and goes on accepting from the same socket: callers wait for some milliseconds.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
from collections.abc import Callable
from types import FrameType

import msgspec

from haitang.app.service.telling import Tell

RESTART_S_MAX = 30
WARM_S_MAX = 600
"""How long a successor may take to be warm."""
POLL_MS = 200
KILLED_S_MAX = 10.0
"""How long the system may take to end a process that was killed; one that waits for a dead disk
never does.
"""


class Child(msgspec.Struct, kw_only=True):
    """One process of the node and the pipe through which it says how far it is."""

    process: subprocess.Popen[bytes]
    pipe: int
    said: str = ""


class Supervisor:
    """Runs `command` with the socket and a pipe; ends with the exit code of a node that ended.

    A node that was asked to stop gets `stop_timeout_s` for it and is then killed: what it answered
    is on disk.
    """

    def __init__(
        self,
        command: Callable[[int, int, bool], list[str]],
        listening: socket.socket,
        *,
        tell: Tell,
        pause: Callable[[float], None],
        stop_timeout_s: float,
    ) -> None:
        self._command = command
        self._listening = listening
        self._tell = tell
        self._pause = pause
        self._stop_timeout_s = stop_timeout_s
        self._stopping = False
        self._roll = False

    def run(self) -> int:
        """Keep a node running until asked to stop; return the exit code."""
        previous = {
            number: signal.signal(number, self._heard)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            return self._keep()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._roll = True
        else:
            self._stopping = True

    def _keep(self) -> int:
        child = self._spawn(standby=False)
        was_ready = False
        restart_s = 1
        while True:
            self._listen(child)
            if child.said == "ready" and not was_ready:
                was_ready, restart_s = True, 1
            if self._stopping:
                return self._stop(child)
            if self._roll:
                self._roll = False
                child = self._succeed(child)
            code = child.process.poll()
            if code is None:
                continue
            os.close(child.pipe)
            if not was_ready or code == 0:
                # It could not be served at all, or it ended by itself: its own words say why.
                return code
            self._tell("node_died", code=code, restart_s=restart_s)
            self._pause(restart_s)
            if self._stopping:
                return code
            restart_s = min(restart_s * 2, RESTART_S_MAX)
            child = self._spawn(standby=False)

    def _spawn(self, *, standby: bool) -> Child:
        reading, writing = os.pipe()
        process = subprocess.Popen(  # noqa: S603 # our own program
            self._command(self._listening.fileno(), writing, standby),
            pass_fds=(self._listening.fileno(), writing),
        )
        os.close(writing)
        return Child(process=process, pipe=reading)

    def _listen(self, child: Child, *, timeout_ms: int = POLL_MS) -> None:
        """Wait a little for words of a child."""
        poller = select.poll()
        poller.register(child.pipe, select.POLLIN)
        try:
            found = poller.poll(timeout_ms)
        except InterruptedError:
            return
        if any(event & select.POLLIN for _, event in found):
            words = os.read(child.pipe, 4096).decode().split()
            if words:
                child.said = words[-1]
        elif found:
            # The child closed its end: it is about to end.
            self._pause(POLL_MS / 1000)

    def _succeed(self, child: Child) -> Child:
        """Warm a successor, stop the node, and return the successor; without one, the node."""
        successor = self._spawn(standby=True)
        waited_ms = 0
        # One that found the folder free, because the node died, is ready without having waited.
        while successor.said not in ("standby", "ready"):
            self._listen(successor)
            waited_ms += POLL_MS
            code = successor.process.poll()
            if code is not None or self._stopping or waited_ms >= WARM_S_MAX * 1000:
                self._tell("successor_failed", code=code, waited_s=waited_ms // 1000)
                # It has taken nothing in: there is nothing to wait for.
                successor.process.kill()
                self._wait(successor, KILLED_S_MAX)
                os.close(successor.pipe)
                return child
        self._stop(child)
        self._tell("node_succeeded", pid=successor.process.pid)
        return successor

    def _stop(self, child: Child) -> int:
        """Ask a node to end, end it when it does not, and return its exit code."""
        child.process.send_signal(signal.SIGTERM)
        code = self._wait(child, self._stop_timeout_s)
        if code is None:
            self._tell("node_killed", pid=child.process.pid, waited_s=self._stop_timeout_s)
            child.process.kill()
            code = self._wait(child, KILLED_S_MAX)
        os.close(child.pipe)
        return -signal.SIGKILL if code is None else code

    @staticmethod
    def _wait(child: Child, timeout_s: float) -> int | None:
        try:
            return child.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
