"""Random journals and random feature catalogues for the window tests: nothing of them is typical.

Journals hold late, tied, exactly-one-window-apart and far-apart events, hot and cold keys, keys
that stand on both sides of one transfer, missing keys and missing operands.
"""

from __future__ import annotations

import random
from typing import get_args

from haitang.data.features import terms
from haitang.data.features.specs import (
    Aggregate,
    Catalogue,
    EntitySpec,
    FeatureSpec,
    KeySpec,
    TextPair,
)

second_us = 1_000_000
minute_us = 60 * second_us
hour_us = 60 * minute_us
day_us = 24 * hour_us
start_us = 1_700_000_000 * second_us
retention_us = 500 * day_us
windows_us = (
    second_us, 7 * second_us, minute_us, 10 * minute_us, hour_us, 6 * hour_us, day_us, 7 * day_us,
    30 * day_us, 90 * day_us, 400 * day_us,
)  # fmt: skip
delays_us = (0, 0, 0, second_us, hour_us, 7 * day_us)
exact_distinct_us = 7 * day_us
lifelong: frozenset[str] = frozenset(("first_seen", "since", "total", "latest"))
aggregates: tuple[Aggregate, ...] = get_args(Aggregate)
title = TextPair(en="case", zh="例")

entities = tuple(
    EntitySpec(name=name, retention_us=retention_us)
    for name in ("account", "customer", "terminal", "customer_payee")
)
keys = (
    KeySpec(slot="payer_account", entity="account", fields=(("payer_account",),)),
    KeySpec(slot="payee_account", entity="account", fields=(("payee_account",),)),
    KeySpec(
        slot="customer", entity="customer", fields=(("payer_customer_id", "payee_customer_id"),)
    ),
    KeySpec(slot="terminal", entity="terminal", fields=(("terminal_id",),)),
    KeySpec(
        slot="customer_payee",
        entity="customer_payee",
        fields=(("payer_customer_id",), ("payee_account",)),
    ),
)

amount = terms.Field(name="amount_minor", type="number")
success = terms.Field(name="success", type="flag")
txn_type = terms.Field(name="txn_type", type="text")
counterparty = terms.Field(name="payee_account", type="text")
predicates: tuple[terms.Expression | None, ...] = (
    None,
    success,
    terms.Not(operand=success),
    terms.Compare(op=">=", left=amount, right=terms.Number(value=400.0)),
    terms.OneOf(operand=txn_type, values=("POS", "QR_PAY")),
    terms.Logic(
        op="and",
        operands=(
            success,
            terms.Compare(op="!=", left=txn_type, right=terms.Text(value="POS")),
        ),
    ),
    terms.Logic(
        op="or",
        operands=(terms.Known(operand=terms.Field(name="terminal_id", type="text")), success),
    ),
)
rows_of_types = ("POS", "QR_PAY", "TRANSFER_INTER", "CASH_WITHDRAW")


def feature(source: random.Random, name: str, aggregate: Aggregate, slot: KeySpec) -> FeatureSpec:
    """One random feature: any window, delay, tile, predicate and side that its aggregate allows."""
    window_us = 0 if aggregate in lifelong else source.choice(windows_us)
    slots = tuple(spec.slot for spec in keys if spec.entity == slot.entity)
    of, of_scale = _operand(source, aggregate)
    if aggregate == "distinct":
        window_us = min(window_us, exact_distinct_us)
    long = window_us > 7 * day_us
    of_text = of in (txn_type, counterparty)
    return FeatureSpec(
        name=name,
        type="text" if of_text and aggregate in ("last", "latest") else "number",
        title=title,
        key=slot.slot,
        aggregate=aggregate,
        of=of,
        of_scale=of_scale,
        where=source.choice(predicates),
        seen_as=source.choice(((), slots[:1], slots[-1:], slots)),
        window_us=window_us,
        delay_us=source.choice(delays_us) if window_us else 0,
        tile_us=source.choice((0, minute_us, hour_us, day_us)) if long else 0,
        prior=source.random() < 0.3,
        quantile=source.choice((0.5, 0.1, 0.9)),
    )


def _operand(source: random.Random, aggregate: Aggregate) -> tuple[terms.Expression | None, int]:
    if aggregate in ("count", "first_seen", "since", "total"):
        return None, 0
    if aggregate in ("distinct", "last", "latest"):
        return source.choice((amount, txn_type, counterparty)), 0
    if aggregate in ("sum", "mean", "std") and source.random() < 0.3:
        quarter = terms.Arithmetic(op="/", left=amount, right=terms.Number(value=4.0))
        return quarter, 2
    return amount, 0


def catalogue(seed: int, *, features_per_aggregate: int) -> Catalogue:
    """A catalogue with every aggregate over every key, in `features_per_aggregate` random forms."""
    source = random.Random(seed)
    features = [
        feature(source, f"{aggregate}_{spec.slot}_{number}", aggregate, spec)
        for spec in keys
        for aggregate in aggregates
        for number in range(features_per_aggregate)
    ]
    return Catalogue(entities=entities, keys=keys, features=tuple(features))


def gap_us(source: random.Random, *, tempo_us: int) -> int:
    """The step to the next event: tied, one window exactly or nearly, far, or backwards."""
    form = source.random()
    if form < 0.12:
        return 0
    if form < 0.2:
        return -source.choice((1, second_us, minute_us, tempo_us, 10 * tempo_us, 100 * tempo_us))
    if form < 0.23:
        return source.choice(windows_us[:6]) + source.choice((-1, 0, 1))
    if form < 0.232:
        return source.choice(windows_us[6:]) + source.choice((-1, 0, 1))
    return int(source.expovariate(1.0) * tempo_us)


def row(
    source: random.Random, order: int, at_us: int, *, names: int
) -> dict[str, float | str | bool | None]:
    """One transfer between few accounts; now and then a key or an operand is missing."""
    account = [f"a{int(names * source.random() ** 2)}" for _ in range(2)]
    values: dict[str, float | str | bool | None] = {
        "event_id": f"e{order}",
        "event_type": "TXN_REQUEST",
        "occurred_at_us": at_us,
        "payer_account": account[0],
        "payee_account": account[1],
        "payer_customer_id": f"c{int(names * source.random() ** 2)}",
        "payee_customer_id": f"c{int(names * source.random() ** 2)}",
        "terminal_id": f"t{int(names * source.random())}",
        "amount_minor": source.choice((0, 1, 99, 400, 401, source.randrange(1_000_000))),
        "txn_type": source.choice(rows_of_types),
        "success": source.random() < 0.7,
        "currency": "CNY",
    }
    for name in (
        "payer_account",
        "payee_account",
        "payer_customer_id",
        "terminal_id",
        "amount_minor",
        "success",
    ):
        if source.random() < 0.04:
            del values[name]
    return values


def journal(
    seed: int, *, events: int, names: int, tempo_us: int = 0
) -> list[dict[str, float | str | bool | None]]:
    """A journal of `events` rows over about `names` keys per slot, `tempo_us` apart in the mean."""
    source = random.Random(seed)
    step_us = tempo_us or source.choice((second_us, minute_us, hour_us, 6 * hour_us))
    rows: list[dict[str, float | str | bool | None]] = []
    at_us = start_us
    for order in range(events):
        at_us += gap_us(source, tempo_us=step_us)
        rows.append(row(source, order, at_us, names=names))
    return rows
