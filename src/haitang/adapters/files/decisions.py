"""Decision files: one decision per line, JSON."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from haitang.adapters.files.troubles import naming
from haitang.decision.engine.decisions import Decision
from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol

NEAREST_MAX = 64
"""Identifiers that are weighed for a suggestion, the nearest of the whole file."""

READ_BYTES = 1 << 20

Shape = TypeVar("Shape")


class _Heading(msgspec.Struct):
    """The fields that finding a decision needs; the rest of the line is not decoded."""

    decision_id: str
    event_id: str


class _Rank(msgspec.Struct):
    event_id: str
    action: str
    tier: str
    score_payer: int
    score_payee: int


class Listed(NamedTuple):
    """One line of the overview of a decision file."""

    score: int
    event_id: str
    action: str
    tier: str


def find_decision(path: Path, identifier: str) -> Decision:
    """Return the decision with this decision or event identifier; the first when an event has
    several.

    An unknown identifier is a `HaitangError` that suggests the one that was meant.
    """
    needle = identifier.encode()
    nearest = _Nearest(identifier)
    heading = msgspec.json.Decoder(_Heading)
    for number, line in _lines(path):
        found = _decoded(heading, line, path=path, number=number)
        if needle in line and identifier in (found.decision_id, found.event_id):
            return _decoded(msgspec.json.Decoder(Decision), line, path=path, number=number)
        nearest.look_at(found.event_id)
        nearest.look_at(found.decision_id)
    raise HaitangError(
        code="decision_unknown",
        message=f"there was no decision with the id {symbol(identifier)}",
        place=Place(path=str(path)),
        hint=did_you_mean(identifier, nearest.names)
        or "run `haitang explain` with the file alone to see which decisions it holds",
    )


class _Nearest:
    """The names that share the longest beginning and end with one, of any number looked at."""

    def __init__(self, name: str) -> None:
        self._name = name.casefold()
        self._kept: list[tuple[int, str]] = []

    def look_at(self, name: str) -> None:
        """Keep a name while it is among the nearest."""
        folded = name.casefold()
        shared = _shared(folded, self._name) + _shared(folded[::-1], self._name[::-1])
        if len(self._kept) < NEAREST_MAX:
            heapq.heappush(self._kept, (shared, name))
        elif shared > self._kept[0][0]:
            heapq.heapreplace(self._kept, (shared, name))

    @property
    def names(self) -> list[str]:
        """The nearest names."""
        return [name for _, name in self._kept]


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def strictest_decisions(path: Path, *, count: int) -> list[Listed]:
    """Return the decisions with the highest scores first; ties in the order of the file."""
    decoder = msgspec.json.Decoder(_Rank)
    ranked = (
        (max(rank.score_payer, rank.score_payee), -number, rank)
        for number, line in _lines(path)
        for rank in (_decoded(decoder, line, path=path, number=number),)
    )
    best = heapq.nlargest(count, ranked, key=lambda entry: entry[:2])
    return [Listed(score, rank.event_id, rank.action, rank.tier) for score, _, rank in best]


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with naming(path), path.open("rb", buffering=READ_BYTES) as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, line


def _decoded(
    decoder: msgspec.json.Decoder[Shape], line: bytes, *, path: Path, number: int
) -> Shape:
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HaitangError(
            code="decision_malformed",
            message="this line was not a decision",
            place=Place(path=str(path), line=number),
            hint="name a file that `haitang replay --decisions` or `haitang demo` wrote",
        ) from error
