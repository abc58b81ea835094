"""Whether a condition could ever hold for events of one kind, whatever their amounts and past.

A test that expects silence shows something only if the policy could have spoken: its last event
must be of a type, and in a channel, for which the condition can be true. Only what follows from
the type of the event, its channel and its segment counts; every other fact, such as a known payee
or an account of one's own, is what a benign look-alike may differ in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from haitang.data.events.catalogue import EVENT_TYPES
from haitang.data.features.specs import FeatureSpec
from haitang.data.features.terms import (
    Arithmetic,
    Call,
    Compare,
    Contains,
    Expression,
    Feature,
    Field,
    Flag,
    Known,
    Listed,
    Logic,
    Not,
    OneOf,
    Text,
)

Truth = Literal[1, 2, 3]
"""What a flag can be, as bits: 1 true, 2 not true."""

_TRUE: Truth = 1
_FALSE: Truth = 2
_EITHER: Truth = 3


class Kind(msgspec.Struct, frozen=True):
    """What is known of an event before its amounts: not keyword-only, it is a key of memories."""

    event_type: str
    words: tuple[tuple[str, str | None], ...] = ()
    """Fields whose value is known; None for missing."""


class Possibilities:
    """Answers for the conditions of one pack; remembers what it found out about its features."""

    def __init__(self, features: Iterable[FeatureSpec]) -> None:
        self._values: Mapping[str, Expression] = {
            feature.name: feature.value for feature in features if feature.value is not None
        }
        self._truths: dict[tuple[str, Kind], Truth] = {}
        self._absent: dict[tuple[str, Kind], bool] = {}

    def could_hold(self, condition: Expression, kind: Kind) -> bool:
        """Tell whether the condition can be true for some event of this kind."""
        return bool(self._truth(condition, kind) & _TRUE)

    def _truth(self, term: Expression, kind: Kind) -> Truth:  # noqa: PLR0911 - one case per kind of term
        match term:
            case Flag(value=value):
                return _TRUE if value else _FALSE
            case Not(operand=operand):
                inner = self._truth(operand, kind)
                return _EITHER if inner == _EITHER else (_TRUE if inner == _FALSE else _FALSE)
            case Logic(op=op, operands=operands):
                return self._joined(op, operands, kind)
            case Compare(op=op, left=left, right=right):
                return self._compared(op, left, right, kind)
            case OneOf(operand=operand, values=values):
                known, word = self._word(operand, kind)
                if known:
                    return _TRUE if word is not None and word in values else _FALSE
                return _FALSE if self._missing(operand, kind) else _EITHER
            case Known(operand=operand):
                known, word = self._word(operand, kind)
                if known and word is not None:
                    return _TRUE
                return _FALSE if self._missing(operand, kind) else _EITHER
            case Contains(field=field) | Listed(field=field):
                carried = field in EVENT_TYPES[kind.event_type].fields
                return _EITHER if carried else _FALSE
            case Feature(name=name) if name in self._values:
                key = (name, kind)
                if key not in self._truths:
                    self._truths[key] = self._truth(self._values[name], kind)
                return self._truths[key]
            case _:
                return _FALSE if self._missing(term, kind) else _EITHER

    def _joined(self, op: str, operands: tuple[Expression, ...], kind: Kind) -> Truth:
        """Return what `and` or `or` of parts can be, the parts taken one by one."""
        decided, open_ended = (_FALSE, _TRUE) if op == "and" else (_TRUE, _FALSE)
        result = open_ended
        for operand in operands:
            truth = self._truth(operand, kind)
            if truth == decided:
                return decided
            if truth == _EITHER:
                result = _EITHER
        return result

    def _compared(self, op: str, left: Expression, right: Expression, kind: Kind) -> Truth:
        if self._missing(left, kind) or self._missing(right, kind):
            return _FALSE
        (first_known, first), (second_known, second) = (
            self._word(side, kind) for side in (left, right)
        )
        if not (first_known and second_known):
            return _EITHER
        return _TRUE if (first == second) == (op == "==") else _FALSE

    def _word(self, term: Expression, kind: Kind) -> tuple[bool, str | None]:
        """Return whether a text is known for certain, and the text."""
        if isinstance(term, Text):
            return True, term.value
        if not isinstance(term, Field):
            return False, None
        if term.name == "event_type":
            return True, kind.event_type
        for name, word in kind.words:
            if name == term.name:
                return True, word
        return False, None

    def _missing(self, term: Expression, kind: Kind) -> bool:
        """Tell whether a value is missing in every event of this kind."""
        match term:
            case Field(name=name):
                if name not in EVENT_TYPES[kind.event_type].fields:
                    return True
                known, word = self._word(term, kind)
                return known and word is None
            case Feature(name=name) if name in self._values:
                key = (name, kind)
                if key not in self._absent:
                    self._absent[key] = self._missing(self._values[name], kind)
                return self._absent[key]
            case Arithmetic(left=left, right=right):
                return self._missing(left, kind) or self._missing(right, kind)
            case Call(function="coalesce", arguments=arguments):
                return all(self._missing(argument, kind) for argument in arguments)
            case Call(function="choose", arguments=(flag, first, second)):
                truth = self._truth(flag, kind)
                branches = ((_TRUE, first), (_FALSE, second))
                return all(self._missing(one, kind) for bit, one in branches if truth & bit)
            case Call(arguments=arguments):
                return any(self._missing(argument, kind) for argument in arguments)
            case _:
                return False
