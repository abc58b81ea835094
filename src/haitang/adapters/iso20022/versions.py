"""Which messages and versions are read."""

from __future__ import annotations

from typing import Literal

import msgspec

from haitang.adapters.iso20022.elements import Element
from haitang.adapters.iso20022.errors import refused
from haitang.adapters.iso20022.reading import Message
from haitang.kernel.errors import symbol

MessageName = Literal["pacs.008", "pain.001"]

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_VERSIONS: dict[MessageName, tuple[str, ...]] = {
    "pacs.008": ("08", "09", "10", "11", "12", "13"),
    "pain.001": ("03", "09", "10", "11", "12", "13"),
}
_BODIES: dict[MessageName, str] = {
    "pacs.008": "FIToFICstmrCdtTrf",
    "pain.001": "CstmrCdtTrfInitn",
}

IDENTIFIERS: dict[str, MessageName] = {
    f"{name}.001.{version}": name for name, versions in _VERSIONS.items() for version in versions
}
"""Message identifiers that are read, such as `pacs.008.001.08`, and the message that each is."""


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """A message that we read: which one, in which version, and where its body begins."""

    name: MessageName
    identifier: str
    body: Element


def recognise(message: Message) -> Recognised:
    """Tell by the namespace what a message is, or refuse it by its name."""
    identifier = message.namespace.removeprefix(_NAMESPACE)
    foreign = identifier == message.namespace
    name = None if foreign else IDENTIFIERS.get(identifier)
    if name is None:
        known = " or ".join(
            f"{symbol(name)} of version {', '.join(versions)}"
            for name, versions in _VERSIONS.items()
        )
        raise refused(
            "payments_message_unknown",
            f"the message was {symbol(identifier)}; expected {known}",
            path=message.document.path,
            hint=f"its namespace begins with {symbol(_NAMESPACE)}" if foreign else "",
        )
    return Recognised(name=name, identifier=identifier, body=message.document.need(_BODIES[name]))
