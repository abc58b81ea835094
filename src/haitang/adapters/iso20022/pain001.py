"""`pain.001`: a customer asks their bank to pay, in groups that share a debtor."""

from __future__ import annotations

from collections.abc import Iterator

from haitang.adapters.iso20022.elements import Element, first_text
from haitang.adapters.iso20022.errors import refused
from haitang.adapters.iso20022.parties import put_side
from haitang.adapters.iso20022.rows import Row
from haitang.adapters.iso20022.transfers import (
    Reading,
    put_identity,
    put_purpose,
    put_remark,
    put_terms,
    put_txn_type,
)
from haitang.adapters.iso20022.values import amount_of, instant_of, malformed

_METHODS = ("TRF", "TRA")


def pain_rows(body: Element, *, reading: Reading) -> Iterator[Row]:
    """Yield the row of every payment, in the order of the message."""
    header = body.need("GrpHdr")
    number = 0
    for group in body.all("PmtInf"):
        method = group.need("PmtMtd")
        if method.text not in _METHODS:
            raise malformed(method, "a transfer, `TRF` or `TRA`")
        if not group.all("CdtTrfTxInf"):
            raise refused(
                "payments_element_missing",
                "the element `CdtTrfTxInf` was missing",
                path=f"{group.path}/CdtTrfTxInf",
            )
        for payment in group.all("CdtTrfTxInf"):
            number += 1
            yield _row(payment, group=group, header=header, number=number, reading=reading)


def _row(
    payment: Element, *, group: Element, header: Element, number: int, reading: Reading
) -> Row:
    row = Row(path=payment.path)
    # Customers count their messages alike; their accounts keep them apart. A name would not do:
    # the digest has no key, and names can be tried out.
    account = first_text(
        *(group.at("DbtrAcct", "Id", *kind) for kind in (("IBAN",), ("Othr", "Id")))
    )
    scope = (
        account.text if account is not None else "",
        header.need_text("MsgId"),
        group.need_text("PmtInfId"),
    )
    put_identity(row, payment, message="pain.001", scope=scope, number=number)
    created = header.need("CreDtTm")
    row.put("occurred_at_us", instant_of(created, zone=reading.zone), path=created.path)
    _put_amount(row, payment.need("Amt"))
    put_side(
        row,
        "payer",
        party=group.need("Dbtr"),
        account=group.need("DbtrAcct"),
        agent=group.one("DbtrAgt"),
        tokeniser=reading.tokeniser,
    )
    put_side(
        row,
        "payee",
        party=payment.one("Cdtr"),
        account=payment.one("CdtrAcct"),
        agent=payment.one("CdtrAgt"),
        tokeniser=reading.tokeniser,
    )
    types = (payment.one("PmtTpInf"), group.one("PmtTpInf"))
    put_terms(row, types)
    put_purpose(row, payment, types)
    put_remark(row, payment)
    put_txn_type(row)
    return row


def _put_amount(row: Row, amount: Element) -> None:
    """Put what is instructed: an amount, or the equivalent of one in another currency."""
    element = amount.one("InstdAmt")
    if element is None:
        element = amount.need("EqvtAmt").need("Amt")
    found = amount_of(element)
    row.put("amount_minor", found.minor, path=element.path)
    row.put("currency", found.currency, path=element.path)
