"""The service under measurement: started as its operators start it, watched from outside.

Every service here is a process group of its own on a free port of this machine; `ended` kills
whatever is left of it.
"""

from __future__ import annotations

import http.client
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from bench.measures import Measured
from haitang.adapters.journal.lock import lock_holder

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS_MAX = 180.0
"""Machine code may have to be made, and a journal without a snapshot be replayed."""
STOP_SECONDS_MAX = 120.0
POLL_S = 0.002
SETTLE_SECONDS_MAX = 60.0
SETTLE_S = 0.5
SETTLED_SHARE = 0.1
"""Of a core: what a service uses that does nothing."""
LOG_BYTES_SHOWN = 4_000
SCOPES = ("decide", "events", "outcomes", "orders", "read", "lists", "publish", "operate")

_KEY = re.compile(r"ht_[A-Za-z0-9]+_[A-Za-z0-9_\-]+")
_TICKS = os.sysconf("SC_CLK_TCK")


class ServiceFailed(Exception):
    """The service ended or never became ready; says what it logged last."""


class Service(NamedTuple):
    """A running service."""

    process: subprocess.Popen[bytes] | None
    """None where it is not our own child."""
    group: int
    """The process group, which holds the service and whatever it started."""
    port: int
    data: Path
    log: Path


def log_path(data: Path) -> Path:
    """Return where a service on a data folder logs: beside the folder."""
    return data.with_name(data.name + ".log")


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of `haitang` in this checkout."""
    return [sys.executable, "-m", "haitang", *map(str, arguments)]


def surroundings() -> dict[str, str]:
    """Return the environment without settings of the caller, in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HAITANG_")}
    # Machine code that was made before is used again, wherever it is kept.
    kept |= {name: value for name, value in os.environ.items() if name.startswith("HAITANG_CACHE")}
    return {**kept, "LANG": "C.UTF-8", "PYTHONPATH": search_path()}


def search_path() -> str:
    """Return the repository, then what was given, then its source."""
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(part for part in (str(ROOT), given, str(ROOT / "src")) if part)


def called(*arguments: str | Path) -> str:
    """Run one command to its end and return what it wrote; raises `ServiceFailed`."""
    finished = subprocess.run(
        command(*arguments), env=surroundings(), capture_output=True, check=False
    )
    if finished.returncode != 0:
        shown = " ".join(map(str, arguments))
        said = finished.stderr.decode(errors="replace")[-LOG_BYTES_SHOWN:]
        raise ServiceFailed(f"`haitang {shown}` ended with {finished.returncode}: {said}")
    return finished.stdout.decode()


def create_key(data: Path, *, scopes: Sequence[str] = SCOPES) -> str:
    """Make an API key in a data folder, which is made if need be."""
    data.mkdir(parents=True, exist_ok=True)
    asked = [word for scope in scopes for word in ("--scope", scope)]
    found = _KEY.search(called("keys", "create", "bench", *asked, "--data", data))
    if found is None:
        raise ServiceFailed("`haitang keys create` printed no key")
    return found[0]


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def start(data: Path, pack: Path | None, *, port: int = 0, options: Sequence[str] = ()) -> Service:
    """Start a service and return at once; `ready` waits for it."""
    port = port or free_port()
    log = log_path(data)
    chosen = ("--pack", pack) if pack is not None else ()
    words = command("serve", "--data", data, *chosen, "--port", str(port), *options)
    with log.open("ab") as written:
        process = subprocess.Popen(
            words,
            env=surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            # A group of its own, to be ended whole, but no session: Linux shares processors out
            # between sessions first (autogroup), so that a follower that gives way to its node
            # takes turns with a generator of another session, three milliseconds each.
            process_group=0,
        )
    return Service(process, process.pid, port, data, log)


def ready(service: Service, *, seconds_max: float = START_SECONDS_MAX) -> None:
    """Wait until the service says that it decides."""
    deadline = time.monotonic() + seconds_max
    while not is_ready(service.port):
        check_alive(service)
        if time.monotonic() > deadline:
            raise ServiceFailed(
                f"it was not ready after {seconds_max:.0f} s: {last_words(service)}"
            )
        time.sleep(POLL_S)


def check_alive(service: Service) -> None:
    """Raise `ServiceFailed` when the process has ended."""
    process = service.process
    if process is not None and process.poll() is not None:
        code = process.returncode
        raise ServiceFailed(f"the service ended with {code}: {last_words(service)}")
    if process is None and not members(service.group):
        raise ServiceFailed(f"the service ended: {last_words(service)}")


def is_ready(port: int) -> bool:
    """Ask `/readyz` once."""
    # A refused connection is the usual answer of a service that starts: ask cheaply.
    with suppress(OSError, http.client.HTTPException):
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            asked.request("GET", "/readyz")
            return asked.getresponse().status == 200
        finally:
            asked.close()
    return False


def last_words(service: Service) -> str:
    """Return the end of what the service logged."""
    with suppress(OSError):
        return service.log.read_bytes()[-LOG_BYTES_SHOWN:].decode(errors="replace")
    return ""


def stop(service: Service) -> float:
    """Stop gracefully; return how many seconds it took."""
    begun = time.monotonic()
    os.kill(service.group, signal.SIGTERM)
    if not _gone(service):
        kill(service)
        raise ServiceFailed(f"it did not stop: {last_words(service)}")
    return time.monotonic() - begun


def kill(service: Service) -> None:
    """`kill -9` the service and all that it started, at once, and wait until they are gone."""
    with suppress(ProcessLookupError):
        os.killpg(service.group, signal.SIGKILL)
    if not _gone(service):
        raise ServiceFailed("it could not be killed")


def _gone(service: Service) -> bool:
    """Wait until nothing of the service is left; its lock is free then."""
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while members(service.group) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    if service.process is not None:
        # What no longer lives may not be waited for yet.
        with suppress(subprocess.TimeoutExpired):
            service.process.wait(max(deadline - time.monotonic(), 1.0))
    return not members(service.group)


@contextmanager
def ended(service: Service) -> Iterator[Service]:
    """Make sure that nothing of the service is left."""
    try:
        yield service
    finally:
        kill(service)


def members(group: int) -> list[int]:
    """Return the living processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, IndexError):
            fields = (entry / "stat").read_text().rpartition(") ")[2].split()
            if int(fields[2]) == group and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found


def usage(service: Service) -> Measured:
    """Return CPU seconds so far and resident bytes: of the node, which is the process that owns
    the data folder, and of all together; a follower may be larger than the node.
    """
    used: dict[int, tuple[int, float]] = {}
    for member in members(service.group):
        with suppress(OSError, IndexError):
            text = Path(f"/proc/{member}/stat").read_text()
            fields = text.rpartition(") ")[2].split()
            cpu = (int(fields[11]) + int(fields[12])) / _TICKS
            used[member] = (int(fields[21]) * resource.getpagesize(), cpu)
    holder = lock_holder(service.data)
    resident, node_cpu = used.get(holder.pid, (0, 0.0)) if holder is not None else (0, 0.0)
    return {
        "cpu_s": sum(cpu for _, cpu in used.values()),
        "node_cpu_s": node_cpu,
        "resident_bytes": resident,
        "resident_bytes_all": sum(one for one, _ in used.values()),
        "processes": len(used),
    }


def settle(service: Service) -> None:
    """Wait until the service has nothing more to do: a follower starts and catches up."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    before = usage(service)["cpu_s"]
    while time.monotonic() < deadline:
        time.sleep(SETTLE_S)
        now = usage(service)["cpu_s"]
        if now - before <= SETTLED_SHARE * SETTLE_S:
            return
        before = now


def folder_bytes(folder: Path) -> int:
    """Return what the files of a folder hold."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def copied(data: Path, to: Path) -> Path:
    """Copy a data folder that no service holds; the file system may share the blocks."""
    if to.exists():
        shutil.rmtree(to)
    to.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(data), str(to)], check=True)
    (to / "LOCK").unlink(missing_ok=True)
    return to
