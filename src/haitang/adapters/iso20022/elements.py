"""Elements of a message as we keep them, and how one asks for what must or may stand in them."""

from __future__ import annotations

from haitang.adapters.iso20022.errors import refused
from haitang.kernel.errors import symbol

NUMBERED = frozenset(("PmtInf", "CdtTrfTxInf"))
"""Elements whose place among their like is part of their path, counted from 1."""


class Element:
    """One element: its name without the namespace, its attributes, text and children by name."""

    __slots__ = ("attributes", "children", "name", "path", "pieces")

    def __init__(self, name: str, *, path: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.path = path
        self.attributes = attributes
        self.children: dict[str, list[Element]] = {}
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        """The text without the white space around it."""
        return "".join(self.pieces).strip()

    def all(self, name: str) -> list[Element]:
        """Return the children of this name, in order; none is an answer."""
        return self.children.get(name, [])

    def one(self, name: str) -> Element | None:
        """Return the only child of this name, or None; two are refused."""
        found = self.children.get(name)
        if found is None:
            return None
        if len(found) > 1:
            raise refused(
                "payments_element_repeated",
                f"the element {symbol(name)} stood {len(found)} times; expected it once",
                path=f"{self.path}/{name}",
            )
        return found[0]

    def need(self, name: str) -> Element:
        """Return the only child of this name, or refuse its absence."""
        found = self.one(name)
        if found is None:
            raise refused(
                "payments_element_missing",
                f"the element {symbol(name)} was missing",
                path=f"{self.path}/{name}",
            )
        return found

    def at(self, *names: str) -> Element | None:
        """Follow single children down; None where one of them is not there."""
        here: Element | None = self
        for name in names:
            if here is None:
                return None
            here = here.one(name)
        return here

    def text_at(self, *names: str) -> str:
        """Return the text of the element that `at` finds; empty where there is none."""
        found = self.at(*names)
        return found.text if found is not None else ""

    def need_text(self, name: str) -> str:
        """Return the text of a child that must be there and must say something."""
        found = self.need(name)
        if not found.text:
            raise refused(
                "payments_element_missing",
                f"the element {symbol(name)} was empty; expected a text",
                path=found.path,
            )
        return found.text


def first_text(*elements: Element | None) -> Element | None:
    """Return the first element that is there and says something."""
    return next((element for element in elements if element is not None and element.text), None)
