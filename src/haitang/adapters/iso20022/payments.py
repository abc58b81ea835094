"""Payment messages of ISO 20022 to events: what the rest of the program asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from haitang.adapters.iso20022.elements import Element
from haitang.adapters.iso20022.errors import refused
from haitang.adapters.iso20022.pacs008 import pacs_rows
from haitang.adapters.iso20022.pain001 import pain_rows
from haitang.adapters.iso20022.reading import read_message
from haitang.adapters.iso20022.rows import Row
from haitang.adapters.iso20022.transfers import Reading
from haitang.adapters.iso20022.values import count_of
from haitang.adapters.iso20022.versions import MessageName, recognise
from haitang.data.events.catalogue import Event
from haitang.data.events.kinds import Channel
from haitang.kernel.identity import Tokeniser
from haitang.kernel.instants import load_zone

_Rows = Callable[..., Iterator[Row]]
_READERS: dict[MessageName, _Rows] = {"pacs.008": pacs_rows, "pain.001": pain_rows}


def decode_payments(
    data: bytes,
    *,
    base_currency: str = "",
    received_at_us: int | None = None,
    tokeniser: Tokeniser | None = None,
    channel: Channel = "OPEN_BANK",
    zone: str = "",
) -> list[Event]:
    """Return one `TXN_REQUEST` per payment of a `pacs.008` or `pain.001`, in the message's order.

    Names and personal numbers become tokens of `tokeniser`; without one they are left out. `zone`
    (IANA) is that of times without an offset; without one they are refused. A message is taken
    whole or refused whole: raises `HaitangError` whose place is the path of the element at fault.
    """
    if zone:
        load_zone(zone)
    reading = Reading(base_currency=base_currency, tokeniser=tokeniser, zone=zone)
    message = recognise(read_message(data))
    events: list[Event] = []
    seen: dict[str, str] = {}
    for row in _READERS[message.name](message.body, reading=reading):
        header = f"{message.body.path}/GrpHdr"
        row.put("source_system", message.identifier, path=message.body.path)
        row.put("trace_id", message.body.need("GrpHdr").need_text("MsgId"), path=f"{header}/MsgId")
        row.put("channel", channel, path=header)
        if received_at_us is not None:
            row.put("received_at_us", received_at_us, path=header)
        event = row.event(base_currency=base_currency)
        first = seen.setdefault(event.event_id, row.path)
        if first != row.path:
            raise refused(
                "payments_repeated",
                "the payment had the same identifiers as another one of the message",
                path=f"{row.path}/PmtId",
                hint=f"give each its own `UETR` or `InstrId`; the other is `{first}`",
            )
        events.append(event)
    _check_count(message.body, len(events))
    return events


def _check_count(body: Element, found: int) -> None:
    """Hold the payments against what the header says; a message that was cut short shows here."""
    said = body.need("GrpHdr").need("NbOfTxs")
    if not found:
        raise refused(
            "payments_element_missing",
            "the message held no payment",
            path=f"{body.path}/CdtTrfTxInf",
        )
    if count_of(said) != found:
        raise refused(
            "payments_count",
            f"the message said it had {count_of(said):,} payments and had {found:,}",
            path=said.path,
            hint="the message may have been cut short; send it again as a whole",
        )
