"""YAML with places: every key and value knows its line and column, and everything clever is
refused.

libyaml reads the text; we build our own small tree from its events, because its composer recurses
(a file of brackets could exhaust the stack), takes the last of two equal keys, and follows aliases.
Anchors, aliases and tags are refused: a policy says what it says where it stands. No scalar is
converted here: `NO` stays the text `NO`, and a reader that wants a number says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from haitang.kernel.errors import HaitangError, Place, symbol

MAX_YAML_BYTES = 1 << 20
"""Largest YAML file of a pack."""

MAX_YAML_DEPTH = 16
"""Levels of mappings and lists; our files have five."""

_REFUSED_CHARACTER = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_PLAIN_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")


class Scalar(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A text in the file. `line` and `column` count from 0; `index` counts characters of the whole
    file.
    """

    text: str
    style: str
    """Empty for plain, else the character that opens it: a quote, `|` or `>`."""
    line: int
    column: int
    index: int

    @property
    def empty(self) -> bool:
        """True for nothing, `~` and `null`."""
        return not self.text or (not self.style and self.text in ("~", "null", "Null", "NULL"))


class Sequence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A list in the file."""

    items: tuple[Node, ...]
    line: int
    column: int


class Mapping(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A mapping in the file, in its order; `keys` holds where each key stands."""

    entries: dict[str, Node]
    keys: dict[str, Scalar]
    line: int
    column: int


Node = Scalar | Sequence | Mapping


class Document:
    """One YAML file: its path as an author knows it, its text and the tree of its values."""

    def __init__(self, *, path: str, text: str, root: Node) -> None:
        self.path = path
        self.text = text
        self.root = root

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, for quoting them."""
        return self.text.split("\n")

    def place(self, line: int, column: int) -> tuple[Place, str]:
        """Return the place and source line of a position that counts from 0."""
        line = min(line, len(self.lines) - 1)
        return Place(self.path, line + 1, column + 1), self.lines[line]


def read_yaml(path: str, content: bytes) -> Document:
    """Return the tree of a YAML file, or raise the first fault that keeps it from being read."""
    text = decode_text(path, content, limit=MAX_YAML_BYTES)
    return Document(path=path, text=text, root=_Builder(path, text).build())


def decode_text(path: str, content: bytes, *, limit: int) -> str:
    """Return the text of a file with LF line ends, or refuse its size, encoding or characters."""
    if len(content) > limit:
        raise HaitangError(
            code="file_too_large",
            message=f"the file has {len(content):,} bytes; expected at most {limit:,}",
            place=Place(path),
            hint="split it",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        raise HaitangError(
            code="file_not_utf8",
            message=f"the byte at {error.start:,} is not UTF-8",
            place=Place(path, before.count("\n") + 1, len(before) - before.rfind("\n")),
            hint="save the file as UTF-8",
        ) from None
    text = text.replace("\r\n", "\n")
    refused = _REFUSED_CHARACTER.search(text)
    if refused:
        raise _character_refused(path, text, refused.start())
    return text


def _character_refused(path: str, text: str, index: int) -> HaitangError:
    line = text.count("\n", 0, index)
    start = text.rfind("\n", 0, index) + 1
    character = text[index]
    name = "a tab" if character == "\t" else f"the character U+{ord(character):04X}"
    return HaitangError(
        code="character_refused",
        message=f"{name} stands here; expected printable characters and spaces",
        place=Place(path, line + 1, index - start + 1),
        hint="indent with spaces" if character == "\t" else "remove it",
        source_line=text.split("\n")[line],
    )


class _Builder:
    """Builds the tree of one file from libyaml's events, without recursion."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.top: list[Node] = []
        self.current = self.top
        self.open: list[tuple[list[Node], int, int]] = []

    def build(self) -> Node:
        """Return the root."""
        try:
            self._run(CParser(self.text))
        except yaml.MarkedYAMLError as error:
            message, hint, at_start = _explain(error)
            ours, theirs = error.context_mark, error.problem_mark
            mark = (ours or theirs) if at_start else (theirs or ours)
            line, column = (mark.line, mark.column) if mark else (0, 0)
            raise self._fault("yaml_malformed", message, hint, line, column) from None
        except yaml.YAMLError:
            raise self._fault("yaml_malformed", "this is not YAML", "", 0, 0) from None
        if not self.top:
            raise HaitangError(
                code="yaml_malformed",
                message="the file is empty",
                place=Place(self.path),
                hint="remove it or fill it",
            )
        return self.top[0]

    def _run(self, parser: CParser) -> None:
        documents = 0
        next_event: Callable[[], Any] = parser.get_event
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                if event.tag is not None or event.anchor is not None:
                    self._refuse_decorated(event)
                mark = event.start_mark
                self.current.append(
                    Scalar(
                        text=event.value,
                        style=event.style or "",
                        line=mark.line,
                        column=mark.column,
                        index=mark.index,
                    )
                )
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._enter(event)
            elif kind is MappingEndEvent:
                self._leave_mapping()
            elif kind is SequenceEndEvent:
                items, line, column = self._leave()
                self.current.append(Sequence(items=tuple(items), line=line, column=column))
            elif kind is AliasEvent:
                self._refuse_decorated(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._refuse_second(event)
            elif kind is StreamEndEvent:
                return
            else:
                assert event is not None, "the stream ends with an event of its own"

    def _enter(self, event: Any) -> None:
        if event.tag is not None or event.anchor is not None:
            self._refuse_decorated(event)
        mark = event.start_mark
        if len(self.open) >= MAX_YAML_DEPTH:
            raise self._fault(
                "yaml_too_deep",
                f"values are nested more than {MAX_YAML_DEPTH} deep",
                "",
                mark.line,
                mark.column,
            )
        self.open.append((self.current, mark.line, mark.column))
        self.current = []

    def _leave(self) -> tuple[list[Node], int, int]:
        items = self.current
        self.current, line, column = self.open.pop()
        return items, line, column

    def _leave_mapping(self) -> None:
        items, line, column = self._leave()
        entries: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        for position in range(0, len(items), 2):
            key = items[position]
            if type(key) is not Scalar:
                raise self._fault(
                    "yaml_malformed", "a key must be a plain word", "", key.line, key.column
                )
            if key.text in entries:
                first = keys[key.text].line + 1
                raise self._fault(
                    "key_duplicate",
                    f"{symbol(key.text)} stands twice in this mapping",
                    f"it stands first in line {first}",
                    key.line,
                    key.column,
                )
            entries[key.text] = items[position + 1]
            keys[key.text] = key
        self.current.append(Mapping(entries=entries, keys=keys, line=line, column=column))

    def _refuse_decorated(self, event: Any) -> None:
        mark = event.start_mark
        if event.anchor is not None:
            name, hint = "an anchor or alias", "write the value out where it is meant"
        else:
            name, hint = "a tag", "remove the word with `!`"
        raise self._fault(
            "yaml_unsupported", f"{name} is not read here", hint, mark.line, mark.column
        )

    def _refuse_second(self, event: Any) -> None:
        mark = event.start_mark
        raise self._fault(
            "yaml_unsupported",
            "a second document starts here; expected one per file",
            "remove the `---` or split the file",
            mark.line,
            mark.column,
        )

    def _fault(self, code: str, message: str, hint: str, line: int, column: int) -> HaitangError:
        lines = self.text.split("\n")
        line = min(line, len(lines) - 1)
        return HaitangError(
            code=code,
            message=message,
            place=Place(self.path, line + 1, column + 1),
            hint=hint,
            source_line=lines[line],
        )


class _Explanation(NamedTuple):
    """Our words for libyaml's."""

    message: str
    hint: str
    at_start: bool = False
    """The place to look at is where the construct starts, not where libyaml gave up."""


_EXPLANATIONS = {
    "mapping values are not allowed": _Explanation(
        "a `:` was not expected here", "put text with `: ` in quotes"
    ),
    "cannot start any token": _Explanation(
        "no value can start with this character", "put the text in quotes"
    ),
    "did not find expected key": _Explanation(
        "a key was expected here", "check the indentation and the quotes above"
    ),
    "did not find expected '-'": _Explanation(
        "a list item was expected here", "check the indentation"
    ),
    "did not find expected ',' or": _Explanation(
        "this bracket is not closed", "close it", at_start=True
    ),
    "could not find expected ':'": _Explanation(
        "this line is neither a key nor a value", "write `key: value`", at_start=True
    ),
    "unexpected end of stream": _Explanation(
        "the quote that opens here is not closed", "close it", at_start=True
    ),
    "unknown escape": _Explanation(
        "this backslash means nothing", "write the text in single quotes"
    ),
}


def _explain(error: yaml.MarkedYAMLError) -> _Explanation:
    problem = str(error.problem)
    for part, explanation in _EXPLANATIONS.items():
        if part in problem:
            return explanation
    return _Explanation(
        f"this is not YAML: {symbol(problem)}", "check the indentation, brackets and quotes here"
    )


def is_whole(scalar: Scalar) -> bool:
    """True when a plain scalar is a whole number of at most 18 digits."""
    return not scalar.style and _PLAIN_WHOLE.fullmatch(scalar.text) is not None
