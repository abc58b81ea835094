"""Typed reading of a YAML tree: each method returns a value or notes a fault at the place of the
value.
"""

from __future__ import annotations

from collections.abc import Collection

from haitang.data.features.specs import TextPair
from haitang.decision.rules.alignment import locate
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.tokens import Fault
from haitang.decision.rules.yamltext import Document, Mapping, Node, Scalar, Sequence, is_whole
from haitang.kernel.errors import HaitangError, did_you_mean, symbol
from haitang.kernel.instants import format_duration, parse_duration

MAX_TEXT_CHARACTERS = 4_000
MAX_LIST_ITEMS = 10_000

_CUT = "put a text that holds a comma in quotes"
_KINDS = {Scalar: "a single value", Sequence: "a list", Mapping: "a mapping"}


class FileReader:
    """Reads one file; faults go to the problems of the pack.

    Methods return None where there was a fault, which their callers pass on in silence.
    """

    def __init__(self, document: Document, problems: Problems) -> None:
        self.document = document
        self.problems = problems

    def refuse(self, node: Node, code: str, message: str, hint: str = "") -> None:
        """Note a fault at the start of a value."""
        self.refuse_at(node.line, node.column, code, message, hint)

    def refuse_at(self, line: int, column: int, code: str, message: str, hint: str = "") -> None:
        """Note a fault at a position that counts from 0."""
        place, source_line = self.document.place(line, column)
        self.problems.add(code, message, place=place, hint=hint, source_line=source_line)

    def refuse_error(self, node: Node, error: HaitangError) -> None:
        """Note another room's refusal at the place of the value it speaks of."""
        self.refuse(node, error.code, error.message, error.hint)

    def refuse_faults(self, scalar: Scalar, faults: Collection[Fault]) -> None:
        """Note the faults of an expression, each at its own character."""
        for fault in faults:
            self.refuse_inside(scalar, fault.offset, fault.code, fault.message, fault.hint)

    def refuse_inside(
        self, scalar: Scalar, offset: int, code: str, message: str, hint: str = ""
    ) -> None:
        """Note a fault at a character of a text."""
        line, column = locate(self.document, scalar, offset)
        self.refuse_at(line, column, code, message, hint)

    def entries(
        self, node: Node, what: str, *, required: Collection[str], optional: Collection[str] = ()
    ) -> dict[str, Node]:
        """Return the values of a mapping by key; unknown and missing keys are faults.

        Keys with an empty value are left out when they are optional.
        """
        if not isinstance(node, Mapping):
            self._wrong_kind(node, what, "a mapping")
            return {}
        found: dict[str, Node] = {}
        for key, value in node.entries.items():
            if key not in required and key not in optional:
                cut = isinstance(value, Scalar) and value.empty and not value.style
                nearest = did_you_mean(key, (*required, *optional))
                self.refuse(
                    node.keys[key],
                    "key_unknown",
                    f"{what} has no key {symbol(key)}",
                    nearest
                    or (_CUT if cut else f"its keys are {_listing((*required, *optional))}"),
                )
            elif isinstance(value, Scalar) and value.empty:
                if key in required:
                    self.refuse(
                        node.keys[key],
                        "value_missing",
                        f"{symbol(key)} was empty",
                        "write its value",
                    )
            else:
                found[key] = value
        missing = [key for key in required if key not in node.entries]
        if missing:
            added = " and ".join(symbol(f"{key}:") for key in missing[:3])
            self.refuse(node, "key_missing", f"{what} has no {_listing(missing)}", f"add {added}")
        return found

    def mapping(self, node: Node, what: str) -> dict[str, tuple[Scalar, Node]]:
        """Return a mapping whose keys are the author's own names, each with its place."""
        if isinstance(node, Mapping):
            return {key: (node.keys[key], value) for key, value in node.entries.items()}
        self._wrong_kind(node, what, "a mapping")
        return {}

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """Return the items of a list."""
        if not isinstance(node, Sequence):
            self._wrong_kind(node, what, "a list")
            return ()
        if len(node.items) > MAX_LIST_ITEMS:
            self.refuse(
                node,
                "value_out_of_range",
                f"{what} has {len(node.items):,} items; expected at most {MAX_LIST_ITEMS:,}",
            )
            return ()
        return node.items

    def scalar(self, node: Node, what: str, expected: str = "a text") -> Scalar | None:
        """Return a single value that is not empty."""
        if not isinstance(node, Scalar):
            self._wrong_kind(node, what, expected)
            return None
        if node.empty:
            self.refuse(node, "value_missing", f"{what} was empty; expected {expected}")
            return None
        if len(node.text) > MAX_TEXT_CHARACTERS:
            self.refuse(
                node,
                "value_out_of_range",
                f"{what} has {len(node.text):,} characters; expected at most "
                f"{MAX_TEXT_CHARACTERS:,}",
            )
            return None
        return node

    def text(self, node: Node, what: str) -> str | None:
        """Return a text without white space at its ends."""
        scalar = self.scalar(node, what)
        return scalar.text.strip() if scalar else None

    def choice(self, node: Node, what: str, allowed: Collection[str]) -> str | None:
        """Return one of the allowed words."""
        word = self.text(node, what)
        if word is None or word in allowed:
            return word
        self.refuse(
            node,
            "value_unknown",
            f"{what} was {symbol(word)}",
            did_you_mean(word, allowed) or f"one of {_listing(allowed)}",
        )
        return None

    def choices(self, node: Node, what: str, allowed: Collection[str]) -> tuple[str, ...]:
        """Return a list of allowed words, each at most once; a single word is a list of one."""
        found: list[str] = []
        for item in (node,) if isinstance(node, Scalar) else self.items(node, what):
            word = self.choice(item, what, allowed)
            if word in found:
                self.refuse(item, "value_repeated", f"{what} names {symbol(word)} twice")
            elif word is not None:
                found.append(word)
        return tuple(found)

    def names(self, node: Node, what: str) -> list[tuple[str, Node]]:
        """Return a list of texts with their places; a single text is a list of one."""
        found: list[tuple[str, Node]] = []
        for item in (node,) if isinstance(node, Scalar) else self.items(node, what):
            text = self.text(item, what)
            if text is not None:
                found.append((text, item))
        return found

    def whole(self, node: Node, what: str, least: int, most: int) -> int | None:
        """Return a whole number within bounds."""
        expected = f"a whole number from {least:,} to {most:,}"
        scalar = self.scalar(node, what, expected)
        if scalar is None:
            return None
        if is_whole(scalar) and least <= int(scalar.text) <= most:
            return int(scalar.text)
        self._wrong_value(scalar, what, expected)
        return None

    def decimal(self, node: Node, what: str, least: float, most: float) -> float | None:
        """Return a number within bounds."""
        expected = f"a number from {least:g} to {most:g}"
        scalar = self.scalar(node, what, expected)
        if scalar is None:
            return None
        value = _number(scalar)
        if value is not None and least <= value <= most:
            return value
        self._wrong_value(scalar, what, expected)
        return None

    def flag(self, node: Node, what: str) -> bool | None:
        """Return `true` or `false`; nothing else counts, so that `NO` and `on` stay words."""
        scalar = self.scalar(node, what, "`true` or `false`")
        if scalar is None:
            return None
        if scalar.text in ("true", "false") and not scalar.style:
            return scalar.text == "true"
        self._wrong_value(scalar, what, "`true` or `false`")
        return None

    def duration(self, node: Node, what: str, least_us: int, most_us: int) -> int | None:
        """Return the microseconds of `30s`, `10m`, `1h` or `7d` within bounds."""
        scalar = self.scalar(node, what, "a duration")
        if scalar is None:
            return None
        try:
            duration_us = parse_duration(scalar.text.strip())
        except HaitangError as error:
            self.refuse_error(node, error)
            return None
        if least_us <= duration_us <= most_us:
            return duration_us
        self._wrong_value(
            scalar,
            what,
            f"a duration from {format_duration(least_us)} to {format_duration(most_us)}",
        )
        return None

    def pair(self, node: Node, what: str) -> TextPair | None:
        """Return a text in both languages."""
        if not isinstance(node, Mapping):
            self._wrong_kind(node, what, "a text in both languages, `{en: …, zh: …}`")
            return None
        entries = self.entries(node, what, required=("en", "zh"))
        english = self.text(entries["en"], f"{what} in English") if "en" in entries else None
        chinese = self.text(entries["zh"], f"{what} in Chinese") if "zh" in entries else None
        if not english or not chinese:
            return None
        return TextPair(en=english, zh=chinese)

    def _wrong_kind(self, node: Node, what: str, expected: str) -> None:
        self.refuse(
            node, "value_wrong_type", f"{what} was {_KINDS[type(node)]}; expected {expected}"
        )

    def _wrong_value(self, scalar: Scalar, what: str, expected: str) -> None:
        hint = (
            "remove the quotes" if scalar.style in ("'", '"') and _number_text(scalar.text) else ""
        )
        self.refuse(
            scalar,
            "value_out_of_range",
            f"{what} was {symbol(scalar.text)}; expected {expected}",
            hint,
        )


def _number(scalar: Scalar) -> float | None:
    return _number_text(scalar.text) if not scalar.style else None


def _number_text(text: str) -> float | None:
    if len(text) > 40 or not set(text) <= set("+-.0123456789eE"):
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _listing(names: Collection[str]) -> str:
    return ", ".join(map(symbol, names))
