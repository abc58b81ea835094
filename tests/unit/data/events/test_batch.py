"""Columns hold what the events hold."""

from __future__ import annotations

import numpy as np
import pytest

from haitang.data.events._packed import pack_numbers
from haitang.data.events.batch import FieldSet, batch_events, fields_by_kind
from haitang.data.events.money import TxnRequest
from haitang.data.events.session import Login
from haitang.kernel.hashing import hash_text

START_US = 1_767_225_600_000_000
FIELDS_READ = FieldSet(
    numbers=("amount_minor", "screen_share", "received_at_us", "latitude"),
    texts=("event_type", "customer_id", "channel"),
    remarks=("remark",),
)
EVENTS = [
    TxnRequest(
        event_id="e1", occurred_at_us=START_US, amount_minor=10**15, channel="ATM", remark="货款",
        latitude=-29.875,
    ),
    Login(
        event_id="e2", occurred_at_us=START_US + 1, customer_id="C1", screen_share=False,
        received_at_us=START_US + 5,
    ),
]  # fmt: skip


def test_a_batch_has_a_row_per_field_and_a_column_per_event() -> None:
    batch = batch_events(EVENTS, FIELDS_READ)
    nothing = float("nan")
    expected = [[1e15, nothing], [nothing, 0], [nothing, START_US + 5], [-29.875, nothing]]
    np.testing.assert_array_equal(batch.numbers, expected)
    assert batch.hashes.tolist() == [
        [hash_text("TXN_REQUEST"), hash_text("LOGIN")],
        [0, hash_text("C1")],
        [hash_text("ATM"), 0],
    ]
    assert batch.texts == (["TXN_REQUEST", "LOGIN"], [None, "C1"], ["ATM", None])
    assert list(map(list, batch.remarks)) == [["货款", None]]
    assert batch.event_ids == ["e1", "e2"]
    assert batch.occurred_at_us.tolist() == [START_US, START_US + 1]
    assert len(batch) == 2


def test_no_events_make_an_empty_batch_of_the_same_shape() -> None:
    batch = batch_events([], FIELDS_READ)
    assert batch.numbers.shape == (4, 0)
    assert batch.hashes.shape == (3, 0)
    assert list(map(list, batch.remarks)) == [[]]
    assert len(batch) == 0


def test_no_fields_make_a_batch_of_instants() -> None:
    batch = batch_events(EVENTS, FieldSet())
    assert batch.numbers.shape == (0, 2)
    assert batch.occurred_at_us.tolist() == [START_US, START_US + 1]


@pytest.mark.parametrize(
    "values",
    [
        [],
        [None],
        [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**31, 2**32 - 1, 2**32, 2**53],
        [-1, -32, -33, -128, -129, -32_768, -32_769, -(2**31), -(2**31) - 1, -(2**53)],
        [0.0, -0.0, 0.1, -1e300, 5e-324, True, False, None],
        list(range(40)) + [None] * 40,
        [1.5] * 70_000,
    ],
)
def test_numbers_are_packed_without_a_loss(values: list[float | None]) -> None:
    expected = np.array([np.nan if value is None else float(value) for value in values])
    np.testing.assert_array_equal(pack_numbers(values), expected.reshape(-1))


@pytest.mark.parametrize(
    "wrong", [{"numbers": ("channel",)}, {"texts": ("hat",)}, {"texts": ("channel", "channel")}]
)
def test_a_field_set_of_wrong_fields_is_a_programmer_error(
    wrong: dict[str, tuple[str, ...]],
) -> None:
    with pytest.raises(AssertionError):
        FieldSet(**wrong)


def test_names_are_sorted_into_a_field_set_by_kind() -> None:
    names = ("remark", "channel", "amount_minor", "screen_share", "customer_id", "occurred_at_us")
    assert fields_by_kind(names) == FieldSet(
        numbers=("amount_minor", "screen_share", "occurred_at_us"),
        texts=("channel", "customer_id"),
        remarks=("remark",),
    )
