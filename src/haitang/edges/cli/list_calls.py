"""The requests of `haitang lists` to a running service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from urllib.parse import quote

import httpx
import msgspec

from haitang.app.list_loading import Receipt, RowRefused
from haitang.app.service.answers import ListEntryView
from haitang.app.wiring import MachineClock
from haitang.kernel.errors import HaitangError, symbol

ATTEMPTS_MAX = 20
"""How often a request is made while the service is busy or restarting."""
PAUSE_SECONDS_MAX = 30
TIMEOUT_SECONDS = 60.0

_BUSY = (429, 503, 504)


class _Error(msgspec.Struct, frozen=True, kw_only=True):
    error: RowRefused


class ListCalls:
    """One connection to the service; used in a `with` block."""

    def __init__(self, url: str, key: str, *, clock: MachineClock) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._answered = False
        try:
            self._client = httpx.Client(
                base_url=self._url,
                headers={"authorization": f"Bearer {key}"},
                timeout=TIMEOUT_SECONDS,
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise _unreachable(self._url) from error

    def __enter__(self) -> ListCalls:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def change(self, list_name: str, rows: Sequence[bytes], *, removal: bool) -> Receipt:
        """Send rows to one list; a request that got no answer is repeated, which changes nothing
        twice.
        """
        answer = self._ask(
            "DELETE" if removal else "PUT",
            f"/v1/lists/{quote(list_name, safe='')}/entries",
            content=b"\n".join(rows),
            headers={"content-type": "application/x-ndjson"},
        )
        return msgspec.json.decode(answer, type=Receipt)

    def entry(self, list_name: str, list_value: str, *, at_us: int | None) -> ListEntryView:
        """Ask what a list says of a value, now or at an instant."""
        path = f"/v1/lists/{quote(list_name, safe='')}/entries/{quote(list_value, safe='')}"
        if at_us is not None:
            path += f"?at={at_us}"
        return msgspec.json.decode(self._ask("GET", path), type=ListEntryView)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        attempt = 1
        while True:
            last = attempt == ATTEMPTS_MAX
            attempt += 1
            try:
                answer = self._client.request(method, path, content=content, headers=headers)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                # A service that was never there is told at once; one that restarts is waited for.
                if last or not self._answered:
                    raise _unreachable(self._url) from error
                self._clock.pause(duration_us=1_000_000)
                continue
            self._answered = True
            if answer.status_code in _BUSY and not last:
                self._clock.pause(duration_us=_pause_us(answer.headers.get("retry-after", "1")))
                continue
            if answer.is_success:
                return answer.content
            raise _refused(answer)


def _pause_us(retry_after: str) -> int:
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else 1
    return min(seconds, PAUSE_SECONDS_MAX) * 1_000_000


def _unreachable(url: str) -> HaitangError:
    return HaitangError(
        code="use_service_unreachable",
        message=f"no service answered at {symbol(url)}",
        hint="start it with `haitang serve`, or name its address with `--url`",
    )


def _refused(answer: httpx.Response) -> HaitangError:
    try:
        said = msgspec.json.decode(answer.content, type=_Error).error
    except msgspec.MsgspecError:
        said = RowRefused(code="", message=f"it answered {answer.status_code}")
    code = f"{symbol(said.code)}: " if said.code else ""
    return HaitangError(
        code="use_service_refused",
        message=f"the service refused the request: {code}{said.message}",
        hint=said.hint,
    )
