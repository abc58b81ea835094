"""The graph features of `packs/common` on a random stream, beside the same definitions as a batch
job in DuckDB, in CPU time.

`python bench/graph.py [--payments N] [--accounts N] [--json FILE]`. Accounts are drawn evenly,
which is the worst case for a processor's cache; 30 days pass; one account in 500 is on the case
list. The batch job answers two of the features, cycles and hops, for the last payments of a prefix
of the stream, from all payments before; it has no bounds, so known values must be equal and are
compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from bench.measures import Measured, machine, timed
from haitang.data.events.batch import EventBatch
from haitang.data.events.remarks import Remarks
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.engine.graph_columns import GraphColumns
from haitang.decision.rules.pack import load_pack, lock_text
from haitang.decision.rules.source import LOCK_FILE, PackSource
from haitang.decision.rules.specs import Pack
from haitang.kernel.hashing import hash_text, hash_texts
from haitang.kernel.instants import DAY_US

repository = Path(__file__).resolve().parents[1]
start_us = 1_772_416_800_000_000
block_events = 4_096
days = 30
listed_every = 500
peer_payments = 50_000
peer_asked = 2_000
files = ("features/graph.yaml", "features/moments.yaml")

head = """\
pack: graph
version: 1.0.0
title: {en: Graph benchmark, zh: 图谱测速}
owner: bench
zone: Asia/Shanghai
base_currency: CNY
entities: {}
keys: {}
"""


def graph_pack(folder: Path) -> Pack:
    """Return a pack of nothing but the shared graph features."""
    shipped = folder / "packs" / "common"
    pack = head + (
        "tiers: {medium: 300, high: 600, critical: 850}\nlists:\n"
        "  case_accounts: {title: {en: Case accounts, zh: 涉案账户}}\n"
        "  shared_devices: {title: {en: Shared devices, zh: 公用设备}}\n"
    )
    texts = {"pack.yaml": pack.encode()}
    texts |= {name: (shipped / name).read_bytes() for name in files}
    source = PackSource(name="graph", files=texts)
    lock = {LOCK_FILE: lock_text(source).encode()}
    return load_pack(PackSource(name="graph", files={**texts, **lock}))


class Payments:
    """Random payments as columns."""

    def __init__(self, count: int, accounts: int, seed: int) -> None:
        source = np.random.default_rng(seed)
        self.payers = source.integers(0, accounts, count)
        self.payees = (self.payers + source.integers(1, accounts, count)) % accounts
        self.amounts = np.round(np.exp(source.normal(12, 1.5, count)))
        self.instants = start_us + np.sort(source.integers(0, days * DAY_US, count))

    def batch(self, program: EngineProgram, start: int, stop: int) -> EventBatch:
        """Return some of them as the engine is given them."""
        chosen = slice(start, stop)
        count = stop - start
        words = {
            "event_type": np.full(count, hash_text("TXN_REQUEST"), np.uint64),
            "txn_type": np.full(count, hash_text("TRANSFER_INTRA"), np.uint64),
            "payer_account": _hashes("A", self.payers[chosen]),
            "payee_account": _hashes("A", self.payees[chosen]),
            "payer_customer_id": _hashes("C", self.payers[chosen] // 2),
            "payee_customer_id": _hashes("C", self.payees[chosen] // 2),
        }
        nothing = np.zeros(count, np.uint64)
        numbers = np.full((len(program.fields.numbers), count), np.nan)
        numbers[program.fields.numbers.index("amount_base_minor")] = self.amounts[chosen]
        return EventBatch(
            occurred_at_us=np.ascontiguousarray(self.instants[chosen]),
            fields=program.fields,
            numbers=numbers,
            hashes=np.array([words.get(name, nothing) for name in program.fields.texts]),
            remarks=tuple(Remarks.of([None] * count) for _ in program.fields.remarks),
            event_ids=[str(number) for number in range(start, stop)],
            texts=(),
        )


_known: dict[str, Any] = {}


def _hashes(letter: str, numbers: Any) -> Any:
    if letter not in _known:
        _known[letter] = hash_texts([f"{letter}{number}" for number in range(2_000_000)])
    return _known[letter][numbers]


def listed(accounts: int) -> list[tuple[str, int, int]]:
    """Return the case list."""
    return [(f"A{number}", 0, 0) for number in range(0, accounts, listed_every)]


def measure(pack: Pack, payments: Payments, accounts: int) -> Measured:
    """Fold all payments, once; the clock runs for the graph alone."""
    program = compile_pack(pack)
    count = len(payments.payers)
    state = EngineState.create(program)
    state.lists.upsert_texts("case_accounts", listed(accounts))
    assert state.graph is not None
    assert program.graph is not None
    graph = GraphColumns(program, program.graph, state.graph)
    batches = [
        payments.batch(program, at, min(at + block_events, count))
        for at in range(0, count, block_events)
    ]
    warm = EngineState.create(program)
    evaluate(batches[0], warm)
    columns = [
        (
            batch.occurred_at_us,
            graph.widen(batch.numbers),
            batch.hashes,
            np.zeros((0, 0), np.uint64),
        )
        for batch in batches
    ]
    seconds = []
    for batch, column in zip(batches, columns, strict=True):
        began = time.thread_time()
        graph.fold(state.lists.arrays, column, True, 0, len(batch))
        seconds.append(time.thread_time() - began)
        state.graph.sweep()
    late = seconds[len(seconds) // 2 :]
    names = [feature.name for feature in pack.catalogue.features if feature.graph is not None]
    values = np.concatenate([column[1][graph.rows :] for column in columns], axis=1)
    return {
        "payments": count,
        "accounts": accounts,
        "features": len(names),
        "ns_per_event": 1e9 * sum(seconds) / count,
        "ns_per_event_second_half": 1e9 * sum(late) / sum(map(len, batches[len(seconds) // 2 :])),
        "ns_per_event_quiet": 1e9
        * float(np.quantile(seconds[len(seconds) // 2 : -1], 0.1))
        / block_events,
        "slowest_block_us_per_event": 1e6 * max(seconds[1:]) / block_events,
        "bytes": state.graph.size_bytes,
        "bytes_per_account": state.graph.size_bytes / accounts,
        "missing_share": {
            name: float(np.isnan(values[graph.plan.columns[name]]).mean()) for name in names
        },
    }


peer_query = """
create or replace table asked as select * from payments where id >= {asked};
create or replace table back as
with recursive path as (
    select a.id as asked, a.payee as target, a.at_us as until_us, a.payer as account,
           a.id as before, 0 as hops
    from asked a
    union
    select p.asked, p.target, p.until_us, f.payer, f.id, p.hops + 1
    from path p join payments f on f.payee = p.account
    where p.hops < {steps} and f.id < p.before and f.at_us >= p.until_us - {window}
)
select * from path;
select a.id,
       coalesce(
           min(b.hops) filter (b.account = a.payee and b.hops between 1 and {nodes_max} - 1), -1
       ) + 1 as cycle_length,
       coalesce(
           min(b.hops) filter (b.account % {every} = 0 and b.hops <= {hops_max}), {hops_max} + 1
       ) as hops_from_case
from asked a join back b on b.asked = a.id
group by a.id order by a.id
"""


def peer(pack: Pack, payments: Payments, accounts: int) -> Measured:
    """Answer cycles and hops of the last payments of a prefix by a recursive query."""
    import duckdb
    import pyarrow as pa

    program = compile_pack(pack)
    state = EngineState.create(program)
    state.lists.upsert_texts("case_accounts", listed(accounts))
    known = evaluate(payments.batch(program, 0, peer_payments), state, keep_features=True).features
    assert known is not None
    table = pa.table(
        {
            "id": np.arange(peer_payments),
            "payer": payments.payers[:peer_payments],
            "payee": payments.payees[:peer_payments],
            "at_us": payments.instants[:peer_payments],
        }
    )
    database = duckdb.connect()
    database.execute("set threads = 1")
    database.register("arriving", table)
    database.execute("create table payments as select * from arriving")
    specs = {feature.name: feature.graph for feature in pack.catalogue.features}
    cycle, hops = specs["cycle_length"], specs["hops_from_case"]
    assert cycle is not None
    assert hops is not None
    assert cycle.window_us == hops.window_us, "one walk back answers both"
    query = peer_query.format(
        asked=peer_payments - peer_asked,
        window=cycle.window_us,
        every=listed_every,
        nodes_max=cycle.steps_max,
        hops_max=hops.steps_max,
        steps=max(cycle.steps_max - 1, hops.steps_max),
    )
    answer, seconds, _ = timed(lambda: database.execute(query).fetchnumpy())
    differing, compared = 0, 0
    for name in ("cycle_length", "hops_from_case"):
        ours = known[program.feature_names.index(name)][-peer_asked:]
        is_known = ~np.isnan(ours)
        compared += int(is_known.sum())
        differing += int((ours[is_known] != answer[name][is_known]).sum())
    return {
        "payments": peer_payments,
        "asked": peer_asked,
        "ns_per_event": 1e9 * seconds / peer_asked,
        "values_compared": compared,
        "values_differing": differing,
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    pack = graph_pack(repository)
    payments = Payments(chosen.payments, chosen.accounts, chosen.seed)
    ours = measure(pack, payments, chosen.accounts)
    report: dict[str, Any] = {"machine": machine(), "haitang": ours}
    dense = Payments(peer_payments, chosen.accounts * peer_payments // chosen.payments, chosen.seed)
    report["duckdb"] = peer(pack, dense, chosen.accounts * peer_payments // chosen.payments)
    report["ratio"] = report["duckdb"]["ns_per_event"] / ours["ns_per_event"]
    text = json.dumps(report, indent=2)
    if chosen.json:
        chosen.json.write_text(text + "\n", "utf-8")
    sys.stdout.write(text + "\n")
    return 1 if report["duckdb"]["values_differing"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
