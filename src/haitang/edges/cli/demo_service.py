"""The service behind the demo: `haitang serve` in processes of its own, asked over HTTP.

Its data folder is a temporary one and goes with it. It runs in a session of its own, so that a
Ctrl-C meant for the demo does not reach it: the demo stops it when it has had its last answer.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import msgspec

from haitang.app.demo import DemoClock, Reply
from haitang.app.demoframes import Answered
from haitang.app.keys import KEYS_FILE, create_key
from haitang.app.wiring import MachineClock, make_folder
from haitang.kernel.errors import HaitangError, symbol

LOCALHOST = "127.0.0.1"
SCOPES = ("decide", "outcomes", "orders", "read", "lists")
"""The bank's day holds all of it: payments, labels, police orders, changes of lists."""

START_SECONDS_MAX = 900
"""The first start on a machine makes the engine's machine code."""

STOP_SECONDS_MAX = 20
POLL_US = 50_000
ANSWER_SECONDS_MAX = 90
DEADLINE_MS = 60_000
"""Nobody waits for the demo's money: no answer is to be hurried, so none is degraded."""

ATTEMPTS_MAX = 60
WAIT_US = 1_000_000
"""Before a request is sent again that the service had no room for."""

LOG_LINES_SHOWN = 5
HUNG_UP = 129
"""Exit code when the terminal was closed (128 + SIGHUP)."""

_LISTENING = re.compile(r"https?://" + re.escape(LOCALHOST) + r":(\d+)")
NO_ANSWER = 0
"""In the place of a status where the connection broke."""

_AGAIN = frozenset((NO_ANSWER, 429, 503, 504))


class _Fault(msgspec.Struct, frozen=True):
    code: str
    message: str


class _Result(msgspec.Struct, frozen=True):
    """One result of a batch: a decision or an error."""

    index: int
    decision: Answered | None = None
    error: _Fault | None = None
    repeated: bool = False


class _Results(msgspec.Struct, frozen=True):
    results: list[_Result]


_read_results = msgspec.json.Decoder(_Results).decode


class StartedService:
    """A service that was started, and perhaps is not ready yet."""

    def __init__(self, process: subprocess.Popen[bytes], *, log: Path, key: str) -> None:
        self.key = key
        self._process = process
        self._log = log

    def wait_until_ready(self, clock: DemoClock) -> int:
        """Wait until it listens and return its port; raises `HaitangError` when it ended."""
        for _ in range(START_SECONDS_MAX * 1_000_000 // POLL_US):
            found = _LISTENING.search(self._log.read_text(encoding="utf-8", errors="replace"))
            if found is not None:
                return int(found[1])
            if self._process.poll() is not None:
                break
            clock.pause(duration_us=POLL_US)
        raise self.gone()

    @property
    def alive(self) -> bool:
        """Whether the process above the node runs."""
        return self._process.poll() is None

    def gone(self) -> HaitangError:
        """Return the error that says that the service is not there, with its own last words."""
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = " / ".join(line.strip() for line in said[-LOG_LINES_SHOWN:])
        code = self._process.poll()
        ended = "did not answer" if code is None else f"ended with exit code {code}"
        return HaitangError(
            code="demo_service_gone",
            message=f"the service of the demo {ended}; it said {symbol(last, length_max=500)}",
            hint="run `haitang serve` with the same pack to see why",
        )

    def stop(self) -> None:
        """Let it answer what it took in and end; one that does not is killed."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                # The session is its own: nothing else is in it but the service's processes.
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


@contextmanager
def service_started(pack: Path, *, clock: MachineClock) -> Iterator[StartedService]:
    """Start the service on a free port of this machine with a data folder that ends with it."""
    with (
        _ending_on_hang_up(),
        tempfile.TemporaryDirectory(prefix="haitang-demo-", ignore_cleanup_errors=True) as place,
    ):
        folder, log = Path(place) / "data", Path(place) / "service.log"
        make_folder(folder)
        made = create_key(
            folder / KEYS_FILE, name="demo", scopes=SCOPES, clock=clock, expires_days=1
        )
        words = ["serve", "--data", str(folder), "--pack", str(pack.resolve())]
        words += ["--host", LOCALHOST, "--port", "0", "--no-follower"]
        with log.open("wb") as stream:
            # The program is this one, and the words are our own.
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "haitang", *words],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=_surroundings(os.environ),
                start_new_session=True,
            )
        started = StartedService(process, log=log, key=made.token.reveal())
        try:
            yield started
        finally:
            started.stop()


def _surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is meant for the reader's own service: its folder, its bounds, its file."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("HAITANG_") or name == "HAITANG_LANGUAGE"
    }


@contextmanager
def _ending_on_hang_up() -> Iterator[None]:
    """Let a closed terminal unwind like Ctrl-C does: the service is not in its session."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(HUNG_UP)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGHUP, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, previous)


class HttpService:
    """Asks a service over one connection that is kept open."""

    def __init__(self, started: StartedService, *, port: int, clock: DemoClock) -> None:
        self.url = f"http://{LOCALHOST}:{port}"
        self._started = started
        self._clock = clock
        self._connection = http.client.HTTPConnection(LOCALHOST, port, timeout=ANSWER_SECONDS_MAX)
        self._headers = {
            "Authorization": f"Bearer {started.key}",
            "Content-Type": "application/json",
            "Haitang-Deadline-Ms": str(DEADLINE_MS),
        }

    def decide(self, events: Sequence[bytes]) -> list[Reply]:
        """Have events decided with one request."""
        body = b"[" + b",".join(events) + b"]"
        results = _read_results(self._ask("POST", "/v1/decisions:batch", body)).results
        return [
            Reply(
                answered=one.decision,
                repeated=one.repeated,
                refusal="" if one.error is None else f"{one.error.code}: {one.error.message}",
            )
            for one in results
        ]

    def explain(self, identifier: str) -> bytes:
        """Return a decision with its whole explanation."""
        return self._ask("GET", f"/v1/decisions/{quote(identifier, safe='')}", None)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        """Send one request, again while there is no room or no node: an event is decided once.

        A node that dies is started again by the process above it, on the same port.
        """
        status, answer = NO_ANSWER, b""
        for _ in range(ATTEMPTS_MAX):
            try:
                self._connection.request(method, path, body=body, headers=self._headers)
                response = self._connection.getresponse()
                status, answer = response.status, response.read()
            except (OSError, http.client.HTTPException):
                self._connection.close()
                status = NO_ANSWER
                if not self._started.alive:
                    break
            if status not in _AGAIN:
                break
            self._clock.pause(duration_us=WAIT_US)
        if status == NO_ANSWER:
            raise self._started.gone()
        if status != http.client.OK:
            said = symbol(answer.decode(errors="replace"), length_max=500)
            raise HaitangError(
                code="demo_service_refused",
                message=f"the service answered {symbol(path)} with {status}: {said}",
            )
        return answer
