"""Labels, kept apart from the events: which belong to a fraud, which only look like one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from haitang.lab.acts import Acts, Array
from haitang.lab.vocabulary import EVENT, ROLE, ROLES, TAGS, TYPOLOGIES

AT_RISK = tuple(ROLE[name] for name in ("victim_payment", "staging", "mule_out", "cash_out"))
"""Roles whose amount is money that a timely decision can save."""
STAGING = ROLE["staging"]
"""Money made ready (a deposit broken, a loan drawn, currency bought) is still in the customer's own
account: a stop of what moves it on saves it, so that it counts only where nothing does.
"""
STORY_STRIDE = 1000
"""Story numbers are typology code × stride + number within the typology."""


def label_table(table: Acts, amount: Array, event_ids: Array) -> pa.Table:
    """One row for each event of a fraud, in journal order."""
    rows = np.flatnonzero(table["story"] >= 0)
    story = table["story"][rows]
    names = pa.array(TYPOLOGIES, type=pa.string())
    role = table["role"][rows]
    money = (
        (table["txn"][rows] >= 0)
        & np.isin(role, AT_RISK)
        & (table["event"][rows] != EVENT["TXN_IN"])
    )
    money &= ~_moved_on_later(story, role, money)
    typology = names.take(pa.array(story // STORY_STRIDE))
    number = pa.array([f"{value % STORY_STRIDE:03d}" for value in story.tolist()], type=pa.string())
    return pa.table({
        "event_id": pa.array(event_ids[rows].astype("U16").tolist(), type=pa.string()),
        "story_id": pc.binary_join_element_wise(typology, number, "-"),
        "typology": typology,
        "role": pa.array(ROLES, type=pa.string()).take(pa.array(role.astype(np.int64))),
        "amount_at_risk_minor": pa.array(np.where(money, amount[rows], 0)),
    })  # fmt: skip


def _moved_on_later(story: Array, role: Array, money: Array) -> Array:
    """Return the staging that money of the same story follows; rows stand in journal order."""
    leaving = np.flatnonzero(money & (role != STAGING))
    last = np.full(int(story.max(initial=0)) + 1, -1)
    np.maximum.at(last, story[leaving], leaving)
    return np.asarray((role == STAGING) & (last[story] > np.arange(len(story))))


def likeness_table(table: Acts, event_ids: Array) -> pa.Table:
    """One row for each honest event that carries a likeness."""
    rows = np.flatnonzero((table["tag"] >= 0) & (table["story"] < 0))
    return pa.table({
        "event_id": pa.array(event_ids[rows].astype("U16").tolist(), type=pa.string()),
        "likeness": pa.array(TAGS,
                             type=pa.string()).take(pa.array(table["tag"][rows].astype(np.int64))),
    })  # fmt: skip
