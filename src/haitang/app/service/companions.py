"""The processes beside a node: the follower, one for each shadow, and builders of states."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from haitang.kernel.errors import HaitangError, Place

NICENESS = "10"
"""They give way to the service."""
BUILD_S_MAX = 6 * 3_600
END_S_MAX = 20.0


class Companions:
    """Starts and ends `haitang follow` processes for one data folder."""

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        self._folder = folder
        self._options = list(options)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def keep(self, wanted: dict[str, Sequence[str]]) -> None:
        """Have exactly these run, by name with their options; what died is started again."""
        for name in [name for name in self._running if name not in wanted]:
            self._end(self._running.pop(name))
        for name, options in wanted.items():
            process = self._running.get(name)
            if process is None or process.poll() is not None:
                self._running[name] = self._start(options)

    def build(self, pack_digest: str) -> None:
        """Have the state of a pack built from the journal; returns when its snapshot is there."""
        process = self._start(["--once", "--no-compare", "--pack", pack_digest])
        if process.wait(BUILD_S_MAX) != 0:
            raise HaitangError(
                code="publication_state_not_built",
                message="the state of the pack's features could not be built from the journal",
                place=Place(path=str(self._folder)),
                hint="the log says why; the pack was not published",
            )

    def close(self) -> None:
        """End them all."""
        self.keep({})

    def _start(self, options: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 # our own program
            ["nice", "-n", NICENESS, sys.executable, "-m", "haitang", "follow",  # noqa: S607
             str(self._folder), *self._options, *options],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
