"""API keys on disk: `keys.json` of a data folder, and where new secrets come from.

The file holds digests, never secrets. It appears complete or not at all, is the owner's alone
(mode 0600), and is changed under a lock on its folder, so that two commands at once lose nothing.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from haitang.adapters.files.troubles import naming
from haitang.kernel.errors import HaitangError, Place

VERSION = 1
KEYS_MAX = 10_000
"""Keys of one file, revoked ones among them."""
FILE_BYTES_MAX = 16 << 20
ID_BYTES = 6
SECRET_BYTES = 32
"""256 bits: nobody guesses them, so a fast digest keeps them as well as a slow one would."""
SALT_BYTES = 16

KeyId = str
FileIdentity = tuple[int, int, int]
"""Time of change in nanoseconds, inode, size: differs when the file was replaced or edited."""


class StoredKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key as it is kept."""

    id: KeyId
    name: str
    scopes: tuple[str, ...]
    algorithm: Literal["sm3", "sha256"]
    salt: Annotated[str, Meta(pattern="^([0-9a-f]{2}){16,64}$")]
    """Hexadecimal; the key of the HMAC that made the digest, different for every key."""
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    """Hexadecimal HMAC of the secret; the secret itself is nowhere."""
    created_at_us: int
    expires_at_us: int = 0
    """0: never."""
    revoked_at_us: int = 0
    """0: not revoked."""
    author: str = ""
    """Who created the key, or who revoked it."""


class _KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int = VERSION
    keys: tuple[StoredKey, ...] = ()


class SecretParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the system's random source made for a new key."""

    id: KeyId
    secret: str
    salt: str


def draw_secret() -> SecretParts:
    """Draw an id, a secret and a salt from the system's secure random source."""
    return SecretParts(
        id=secrets.token_hex(ID_BYTES),
        secret=secrets.token_hex(SECRET_BYTES),
        salt=secrets.token_hex(SALT_BYTES),
    )


def key_file_identity(path: Path) -> FileIdentity | None:
    """Return what tells a changed file from an unchanged one; None where there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        # Not readable is not gone: reading it will say why.
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def read_key_file(path: Path) -> tuple[StoredKey, ...]:
    """Return all keys, revoked and expired ones among them; none where there is no file."""
    with naming(path):
        try:
            stream = path.open("rb")
        except FileNotFoundError:
            return ()
        with stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(FILE_BYTES_MAX + 1)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HaitangError(
            code="keys_unsafe",
            message=f"others may write the keys: the mode was {stat.S_IMODE(mode):04o}",
            place=Place(path=str(path)),
            hint=f"look through `haitang keys list`, then `chmod 600 {path}`",
        )
    return _decoded(content, path)


def change_key_file(
    path: Path, change: Callable[[tuple[StoredKey, ...]], tuple[StoredKey, ...]]
) -> None:
    """Replace the keys by what `change` makes of them; others wait or see all of it."""
    with _locked_folder(path.parent):
        changed = change(read_key_file(path))
        if len(changed) > KEYS_MAX:
            raise HaitangError(
                code="keys_too_many",
                message=f"there were {len(changed):,} keys; expected {KEYS_MAX:,} at most",
                place=Place(path=str(path)),
                hint="give each system one key",
            )
        content = msgspec.json.format(msgspec.json.encode(_KeyFile(keys=changed)), indent=1)
        with naming(path):
            _replace(path, content + b"\n")


def _decoded(content: bytes, path: Path) -> tuple[StoredKey, ...]:
    try:
        file = msgspec.json.decode(content, type=_KeyFile)
    except msgspec.MsgspecError as error:
        raise _malformed(path) from error
    if file.version != VERSION or len(content) > FILE_BYTES_MAX or len(file.keys) > KEYS_MAX:
        raise _malformed(path)
    return file.keys


def _malformed(path: Path) -> HaitangError:
    return HaitangError(
        code="keys_malformed",
        message=f"the file was not a list of keys of version {VERSION}",
        place=Place(path=str(path)),
        hint="put it back from a backup, or remove it and create the keys anew",
    )


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and rename; no moment has a file that others may read."""
    written = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with suppress(FileNotFoundError):
        written.unlink()
    number = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _locked_folder(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on the folder itself; the service's own lock is another file."""
    with naming(folder):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
        except OSError:
            os.close(number)
            raise
    try:
        yield
    finally:
        os.close(number)
