"""What to write instead: the habits of other languages that an author may bring along."""

from __future__ import annotations

_FLAT = "fields and features are flat names; see the catalogue"
_NO_LOOPS = "there are no loops; declare a feature that counts over a window"
_CHOOSE = "write `choose(flag, a, b)`"

OPERATORS = {
    "**": "multiply the value with itself",
    "//": "write `floor(a / b)`",
    "<>": "write `!=`",
    "&&": "write `and`",
    "||": "write `or`",
    ":=": "names cannot be assigned; declare a feature",
    "->": "declare a feature instead",
    "=>": "write `>=`",
    "=<": "write `<=`",
}
"""Operators that are read as one word and refused, with what to write."""

KEYWORDS = {
    "is": "write `==`, or `known(x)` to ask whether a value is there",
    "None": "write `known(x)` or `not known(x)`",
    "lambda": "declare a feature instead",
    "if": _CHOOSE,
    "else": _CHOOSE,
    "for": _NO_LOOPS,
    "while": _NO_LOOPS,
    "async": _NO_LOOPS,
    "await": _NO_LOOPS,
    "yield": _NO_LOOPS,
}
"""Python's keywords that mean nothing here."""

WORDS = {
    "AND": "write `and` in lower case",
    "OR": "write `or` in lower case",
    "NOT": "write `not` in lower case",
    "IN": "write `in` in lower case",
    "And": "write `and` in lower case",
    "Or": "write `or` in lower case",
    "Not": "write `not` in lower case",
    "true": "write `True`",
    "TRUE": "write `True`",
    "false": "write `False`",
    "FALSE": "write `False`",
    "null": "write `known(x)` or `not known(x)`",
    "NULL": "write `known(x)` or `not known(x)`",
    "nil": "write `known(x)` or `not known(x)`",
    "nan": "write `known(x)` or `not known(x)`",
    "contains": "write `'text' in remark`",
    "like": "write `'text' in remark`",
    "LIKE": "write `'text' in remark`",
    "between": "write `low <= x <= high`",
    "BETWEEN": "write `low <= x <= high`",
    "xor": "write `a != b` for two flags",
}
"""Names that are operators or literals elsewhere."""

CHARACTERS = {
    "=": ("a single `=` is not part of the language", "write `==` to compare"),
    "!": ("`!` is not part of the language", "write `not`, or `!=` to compare"),
    "&": ("`&` is not part of the language", "write `and`"),
    "|": ("`|` is not part of the language", "write `or`"),
    "^": (
        "`^` is not part of the language",
        "multiply the value with itself; for two flags write `!=`",
    ),
    "~": ("`~` is not part of the language", "write `not`"),
    "%": ("`%` is not part of the language", "write `modulo(a, b)`"),
    "@": ("`@` is not part of the language", "write a name without it"),
    "[": (
        "square brackets are not part of the language",
        "write lists as `('A', 'B')`; values have no parts",
    ),
    "]": (
        "square brackets are not part of the language",
        "write lists as `('A', 'B')`; values have no parts",
    ),
    "{": (
        "braces are not part of the language",
        "write names without braces and lists as `('A', 'B')`",
    ),
    "}": (
        "braces are not part of the language",
        "write names without braces and lists as `('A', 'B')`",
    ),
    ".": ("a value has no parts to read with a full stop", _FLAT),
    ":": ("`:` is not part of the language", _CHOOSE),
    ";": (
        "`;` is not part of the language",
        "a condition is one expression; join parts with `and`",
    ),
    "?": ("`?` is not part of the language", _CHOOSE),
    "$": ("`$` is not part of the language", "write names without it"),
    "`": ("backticks are not part of the language", "write names bare and text in `'`"),
    "\\": ("a backslash is not part of the language", "lines may simply go on"),
    "\t": ("a tab cannot stand in an expression", "write a space"),
}
"""Characters that start no word: what to say, and what to write."""

LOOK_ALIKES = {
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "、": ",",
    "。": ".",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "*",
    "÷": "/",
}
"""Characters of other keyboards, beside those whose normal form is ASCII."""
