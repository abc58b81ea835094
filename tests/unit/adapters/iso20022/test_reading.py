from __future__ import annotations

import time

import pytest

from haitang.adapters.iso20022 import reading
from haitang.adapters.iso20022.payments import decode_payments
from haitang.kernel.errors import HaitangError
from tests.unit.adapters.iso20022.messages import PACS_PAYMENT, document, numbered, pacs008

SECONDS_MAX = 10.0
"""Generous for a busy machine; a bomb that goes off takes minutes or all memory."""


def laughs(levels: int) -> bytes:
    entities = "".join(
        f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, levels)
    )
    return f'<!DOCTYPE a [<!ENTITY l0 "ha">{entities}]><a>&l{levels - 1};</a>'.encode()


HOSTILE = {
    "entities in entities": laughs(12),
    "one long entity often": (
        f'<!DOCTYPE a [<!ENTITY l "{"x" * 100_000}">]><a>{"&l;" * 50_000}</a>'.encode()
    ),
    "a file from the machine": b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
    "a definition elsewhere": b'<!DOCTYPE a SYSTEM "urn:example:dtd"><a/>',
    "nested without end": b"<a>" * 200_000,
    "nested in the document": document("pacs.008.001.08", "<A>" * 5_000 + "</A>" * 5_000),
    "nested where nothing is read": document(
        "pacs.008.001.08", f"<SplmtryData>{'<A>' * 5_000}{'</A>' * 5_000}</SplmtryData>"
    ),
    "elements without number": document("pacs.008.001.08", "<A/>" * 1_000_000),
    "attributes without number": document(
        "pacs.008.001.08", "<A " + " ".join(map("b{}=''".format, range(200_000))) + "/>"
    ),
    "a text without end": document("pacs.008.001.08", f"<A>{'x' * 5_000_000}</A>"),
    "too many bytes": b"<a>" + b" " * reading.PAYMENTS_BYTES_MAX,
    "a name without end": b"<" + b"a" * 4_000_000,
    "references to characters": document("pacs.008.001.08", f"<A>{'&#65;' * 500_000}</A>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_quickly(name: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(HaitangError) as caught:
        decode_payments(HOSTILE[name])
    assert time.perf_counter() - begun < SECONDS_MAX
    assert caught.value.code.startswith("payments_")


def test_more_payments_than_a_batch_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAYMENTS_MAX", 2)
    payments = [numbered(PACS_PAYMENT, number) for number in range(3)]
    assert len(decode_payments(pacs008(payments[:2]))) == 2
    with pytest.raises(HaitangError) as caught:
        decode_payments(pacs008(payments))
    assert caught.value.code == "payments_too_large"
    assert caught.value.place.pointer == "Document/FIToFICstmrCdtTrf"
