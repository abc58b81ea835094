"""Properties of the lab: the ledger, the scramble and the areas against their definitions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haitang.lab.acts import acts
from haitang.lab.identifiers import scramble, spell
from haitang.lab.leaks import area_by_ranks
from haitang.lab.ledger import settle

ACCOUNTS = 4
MOVES = st.lists(
    st.tuples(
        st.integers(-1, ACCOUNTS + 1), st.integers(-1, ACCOUNTS + 1), st.integers(0, 5_000),
        st.sampled_from([0.0, 0.5, 0.9, 1.0]), st.sampled_from([1, 100]),
    ),
    max_size=40,
)  # fmt: skip


@given(moves=MOVES, opening=st.lists(st.integers(0, 9_000), min_size=ACCOUNTS, max_size=ACCOUNTS))
def test_the_ledger_keeps_every_balance(
    moves: list[tuple[int, int, int, float, int]], opening: list[int]
) -> None:
    columns = list(zip(*moves, strict=True)) or [(), (), (), (), ()]
    payer, payee, amount, share, step = (np.array(column) for column in columns)
    sizes = {"amount": amount, "share": share, "step": step}
    table = acts(np.arange(len(moves)), txn="TRANSFER_INTER", payer=payer, payee=payee, **sizes)
    settled = settle(table, np.array(opening), ACCOUNTS)
    held = list(opening)
    for row, (source, target, _, _, _) in enumerate(moves):
        moved = int(settled.amount[row]) if settled.settled[row] else 0
        if 0 <= source < ACCOUNTS:
            assert settled.payer_before[row] == held[source]
            held[source] -= moved
            assert settled.payer_after[row] == held[source] >= 0
        if 0 <= target < ACCOUNTS:
            assert settled.payee_before[row] == held[target]
            held[target] += moved
            assert settled.payee_after[row] == held[target]
    assert settled.closing_balance.tolist() == held


@given(start=st.integers(0, 2**40), salt=st.integers(0, 2**63 - 1))
def test_scrambled_identifiers_are_distinct(start: int, salt: int) -> None:
    words = spell(scramble(np.arange(start, start + 500), salt)).tolist()
    assert len(set(words)) == 500
    assert {len(word) for word in words} == {16}


@given(rows=st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 2)), max_size=40))
def test_an_area_is_the_share_of_pairs_won(rows: list[tuple[int, bool, int]]) -> None:
    won, pairs, met = 0.0, 0, 0
    for score, fraud, stratum in rows:
        if not fraud:
            continue
        others = [other for other, bad, where in rows if not bad and where == stratum]
        won += sum((score > other) + (score == other) / 2 for other in others)
        pairs += len(others)
        met += bool(others)
    scores, frauds, strata = (np.array([row[part] for row in rows]) for part in range(3))
    area, compared = area_by_ranks(scores, frauds.astype(bool), strata)
    assert compared == met
    assert np.isnan(area) if not pairs else abs(area - won / pairs) < 1e-12
