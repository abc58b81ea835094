"""Personal values become tokens at the edge, before anything is stored, hashed or shown.

A token is `sm3:` or `sha256:` and 32 hexadecimal characters of a keyed HMAC (`kernel.identity`).
Fields that must match each other share a kind. What already is a token stays as it is, so that a
bank may tokenise itself and nothing is tokenised twice. A value is taken as it is written: `138
0000 0000` and `13800000000` are two values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from haitang.data.events.catalogue import FIELDS, Event
from haitang.kernel.identity import Tokeniser

PERSONAL_KINDS: dict[str, str] = {
    "phone": "phone",
    "finance_phone": "phone",
    "legal_phone": "phone",
    "payer_name_token": "name",
    "payee_name_token": "name",
    "legal_person_token": "name",
    "id_number_token": "id_number",
    "address_token": "address",
    "face_token": "face",
}
"""Fields that always hold tokens, and the kind under which each is tokenised."""

ACCOUNT_KINDS: dict[str, str] = {
    "account_id": "account",
    "payer_account": "account",
    "payee_account": "account",
    "target_account": "account",
    "card_id": "card",
}
"""Fields that a bank may choose to tokenise as well."""

_TOKEN = re.compile(r"(sm3|sha256):[0-9a-f]{32}")


class TokenPlan(Struct, frozen=True, kw_only=True):
    """Which fields are tokenised, under which kind, and as what the values of a list count."""

    kinds: dict[str, str]
    list_kinds: dict[str, str] = {}
    """List name to kind: `case_phones: phone` lets a list of phones match the field `phone`."""


def token_plan(*, accounts: bool = False, list_kinds: Mapping[str, str] | None = None) -> TokenPlan:
    """Return the plan of the catalogue: personal fields, and accounts and cards where asked for."""
    kinds = {**PERSONAL_KINDS, **(ACCOUNT_KINDS if accounts else {})}
    return TokenPlan(kinds=kinds, list_kinds=dict(list_kinds or {}))


def is_token(value: str) -> bool:
    """Tell whether a value has the form of a token, of either algorithm."""
    return _TOKEN.fullmatch(value) is not None


def tokenise_value(value: str, *, kind: str, tokeniser: Tokeniser) -> str:
    """Return the value's token, or the value where it is one."""
    if is_token(value):
        return value
    return f"{tokeniser.algorithm}:{tokeniser.token(value, kind=kind)}"


def tokenise_event(event: Event, *, plan: TokenPlan, tokeniser: Tokeniser) -> Event:
    """Return the event with its personal values replaced; the same event where there are none."""
    changed: dict[str, str] = {}
    for name, kind in plan.kinds.items():
        value = getattr(event, name)
        if value is not None and not is_token(value):
            changed[name] = tokenise_value(value, kind=kind, tokeniser=tokeniser)
    list_kind = plan.list_kinds.get(getattr(event, "list_name") or "")  # noqa: B009 - see catalogue
    if list_kind:
        value = getattr(event, "list_value")  # noqa: B009 - only list events carry it
        changed["list_value"] = tokenise_value(value, kind=list_kind, tokeniser=tokeniser)
    return msgspec.structs.replace(event, **changed) if changed else event


def tokenise_table(table: pa.Table, *, plan: TokenPlan, tokeniser: Tokeniser) -> pa.Table:
    """Do the same for a table in event columns; each different value is tokenised once."""
    for index, name in enumerate(table.column_names):
        kind = plan.kinds.get(name)
        if kind is not None:
            column = _tokens(table.column(name), kind, tokeniser)
            table = table.set_column(index, name, column)
    if not plan.list_kinds or not {"list_name", "list_value"} <= set(table.column_names):
        return table
    values = table.column("list_value")
    for list_name, kind in plan.list_kinds.items():
        concerned = pc.fill_null(pc.equal(table.column("list_name"), list_name), False)
        values = pc.if_else(concerned, _tokens(values, kind, tokeniser), values)
    return table.set_column(table.column_names.index("list_value"), "list_value", values)


def _tokens(column: pa.ChunkedArray, kind: str, tokeniser: Tokeniser) -> pa.ChunkedArray:
    words = column.cast(pa.string()).dictionary_encode().unify_dictionaries()
    chunks: list[pa.Array] = []
    tokens: pa.Array | None = None
    for chunk in words.chunks:
        if tokens is None:
            tokens = pa.array(
                [
                    tokenise_value(value, kind=kind, tokeniser=tokeniser)
                    for value in chunk.dictionary.to_pylist()
                ],
                pa.string(),
            )
        chunks.append(tokens.take(chunk.indices))
    return pa.chunked_array(chunks, pa.string())


assert all(FIELDS[name].kind == "id" for name in (*PERSONAL_KINDS, *ACCOUNT_KINDS))
