"""The words of an expression, with everything that Python has and packs do not have refused by
name.

Python's own parser reads the expression afterwards. This pass runs first because it can say what to
write instead, because its messages do not change with the Python version, and because it bounds
what the parser sees: after it, length, nesting and the number of parts are known to be small.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from typing import Literal, NamedTuple

import msgspec

from haitang.decision.rules.spellings import CHARACTERS, KEYWORDS, LOOK_ALIKES, OPERATORS, WORDS
from haitang.kernel.errors import symbol

MAX_EXPRESSION_CHARACTERS = 4_000
MAX_EXPRESSION_NESTING = 32
MAX_EXPRESSION_PARTS = 500
"""Names, literals and operators of one expression; longer conditions belong into features or lists.
"""

TokenKind = Literal["number", "text", "name", "word", "operator", "open", "close", "comma"]


class Token(NamedTuple):
    """One word: what it is, its text and where it starts. A tuple, because there are many."""

    kind: TokenKind
    text: str
    offset: int


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with an expression and at which of its characters."""

    code: str
    message: str
    offset: int
    hint: str = ""


class ExpressionFault(Exception):
    """Ends the reading of an expression at its first fault of form; internal to this room."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def form_fault(code: str, message: str, offset: int, hint: str = "") -> ExpressionFault:
    """Return the exception that ends a reading at a character."""
    return ExpressionFault(Fault(code=code, message=message, offset=offset, hint=hint))


_WORD = re.compile(
    r"(?:[ \n]++|\#[^\n]*+)*+"
    r"(?:(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<number>(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<text>'[^'\\\n]*'|\"[^\"\\\n]*\")"
    r"|(?P<operator>\*\*|//|<>|<=|>=|==|!=|&&|\|\||:=|->|=>|=<|[-+*/<>])"
    r"|(?P<open>\()|(?P<close>\))|(?P<comma>,))"
)
_SPACE = re.compile(r"(?:[ \n]++|\#[^\n]*+)*+")
_NUMBER_TAIL = re.compile(r"[A-Za-z_0-9.]+")
_READ_WORDS = frozenset(("and", "or", "not", "in"))
_LITERAL_WORDS = frozenset(("True", "False"))
_KEYWORDS = frozenset(keyword.kwlist)
_VALUES = frozenset(("name", "number", "text"))
_OPERATIONS = frozenset(("word", "operator"))
_PUNCTUATION = frozenset(("open", "close", "comma"))
_TWO_WORDS = frozenset(("not", "in"))
"""Words that `not in` is made of; whether they may stand where they do is looked at closely."""

_QUOTES = ("'", '"')
_PREFIXES = frozenset(("b", "r", "u", "f", "t", "br", "rb", "fr", "rf", "tr", "rt"))


def read_tokens(text: str) -> list[Token]:
    """Return the words of an expression, or raise the first `ExpressionFault` of its form."""
    if len(text) > MAX_EXPRESSION_CHARACTERS:
        raise form_fault(
            "expression_too_long",
            f"the expression has {len(text):,} characters; expected at most "
            f"{MAX_EXPRESSION_CHARACTERS:,}",
            0,
            "move parts of it into features, or long lists of values into a list",
        )
    tokens = _split(text)
    if not tokens:
        raise form_fault(
            "expression_empty",
            "the expression is empty",
            0,
            "write for example `amount_minor > money(5000)`",
        )
    _check_parts(tokens)
    _check_order(tokens)
    return tokens


def _split(text: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    length = len(text.rstrip())
    match_word = _WORD.match
    while position < length:
        match = match_word(text, position)
        if match is None:
            space = _SPACE.match(text, position)
            position = space.end() if space else position
            if position < length:
                raise _unreadable(text, position)
            break
        kind = match.lastgroup
        assert kind is not None, "every alternative of a word has a name"
        word = match[kind]
        start = match.start(kind)
        if kind == "name":
            tokens.append(_name_token(text, word, start))
        elif kind == "number":
            tokens.append(_number_token(text, word, start))
        elif kind == "operator" and word in OPERATORS:
            raise form_fault(
                "expression_unsupported",
                f"{symbol(word)} is not part of the language",
                start,
                OPERATORS[word],
            )
        else:
            tokens.append(Token(kind, word, start))  # type: ignore[arg-type]  # a group of `_WORD`
        position = match.end()
    return tokens


def _name_token(text: str, word: str, position: int) -> Token:
    if word in _KEYWORDS and word not in _LITERAL_WORDS:
        if word in _READ_WORDS:
            return Token("word", word, position)
        raise form_fault(
            "expression_unsupported",
            f"{symbol(word)} is not part of the language",
            position,
            KEYWORDS.get(word, "a condition is one expression without statements"),
        )
    end = position + len(word)
    if text[end : end + 1] in _QUOTES and word.lower() in _PREFIXES:
        raise form_fault(
            "expression_unsupported",
            f"a text with the prefix {symbol(word)} is not part of the language",
            position,
            "write the text in plain quotes",
        )
    return Token("name", word, position)


def _number_token(text: str, word: str, position: int) -> Token:
    end = position + len(word)
    tail = _NUMBER_TAIL.match(text, end)
    if tail:
        whole = word + tail.group()
        duration = re.fullmatch(r"([0-9]+)([smhd])", whole)
        units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
        hint = (
            f"write `{units[duration[2]]}({duration[1]})`"
            if duration
            else "write digits with at most one decimal point"
        )
        raise form_fault("expression_malformed", f"the number was {symbol(whole)}", position, hint)
    if word[0] == "0" and word[1:2].isdigit():
        raise form_fault(
            "expression_malformed",
            f"the number was {symbol(word)}; expected no leading zero",
            position,
            "write codes in quotes, numbers without the zero",
        )
    return Token("number", word, position)


def _unreadable(text: str, position: int) -> ExpressionFault:
    """Return the fault of a character that starts no word."""
    character = text[position]
    if character in "'\"":
        end = text.find(character, position + 1)
        line_end = text.find("\n", position)
        if "\\" in text[position : end if end >= 0 else len(text)]:
            backslash = text.index("\\", position)
            return form_fault(
                "expression_unsupported",
                "a text literal cannot hold a backslash",
                backslash,
                "write the characters themselves, and a quote inside of the other kind of quotes",
            )
        where = "in this line" if line_end >= 0 and (end < 0 or line_end < end) else "again"
        return form_fault(
            "expression_malformed",
            f"the quote that opens here is not closed {where}",
            position,
            "close it",
        )
    if character in CHARACTERS:
        message, hint = CHARACTERS[character]
        return form_fault("expression_unsupported", message, position, hint)
    plain = LOOK_ALIKES.get(character) or unicodedata.normalize("NFKC", character)
    if plain == " ":
        hint = "write a plain space"
    elif plain != character and plain.isascii():
        hint = f"write {symbol(plain)}"
    else:
        hint = "names are written in ASCII letters, other text in quotes"
    return form_fault(
        "expression_malformed",
        f"the character {symbol(character)} cannot stand here",
        position,
        hint,
    )


def _check_parts(tokens: list[Token]) -> None:
    if len(tokens) <= MAX_EXPRESSION_PARTS:
        return
    parts = [token for token in tokens if token.kind not in _PUNCTUATION]
    if len(parts) > MAX_EXPRESSION_PARTS:
        raise form_fault(
            "expression_too_many_parts",
            f"the expression has more than {MAX_EXPRESSION_PARTS} names, values and operators",
            parts[MAX_EXPRESSION_PARTS].offset,
            "move parts of it into features, or long lists of values into a list",
        )


def _check_order(tokens: list[Token]) -> None:
    """Check that values and operators alternate, that brackets pair, and the bounds."""
    check = _OrderCheck()
    for position, token in enumerate(tokens):
        # The two common steps, a value and an operator after a value, are taken here for speed.
        kind = token.kind
        if kind in _VALUES and check.wants_value:
            check.wants_value = False
            check.prefixes = 0
        elif kind in _OPERATIONS and not check.wants_value and token.text not in _TWO_WORDS:
            check.wants_value = True
        else:
            check.take(token, tokens[position + 1] if position + 1 < len(tokens) else None)
        check.previous = token
    check.end()


class _OrderCheck:
    """Walks over the words and knows whether a value or an operator must come next."""

    def __init__(self) -> None:
        self.wants_value = True
        self.previous: Token | None = None
        self.open: list[Token] = []
        self.prefixes = 0

    def take(self, token: Token, following: Token | None) -> None:
        """Check one word against what may stand here."""
        kind = token.kind
        if kind in _VALUES:
            self._value(token)
        elif kind == "open":
            self._opening(token)
        elif kind == "close":
            self._closing(token)
        elif kind == "comma":
            if self.wants_value:
                raise self._value_expected(token)
            if not self.open:
                raise form_fault(
                    "expression_malformed",
                    "a comma stands outside of brackets",
                    token.offset,
                    "a condition is one expression",
                )
            self.wants_value = True
        else:
            self._operator(token, following)

    def end(self) -> None:
        """Check that nothing is left open."""
        if self.open:
            raise form_fault(
                "expression_malformed",
                "this bracket is never closed",
                self.open[-1].offset,
                "close it with `)`",
            )
        if self.wants_value:
            assert self.previous is not None
            raise form_fault(
                "expression_malformed",
                f"the expression ends after {symbol(self.previous.text)}; expected a value",
                self.previous.offset,
                "write what it is held against, or remove it",
            )

    def _value(self, token: Token) -> None:
        if self.wants_value:
            self.wants_value = False
            self.prefixes = 0
            return
        assert self.previous is not None
        hint = WORDS.get(token.text, "") or WORDS.get(self.previous.text, "")
        if token.kind == "text" and self.previous.kind == "text":
            hint = "put a comma between the two texts"
        raise form_fault(
            "expression_malformed",
            f"{symbol(token.text)} follows {symbol(self.previous.text)} without an operator",
            token.offset,
            hint or "write `and`, `or` or a comparison between them",
        )

    def _operator(self, token: Token, following: Token | None) -> None:
        word = token.text
        if word == "not":
            self._negation(token, following)
            return
        if (
            word == "in"
            and self.previous is not None
            and self.previous.text == "not"
            and not self.wants_value
        ):
            self.wants_value = True
            return
        if not self.wants_value:
            self.wants_value = True
            return
        if word != "-":
            raise self._value_expected(token)
        self._count_prefix(token)

    def _negation(self, token: Token, following: Token | None) -> None:
        if not self.wants_value:
            if following is None or following.text != "in":
                raise form_fault(
                    "expression_malformed",
                    "`not` stands between two values",
                    token.offset,
                    "write `and not`, or `not in`",
                )
            return
        before = self.previous
        if before is not None and before.kind == "operator":
            raise form_fault(
                "expression_malformed",
                f"`not` follows {symbol(before.text)}",
                token.offset,
                "put the negated part in brackets",
            )
        if before is not None and before.text == "in":
            raise self._value_expected(token)
        self._count_prefix(token)

    def _count_prefix(self, token: Token) -> None:
        self.prefixes += 1
        if self.prefixes + len(self.open) > MAX_EXPRESSION_NESTING:
            raise _too_deep(token.offset)

    def _opening(self, token: Token) -> None:
        called = self.previous
        is_call = called and called.kind == "name" and called.text not in _LITERAL_WORDS
        if not self.wants_value and not is_call:
            raise form_fault(
                "expression_malformed",
                "a bracket follows a value without an operator",
                token.offset,
                "write `and`, `or` or a comparison between them",
            )
        self.open.append(token)
        self.wants_value = True
        if len(self.open) > MAX_EXPRESSION_NESTING:
            raise _too_deep(token.offset)

    def _closing(self, token: Token) -> None:
        if not self.open:
            raise form_fault(
                "expression_malformed",
                "this bracket was never opened",
                token.offset,
                "remove it, or open it with `(`",
            )
        assert self.previous is not None
        if self.wants_value and self.previous.kind not in ("open", "comma"):
            raise self._value_expected(token)
        self.open.pop()
        self.wants_value = False

    def _value_expected(self, token: Token) -> ExpressionFault:
        after = f" after {symbol(self.previous.text)}" if self.previous else ""
        hint = "remove the `+`" if token.text == "+" else "write a name, a number or a text"
        return form_fault(
            "expression_malformed",
            f"{symbol(token.text)} stands where a value was expected{after}",
            token.offset,
            hint,
        )


def _too_deep(offset: int) -> ExpressionFault:
    return form_fault(
        "expression_too_deep",
        f"the expression is nested more than {MAX_EXPRESSION_NESTING} deep",
        offset,
        "move parts of it into features",
    )
