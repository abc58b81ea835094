"""The events of a run that somebody hears of: the few rows that all measures are made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from haitang.decision.batch.kept import Columns
from haitang.decision.engine import ACTIONS, RANK
from haitang.kernel.hashing import hash_texts
from haitang.kernel.instants import DAY_US

SILENT = ("PASS", "WATCH")
"""Actions that no customer hears of."""
BY_PERSON = ("HOLD", "VID", "CV", "NC", "RO", "PROT", "BLOCK", "REJ", "LIM")
"""Actions that end on somebody's desk."""
STOPPING = ("DELAY", "HOLD", "CV", "NC", "RO", "PROT", "BLOCK", "REJ", "STOP48", "FRZ", "ALLSUSP")
"""Actions by which money does not leave before somebody has looked, or at all."""
CALL_BIT = 1 << RANK["CALL"]
READ = (
    "instants", "number amount_base_minor", "text event_type", "text payer_customer_id",
    "text customer_id", "text channel", "text customer_segment",
)  # fmt: skip
ALERT_COLUMNS = (
    "event", "customer", "day", "channel", "segment", "amount", "action", "further",
    "score",
)  # fmt: skip
"""Of an alert, besides the event's id; `event` is its place in the stream."""

Ranks = npt.NDArray[np.bool_]


def ranks_of(names: tuple[str, ...]) -> Ranks:
    """Return, by rank, whether an action is among those named."""
    flags = np.zeros(len(ACTIONS), bool)
    flags[[RANK[name] for name in names]] = True
    return flags


HEARD = ~ranks_of(SILENT)
PERSON = ranks_of(BY_PERSON)
STOPS = ranks_of(STOPPING)
_REQUEST = hash_texts(["TXN_REQUEST"])[0]


def is_alert(actions: npt.NDArray[Any], further: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which decisions the customer hears of, by an action or by a call."""
    loud: Ranks = HEARD[actions] | ((further & CALL_BIT) != 0)
    return loud


def alerts_of(
    columns: Columns, decided: Columns, *, first: int, rows: npt.NDArray[np.int64] | None = None
) -> Columns:
    """Return the alerts of some events, one row each; of some rows only, whose decisions are given.

    `columns` are those of `READ`, `first` the place of the first event in the stream.
    """
    events = np.arange(len(columns["instants"])) if rows is None else rows
    loud = is_alert(decided["out action"], decided["out further"])
    events = events[loud]
    customers = columns["text payer_customer_id"][events]
    others = columns["text customer_id"][events]
    amounts = columns["number amount_base_minor"][events]
    requested = columns["text event_type"][events] == _REQUEST
    return {
        "event": events + first,
        "customer": np.where(customers != 0, customers, others),
        "day": columns["instants"][events] // DAY_US,
        "channel": columns["text channel"][events],
        "segment": columns["text customer_segment"][events],
        "amount": np.where(requested, np.nan_to_num(amounts), 0.0),
        "action": decided["out action"][loud],
        "further": decided["out further"][loud],
        "score": np.maximum(decided["out payer"], decided["out payee"])[loud],
    }


def acting_customers(columns: Columns) -> npt.NDArray[np.uint64]:
    """Return the different customers who acted in a piece."""
    customers = columns["text payer_customer_id"]
    everybody = np.unique(np.where(customers != 0, customers, columns["text customer_id"]))
    known: npt.NDArray[np.uint64] = everybody[everybody != 0]
    return known


def joined(parts: list[Columns]) -> Columns:
    """Put alerts of several pieces together."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
