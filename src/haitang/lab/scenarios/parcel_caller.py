"""AS-1: a caller about a parcel has a customer turn her savings into dollars on a shared screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from haitang.data.features.specs import TextPair
from haitang.lab.acts import MINUTE_US, SECOND_US
from haitang.lab.scenarios.criteria import Scenario
from haitang.lab.scenarios.parcel_caller_criteria import ASSUMPTIONS, CRITERIA
from haitang.lab.scenarios.script import Script, days_before, moment

DAY = "2022-04-20"
OWNER, CNY, USD, DEVICE = "AS1-customer", "AS1-cny", "AS1-usd", "AS1-phone"
OUTLET = "WZ-OUHAI"
PERSON: dict[str, Any] = {
    "customer_age_years": 63,
    "customer_segment": "ELDER",
    "customer_type": "PERSON",
    "customer_region_code": "ZJ03",
    "customer_tenure_days": 4100,
    "home_outlet_code": OUTLET,
    "account_class": "I",
    "account_age_days": 4100,
    "declared_monthly_income_minor": 420_000,
}
PHONE: dict[str, Any] = {
    "device_id": DEVICE,
    "ip": "10.30.3.17",
    "screen_share": False,
    "remote_control": False,
    "call_active": False,
    "accessibility_service": False,
}
SHARED = PHONE | {
    "screen_share": True,
    "call_active": True,
    "risky_app": "DINGTALK_LIVE",
    "session_id": "AS1-session",
}
OWN: dict[str, Any] = {"customer_id": OWNER, "account_id": CNY}


def parcel_caller(shift_days: int = 0) -> Scenario:
    """Tell the case with 400 quiet days before it; all instants can be moved by whole days."""
    script = Script("AS1", {CNY: 5_990_000, USD: 0}, shift_days)
    _history(script)
    _story(script, moment(DAY, "10:30:00"))
    return Scenario(
        id="AS-1",
        variant="",
        title=TextPair(en="The parcel caller", zh="快递理赔来电"),
        source="S2",
        day=str(np.datetime64(DAY) + np.timedelta64(shift_days, "D")),
        summary=TextPair(
            en=(
                "A woman of 63 shares her screen with a caller who promises double compensation "
                "for a late parcel; nearly all her savings become dollars in her own name."
            ),
            zh="63岁客户在“快递双倍理赔”来电诱导下共享屏幕，几乎全部人民币在本人名下被购汇为美元。",
        ),
        events=script.rows(),
        names=script.names,
        known=(
            "event_type",
            "txn_type",
            "channel",
            "customer_age_years",
            "message_type",
            "outlet_code",
        ),
        assumptions=ASSUMPTIONS,
        criteria=CRITERIA,
    )


def _history(script: Script) -> None:
    """Four hundred days of pension, cash, small purchases, log-ins; never foreign currency."""
    payer: dict[str, Any] = {
        "payer_customer_id": OWNER,
        "payer_account": CNY,
        "payer_bank_code": "HTYH",
        "payer_region_code": "ZJ03",
    }
    for back in range(400, 0, -1):
        date = days_before(DAY, back)
        if date.endswith("-15"):
            script.move(
                "",
                moment(date, "08:12:00"),
                "AGENT_PAY",
                420_000,
                event_type="TXN_IN",
                channel="BATCH",
                payer_account="AS1-pension",
                payer_bank_code="ICBK",
                payee_account=CNY,
                payee_customer_id=OWNER,
                payee_type="PERSON",
                rail="BEPS",
                remark="养老金",
                **PERSON,
            )
        if date.endswith("-17"):
            script.move(
                "",
                moment(date, "09:40:00"),
                "CASH_WITHDRAW",
                150_000,
                channel="COUNTER",
                cash=True,
                outlet_code=OUTLET,
                teller_id="AS1-teller",
                **payer,
                **PERSON,
            )
        if back % 4 == 0:
            script.move(
                "",
                moment(date, "16:05:00"),
                "QR_PAY",
                1_800 + back * 37 % 4_600,
                channel="QR",
                merchant_id="AS1-market",
                merchant_category="5411",
                payee_type="MERCHANT",
                rail="NETSUNION",
                **payer,
                **PERSON,
            )
        if back % 6 == 1:
            script.tell(
                "",
                moment(date, "19:30:00"),
                "LOGIN",
                channel="MOBILE",
                session_id=f"AS1-s{back}",
                login_method="PASSWORD",
                **OWN,
                **PHONE,
                **PERSON,
            )


def _story(script: Script, arrived_us: int) -> None:
    """From the call to the report; `arrived_us` is when she comes to the branch."""

    def at(minutes: float) -> int:
        return arrived_us + int(minutes * MINUTE_US)

    mobile: dict[str, Any] = {"channel": "MOBILE", **SHARED, **PERSON}
    own: dict[str, Any] = {
        "payer_customer_id": OWNER,
        "payer_bank_code": "HTYH",
        "payer_region_code": "ZJ03",
    }
    _called_and_watched(script, at, mobile)
    _money_gathered(script, at, mobile, own)
    _helped_at_the_branch(script, at, own)


def _called_and_watched(script: Script, at: Callable[[float], int], mobile: dict[str, Any]) -> None:
    script.tell(
        "call-begins",
        at(-40),
        "CALL_STATE",
        channel="MOBILE",
        active=True,
        call_seconds=0,
        **OWN,
        **PHONE | {"call_active": True},
        **PERSON,
    )
    script.tell(
        "screen-shared",
        at(-26),
        "SCREEN_SHARE_STATE",
        active=True,
        app_name="DINGTALK_LIVE",
        call_seconds=840,
        **OWN,
        **mobile,
    )
    script.tell(
        "login", at(-25), "LOGIN", login_method="PASSWORD", call_seconds=900, **OWN, **mobile
    )
    script.tell(
        "code-issued", at(-20), "OTP_ISSUED", otp_channel="SMS", call_seconds=1200, **OWN, **mobile
    )
    script.tell(
        "code-verified",
        at(-20) + 35 * SECOND_US,
        "OTP_VERIFIED",
        otp_channel="SMS",
        result="PASS",
        elapsed_ms=31_000,
        call_seconds=1235,
        **OWN,
        **mobile,
    )


def _money_gathered(
    script: Script, at: Callable[[float], int], mobile: dict[str, Any], own: dict[str, Any]
) -> None:
    script.move(
        "fx-convert",
        at(-19),
        "FX_BUY",
        FX_MINOR,
        credited_minor=USD_MINOR,
        payer_account=CNY,
        payee_account=USD,
        payee_customer_id=OWNER,
        payee_type="PERSON",
        rail="INTERNAL",
        call_seconds=1260,
        **own,
        **mobile,
    )
    script.tell(
        "balance-message",
        at(-18),
        "SMS_SENT",
        message_type="BALANCE_CHANGE",
        call_seconds=1320,
        **OWN,
        **mobile,
    )
    script.tell(
        "payee-added",
        at(-15),
        "PAYEE_ADD",
        payee_account="AS1-stranger",
        payee_bank_code="OVERSEAS",
        call_seconds=1500,
        **OWN,
        **mobile,
    )
    script.move(
        "remittance-tried",
        at(-14),
        "CROSS_BORDER",
        USD_MINOR,
        currency="USD",
        amount_base_minor=FX_MINOR,
        completed=False,
        payer_account=USD,
        payee_account="AS1-stranger",
        payee_country_code="TH",
        rail="SWIFT",
        call_seconds=1560,
        **own,
        **mobile,
    )


def _helped_at_the_branch(script: Script, at: Callable[[float], int], own: dict[str, Any]) -> None:
    desk: dict[str, Any] = {"channel": "COUNTER", "outlet_code": OUTLET, **PERSON}
    script.tell(
        "branch-inquiry",
        at(0),
        "BRANCH_INQUIRY",
        teller_id="AS1-lobby",
        note="人民币几乎为零，美元余额增加",
        **OWN,
        **desk,
    )
    script.tell(
        "sharing-ended",
        at(4),
        "SCREEN_SHARE_STATE",
        active=False,
        app_name="DINGTALK_LIVE",
        channel="MOBILE",
        **OWN,
        **PHONE,
        **PERSON,
    )
    script.tell(
        "protected",
        at(5),
        "CONTROL_CHANGE",
        channel="INTERNAL",
        staff_id="AS1-lobby",
        target_customer_id=OWNER,
        target_account=CNY,
        control_id="AS1-control",
        control_type="NC_SUSPEND",
        operation="SET",
        result="ACTIVE",
        customer_present=True,
    )
    script.move(
        "fx-back",
        at(15),
        "FX_SELL",
        USD_MINOR,
        currency="USD",
        amount_base_minor=FX_MINOR,
        credited_minor=FX_MINOR - 38_000,
        payer_account=USD,
        payee_account=CNY,
        payee_customer_id=OWNER,
        payee_type="PERSON",
        rail="INTERNAL",
        teller_id="AS1-teller",
        **own,
        **desk,
    )
    script.tell(
        "lead",
        at(20),
        "LEAD_CREATED",
        customer_id=OWNER,
        account_id=CNY,
        amount_minor=FX_MINOR,
        label="FRAUD_VICTIM",
        subject_event_id="AS1-fx-convert",
        subject_occurred_at_us=script_instant(script, "fx-convert"),
        source="branch",
    )


def script_instant(script: Script, name: str) -> int:
    """The instant at which a named event stands in the script."""
    return next(
        int(row["occurred_at_us"]) for row in script.rows() if row["event_id"] == script.names[name]
    )


FX_MINOR = 8_600_000
USD_MINOR = 1_324_600
"""8,600,000 fen at 6.4925, near the rate of April 2022."""
