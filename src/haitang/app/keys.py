"""API keys: made once, shown once, kept as digests, checked on every request.

A key reads `ht_<id>_<secret>`; the prefix lets scanners of source code find one that leaked. The
secret is 256 random bits, so a fast keyed digest (HMAC-SM3, or SHA-256 where SM3 is not to be had)
keeps it as well as a slow password hash would: there is no dictionary to try. Digests are compared
in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from haitang.app.wiring import (
    FileIdentity,
    StoredKey,
    change_key_file,
    draw_secret,
    key_file_identity,
    read_key_file,
)
from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol
from haitang.kernel.identity import Algorithm, Masked, Tokeniser
from haitang.kernel.instants import DAY_US, SECOND_US

KEYS_FILE = "keys.json"
"""Name of the file of keys in a data folder."""

SCOPES = ("decide", "events", "outcomes", "orders", "read", "lists", "publish", "operate")
"""What a key may be allowed; `docs/internals/service.md` says which call wants which."""

CHECK_EVERY_US = SECOND_US
"""How often the file is looked at for keys that are new or revoked."""

NAME_LENGTH_MAX = 100
EXPIRES_DAYS_MAX = 3_650
TOKEN_LENGTH_MAX = 256

_TOKEN = re.compile(r"ht_([0-9a-z]{4,32})_([0-9A-Za-z]{32,128})", re.ASCII)


class Clock(Protocol):
    """The time, and a steady reading."""

    def now_us(self) -> int:
        """Return microseconds UTC."""
        ...

    def elapsed_us(self) -> int:
        """Return a stopwatch reading."""
        ...


class KeyGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token stands for."""

    id: str
    """What the journal and the log say of the sender."""
    name: str
    scopes: frozenset[str]


class CreatedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key; the only moment in which its token exists outside of its owner."""

    key: StoredKey
    token: Masked


class KeyRing:
    """Checks tokens against the keys of a data folder, and notices changes without a restart.

    For one thread. A token that was verified costs a digest and a look-up from then on; the tokens
    themselves are not kept. The file is looked at once a second at most: a revoked key is refused
    at most a second later. A file that cannot be read while we run leaves the keys as they were,
    and is told of: the payment path must not stop because of a slip in an editor. The same holds
    for a file that has gone; who wants no keys revokes them.
    """

    def __init__(
        self, path: Path, *, clock: Clock, tell: Callable[..., None] | None = None
    ) -> None:
        """Read the keys; raises `HaitangError` where the file cannot be read at the start."""
        self._path = path
        self._clock = clock
        self._tell = tell
        self._identity = key_file_identity(path)
        self._keys = {key.id: key for key in read_key_file(path)}
        self._known: dict[bytes, tuple[KeyGrant, int]] = {}
        self._check_at_us = clock.elapsed_us() + CHECK_EVERY_US

    def verify(self, token: str) -> KeyGrant | None:
        """Return what the token may do; None for a wrong, unknown, expired or revoked one."""
        if self._clock.elapsed_us() >= self._check_at_us:
            self._look()
        try:
            digest = hashlib.sha256(token.encode()).digest()
        except UnicodeEncodeError:
            return None
        known = self._known.get(digest)
        if known is None:
            return self._verify_slowly(token, digest)
        grant, expires_at_us = known
        if expires_at_us and self._clock.now_us() >= expires_at_us:
            return None
        return grant

    @property
    def key_count(self) -> int:
        """Return how many keys are kept, revoked and expired ones among them."""
        return len(self._keys)

    def _verify_slowly(self, token: str, digest: bytes) -> KeyGrant | None:
        match = _TOKEN.fullmatch(token) if len(token) <= TOKEN_LENGTH_MAX else None
        key = self._keys.get(match[1]) if match else None
        if match is None or key is None:
            return None
        if not hmac.compare_digest(key.digest, digest_of(match[2], key.salt, key.algorithm)):
            return None
        if state_of(key, now_us=self._clock.now_us()) != "valid":
            return None
        grant = KeyGrant(id=key.id, name=key.name, scopes=frozenset(key.scopes))
        # One text only verifies against a key, so this never outgrows the file.
        self._known[digest] = (grant, key.expires_at_us)
        return grant

    def _look(self) -> None:
        """Read the file again when it is another one than before."""
        self._check_at_us = self._clock.elapsed_us() + CHECK_EVERY_US
        identity = key_file_identity(self._path)
        if identity == self._identity:
            return
        self._identity = identity
        if identity is None:
            self._say("keys_missing")
            return
        try:
            keys = read_key_file(self._path)
        except HaitangError as error:
            self._say("keys_not_read", code=error.code)
            return
        self._keys = {key.id: key for key in keys}
        self._known.clear()
        self._say("keys_read", keys=len(keys))

    def _say(self, event: str, **details: object) -> None:
        if self._tell is not None:
            self._tell(event, **details)


def state_of(key: StoredKey, *, now_us: int) -> str:
    """Return `valid`, `revoked` or `expired`."""
    if key.revoked_at_us:
        return "revoked"
    return "expired" if key.expires_at_us and now_us >= key.expires_at_us else "valid"


def create_key(
    path: Path,
    *,
    name: str,
    scopes: Sequence[str],
    clock: Clock,
    expires_days: int = 0,
    author: str = "",
    algorithm: Algorithm = "sm3",
) -> CreatedKey:
    """Make a key and keep its digest; `expires_days` 0 never expires."""
    _check_new(name, scopes, expires_days)
    parts = draw_secret()
    now_us = clock.now_us()
    key = StoredKey(
        id=parts.id,
        name=name.strip(),
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        algorithm=algorithm,
        salt=parts.salt,
        digest=digest_of(parts.secret, parts.salt, algorithm),
        created_at_us=now_us,
        expires_at_us=now_us + expires_days * DAY_US if expires_days else 0,
        author=author,
    )
    change_key_file(path, lambda keys: (*keys, key))
    return CreatedKey(key=key, token=Masked(f"ht_{parts.id}_{parts.secret}"))


def list_keys(path: Path) -> tuple[StoredKey, ...]:
    """Return all keys in the order in which they were made."""
    return read_key_file(path)


def revoke_key(path: Path, identifier: str, *, clock: Clock, author: str = "") -> StoredKey:
    """Revoke a key for good; one that is revoked already stays as it is."""
    revoked: list[StoredKey] = []

    def change(keys: tuple[StoredKey, ...]) -> tuple[StoredKey, ...]:
        found = next((key for key in keys if key.id == identifier), None)
        if found is None:
            raise HaitangError(
                code="keys_unknown",
                message=f"there was no key {symbol(identifier)}",
                place=Place(path=str(path)),
                hint=did_you_mean(identifier, [key.id for key in keys])
                or "`haitang keys list` shows the ids",
            )
        if not found.revoked_at_us:
            found = msgspec.structs.replace(
                found, revoked_at_us=clock.now_us(), author=author or found.author
            )
        revoked.append(found)
        return tuple(found if key.id == identifier else key for key in keys)

    change_key_file(path, change)
    return revoked[0]


def digest_of(secret: str, salt: str, algorithm: Algorithm) -> str:
    """Return the digest that is kept of a secret, in hexadecimal."""
    return Tokeniser(bytes.fromhex(salt), algorithm).digest(secret.encode()).hex()


def _check_new(name: str, scopes: Sequence[str], expires_days: int) -> None:
    if not name.strip() or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        raise HaitangError(
            code="keys_name_refused",
            message=f"the name was {symbol(name)}; expected 1 to {NAME_LENGTH_MAX} characters",
            hint="name the system that will use the key, `mobile-gateway` for example",
        )
    for scope in scopes:
        if scope not in SCOPES:
            raise HaitangError(
                code="keys_scope_unknown",
                message=f"there was no scope {symbol(scope)}",
                hint=did_you_mean(scope, SCOPES) or "expected " + ", ".join(map(symbol, SCOPES)),
            )
    if not scopes:
        raise HaitangError(
            code="keys_scope_unknown",
            message="the key had no scope",
            hint="expected one or more of " + ", ".join(map(symbol, SCOPES)),
        )
    if not 0 <= expires_days <= EXPIRES_DAYS_MAX:
        raise HaitangError(
            code="keys_expiry_refused",
            message=f"the key was to expire in {expires_days:,} days; expected 0 (never) to "
            f"{EXPIRES_DAYS_MAX:,}",
        )


__all__ = [
    "KEYS_FILE", "SCOPES", "CreatedKey", "FileIdentity", "KeyGrant", "KeyRing", "create_key",
    "list_keys", "revoke_key", "state_of",
]  # fmt: skip
