"""Nodes that start in a fraction of a second: forked from a process that has loaded everything.

Most of a start is the loading of libraries and machine code. For hundreds of kills that is done
once: `python -m bench.preloaded PACK` loads it, and for each line that it reads forks a node of
its own, as `haitang serve` starts one under its supervisor. What is killed is a whole process
group; what the next one finds is what was on disk.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import service
from bench.service import Service

BACKLOG = 128


class Preloaded:
    """The process that forks; `close` ends it, not the nodes."""

    def __init__(self, pack: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.preloaded", str(pack)],
            cwd=service.ROOT,
            env=service.surroundings(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answer()

    def start(self, data: Path) -> Service:
        """Fork a node on a data folder that has a pack; `service.ready` waits for it."""
        port = service.free_port()
        asked = {"data": str(data), "port": port}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        return Service(None, self._answer(), port, data, service.log_path(data))

    def _answer(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise service.ServiceFailed("the process that forks nodes ended")
        return int(line)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _load(pack: Path) -> None:
    """Load libraries and machine code, as far as one process can do it for another."""
    import haitang.edges.cli.serving  # noqa: F401
    from haitang.adapters.files.packs import read_pack_folder
    from haitang.app.programs import warm_up
    from haitang.decision.engine import compile_pack
    from haitang.decision.rules.pack import load_pack

    warm_up(compile_pack(load_pack(read_pack_folder(pack))))


def _node(asked: dict[str, Any]) -> None:
    """Become a node; never returns."""
    from haitang.edges.cli.main import main as haitang

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(service.log_path(Path(asked["data"])), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(number, target)
    listening = socket.create_server(("127.0.0.1", asked["port"]), backlog=BACKLOG)
    # Both ends stay open here: what the node tells a supervisor goes nowhere.
    _, told = os.pipe()
    words = ["serve", "--data", asked["data"], "--no-follower"]
    words += ["--listen-fd", str(listening.detach()), "--tell-fd", str(told)]
    code = 1
    try:
        code = haitang(words)
    finally:
        os._exit(code)


def _fork_for_each_line(pack: Path) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _load(pack)
    print(0, flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _node(json.loads(line))
        # Before anybody knows of it: a group that is not there yet cannot be killed.
        os.setpgid(child, child)
        print(child, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(_fork_for_each_line(Path(sys.argv[1])))
