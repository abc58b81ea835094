"""The command as a user starts it: a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).resolve().parents[2] / "src"
SECONDS_MAX = 400
"""The engine's machine code may have to be made first."""

COMMAND = (sys.executable, "-m", "haitang")
_HABITS = frozenset(("LANG", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI"))


def surroundings(**variables: str) -> dict[str, str]:
    """Return an environment in English, without a terminal's habits, that finds the sources."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LC_", "HAITANG_", "COV_")) and name not in _HABITS
    }
    settled = {"LANG": "C.UTF-8", "TERM": "xterm", "PYTHONPATH": str(SOURCES)}
    return {**kept, **settled, **variables}


def haitang(
    *arguments: str | Path, cwd: Path, given: bytes | None = None, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run one command to its end."""
    finished = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=surroundings(**variables),
        input=given,
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert b"Traceback" not in finished.stderr, finished.stderr.decode()
    return finished


def started(*arguments: str | Path, cwd: Path, **streams: Any) -> subprocess.Popen[bytes]:
    """Start one command and let it run."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=surroundings(),
        preexec_fn=_listen_to_interrupts,  # noqa: PLW1509 - no threads here
        **streams,
    )


def _listen_to_interrupts() -> None:
    """Undo what a shell does to what it runs in the background: ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
