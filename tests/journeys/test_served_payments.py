"""A service as a bank starts it: what a key may send, and what becomes of names in payments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import service

from haitang.data.events.tokenise import tokenise_value
from haitang.edges.client import Client, EventError, KeyRefused
from haitang.kernel.identity import Tokeniser
from tests.journeys.program import haitang
from tests.unit.adapters.iso20022.messages import PACS_PAYMENT, numbered, pacs008
from tests.unit.app.payments import START_US, payment
from tests.unit.app.small_pack import write_pack

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

SECRET = b"0123456789abcdef0123456789abcdef"
LISTED = {
    "event_type": "LIST_UPSERT", "event_id": "L1", "occurred_at_us": START_US,
    "list_name": "allow", "list_value": "A1",
}  # fmt: skip
LABEL = {"event_type": "LABEL", "event_id": "L2", "occurred_at_us": START_US, "label": "LEGIT"}
PAYMENTS = 40
SENDERS = (("decide", "events"), ("events", "lists", "outcomes"), ("decide",))
"""Scopes of the keys that are made before the service starts: it looks for new ones once a second.
"""
_keys: dict[tuple[str, ...], str] = {}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[service.Service]:
    folder = tmp_path_factory.mktemp("served")
    write_pack(folder / "pack")
    key = folder / "token.key"
    key.write_bytes(SECRET + b"\n")
    options = ("--no-follower", "--token-key-file", str(key), "--token-algorithm", "sha256")
    _keys.update({scopes: service.create_key(folder / "data", scopes=scopes) for scopes in SENDERS})
    with service.ended(service.start(folder / "data", folder / "pack", options=options)) as running:
        service.ready(running)
        yield running


def client(served: service.Service, *scopes: str) -> Client:
    return Client(f"http://127.0.0.1:{served.port}", _keys[scopes], timeout_s=30.0)


def exported(served: service.Service) -> list[dict[str, object]]:
    done = haitang("journal", "export", served.data, "--to", "-", cwd=served.data)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_key_of_the_payment_path_changes_no_list_and_says_no_outcome(
    served: service.Service,
) -> None:
    with client(served, "decide", "events") as caller:
        for event in (LISTED, LABEL):
            with pytest.raises(KeyRefused) as refused:
                caller.decide(event)
            assert (refused.value.status, refused.value.code) == (403, "scope_missing")
        first, second, third = caller.decide_many([payment(1), LISTED, payment(2)])
        assert isinstance(second, EventError)
        assert (second.index, second.code) == (1, "scope_missing")
        assert not isinstance(first, EventError)
        assert not isinstance(third, EventError)
        receipt = caller.send([payment(3), LISTED, LABEL])
        assert receipt.accepted == 1
        assert [one.code for one in receipt.refused] == ["scope_missing", "scope_missing"]
        with pytest.raises(KeyRefused):
            caller.list_entry("allow", "A1")
    assert {row["event_type"] for row in exported(served)} == {"TXN_REQUEST"}
    with client(served, "events", "lists", "outcomes") as caller:
        assert caller.send([LISTED, LABEL]).accepted == 2
        assert caller.list_entry("allow", "A1").listed


def test_names_of_payments_are_kept_as_tokens_of_the_banks_key(served: service.Service) -> None:
    message = pacs008([numbered(PACS_PAYMENT, number) for number in range(PAYMENTS)])
    with client(served, "decide") as caller:
        assert len(caller.decide_payments(message)) == PAYMENTS
    rows = [row for row in exported(served) if str(row["event_id"]).startswith("pacs.008")]
    assert len(rows) == PAYMENTS
    name = tokenise_value("海棠花店", kind="name", tokeniser=Tokeniser(SECRET, "sha256"))
    assert {row["payer_name_token"] for row in rows} == {name}
    told = json.dumps(rows, ensure_ascii=False)
    assert not [word for word in ("海棠花店", "Li Si", "110101199001019990") if word in told]


def test_a_key_of_tokens_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    write_pack(tmp_path / "pack")
    for content, said in ((None, "no such file"), (b"short", "expected 16 or more")):
        if content is not None:
            (tmp_path / "token.key").write_bytes(content)
        done = haitang(
            "serve", "--data", "data", "--pack", "pack", "--port", "0",
            "--token-key-file", "token.key", cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode in {2, 3}
        assert said in done.stderr.decode()
        assert "token.key" in done.stderr.decode()
