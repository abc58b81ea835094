"""Details: what few acts say beyond the columns of every act.

Who acted for whom, which face the machine saw, which list a name was put on: a row of this book
is named by the `detail` column of an act. A detail goes before what assembly writes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from haitang.lab.acts import Acts, Array
from haitang.lab.geography import PLACES
from haitang.lab.identifiers import scramble
from haitang.lab.sheet import Sheet
from haitang.lab.vocabulary import CHANNEL, EVENT, WORDS

ABSENT: Final = -(2**62)
"""Stands in a column of details where a row does not speak of it."""
COUNTRIES: Final = ("MM", "KP", "IR", "KH", "LA", "PH", "AE", "NG", "HK", "SG", "US", "CA")
"""Countries of payees that are not among the places of the bank's customers."""
NAME_CHECKS: Final = ("MTCH", "CMTC", "NMTC", "NOAP")
"""What the payee's bank answers: the name fits, nearly, not, or it does not say."""
LABELS: Final = ("FRAUD_VICTIM", "MULE", "LEGIT", "CUSTOMER_INSISTED", "FRAUD")
NUMBER: Final = "number"
FLAG: Final = "flag"
_FIELDS: Final[dict[str, tuple[str, str | Sequence[str]]]] = {
    "agent": ("agent_id", "name"),
    "phone": ("phone", "phone"),
    "face": ("face_token", "phone"),
    "legal_person": ("legal_person_token", "name"),
    "legal_phone": ("legal_phone", "phone"),
    "finance_phone": ("finance_phone", "phone"),
    "operating_place": ("operating_region_code", tuple(place.code for place in PLACES)),
    "identity": ("id_number_token", "name"),
    "lenders": ("lender_count_month", NUMBER),
    "queries": ("bureau_queries_month", NUMBER),
    "bureau_income": ("bureau_income_minor", NUMBER),
    "face_per_mille": ("match_score", NUMBER),
    "liveness_per_mille": ("liveness_score", NUMBER),
    "elapsed_ms": ("elapsed_ms", NUMBER),
    "accounts_held": ("accounts_held", NUMBER),
    "virtual_phone": ("virtual_operator_phone", FLAG),
    "payee_name": ("payee_name_token", "name"),
    "name_check": ("name_check", NAME_CHECKS),
    "payee_country": ("payee_country_code", COUNTRIES),
    "address_country": ("ip_country_code", COUNTRIES),
    "list": ("list_name", WORDS),
    "listed_customer": ("list_value", "customer"),
    "listed_account": ("list_value", "account"),
    "listed_name": ("list_value", "name"),
    "category": ("category", WORDS),
    "operation": ("operation", WORDS),
    "control": ("control_type", WORDS),
    "reason": ("reason_code", WORDS),
    "documents_seen": ("documents_seen", FLAG),
    "on_shift": ("on_shift", FLAG),
    "label": ("label", LABELS),
}
"""What a detail is called, the field it becomes, and whose words its number chooses."""
_PER_MILLE: Final = ("match_score", "liveness_score")


class Details:
    """The details told so far; a row is a mapping from the names above to whole numbers."""

    def __init__(self) -> None:
        """Begin an empty book."""
        self._rows: list[Mapping[str, int]] = []

    def add(self, row: Mapping[str, int]) -> int:
        """Add a row and return its number, for the `detail` column."""
        assert set(row) <= set(_FIELDS), f"unknown details {sorted(set(row) - set(_FIELDS))}"
        self._rows.append(row)
        return len(self._rows) - 1

    def add_all(self, count: int, **columns: Array | int) -> Array:
        """Add so many rows from columns and return their numbers."""
        spread = {
            name: np.broadcast_to(np.asarray(value), count) for name, value in columns.items()
        }
        return np.array(
            [
                self.add({name: int(column[row]) for name, column in spread.items()})
                for row in range(count)
            ],
            dtype=np.int64,
        )

    def columns(self) -> dict[str, Array]:
        """One column for each detail that anybody gave."""
        given = {name for row in self._rows for name in row}
        return {
            name: np.array([row.get(name, ABSENT) for row in self._rows], dtype=np.int64)
            for name in _FIELDS
            if name in given
        }


def write_details(
    sheet: Sheet, table: Acts, columns: Mapping[str, Array], words: Mapping[str, pa.Array]
) -> None:
    """Write the details of the acts of a block over what the sheet holds."""
    _faces(sheet, table, words)
    _quick_codes(sheet, table)
    told = table["detail"] >= 0
    if not told.any():
        return
    row = np.maximum(table["detail"], 0)
    for name, column in columns.items():
        field, domain = _FIELDS[name]
        value = np.where(told, column[row], ABSENT)
        present = value != ABSENT
        if field == "face_token":
            present &= _sees_faces(table)
        if domain == NUMBER:
            number = value / 1000 if field in _PER_MILLE else value
            sheet.numbers(field, np.where(present, number, 0), present)
        elif domain == FLAG:
            sheet.flags(field, value == 1, present)
        else:
            choices = words[domain] if isinstance(domain, str) else domain
            sheet.texts(field, np.where(present, value, -1), choices)


def _sees_faces(table: Acts) -> Array:
    """Whether a face is known: from a check, or because the machine has a camera that looks."""
    machine = np.isin(table["channel"], (CHANNEL["ATM"], CHANNEL["CRM"])) & (table["txn"] >= 0)
    looks = scramble(np.maximum(table["terminal"], 0), 21) % np.uint64(10) < 7
    checks = np.isin(table["event"], (EVENT["FACE_CHECK"], EVENT["VIDEO_CHECK"]))
    return np.asarray((machine & looks) | checks)


def _faces(sheet: Sheet, table: Acts, words: Mapping[str, pa.Array]) -> None:
    """At most machines the face is compared; it is the customer's own unless a detail says more."""
    machine = (table["txn"] >= 0) & _sees_faces(table)
    sheet.texts("face_token", np.where(machine, table["customer"], -1), words["phone"])


def _quick_codes(sheet: Sheet, table: Acts) -> None:
    """Some phones fill a code in by themselves, in a second or two."""
    verified = (table["event"] == EVENT["OTP_VERIFIED"]) & (table["device"] >= 0)
    draw = scramble(np.maximum(table["device"], 0), 33)
    fills = verified & (draw % np.uint64(100) < 9)
    elapsed = 600 + (draw // np.uint64(128) % np.uint64(1900)).astype(np.int64)
    sheet.numbers("elapsed_ms", elapsed, fills)
