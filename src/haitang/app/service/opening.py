"""Packs read, checked and compiled by another process, and taken over in pieces.

Reading a large pack takes seconds of Python. A thread of the service that does it takes turns with
the one that decides, half a millisecond each, and every answer waits ten times as long meanwhile.
So another process does it, where nobody else wants the processor, and hands over what it made.
Taking that over would be one call of a tenth of a second that lets nobody else run; it is pickled
with pauses in between.

The process stays for the next pack and keeps its memory. One that begins anew loads its libraries
first, and asks the system for some hundred megabytes: on a virtual machine whose host has taken
them back meanwhile, every first touch of a large page stops the processor for milliseconds,
whatever else wanted to run there.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, Any

import msgspec

from haitang.app.programs import OpenedPack, open_source
from haitang.app.service.gently import gently
from haitang.decision.rules.pack import LoadCache
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError, Place

OPEN_S_MAX = 480.0
"""The shipped bank takes five seconds on an idle core. Less than `haitang publish` waits for."""
END_S_MAX = 20.0
LENGTH_BYTES = 8
"""Before each source that the process is sent; what it answers ends by itself."""
_LOADED = "from haitang.app.service.opening import main"
PROGRAM = (sys.executable, "-c", f"{_LOADED}; main()")
GENTLE_PROGRAM = (
    sys.executable,
    "-c",
    f"from haitang.app.service.gently import gently\nwith gently():\n    {_LOADED}\nmain()",
)
"""The same, in no hurry to be there."""
KEEPING = {
    # Every object in the heap of the C library, which gives nothing of it back to the system.
    "PYTHONMALLOC": "malloc",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
}
"""Environment of a process that keeps what memory it has touched; of no effect without glibc."""
REMEMBERED_MAX = 4
"""Files and policies that it remembers, for each file of the last pack; then it begins anew."""
PAUSE_EVERY = 64
"""Objects that are rebuilt between two pauses: a fraction of a millisecond's work."""
PAUSE_S = 0.000_5
BREATH_S = 0.003
"""Between two steps of a publication that take a millisecond or two each and let nobody else run:
what came meanwhile is answered before the next one. One after the other they held it up for nine.
"""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is asked for."""

    source: PackSource
    hand_over: bool = True
    """False: only make ready for packs like this one; the answer is None, or what is wrong."""


def breathe() -> None:
    """Let the thread that decides catch up; not on the loop."""
    time.sleep(BREATH_S)


class PackProcess:
    """A process that opens one pack after another; for one thread at a time, and not the loop's.

    What goes wrong in it, or on the way, ends it; it is made anew for the next pack.
    """

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        """Start it; raises `OSError` where the system does not."""
        self.process = subprocess.Popen(  # noqa: S603 # our own program
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **KEEPING},
            # Ctrl-C is for the service; this one ends when nobody can ask it any more.
            process_group=0,
        )

    @property
    def running(self) -> bool:
        """Whether it can be asked."""
        return self.process.poll() is None

    def open(self, source: PackSource, *, within_s: float = OPEN_S_MAX) -> OpenedPack:
        """Have a pack opened.

        Raises what it raised, or `publication_not_checked` where it ended without a word, or was
        not done in time and was ended.
        """
        found = self._ask(Asked(source=source), within_s)
        assert isinstance(found, OpenedPack)
        return found

    def make_ready(self, source: PackSource, *, within_s: float = OPEN_S_MAX) -> None:
        """Have a pack opened, gently, and keep nothing of it but the readiness for the next;
        raises as `open` does.
        """
        self._ask(Asked(source=source, hand_over=False), within_s)

    def end(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait(END_S_MAX)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _ask(self, asked: Asked, within_s: float) -> object:
        late = threading.Event()

        def too_late() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(within_s, too_late)
        timer.daemon = True
        timer.start()
        try:
            found = self._exchanged(asked)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            # It ended: by itself, late, or with the service, which closes the pipes.
            self.end()
            what = f"ended with code {self.process.returncode}"
            if late.is_set():
                what = f"was not done after {within_s:.0f} s"
            raise not_checked(asked.source, what) from None
        except BaseException:
            self.end()
            raise
        finally:
            timer.cancel()
        if isinstance(found, HaitangError):
            raise found
        return found

    def _exchanged(self, asked: Asked) -> object:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        words = framed(asked)
        breathe()
        stdin.write(words)
        stdin.flush()
        # From a process that we started ourselves, over a pipe of our own.
        return pickle.load(stdout)  # noqa: S301


def framed(asked: Asked) -> bytes:
    """Return what the process is sent."""
    words = msgspec.msgpack.encode(asked)
    return len(words).to_bytes(LENGTH_BYTES) + words


def main() -> None:
    """Be that process, on standard input and output."""
    asking, answering = sys.stdin.buffer, sys.stdout.buffer
    # What a library prints is no answer.
    sys.stdout = sys.stderr
    # A service that is gone reads no answer, and asks for nothing more.
    with contextlib.suppress(BrokenPipeError):
        answer(asking, answering)


def answer(asking: IO[bytes], answering: IO[bytes]) -> None:
    """Read what is asked until there is no more, and tell what became of it."""
    cache = LoadCache()
    while length := asking.read(LENGTH_BYTES):
        asked = msgspec.msgpack.decode(asking.read(int.from_bytes(length)), type=Asked)
        try:
            # Nobody waits for what is not handed over.
            with contextlib.nullcontext() if asked.hand_over else gently():
                opened = open_source(asked.source, cache=cache)
        except HaitangError as error:
            hand_over(error, answering)
        else:
            hand_over(opened if asked.hand_over else None, answering)
        if cache.size > REMEMBERED_MAX * len(asked.source.files):
            cache = LoadCache()


def hand_over(found: object, file: IO[bytes]) -> None:
    """Pickle with pauses for whoever loads it."""
    _Pausing(file, protocol=pickle.HIGHEST_PROTOCOL).dump(found)
    file.flush()


class _Pausing(pickle.Pickler):
    """Lets every so many-th object be rebuilt after a pause."""

    def __init__(self, file: IO[bytes], *, protocol: int) -> None:
        super().__init__(file, protocol=protocol)
        self._objects = 0

    def reducer_override(self, obj: Any) -> Any:
        if not isinstance(obj, msgspec.Struct):
            return NotImplemented
        self._objects += 1
        if self._objects % PAUSE_EVERY:
            return NotImplemented
        how = obj.__reduce__()
        assert isinstance(how, tuple)
        assert len(how) == 2, "a struct is rebuilt by one call"
        return _after_a_pause, (how[0], *how[1])


def _after_a_pause(rebuild: Callable[..., object], *arguments: object) -> object:
    # Sleeping lets go of the interpreter.
    time.sleep(PAUSE_S)
    return rebuild(*arguments)


def not_checked(source: PackSource, what: str) -> HaitangError:
    """Return the refusal of a publication whose pack nobody opened."""
    return HaitangError(
        code="publication_not_checked",
        message=f"the process that reads and checks the pack {what}",
        place=Place(path=source.name),
        hint="nothing was published; see the log and the memory that is free, and publish again",
    )
