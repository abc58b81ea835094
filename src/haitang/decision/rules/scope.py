"""What the names of an expression may mean: fields of the event, features, lists, and the pack's
zone and money.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

from haitang.data.features.terms import FUNCTIONS, Expression, ValueType
from haitang.kernel.errors import did_you_mean

CONSTANT_FUNCTIONS = ("seconds", "minutes", "hours", "days", "money")
"""Functions of one literal number that the reader folds to a number."""

READER_FUNCTIONS = ("known", "listed", *CONSTANT_FUNCTIONS)
"""Functions that are read into nodes of their own, beside `terms.FUNCTIONS`."""


class FieldLike(Protocol):
    """The part of the event catalogue's `FieldSpec` that an expression needs."""

    @property
    def name(self) -> str:
        """The name in the event."""
        ...

    @property
    def kind(self) -> str:
        """What it holds, see the catalogue."""
        ...

    @property
    def type(self) -> ValueType:
        """What an expression sees."""
        ...

    @property
    def allowed(self) -> tuple[str, ...]:
        """The values of an enumeration, or nothing."""
        ...

    @property
    def integer(self) -> bool:
        """True for whole numbers."""
        ...


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The names that an expression can see.

    `inlined` names stand for an expression that takes their place; `hidden` names exist in the pack
    but cannot be read from here, which deserves a better answer than "unknown".
    """

    fields: Mapping[str, FieldLike]
    features: Mapping[str, ValueType] = {}
    inlined: Mapping[str, Expression] = {}
    hidden: Collection[str] = ()
    broken: Collection[str] = ()
    """Names whose own declaration has a fault: reading them is not a second fault."""
    complete: bool = True
    """False when declarations could not be read: an unknown name may be one of theirs."""
    lists: Collection[str] = ()
    zone: str = "UTC"
    currency: str = "CNY"

    suggestions: dict[str, str] = msgspec.field(default_factory=dict)
    """Hints given so far: looking for near names is slow, and one slip may stand in hundreds of
    policies.
    """

    def is_unknown(self, name: str) -> bool:
        """Return True when a name that cannot be read is its reader's fault."""
        return self.complete and name not in self.broken

    def did_you_mean(self, name: str) -> str:
        """Return a hint to the readable name that was most likely meant, or an empty text."""
        hint = self.suggestions.get(name)
        if hint is None:
            hint = did_you_mean(name, {*self.fields, *self.features, *self.inlined})
            self.suggestions[name] = hint
        return hint


def functions() -> tuple[str, ...]:
    """Return every function that an expression may call, sorted."""
    return tuple(sorted((*FUNCTIONS, *READER_FUNCTIONS)))
