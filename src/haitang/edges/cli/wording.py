"""What the command line says, in the reader's language."""

from __future__ import annotations

from typing import Literal, Protocol

from haitang.edges.cli.texts import TEXTS

Language = Literal["en", "zh"]


class Bilingual(Protocol):
    """Anything that says one thing in both languages, such as a reason of a policy."""

    @property
    def en(self) -> str:
        """The English half."""
        ...

    @property
    def zh(self) -> str:
        """The Chinese half."""
        ...


class Wording:
    """Speaks one language: `say` looks a text up and fills it in."""

    def __init__(self, language: str) -> None:
        self.language: Language = "zh" if language == "zh" else "en"

    def say(self, name: str, /, **values: object) -> str:
        """Return the text called `name` with its placeholders filled.

        Raises `KeyError` for a name that the catalogue lacks: a fault of ours, not of the reader.
        """
        text = self.pick(TEXTS[name])
        return text.format(**values) if values else text

    def pick(self, pair: Bilingual) -> str:
        """Return the half of a pair that the reader understands; the other one if it is empty."""
        chosen, other = (pair.zh, pair.en) if self.language == "zh" else (pair.en, pair.zh)
        return chosen or other

    def count(self, number: int) -> str:
        """Write a whole number with separators, `1,234,567`."""
        return f"{number:,}"
