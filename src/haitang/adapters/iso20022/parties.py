"""Who pays and who is paid: parties, accounts and banks of a payment.

A name and a personal number leave this module as tokens or not at all.
"""

from __future__ import annotations

from haitang.adapters.iso20022.elements import Element, first_text
from haitang.adapters.iso20022.rows import Row
from haitang.adapters.iso20022.values import country_of, country_of_bic, country_of_iban
from haitang.data.events.tokenise import tokenise_value
from haitang.kernel.identity import Tokeniser

CUSTOMER_SCHEME = "CUST"
"""Scheme of a number that a bank gave its customer (ISO external code)."""


def put_side(
    row: Row,
    side: str,
    *,
    party: Element | None,
    account: Element | None,
    agent: Element | None,
    tokeniser: Tokeniser | None,
) -> None:
    """Put one side of a payment, `payer` or `payee`, into the row of its event."""
    _put_party(row, side, party, tokeniser)
    _put_account(row, side, account)
    _put_bank(row, side, agent)


def _put_party(row: Row, side: str, party: Element | None, tokeniser: Tokeniser | None) -> None:
    if party is None:
        return
    kind = "FIRM" if party.at("Id", "OrgId") else "PERSON" if party.at("Id", "PrvtId") else ""
    identity = party.at("Id")
    # The catalogue says of the payer that they are a customer, of the payee only what they are.
    field = "customer_type" if side == "payer" else "payee_type"
    if kind and identity is not None:
        row.put(field, kind, path=identity.path)
    if tokeniser is None:
        return
    name = first_text(party.one("Nm"))
    if name is not None:
        token = tokenise_value(name.text, kind="name", tokeniser=tokeniser)
        row.put(f"{side}_name_token", token, path=name.path)
    number = _number_of(party)
    if number is not None:
        found, scheme = number
        token = tokenise_value(found.text, kind=scheme, tokeniser=tokeniser)
        row.put(f"{side}_customer_id", token, path=found.path)


def _number_of(party: Element) -> tuple[Element, str] | None:
    """Return the number that says who somebody is, and the kind under which it is tokenised.

    The bank's own customer number goes before any other; the first of several is taken.
    """
    found: list[tuple[Element, str]] = []
    for role in ("PrvtId", "OrgId"):
        identity = party.at("Id", role)
        if identity is None:
            continue
        for other in identity.all("Othr"):
            number = first_text(other.one("Id"))
            if number is not None:
                scheme = other.text_at("SchmeNm", "Cd")
                found.append((number, "customer" if scheme == CUSTOMER_SCHEME else "id_number"))
        for name in ("LEI", "AnyBIC", "BICOrBEI"):
            number = first_text(identity.one(name))
            if number is not None:
                found.append((number, "id_number"))
    customer = (number for number in found if number[1] == "customer")
    return next(customer, found[0] if found else None)


def _put_account(row: Row, side: str, account: Element | None) -> None:
    if account is None:
        return
    iban = first_text(account.at("Id", "IBAN"))
    number = iban or first_text(account.at("Id", "Othr", "Id"))
    if number is None:
        return
    row.put(f"{side}_account", number.text, path=number.path)
    if iban is not None:
        row.put(f"{side}_country_code", country_of_iban(iban), path=iban.path)


def _put_bank(row: Row, side: str, agent: Element | None) -> None:
    institution = agent.at("FinInstnId") if agent is not None else None
    if institution is None:
        return
    bic = first_text(institution.one("BICFI"), institution.one("BIC"))
    code = bic or first_text(institution.at("ClrSysMmbId", "MmbId"), institution.at("Othr", "Id"))
    if code is not None:
        row.put(f"{side}_bank_code", code.text, path=code.path)
    country = first_text(institution.at("PstlAdr", "Ctry"))
    # Where the bank stands, not where the account's number was given out: money goes to the bank.
    if bic is not None:
        row.put(f"{side}_country_code", country_of_bic(bic), path=bic.path)
    elif country is not None:
        row.put(f"{side}_country_code", country_of(country), path=country.path)
