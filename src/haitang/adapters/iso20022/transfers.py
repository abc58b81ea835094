"""One credit transfer of either message to the row of its event: what the messages share."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from haitang.adapters.iso20022.elements import Element, first_text
from haitang.adapters.iso20022.rows import Row
from haitang.adapters.iso20022.values import uetr_of
from haitang.data.events.catalogue import FIELDS
from haitang.kernel.identity import Tokeniser, derive_id

NOT_PROVIDED = "NOTPROVIDED"
"""What a bank writes into `EndToEndId` where its customer gave none."""

RAILS = frozenset(FIELDS["rail"].allowed)
"""Clearing systems that we know by name."""

_GPI = re.compile(r"G[0-9]{3}")
_URGENT = {"URGT": True, "HIGH": True, "URGP": True, "NORM": False, "NURG": False}
_REMARK_MAX = FIELDS["remark"].characters_max


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller says of every message, beside its bytes."""

    base_currency: str = ""
    tokeniser: Tokeniser | None = None
    zone: str = ""


def put_identity(
    row: Row, payment: Element, *, message: str, scope: Sequence[str], number: int
) -> None:
    """Put `event_id`, `txn_id` and `trace_id`: the same payment in the same message, the same ids.

    With a UETR the event is `pacs.008:<uetr>`. Without one it is the digest of who sent which
    message (`scope`, ending in the message's own id) and the payment's ids; `number` counts only
    where the payment has none.
    """
    ids = payment.need("PmtId")
    end_to_end = ids.need_text("EndToEndId")
    instruction, transaction = ids.text_at("InstrId"), ids.text_at("TxId")
    said = end_to_end if end_to_end != NOT_PROVIDED else ""
    uetr = first_text(ids.one("UETR"))
    if uetr is not None:
        key = uetr_of(uetr)
    else:
        ordinal = "" if said or instruction or transaction else str(number)
        key = derive_id(*scope, instruction, end_to_end, transaction, ordinal)
    row.put("event_id", f"{message}:{key}", path=ids.path)
    txn_id = key if uetr is not None else transaction or said or instruction
    if txn_id:
        row.put("txn_id", txn_id, path=ids.path)


def put_terms(row: Row, types: Sequence[Element | None]) -> None:
    """Put how fast and over which system a payment goes, where its type says it clearly.

    `types` are the elements `PmtTpInf` that hold for the payment, the nearest first.
    """
    known = [one for one in types if one is not None]
    levels = [level for one in known for level in one.all("SvcLvl")]
    instruments = [one.one("LclInstrm") for one in known]
    instrument = first_text(*(one.one("Cd") for one in instruments if one is not None))
    if instrument is not None and instrument.text == "INST":
        row.put("arrival_mode", "REALTIME", path=instrument.path)
    for name in ("Prtry", "Cd"):
        for element in (*instruments, *levels):
            _put_rail(row, element.one(name) if element is not None else None)
    channel = first_text(*(one.one("ClrChanl") for one in known))
    if channel is not None and channel.text == "BOOK":
        row.put("rail", "INTERNAL", path=channel.path)
    put_urgent(row, [one.one("InstrPrty") for one in known])
    put_urgent(row, [level.one("Cd") for level in levels])


def put_rail(row: Row, clearing: Element | None) -> None:
    """Put the clearing system of `SttlmInf/ClrSys`, where it is one of ours by name."""
    if clearing is not None:
        _put_rail(row, clearing.one("Cd"))
        _put_rail(row, clearing.one("Prtry"))


def _put_rail(row: Row, name: Element | None) -> None:
    if name is None:
        return
    if name.text in RAILS:
        row.put("rail", name.text, path=name.path)
    elif _GPI.fullmatch(name.text) and name.name == "Cd" and not row.text("rail"):
        # Service levels G001 and on are those of SWIFT's tracked payments.
        row.put("rail", "SWIFT", path=name.path)


def put_urgent(row: Row, said: Sequence[Element | None]) -> None:
    """Put whether a payment is urgent, where one of the elements says so; yes goes before no."""
    for element in said:
        urgent = _URGENT.get(element.text) if element is not None else None
        if element is not None and urgent is not None and row.values.get("urgent") is not True:
            row.put("urgent", urgent, path=element.path)


def put_purpose(row: Row, payment: Element, types: Sequence[Element | None]) -> None:
    """Put the purpose of a payment, or else its category."""
    purposes = [payment.one("Purp"), *(one.one("CtgyPurp") for one in types if one is not None)]
    for purpose in purposes:
        if purpose is not None:
            code = first_text(purpose.one("Cd"), purpose.one("Prtry"))
            if code is not None:
                row.put("purpose_code", code.text, path=code.path)
                return


def put_remark(row: Row, payment: Element) -> None:
    """Put what the payer wrote: lines of free text, cut where a remark ends."""
    remittance = payment.one("RmtInf")
    if remittance is None:
        return
    lines = [line.text for line in remittance.all("Ustrd")]
    for structured in remittance.all("Strd"):
        lines += [line.text for line in structured.all("AddtlRmtInf")]
    remark = "\n".join(filter(None, lines))[:_REMARK_MAX]
    if remark:
        row.put("remark", remark, path=remittance.path)


def put_txn_type(row: Row) -> None:
    """Put where the money goes, once both sides are there: abroad, within a bank, or between."""
    payer, payee = row.text("payer_bank_code"), row.text("payee_bank_code")
    home, away = row.text("payer_country_code"), row.text("payee_country_code")
    if home and away and home != away:
        kind = "CROSS_BORDER"
    elif payer and payee:
        kind = "TRANSFER_INTRA" if _one_bank(payer, payee) else "TRANSFER_INTER"
    else:
        return
    row.put("txn_type", kind, path=row.path)


def _one_bank(payer: str, payee: str) -> bool:
    """Tell whether two codes are of one bank: equal, or BICs that differ in their place only."""
    if payer == payee:
        return True
    both_bic = len(payer) in (8, 11) and len(payee) in (8, 11)
    return both_bic and payer[:6].isalpha() and payer[:6] == payee[:6]
