"""The refusals of this room.

    HaitangError
    └── PaymentsRefused    a message that is not XML, not one of ours, or not as it must be

Amounts, currencies, instants and event fields keep the codes of `kernel` and `data.events`. Every
place is the path of an element: `Document/FIToFICstmrCdtTrf/CdtTrfTxInf[3]/IntrBkSttlmAmt`.
"""

from __future__ import annotations

from haitang.kernel.errors import HaitangError, Place


class PaymentsRefused(HaitangError):
    """A payment message that was not understood; nothing of it became an event."""


def refused(code: str, message: str, *, path: str = "", hint: str = "") -> PaymentsRefused:
    """Return the refusal of the element at `path`."""
    return PaymentsRefused(code=code, message=message, place=Place(pointer=path), hint=hint)
