"""A lab day: all that a seed makes of the bank, as event columns in journal order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_row
from haitang.lab.acts import Acts, Array, join, take
from haitang.lab.assembly import Block, arrow_words, assemble
from haitang.lab.bank import NEVER_US, Bank, build_bank, local_midnight_us
from haitang.lab.dealings import dealings
from haitang.lab.details import Details
from haitang.lab.errands import errands
from haitang.lab.firms import business
from haitang.lab.identifiers import scramble, spell
from haitang.lab.labels import label_table, likeness_table
from haitang.lab.ledger import Settlement, settle
from haitang.lab.passing import passing
from haitang.lab.rhythms import everyday
from haitang.lab.seasons import now_and_then
from haitang.lab.service import banking
from haitang.lab.stories import weave
from haitang.lab.surroundings import surround
from haitang.lab.vocabulary import EVENT

BLOCK_ROWS = 131_072
"""Events assembled at once; bounds memory, changes nothing else."""
SEEN_REFUSALS = 0.04
"""Share of acts without cover that reach the bank and are refused; the rest are never tried."""
DEFAULT_START = (2026, 3, 2)


class LabDay(msgspec.Struct, frozen=True, kw_only=True):
    """The generated days of one bank; events and labels are made on request, always the same."""

    seed: int
    bank: Bank
    acts: Acts
    settlement: Settlement
    event_ids: Array
    received_us: Array
    salt: int
    details: dict[str, Array]

    def __len__(self) -> int:
        """Number of events."""
        return len(self.event_ids)

    def batches(self, rows: int = BLOCK_ROWS) -> Iterator[pa.Table]:
        """Event columns in journal order, so many rows at a time."""
        words = arrow_words(self.bank)
        position = np.arange(len(self))
        chance = scramble(position, self.salt ^ 0xC0).astype(np.float64) / 2.0**64
        for start in range(0, len(self), rows):
            part = slice(start, start + rows)
            yield assemble(Block(
                bank=self.bank, words=words, table=take(self.acts, part),
                settlement=_slice(self.settlement, part),
                position=position[part], chance=chance[part], event_ids=self.event_ids[part],
                received_us=self.received_us[part],
                salt=self.salt, details=self.details,
            ))  # fmt: skip

    def table(self) -> pa.Table:
        """All event columns as one Arrow table under the catalogue's names."""
        return pa.concat_tables(self.batches())

    def rows(self) -> Iterator[dict[str, Any]]:
        """The events as flat mappings without missing fields, as `decode_row` takes them."""
        for batch in self.batches(8192):
            yield from table_rows(batch)

    def events(self) -> Iterator[Event]:
        """The events as values of the catalogue."""
        return (decode_row(row) for row in self.rows())

    def labels(self) -> pa.Table:
        """Which events belong to which story, in what role, with which money at risk."""
        return label_table(self.acts, self.settlement.amount, self.event_ids)

    def likenesses(self) -> pa.Table:
        """Honest events that look like a fraud, and why. Never part of the events."""
        return likeness_table(self.acts, self.event_ids)

    def write(self, folder: Path) -> None:
        """Write `events`, `labels` and `likenesses` as `.parquet` into an existing folder."""
        batches = self.batches()
        first = next(batches)
        with pq.ParquetWriter(
            folder / "events.parquet", first.schema, compression="zstd"
        ) as writer:
            writer.write_table(first)
            for batch in batches:
                writer.write_table(batch)
        pq.write_table(self.labels(), folder / "labels.parquet", compression="zstd")
        pq.write_table(self.likenesses(), folder / "likenesses.parquet", compression="zstd")


def table_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Turn event columns into flat mappings that leave missing fields out."""
    rows: list[dict[str, Any]] = [{} for _ in range(len(table))]
    for name in table.column_names:
        column = table[name].combine_chunks()
        if column.null_count == len(column):
            continue
        present = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        for row, value in zip(present.tolist(), column.drop_null().to_pylist(), strict=True):
            rows[row][name] = value
    return rows


def generate(
    seed: int | np.random.Generator,
    *,
    customers: int = 2000,
    days: int = 28,
    start: tuple[int, int, int] = DEFAULT_START,
    stories: Mapping[str, int] | Literal["default"] = "default",
    story_days: tuple[int, int] | None = None,
) -> LabDay:
    """Draw a bank and its days from a seed; the same arguments give the same bytes.

    `start` is the local date of the first day. `stories` counts the frauds of each typology;
    `default` weaves a few of every kind, more in a larger bank. `story_days` bounds the days on
    which frauds begin (default: any but the first).
    """
    assert customers >= 200, "a bank of the lab has at least 200 customers"
    assert days >= 2, "a lab run has at least two days"
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    bank = build_bank(rng, customers=customers, days=days, start_us=local_midnight_us(*start))
    apart, life, frame = rng.spawn(3)
    details = Details()
    honest = [rhythm(rng, bank) for rhythm in (everyday, now_and_then, passing, business)]
    rare = [rhythm(life, bank, details) for rhythm in (errands, dealings)]
    early, late = weave(rng, apart, bank, details, stories, story_days or (1, days))
    table = join([])
    for stream, acts in (
        (rng, [*honest, banking(rng, bank), early]), (life, rare), (frame, [late]),
    ):  # fmt: skip
        told = surround(stream, bank, join(acts), sessions_before=len(table["at_us"]))
        table = join([table, told])
    return _settle_in_order(
        rng, bank, table, details.columns(), seed if isinstance(seed, int) else -1
    )


def _settle_in_order(
    rng: np.random.Generator, bank: Bank, table: Acts, details: dict[str, Array], seed: int
) -> LabDay:
    end_us = bank.start_us + bank.days * 86_400_000_000
    keep = _alive(bank, table) & (table["at_us"] < end_us)
    table = take(table, keep)
    table = take(table, np.lexsort((rng.random(len(table["at_us"])), table["at_us"])))
    opening = bank.opening_balance
    settlement = settle(table, opening, bank.accounts_own)
    tried = rng.random(len(table["at_us"])) < SEEN_REFUSALS
    seen = settlement.settled | (tried & (settlement.amount > 0))
    seen &= _not_orphaned(table, settlement.settled)
    table = take(table, seen)
    settlement = _slice(settlement, seen)
    salt = int(rng.integers(1, 2**62))
    count = len(table["at_us"])
    delay = np.clip(rng.lognormal(3.2, 0.8, count), 1, 5000).astype(np.int64) * 1000
    return LabDay(
        seed=seed, bank=bank, acts=table, settlement=settlement,
        event_ids=spell(scramble(np.arange(count), salt)),
        received_us=table["at_us"] + delay, salt=salt, details=details,
    )  # fmt: skip


def _alive(bank: Bank, table: Acts) -> Array:
    """Whether everybody in an act was already a customer then."""
    opened = bank.account_opened_us
    alive = np.ones(len(table["at_us"]), dtype=bool)
    early = (EVENT["ACCT_OPEN"], EVENT["FACE_CHECK"])
    for side in ("payer", "payee", "customer", "target"):
        index = table[side]
        late = (index >= 0) & (table["at_us"] < opened[np.maximum(index, 0)])
        if side == "customer":
            never = (index >= 0) & (opened[np.maximum(index, 0)] == NEVER_US)
            late = (late & ~np.isin(table["event"], early)) | never
        alive &= ~late
    return alive


def _not_orphaned(table: Acts, settled: Array) -> Array:
    """A reversal stands only where the purchase it reverses went through."""
    reversal = table["event"] == EVENT["TXN_REVERSED"]
    bought = table["number"][
        settled & (table["event"] == EVENT["TXN_REQUEST"]) & (table["number"] >= 0)
    ]
    return np.asarray(~reversal | np.isin(table["number"], bought))


def _slice(settlement: Settlement, rows: Any) -> Settlement:
    return Settlement(
        amount=settlement.amount[rows], settled=settlement.settled[rows],
        payer_before=settlement.payer_before[rows],
        payer_after=settlement.payer_after[rows], payee_before=settlement.payee_before[rows],
        payee_after=settlement.payee_after[rows], closing_balance=settlement.closing_balance,
    )  # fmt: skip
