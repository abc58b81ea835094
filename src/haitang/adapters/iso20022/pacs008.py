"""`pacs.008`: a customer's credit transfer from one bank to the next."""

from __future__ import annotations

from collections.abc import Iterator

from haitang.adapters.iso20022.elements import Element, first_text
from haitang.adapters.iso20022.parties import put_side
from haitang.adapters.iso20022.rows import Row
from haitang.adapters.iso20022.transfers import (
    Reading,
    put_identity,
    put_purpose,
    put_rail,
    put_remark,
    put_terms,
    put_txn_type,
    put_urgent,
)
from haitang.adapters.iso20022.values import amount_of, instant_of


def pacs_rows(body: Element, *, reading: Reading) -> Iterator[Row]:
    """Yield the row of every payment, in the order of the message."""
    header = body.need("GrpHdr")
    for number, payment in enumerate(body.all("CdtTrfTxInf"), start=1):
        yield _row(payment, header=header, number=number, reading=reading)


def _row(payment: Element, *, header: Element, number: int, reading: Reading) -> Row:
    row = Row(path=payment.path)
    sender = first_text(
        payment.at("InstgAgt", "FinInstnId", "BICFI"),
        header.at("InstgAgt", "FinInstnId", "BICFI"),
        payment.at("InstgAgt", "FinInstnId", "ClrSysMmbId", "MmbId"),
        header.at("InstgAgt", "FinInstnId", "ClrSysMmbId", "MmbId"),
    )
    scope = (sender.text if sender is not None else "", header.need_text("MsgId"))
    put_identity(row, payment, message="pacs.008", scope=scope, number=number)
    accepted = first_text(payment.one("AccptncDtTm")) or header.need("CreDtTm")
    row.put("occurred_at_us", instant_of(accepted, zone=reading.zone), path=accepted.path)
    _put_amounts(row, payment, base_currency=reading.base_currency)
    for side, party in (("payer", "Dbtr"), ("payee", "Cdtr")):
        put_side(
            row,
            side,
            party=payment.one(party),
            account=payment.one(f"{party}Acct"),
            agent=payment.one(f"{party}Agt"),
            tokeniser=reading.tokeniser,
        )
    types = (payment.one("PmtTpInf"), header.one("PmtTpInf"))
    put_rail(row, header.at("SttlmInf", "ClrSys"))
    put_terms(row, types)
    put_urgent(row, [payment.one("SttlmPrty")])
    put_purpose(row, payment, types)
    put_remark(row, payment)
    put_txn_type(row)
    return row


def _put_amounts(row: Row, payment: Element, *, base_currency: str) -> None:
    """Put what is settled between the banks; what was instructed counts for the base currency."""
    settled = payment.need("IntrBkSttlmAmt")
    amount = amount_of(settled)
    row.put("amount_minor", amount.minor, path=settled.path)
    row.put("currency", amount.currency, path=settled.path)
    element = payment.one("InstdAmt")
    if element is None:
        return
    instructed = amount_of(element)
    if instructed.currency == base_currency != amount.currency:
        row.put("amount_base_minor", instructed.minor, path=element.path)
