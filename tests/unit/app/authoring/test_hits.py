"""Hits on a stream, counted against a plain count; overlaps; differences between packs."""

from __future__ import annotations

from pathlib import Path

import msgspec

from haitang.app.authoring.differences import differ
from haitang.app.authoring.hits import StreamHits, count_hits
from haitang.app.programs import OpenedPack
from haitang.app.wiring import open_events
from haitang.decision.engine import compile_pack
from tests.unit.app.authoring.authored import edit, loaded, own_pack, speaking

START_US = 1_772_416_800_000_000


def _stream(path: Path, amounts: list[int]) -> Path:
    rows = [
        {
            "event_id": f"E{n}", "event_type": "TXN_REQUEST",
            "occurred_at_us": START_US + n * 10**6,
            "channel": "MOBILE", "txn_type": "TRANSFER_INTER", "amount_minor": amount,
            "currency": "CNY", "payer_customer_id": f"C{n % 5}", "payer_account": f"A{n % 5}",
            "payee_account": "B", "customer_segment": "ELDER" if n % 2 else "ORDINARY",
        }
        for n, amount in enumerate(amounts)
    ]  # fmt: skip
    path.write_bytes(msgspec.json.Encoder().encode_lines(rows))
    return path


def test_hits_overlaps_and_silence_are_those_of_a_plain_count(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    edit(own, "value: 5000", "value: 5100", name="d05_probe")
    edit(own, "least_amount: 2000", "least_amount: 100000", name="d05_probe")
    speaking(own)
    speaking(own, name="d05_probe")
    amounts = [n * 10_000 for n in range(100)]
    found = _count(own, _stream(tmp_path / "events.jsonl", amounts))
    ordinary = [amount for n, amount in enumerate(amounts) if n % 2 == 0]
    elder = [amount for n, amount in enumerate(amounts) if n % 2]
    hits = {one.instance: (one.hits, one.alone) for one in found.instances}
    low, high = sum(a >= 500_000 for a in ordinary), sum(a >= 510_000 for a in ordinary)
    assert hits == {
        "c14_gold_loan.ordinary": (low, low - high),
        "c14_gold_loan.elder": (sum(a >= 200_000 for a in elder),) * 2,
        "d05_probe.ordinary": (high, 0),
        "d05_probe.elder": (0, 0),
    }
    assert found.dead == ("d05_probe.elder",)
    assert found.events == 100
    (pair,) = found.overlaps
    assert (pair.first, pair.second) == ("c14_gold_loan.ordinary", "d05_probe.ordinary")
    assert (pair.together, pair.share, pair.share_of_second) == (high, high / low, 1.0)


def _count(own: Path, events: Path) -> StreamHits:
    pack = loaded(own).pack
    source = open_events(events, mapping=None, base_currency="CNY")
    return count_hits(OpenedPack(pack=pack, program=compile_pack(pack)), source.chunks)


def test_differences_name_what_changed_with_its_numbers(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    speaking(own)
    before = loaded(own).pack
    edit(own, "value: 5000", "value: 6000")
    (own / "policies" / "d05_probe.yaml").unlink()
    own_pack(tmp_path, "e01_runner")
    found = {one.instance: one for one in differ(before, loaded(own).pack)}
    assert {name: one.what for name, one in found.items()} == {
        "c14_gold_loan.ordinary": "changed",
        "d05_probe.ordinary": "removed",
        "d05_probe.elder": "removed",
        "e01_runner.ordinary": "added",
        "e01_runner.elder": "added",
    }
    change = found["c14_gold_loan.ordinary"]
    assert "least_amount: 500000.0 → 600000.0" in change.fields
    assert change.unversioned
    edit(own, "version: 1", "version: 2")
    again = {one.instance: one for one in differ(before, loaded(own).pack)}
    assert not again["c14_gold_loan.ordinary"].unversioned
    assert differ(before, before) == ()
