"""The pages on calling the service and on ISO 20022: what they show runs and is true."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from haitang.adapters.iso20022.payments import decode_payments
from haitang.adapters.iso20022.versions import IDENTIFIERS
from haitang.app.programs import warm_up
from haitang.data.events.catalogue import FIELDS
from haitang.data.events.codec import decode_event
from haitang.decision.engine.actions import RANK
from tests.docs.test_reading import DOCS
from tests.unit.edges.api.calls import TOKEN, make
from tests.unit.edges.api.memory_node import MemoryNode, small_program
from tests.unit.edges.client.services import served

GUIDE = (DOCS / "guides" / "call-the-service.md").read_text("utf-8")
ISO_20022 = (DOCS / "reference" / "iso20022.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.enable_socket
def test_every_python_example_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = blocks(ISO_20022, "xml")
    program = small_program()
    # The first decision of a machine takes seconds, and the guide has deadlines.
    warm_up(program)
    app = make(MemoryNode(program), decoders={"application/xml": decode_payments})
    with served(app) as url:
        names = {"url": url, "key": TOKEN, "document": document.encode()}
        for block in blocks(GUIDE, "python"):
            exec(compile(block, "call-the-service.md", "exec"), names)
        names["service"].close()  # type: ignore[attr-defined]
    assert names["action"] in RANK
    assert "field_out_of_bounds" in capsys.readouterr().out
    (payment,) = names["results"]
    assert payment.event_id == "pacs.008:5f0c1a52-7d0e-4f3b-9a61-0d2c4be81f77"  # type: ignore[attr-defined]


def test_the_event_of_the_curl_example_is_that_of_the_python_example() -> None:
    said = re.search(r"--json '(.*?)'", GUIDE, re.DOTALL)
    assert said is not None
    first = next(block for block in blocks(GUIDE, "python") if "payment = {" in block)
    names: dict[str, object] = {}
    exec(re.search(r"^payment = \{.*?^\}", first, re.MULTILINE | re.DOTALL)[0], names)  # type: ignore[index]
    assert json.loads(said[1]) == names["payment"]
    assert decode_event(said[1].encode()).event_id == "pay-1042"


def test_the_message_of_the_reference_becomes_the_event_below_it() -> None:
    (document,), (event,) = blocks(ISO_20022, "xml"), blocks(ISO_20022, "json")
    (decoded,) = decode_payments(document.encode(), base_currency="CNY")
    assert decoded == decode_event(event.encode(), base_currency="CNY")


def test_the_reference_names_every_field_that_a_message_can_give() -> None:
    table = "\n".join(line for line in ISO_20022.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`(\w+)`", table)) & set(FIELDS)
    (document,) = blocks(ISO_20022, "xml")
    (decoded,) = decode_payments(document.encode(), base_currency="CNY", received_at_us=None)
    given = set(msgspec.to_builtins(decoded)) - {"event_type"}
    assert given <= named


def test_the_reference_names_every_version() -> None:
    for identifier in IDENTIFIERS:
        name, version = identifier[:8], identifier[9:]
        row = next(line for line in ISO_20022.splitlines() if line.startswith(f"| `{name}`"))
        first, last = re.findall(r"001\.(\d\d) to 001\.(\d\d)", row)[0]
        assert version in row or first <= version[4:] <= last
