"""The processes beside a node: the follower, one for each shadow, builders of states, and the one
that opens packs.

They outlive no node: each is told the process that started it and ends when that one is gone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from haitang.app.programs import OpenedPack
from haitang.app.service.opening import GENTLE_PROGRAM, PROGRAM, PackProcess, breathe, not_checked
from haitang.app.service.telling import Tell
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError, Place

GIVING_WAY = ("chrt", "-i", "0") if shutil.which("chrt") else ("nice", "-n", "19")
"""They run where nobody else wants to: a thread that wakes takes the processor from them at once,
and does not wait until they have used up their slice, as it would were they only nice. What waits
for that is a commit, and every request behind it. Nice they are where `chrt` is not installed.
"""
BUILD_S_MAX = 6 * 3_600
END_S_MAX = 20.0
PAUSE_S_MIN, PAUSE_S_MAX = 1.0, 300.0
"""Before one that died is started again: the first time, and at most; each time twice as long."""
SETTLED_S = 300.0
"""One that lived so long is started again as if it had never died."""


class Companion(msgspec.Struct, kw_only=True):
    """One process that is kept running."""

    process: subprocess.Popen[bytes] | None
    """None while it waits to be started again."""
    started_s: float
    pause_s: float = PAUSE_S_MIN
    """Before the next start, should it die."""
    again_s: float = 0.0
    """When it is started again."""


class Companions:
    """Starts and ends `haitang follow` processes for one data folder."""

    def __init__(
        self,
        folder: Path,
        *,
        tell: Tell,
        elapsed_us: Callable[[], int],
        options: Sequence[str] = (),
        program: Sequence[str] = (sys.executable, "-m", "haitang"),
        opener: Sequence[str] = PROGRAM,
        gentle_opener: Sequence[str] = GENTLE_PROGRAM,
    ) -> None:
        """Take the options that every one of them is started with."""
        self._folder = folder
        self._tell = tell
        self._elapsed_us = elapsed_us
        self._options = list(options)
        self._program = list(program)
        self._opener, self._gentle_opener = list(opener), list(gentle_opener)
        self._opening: PackProcess | None = None
        self._making_ready: PackProcess | None = None
        """The same process, while nobody waits for it."""
        self._waiting = 0
        """How many wait for a pack."""
        self._one_pack_at_a_time = threading.Lock()
        self._running: dict[str, Companion] = {}
        self._builders: set[subprocess.Popen[bytes]] = set()
        self._closed = False
        # Kept running by one thread, closed by another.
        self._lock = threading.Lock()

    def keep(self, wanted: dict[str, Sequence[str]]) -> None:
        """Have exactly these run, by name with their options.

        One that died is told of once and started again, later each time that it dies soon.
        """
        with self._lock:
            if not self._closed:
                self._keep(wanted)

    def build(self, pack_digest: str) -> None:
        """Have the state of a pack built from the journal; returns when its snapshot is there."""
        if self._built(["--once", "--no-compare", "--pack", pack_digest]) != 0:
            raise HaitangError(
                code="publication_state_not_built",
                message="the state of the pack's features could not be built from the journal",
                place=Place(path=str(self._folder)),
                hint="the log says why; the pack was not published",
            )

    def open(self, source: PackSource) -> OpenedPack:
        """Have a pack read, checked and compiled; every problem is a `HaitangError`."""
        with self._lock:
            self._waiting += 1
            if self._making_ready is not None:
                # Gently takes most of a minute, and a new process has the pack sooner.
                self._making_ready.process.kill()
        try:
            with self._one_pack_at_a_time:
                with self._lock:
                    process = self._pack_process(source, self._opener)
                breathe()
                return process.open(source)
        finally:
            with self._lock:
                self._waiting -= 1

    @property
    def opening_pid(self) -> int | None:
        """Of the process that opens packs; None before the first."""
        return None if self._opening is None else self._opening.process.pid

    def make_ready(self, source: PackSource) -> None:
        """Have the process that opens packs started, and made ready for packs like this one.

        Returns when it is, or as soon as somebody waits for a pack, or the service ends; raises
        `HaitangError` otherwise. The next pack is opened all the same.
        """
        with self._one_pack_at_a_time:
            with self._lock:
                if self._waiting:
                    return
                process = self._pack_process(source, self._gentle_opener)
                self._making_ready = process
            try:
                breathe()
                process.make_ready(source)
            except HaitangError:
                # It was ended with the service, or for whoever waits.
                if not (self._closed or self._waiting):
                    raise
            finally:
                with self._lock:
                    self._making_ready = None
                    if self._waiting:
                        # Killed, if only after the last word: nobody is to ask it.
                        process.end()

    def close(self) -> None:
        """End them all; none is started any more."""
        with self._lock:
            self._closed = True
            self._keep({})
            _end(list(self._builders))
            opening = self._opening
        if opening is not None:
            # Whoever waits for a pack is told that it ended.
            opening.end()

    def _pack_process(self, source: PackSource, program: Sequence[str]) -> PackProcess:
        """Return the process that opens packs; a new one where there is none, or none any more.

        For who holds the lock.
        """
        if self._closed:
            raise HaitangError(
                code="publication_not_checked",
                message="the service was about to stop",
                hint="publish again when it runs",
            )
        if self._opening is not None and not self._opening.running:
            self._opening.end()
            self._opening = None
        if self._opening is None:
            try:
                self._opening = PackProcess([*GIVING_WAY, *program])
            except OSError as error:
                reason = (error.strerror or type(error).__name__).lower()
                raise not_checked(source, f"could not be started: {reason}") from None
        return self._opening

    def _built(self, options: Sequence[str]) -> int | None:
        """Run a builder to its end and return its exit code; None for one that did not end."""
        with self._lock:
            if self._closed:
                return None
            process = self._start(options)
            self._builders.add(process)
        code = None
        try:
            code = process.wait(BUILD_S_MAX)
        except subprocess.TimeoutExpired:
            _end([process])
        self._builders.discard(process)
        if code != 0:
            self._tell("companion_ended", companion="builder", code=code)
        return code

    def _keep(self, wanted: dict[str, Sequence[str]]) -> None:
        unwanted = [self._running.pop(name) for name in list(self._running) if name not in wanted]
        _end([one.process for one in unwanted if one.process is not None])
        now_s = self._elapsed_us() / 1e6
        for name, options in wanted.items():
            companion = self._running.get(name)
            if companion is None:
                process = self._start(options)
                self._running[name] = Companion(process=process, started_s=now_s)
            elif companion.process is None:
                if now_s >= companion.again_s:
                    companion.process, companion.started_s = self._start(options), now_s
            elif (code := companion.process.poll()) is not None:
                self._mourn(name, companion, code=code, now_s=now_s)

    def _mourn(self, name: str, companion: Companion, *, code: int, now_s: float) -> None:
        if now_s - companion.started_s >= SETTLED_S:
            companion.pause_s = PAUSE_S_MIN
        companion.process = None
        companion.again_s = now_s + companion.pause_s
        self._tell("companion_ended", companion=name, code=code, restart_s=companion.pause_s)
        companion.pause_s = min(companion.pause_s * 2, PAUSE_S_MAX)

    def _start(self, options: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 # our own program
            [*GIVING_WAY, *self._program, "follow", str(self._folder),
             "--parent", str(os.getpid()), *self._options, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S_MAX)
