"""Our windows against features that others derived from the same payments with other tools.

The Fraud Detection Handbook computed its fourteen columns with pandas, customer by customer. All
1.75 million rows are compared.

29 times a customer pays twice within one second. A window holds the payments up to the current one
in journal order, and the book's sort was not stable: its own count tells in which order it had
taken the two. The journal is given the same order; nothing else of the book goes in.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyarrow import compute, parquet

from haitang.lab.datasets import event_tables
from tests.parity.data_sets import decided

pytestmark = [pytest.mark.data, pytest.mark.slow, pytest.mark.timeout(1_200)]

cents = 100
chunk_events = 262_144
tied_instants = 29
counted = {
    "CUSTOMER_ID_NB_TX_1DAY_WINDOW": "customer_payments_1d",
    "CUSTOMER_ID_NB_TX_7DAY_WINDOW": "customer_payments_7d",
    "CUSTOMER_ID_NB_TX_30DAY_WINDOW": "customer_payments_30d",
    "TERMINAL_ID_NB_TX_1DAY_WINDOW": "terminal_payments_1d",
    "TERMINAL_ID_NB_TX_7DAY_WINDOW": "terminal_payments_7d",
    "TERMINAL_ID_NB_TX_30DAY_WINDOW": "terminal_payments_30d",
    "TX_DURING_WEEKEND": "during_weekend",
    "TX_DURING_NIGHT": "during_night",
}
means = {
    "CUSTOMER_ID_AVG_AMOUNT_1DAY_WINDOW": "customer_mean_amount_1d",
    "CUSTOMER_ID_AVG_AMOUNT_7DAY_WINDOW": "customer_mean_amount_7d",
    "CUSTOMER_ID_AVG_AMOUNT_30DAY_WINDOW": "customer_mean_amount_30d",
}
risks = {
    "TERMINAL_ID_RISK_1DAY_WINDOW": "terminal_risk_1d",
    "TERMINAL_ID_RISK_7DAY_WINDOW": "terminal_risk_7d",
    "TERMINAL_ID_RISK_30DAY_WINDOW": "terminal_risk_30d",
}
single_precision = 2.0**-23
"""The book's file keeps means and risks as 32-bit floats."""
exactness = 1e-9

Values = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def book(data_folder: Path) -> pa.Table:
    path = data_folder / "handbook_cards" / "book_features.parquet"
    return parquet.read_table(path).sort_by("TRANSACTION_ID")


@pytest.fixture(scope="module")
def ours(data_folder: Path, book: pa.Table) -> dict[str, Values]:
    """Our features of every payment, in the order of `TRANSACTION_ID`."""
    wanted = [*counted.values(), *means.values(), *risks.values()]
    parts: list[Values] = []
    numbers: list[npt.NDArray[np.int64]] = []
    journal = pa.concat_tables(event_tables("handbook_cards", data_folder))
    for out in decided("handbook_cards", as_the_book_sorted(journal, book), keep_features=True):
        assert out.features is not None
        names = out.program.feature_names
        number = payment_numbers(pa.array(out.events.event_ids))
        parts.append(out.features[[names.index(name) for name in wanted]][:, number >= 0])
        numbers.append(number[number >= 0])
    order = np.argsort(np.concatenate(numbers))
    values = np.concatenate(parts, axis=1)[:, order]
    return dict(zip(wanted, values, strict=True))


def payment_numbers(event_ids: pa.Array) -> npt.NDArray[np.int64]:
    """`TRANSACTION_ID` of each payment, −1 of labels."""
    label = compute.starts_with(event_ids, "label")
    digits = compute.if_else(label, "-1", compute.utf8_slice_codeunits(event_ids, 1))
    return np.asarray(compute.cast(digits, pa.int64()))


def as_the_book_sorted(journal: pa.Table, book: pa.Table) -> Iterator[pa.Table]:
    """Give a customer's payments of one instant the order of the book's count, no other."""
    number = payment_numbers(journal["event_id"].combine_chunks())
    taken = book["CUSTOMER_ID_NB_TX_30DAY_WINDOW"].to_numpy()
    customers = journal["payer_customer_id"].combine_chunks().dictionary_encode().indices
    paying = np.stack([journal["occurred_at_us"].to_numpy(), compute.fill_null(customers, -1)])
    _, groups, sizes = np.unique(
        paying[:, number >= 0], axis=1, return_inverse=True, return_counts=True
    )
    assert np.sum(sizes > 1) == tied_instants
    order = np.arange(journal.num_rows)
    payments = np.flatnonzero(number >= 0)
    for group in np.flatnonzero(sizes > 1):
        rows = payments[groups == group]
        order[rows] = rows[np.argsort(taken[number[rows]], kind="stable")]
    ordered = journal.take(pa.array(order))
    for start in range(0, ordered.num_rows, chunk_events):
        yield ordered.slice(start, chunk_events)


@pytest.mark.parametrize(("column", "feature"), counted.items())
def test_counts_and_calendar_flags_equal_the_book(
    column: str, feature: str, ours: dict[str, Values], book: pa.Table
) -> None:
    expected = book[column].to_numpy().astype(np.float64)
    assert len(expected) == 1_754_155
    np.testing.assert_array_equal(ours[feature], expected)


@pytest.mark.parametrize(("column", "feature"), [*means.items(), *risks.items()])
def test_means_and_risks_equal_the_book_to_its_precision(
    column: str, feature: str, ours: dict[str, Values], book: pa.Table
) -> None:
    expected = book[column].to_numpy().astype(np.float64)
    found = ours[feature] / cents if column in means else ours[feature]
    np.testing.assert_allclose(found, expected, rtol=single_precision, atol=1e-12)


@pytest.mark.parametrize("days", [1, 7, 30])
def test_means_equal_double_precision_sql_over_the_same_payments(
    days: int, ours: dict[str, Values], data_folder: Path
) -> None:
    source = data_folder / "handbook_cards" / "transactions.parquet"
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    # Two payments of one customer in one second: the window of the first does not hold the second.
    found = connection.execute(
        f"""
        select avg(TX_AMOUNT) over (
            partition by CUSTOMER_ID order by TX_TIME_SECONDS
            range between {days * 86_400 - 1} preceding and current row
        ) as mean,
        count(*) over (partition by CUSTOMER_ID, TX_TIME_SECONDS) as tied
        from read_parquet('{source}') order by TRANSACTION_ID
        """
    ).fetchnumpy()
    alone = found["tied"] == 1
    np.testing.assert_allclose(
        ours[f"customer_mean_amount_{days}d"][alone] / cents, found["mean"][alone], rtol=exactness
    )
    assert int(np.sum(~alone)) < 100
