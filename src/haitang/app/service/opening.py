"""Packs read, checked and compiled by another process, and taken over in pieces.

Reading a large pack takes seconds of Python. A thread of the service that does it takes turns with
the one that decides, half a millisecond each, and every answer waits ten times as long meanwhile.
So another process does it, where nobody else wants the processor, and hands over what it made.
Taking that over would be one call of a tenth of a second that lets nobody else run; it is pickled
with pauses in between.
"""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec

from haitang.app.programs import OpenedPack, open_source
from haitang.decision.rules.source import PackSource
from haitang.kernel.errors import HaitangError, Place

OPEN_S_MAX = 480.0
"""The shipped bank takes five seconds on an idle core. Less than `haitang publish` waits for."""
PROGRAM = (sys.executable, "-c", "from haitang.app.service.opening import main; main()")
PAUSE_EVERY = 64
"""Objects that are rebuilt between two pauses: a fraction of a millisecond's work."""
PAUSE_S = 0.000_5
BREATH_S = 0.003
"""Between two steps of a publication that take a millisecond or two each and let nobody else run:
what came meanwhile is answered before the next one. One after the other they held it up for nine.
"""


def breathe() -> None:
    """Let the thread that decides catch up; not on the loop."""
    time.sleep(BREATH_S)


def opened_by(
    process: subprocess.Popen[bytes], source: PackSource, *, within_s: float = OPEN_S_MAX
) -> OpenedPack:
    """Have a process that was started with `PROGRAM` and pipes open a pack; not on the loop.

    Raises what it raised, or `publication_not_checked` where it ended without a word, or was not
    done in time and was ended.
    """
    asked = msgspec.msgpack.encode(source)
    breathe()
    try:
        written, _ = process.communicate(asked, timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise not_checked(source, f"was not done after {within_s:.0f} s") from None
    if process.returncode != 0:
        raise not_checked(source, f"ended with code {process.returncode}")
    # From a process that we started ourselves, over a pipe of our own.
    found = pickle.loads(written)  # noqa: S301
    if isinstance(found, HaitangError):
        raise found
    assert isinstance(found, OpenedPack)
    return found


def main() -> None:
    """Be the other process: a source on standard input, what became of it on standard output."""
    source = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=PackSource)
    found: OpenedPack | HaitangError
    try:
        found = open_source(source)
    except HaitangError as error:
        found = error
    sys.stdout.buffer.write(packed(found))


def packed(found: object) -> bytes:
    """Pickle with pauses for whoever loads it."""
    written = io.BytesIO()
    _Pausing(written, protocol=pickle.HIGHEST_PROTOCOL).dump(found)
    return written.getvalue()


class _Pausing(pickle.Pickler):
    """Lets every so many-th object be rebuilt after a pause."""

    def __init__(self, file: io.BytesIO, *, protocol: int) -> None:
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
