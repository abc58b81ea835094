"""Identifiers that derive from their inputs, tokens of personal values, and values that do not
print.

A token stands for a personal value (a phone number, a name, an identity number) everywhere below
the edge. It is a keyed HMAC, so that equal values stay equal, and nobody without the key can try
out all phone numbers.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal, NoReturn

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from haitang.kernel.errors import HaitangError, did_you_mean, symbol

ID_LENGTH = 32
"""Hexadecimal characters of a derived identifier: 128 bits."""

TOKEN_LENGTH = 32
"""Hexadecimal characters of a token: 128 bits."""

MIN_KEY_BYTES = 16
"""The shortest key that a tokeniser takes."""

Algorithm = Literal["sm3", "sha256"]
"""`sm3` is GB/T 32905, asked for of Chinese banks; `sha256` is the international choice."""

_ALGORITHMS: dict[str, type[hashes.HashAlgorithm]] = {"sm3": hashes.SM3, "sha256": hashes.SHA256}
_HIDDEN = "***"


class IdentityRefused(HaitangError):
    """A tokeniser was asked for with a key or an algorithm that we do not accept."""


class Masked:
    """A personal value that no log, message or format shows; `reveal` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value; each call is a place that a reviewer looks at."""
        return self._value

    def __repr__(self) -> str:
        return f"Masked({_HIDDEN})"

    def __str__(self) -> str:
        return _HIDDEN

    def __format__(self, format_spec: str) -> str:
        return _HIDDEN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Masked):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Masked, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a masked value is not written out; tokenise it first")


class Tokeniser:
    """Turns personal values into tokens with one key; the same key, kind and value give the same
    token.
    """

    __slots__ = ("_mac", "algorithm")

    def __init__(self, key: bytes, algorithm: Algorithm = "sm3") -> None:
        if len(key) < MIN_KEY_BYTES:
            raise IdentityRefused(
                code="token_key_short",
                message=f"the tokeniser key was {len(key)} bytes; expected {MIN_KEY_BYTES} or more",
                hint="make one from the bank's key store and keep it there",
            )
        if algorithm not in _ALGORITHMS:
            raise IdentityRefused(
                code="token_algorithm_unknown",
                message=f"the token algorithm was {symbol(algorithm)}; expected `sm3` or `sha256`",
                hint=did_you_mean(algorithm, _ALGORITHMS),
            )
        self.algorithm = algorithm
        self._mac = HMAC(key, _ALGORITHMS[algorithm]())

    def digest(self, message: bytes) -> bytes:
        """Return the whole HMAC (32 bytes) of a message."""
        mac = self._mac.copy()
        mac.update(message)
        return mac.finalize()

    def token(self, value: str | Masked, *, kind: str = "") -> str:
        """Return 32 hexadecimal characters for a value.

        `kind` (`phone`, `name`, `id_number` …) keeps equal texts of different meaning apart; fields
        that must match each other use one kind.
        """
        text = value.reveal() if isinstance(value, Masked) else value
        return self.digest(_framed((kind, text))).hex()[:TOKEN_LENGTH]

    def __repr__(self) -> str:
        return f"Tokeniser({self.algorithm})"


def derive_id(*parts: str | int) -> str:
    """Return 32 hexadecimal characters of every part, their order and where each ends."""
    return hashlib.sha256(_framed(parts)).hexdigest()[:ID_LENGTH]


def _framed(parts: tuple[str | int, ...]) -> bytes:
    """Join parts with their lengths, so that (`ab`, `c`) and (`a`, `bc`) differ."""
    encoded = [str(part).encode() for part in parts]
    return b"".join(b"%d:%b" % (len(part), part) for part in encoded)
