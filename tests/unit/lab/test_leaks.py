"""The leak test finds planted leaks, and our own generator has none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from haitang.lab.day import generate
from haitang.lab.leaks import LIMIT, Leak, area_by_ranks, find_leaks

ROWS = 6_000


def _events(**columns: pa.Array) -> tuple[pa.Table, pa.Table]:
    """Honest noise with one fraud in ten; columns given replace the noise."""
    rng = np.random.default_rng(1)
    ids = np.array(
        [f"{value:016x}" for value in rng.integers(0, 2**60, ROWS).tolist()], dtype=object
    )
    at_us = np.sort(rng.integers(0, 20 * 86_400, ROWS)) * 1_000_000 + rng.integers(0, 10**6, ROWS)
    table = {
        "event_id": pa.array(ids.tolist()),
        "event_type": pa.array(["TXN_REQUEST"] * ROWS),
        "txn_type": pa.array(["QR_PAY"] * ROWS),
        "channel": pa.array(["QR"] * ROWS),
        "occurred_at_us": pa.array(np.sort(at_us)),
        "received_at_us": pa.array(np.sort(at_us) + rng.integers(1, 9_999, ROWS)),
        "amount_minor": pa.array(rng.integers(100, 90_000, ROWS)),
        "device_id": pa.array([None if missing else "D" for missing in rng.random(ROWS) < 0.3]),
    } | columns
    events = pa.table(table)
    fraud = np.arange(ROWS) % 10 == 0
    chosen = events["event_id"].to_numpy()[fraud]
    labels = pa.table({"event_id": chosen, "story_id": [f"S{n % 40}" for n in range(len(chosen))]})
    return events, labels


FRAUD = np.arange(ROWS) % 10 == 0


def _leaking(events: pa.Table, labels: pa.Table) -> set[str]:
    return {leak.name for leak in find_leaks(events, labels) if leak.leaks}


def test_noise_does_not_leak() -> None:
    assert _leaking(*_events()) == set()


def test_a_telling_prefix_is_found() -> None:
    rng = np.random.default_rng(2)
    ids = [
        f"{'f' if bad else 'ab'[value % 2]}{value:015x}"
        for bad, value in zip(FRAUD, rng.integers(0, 2**56, ROWS).tolist(), strict=True)
    ]
    assert "event_id prefix of 1" in _leaking(*_events(event_id=pa.array(ids)))


def test_telling_cents_are_found() -> None:
    rng = np.random.default_rng(3)
    amount = rng.integers(100, 90_000, ROWS)
    assert "cents" in _leaking(
        *_events(amount_minor=pa.array(np.where(FRAUD, amount // 100 * 100, amount)))
    )


def test_a_telling_hour_without_order_is_found() -> None:
    """Frauds at ten and fifteen rank like honest noon; only the value gives them away."""
    rng = np.random.default_rng(4)
    hour = np.where(FRAUD, np.where(rng.random(ROWS) < 0.5, 10, 15), rng.integers(0, 24, ROWS))
    at_us = (
        (np.arange(ROWS) // 200 * 24 + hour - 8) * 3_600_000_000
        + rng.integers(0, 3_600_000_000, ROWS)
        + 86_400_000_000
    )
    found = _leaking(*_events(occurred_at_us=pa.array(at_us), received_at_us=pa.array(at_us + 5)))
    assert "hour, by value" in found
    assert "hour" not in found


def test_a_telling_sub_second_is_found() -> None:
    at_us = np.arange(ROWS) * 7_000_000 + np.where(
        FRAUD, 0, np.random.default_rng(5).integers(0, 10**6, ROWS)
    )
    assert "sub-second" in _leaking(
        *_events(occurred_at_us=pa.array(at_us), received_at_us=pa.array(at_us + 5))
    )


def test_telling_missing_fields_are_found() -> None:
    device = pa.array([None if bad else "D" for bad in FRAUD])
    assert "pattern of missing fields" in _leaking(*_events(device_id=device))


def test_a_telling_place_among_equal_timestamps_is_found() -> None:
    at_us = np.arange(ROWS) // 10 * 60_000_000
    found = find_leaks(*_events(occurred_at_us=pa.array(at_us), received_at_us=pa.array(at_us + 5)))
    tied = next(leak for leak in found if leak.given == "the timestamp")
    assert tied.area == pytest.approx(1.0)


def test_an_area_counts_ties_one_half() -> None:
    area, met = area_by_ranks(np.array([1, 1, 2, 0]), np.array([True, False, True, False]))
    assert area == pytest.approx((0.5 + 1 + 1 + 1) / 4)
    assert met == 2


def test_an_area_compares_only_within_a_stratum() -> None:
    score = np.array([5, 1, 0, 9])
    fraud = np.array([True, False, True, False])
    area, met = area_by_ranks(score, fraud, np.array([1, 1, 2, 2]))
    assert (area, met) == (0.5, 2)


def test_nothing_to_compare_is_not_a_leak() -> None:
    area, met = area_by_ranks(np.array([1.0, 2.0]), np.array([True, True]))
    assert met == 0
    assert not Leak(name="x", given="", area=area, positives=met).leaks


@pytest.mark.parametrize("seed", [1, 20, 300])
def test_our_own_generator_does_not_leak(seed: int) -> None:
    day = generate(seed, customers=2_000, days=21)
    found = find_leaks(day.table(), day.labels())
    told = [f"{leak.name} given {leak.given}: {leak.area:.3f}" for leak in found if leak.leaks]
    assert not told, "\n".join(told)
    assert {leak.name for leak in found if leak.area <= LIMIT} >= {
        "hour", "second", "sub-second", "cents", "event_id in order", "pattern of missing fields",
    }  # fmt: skip
