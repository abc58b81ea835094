"""XML to elements, within bounds: no document type, no entities, nothing from elsewhere."""

from __future__ import annotations

import re
from xml.etree.ElementTree import ParseError

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from haitang.adapters.iso20022.elements import NUMBERED, Element
from haitang.adapters.iso20022.errors import PaymentsRefused, refused
from haitang.kernel.errors import symbol

PAYMENTS_BYTES_MAX = 8 << 20
"""The longest message, as for any body of a request."""

DEPTH_MAX = 32
"""Elements within elements; the deepest path of the messages we read is half of that."""

ELEMENTS_MAX = 300_000
"""Elements of a message: more than a message of the longest holds when it is full of payments."""

PAYMENTS_MAX = 10_000
"""Payments of one message, as many as a batch of events."""

TEXT_CHARACTERS_MAX = 4_096
"""Characters of one element's text; the longest that the standard knows is below that."""

ATTRIBUTES_MAX = 8
"""Attributes of one element; the standard uses one, an envelope a few."""

_FREE = "SplmtryData"
"""Below it stands what two banks agreed on, in any namespace: bounded and not read."""

_ENCODING = re.compile(r"""<\?xml[^>]{0,64}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_KNOWN_ENCODINGS = ("utf-8", "us-ascii", "ascii")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was read: the element `Document` and its namespace."""

    namespace: str
    document: Element


def read_message(data: bytes) -> Message:
    """Return the one `Document` of a message: the root, or a child of an envelope's root.

    Raises `PaymentsRefused`, with the path where one was reached.
    """
    builder = _Builder()
    text = _decoded(data)
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    try:
        # As text, so that the declaration cannot choose another reading than ours.
        parser.feed(text)
        parser.close()
    except DefusedXmlException:
        raise refused(
            "payments_xml_forbidden",
            "the message held a document type or an entity; expected elements and text only",
            path=builder.path,
            hint="leave `<!DOCTYPE …>` out; a payment message never needs it",
        ) from None
    except ParseError as error:
        raise _not_xml(error, path=builder.path) from None
    if builder.message is None:
        raise refused(
            "payments_message_unknown",
            "the message held no `Document`; expected one of ISO 20022",
            hint="send `pacs.008` or `pain.001`, with or without an envelope around it",
        )
    return builder.message


def _decoded(data: bytes) -> str:
    if len(data) > PAYMENTS_BYTES_MAX:
        raise refused(
            "payments_too_large",
            f"the message was {len(data):,} bytes; expected at most {PAYMENTS_BYTES_MAX:,}",
            hint="split it into several messages",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused(
            "payments_not_utf8",
            f"the message was not UTF-8 at byte {error.start + 1}",
            hint="the standard asks for UTF-8; convert GBK and UTF-16 before",
        ) from None
    declared = _ENCODING.match(text)
    if declared is not None and declared[1].lower() not in _KNOWN_ENCODINGS:
        raise refused(
            "payments_not_utf8",
            f"the message declared the encoding {symbol(declared[1])}; expected `UTF-8`",
            hint="convert the message and its declaration",
        )
    return text


def _not_xml(error: ParseError, *, path: str) -> PaymentsRefused:
    line, column = error.position
    return refused(
        "payments_not_xml",
        f"the message was not XML at line {line}, column {column + 1}",
        path=path,
    )


class _Builder:
    """Receives what the parser finds, counts it, and keeps what stands inside of `Document`."""

    def __init__(self) -> None:
        self.message: Message | None = None
        self._open: list[Element] = []
        self._depth = 0
        self._count = 0
        self._payments = 0
        self._unread_from = 0
        """Depth of the element that is skipped with all that is in it; 0 when none is."""

    @property
    def path(self) -> str:
        """Where the reading is."""
        return self._open[-1].path if self._open else ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        namespace, _, name = tag.rpartition("}")
        namespace = namespace.removeprefix("{")
        self._depth += 1
        self._count += 1
        self._check_bounds(name, attributes)
        if self._unread_from:
            return
        if not self._open:
            self._start_outside(namespace, name)
            return
        self._start_inside(namespace, name, attributes)

    def _start_outside(self, namespace: str, name: str) -> None:
        """Look for the document: the root, or a child of the root."""
        if name != "Document":
            if self._depth > 1:
                self._unread_from = self._depth
            return
        if self.message is not None:
            raise refused(
                "payments_element_repeated",
                "the envelope held more than one `Document`; expected one",
                path="Document",
                hint="send one message per request",
            )
        document = Element(name, path=name, attributes={})
        self.message = Message(namespace=namespace, document=document)
        self._open.append(document)

    def _start_inside(self, namespace: str, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1]
        path = f"{parent.path}/{name}"
        if name == _FREE:
            self._unread_from = self._depth
            return
        assert self.message is not None
        if namespace != self.message.namespace:
            raise refused(
                "payments_namespace",
                f"the element was of {symbol(namespace)}; expected the namespace of `Document`",
                path=path,
                hint=f"put foreign elements into {symbol(_FREE)}",
            )
        like = parent.children.setdefault(name, [])
        if name in NUMBERED:
            path = f"{path}[{len(like) + 1}]"
        element = Element(name, path=path, attributes=attributes)
        like.append(element)
        self._open.append(element)

    def data(self, text: str) -> None:
        """Take a piece of text."""
        if self._unread_from or not self._open:
            return
        element = self._open[-1]
        # White space between elements comes in pieces of its own and is not worth keeping.
        if element.children and text.isspace():
            return
        element.pieces.append(text)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        del tag
        self._depth -= 1
        if self._unread_from:
            if self._depth < self._unread_from:
                self._unread_from = 0
            return
        if not self._open:
            return
        element = self._open.pop()
        if sum(map(len, element.pieces)) > TEXT_CHARACTERS_MAX:
            raise refused(
                "payments_too_large",
                f"the text was longer than {TEXT_CHARACTERS_MAX:,} characters",
                path=element.path,
            )
        if element.children and element.text:
            raise refused(
                "payments_value",
                "the element held text beside elements; expected one or the other",
                path=element.path,
            )

    def close(self) -> None:
        """Take the end of the message."""

    def _check_bounds(self, name: str, attributes: dict[str, str]) -> None:
        if name == "CdtTrfTxInf":
            self._payments += 1
            if self._payments > PAYMENTS_MAX:
                raise self._too_many(f"payments than {PAYMENTS_MAX:,}")
        if self._depth > DEPTH_MAX:
            raise self._too_many(f"elements within each other than {DEPTH_MAX:,}")
        if self._count > ELEMENTS_MAX:
            raise self._too_many(f"elements than {ELEMENTS_MAX:,}")
        if len(attributes) > ATTRIBUTES_MAX:
            raise self._too_many(f"attributes on one element than {ATTRIBUTES_MAX:,}")

    def _too_many(self, what: str) -> PaymentsRefused:
        return refused(
            "payments_too_large",
            f"the message had more {what}",
            path=self.path,
            hint="split it into several messages",
        )
