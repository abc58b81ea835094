"""The types that event fields are made of, with the bounds that hold at the outer edge.

Each alias carries its *kind* in `Meta.extra`; the catalogue derives its `FieldSpec`s from these
annotations, so a bound is written once.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from haitang.kernel.instants import EARLIEST_US, LATEST_US
from haitang.kernel.money import MAX_AMOUNT_MINOR

Kind = Literal["id", "text", "remark", "number", "flag", "instant"]
"""id: text of many values, may be a key · text: few values or short · remark: free text."""

EVENT_ID_CHARACTERS_MAX = 64
ID_CHARACTERS_MAX = 128
TEXT_CHARACTERS_MAX = 128
REMARK_CHARACTERS_MAX = 1024
NUMBER_MAX = 1e15
COUNT_MAX = 10**9

EventId = Annotated[
    str, Meta(min_length=1, max_length=EVENT_ID_CHARACTERS_MAX, extra={"kind": "id"})
]
Id = Annotated[str, Meta(min_length=1, max_length=ID_CHARACTERS_MAX, extra={"kind": "id"})]
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX, extra={"kind": "text"})]
Remark = Annotated[str, Meta(max_length=REMARK_CHARACTERS_MAX, extra={"kind": "remark"})]
Currency = Annotated[str, Meta(min_length=3, max_length=3, extra={"kind": "text"})]
"""ISO 4217; the codec checks the code against `kernel.money`."""
Instant = Annotated[int, Meta(ge=EARLIEST_US, le=LATEST_US, extra={"kind": "instant"})]
Money = Annotated[int, Meta(ge=0, le=MAX_AMOUNT_MINOR, extra={"kind": "number", "unit": "minor"})]
Balance = Annotated[
    int, Meta(ge=-MAX_AMOUNT_MINOR, le=MAX_AMOUNT_MINOR, extra={"kind": "number", "unit": "minor"})
]
"""Money that may be below zero: an overdraft."""
Count = Annotated[int, Meta(ge=0, le=COUNT_MAX, extra={"kind": "number"})]
Days = Annotated[int, Meta(ge=0, le=100_000, extra={"kind": "number"})]
Years = Annotated[int, Meta(ge=0, le=150, extra={"kind": "number"})]
Version = Annotated[int, Meta(ge=1, le=1, extra={"kind": "number"})]
Latitude = Annotated[float, Meta(ge=-90, le=90, extra={"kind": "number"})]
Longitude = Annotated[float, Meta(ge=-180, le=180, extra={"kind": "number"})]
Seconds = Annotated[float, Meta(ge=0, le=NUMBER_MAX, extra={"kind": "number"})]
Milliseconds = Annotated[float, Meta(ge=0, le=NUMBER_MAX, extra={"kind": "number"})]
Number = Annotated[float, Meta(ge=-NUMBER_MAX, le=NUMBER_MAX, extra={"kind": "number"})]
Flag = bool

Channel = Literal[
    "MOBILE", "WEB", "COUNTER", "ATM", "CRM", "POS", "QR", "REMOTE_VIDEO", "PHONE",
    "CORP_EBANK", "BATCH", "OPEN_BANK", "INTERNAL",
]  # fmt: skip
CustomerSegment = Literal[
    "ELDER", "MINOR", "STUDENT", "NEW", "VULNERABLE", "ORDINARY", "SMALL_FIRM", "FIRM"
]
CustomerType = Literal["PERSON", "FIRM"]
AccountClass = Literal["I", "II", "III", "BASIC", "GENERAL", "TEMP"]
TxnType = Literal[
    "TRANSFER_OWN", "TRANSFER_INTRA", "TRANSFER_INTER", "CASH_DEPOSIT", "CASH_WITHDRAW",
    "CARDLESS_WITHDRAW", "POS", "QR_PAY", "QR_COLLECT", "WALLET_IN", "WALLET_OUT", "FX_BUY",
    "FX_SELL", "TERM_BREAK", "FUND_REDEEM", "LOAN_DRAW", "REPAY", "AGENT_PAY", "CROSS_BORDER",
    "CRYPTO_OTC_SUSPECT", "DELAYED",
]  # fmt: skip
PayeeType = Literal["PERSON", "FIRM", "MERCHANT"]
Rail = Literal["HVPS", "BEPS", "IBPS", "UNIONPAY", "NETSUNION", "INTERNAL", "SWIFT", "CIPS"]
ArrivalMode = Literal["REALTIME", "NORMAL", "NEXT_DAY"]
NameCheck = Literal["MTCH", "CMTC", "NMTC", "NOAP"]
LabelName = Literal[
    "FRAUD_VICTIM", "MULE", "CASE_ACCOUNT", "ATO", "LEGIT", "CUSTOMER_INSISTED", "FRAUD"
]
