"""Who calls, and what they may: the port to the store of API keys."""

from __future__ import annotations

from typing import Literal, Protocol

from haitang.edges.api.refusals import ApiRefused
from haitang.kernel.errors import symbol

Scope = Literal[
    "decide", "events", "outcomes", "orders", "read", "lists", "publish", "operate"
]  # fmt: skip
SCOPES: dict[Scope, str] = {
    "decide": "Ask for decisions.",
    "events": "Send events that need no answer.",
    "outcomes": "Say what became of earlier events; also beside `decide` and `events`.",
    "orders": "Send police orders and warnings; beside `decide` or `events`.",
    "read": "Read decisions and replay them.",
    "lists": "Change and read lists; beside `decide` and `events`, by events.",
    "publish": "Publish packs and roll them back.",
    "operate": "Read metrics.",
}

_PREFIX = b"bearer "
_CHALLENGE = ((b"www-authenticate", b'Bearer realm="haitang"'),)
_TOKEN_BYTES_MAX = 256


class Caller(Protocol):
    """The owner of an API key."""

    @property
    def id(self) -> str:
        """Identifier of the key, as it stands in the journal as `sender`."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What the key may be used for."""
        ...


class KeyRing(Protocol):
    """Every key that is valid now. Called once a request: it must be quick and may not block."""

    def verify(self, token: str) -> Caller | None:
        """Return the owner of `ht_<id>_<secret>`; None when it is unknown or revoked."""
        ...


def authenticate(keys: KeyRing, authorization: bytes | None) -> Caller:
    """Return who calls by the `Authorization` header, or raise 401."""
    if authorization is None:
        raise ApiRefused(
            code="api_key_missing",
            message="the request had no API key",
            hint="send the header `Authorization: Bearer ht_<id>_<secret>`",
            status=401,
            headers=_CHALLENGE,
        )
    if authorization[:7].lower() == _PREFIX and len(authorization) <= _TOKEN_BYTES_MAX:
        caller = keys.verify(authorization[7:].decode("latin-1"))
        if caller is not None:
            return caller
    raise ApiRefused(
        code="api_key_unknown",
        message="the API key was not known, or was revoked",
        hint="send the header `Authorization: Bearer ht_<id>_<secret>` with a key that is valid",
        status=401,
        headers=_CHALLENGE,
    )


def authorise(caller: Caller, scope: Scope) -> None:
    """Raise 403 when a caller's key lacks a scope."""
    if scope not in caller.scopes:
        raise ApiRefused(
            code="scope_missing",
            message=f"the API key {symbol(caller.id)} lacks the scope `{scope}`",
            hint="use another key, or have a key made with this scope",
            status=403,
        )
