"""AS-3: a finance clerk remits 1.98 million yuan because "the boss" said so on a messenger."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from haitang.data.features.specs import TextPair
from haitang.lab.scenarios.criteria import Scenario
from haitang.lab.scenarios.false_boss_criteria import ASSUMPTIONS, CRITERIA
from haitang.lab.scenarios.script import Script, days_before, moment

DAY = "2024-11-05"
FIRM, ACCOUNT, OUTLET = "AS3-firm", "AS3-account", "LZ-CHENGGUAN"
ASKED_MINOR = 198_000_000
SAVED_MINOR = 168_000_000
NAMED_STRANGER = "AS3-stranger-name"
COMPANY: dict[str, Any] = {
    "customer_segment": "FIRM",
    "customer_type": "FIRM",
    "customer_region_code": "GS01",
    "customer_tenure_days": 2600,
    "home_outlet_code": OUTLET,
    "account_class": "BASIC",
    "account_age_days": 2600,
}
Variant = Literal["denied", "recalled"]


def false_boss(variant: Variant = "denied", shift_days: int = 0) -> Scenario:
    """Tell the case as it should end (the caller denies) or as it did (the money is recalled)."""
    script = Script("AS3" if variant == "denied" else "AS3B", {ACCOUNT: 260_000_000}, shift_days)
    _history(script)
    _story(script, variant)
    return Scenario(
        id="AS-3",
        variant=variant,
        title=TextPair(en="The false boss", zh="冒充领导的198万元"),
        source="S4",
        day=str(np.datetime64(DAY) + np.timedelta64(shift_days, "D")),
        summary=TextPair(
            en=(
                "A company's clerk asks the counter to send 1.98 million yuan to a stranger in "
                "another province, at once, on a messenger's word."
            ),
            zh="企业财务按“领导”微信指令到柜面向外省陌生账户加急汇款198万元。",
        ),
        events=script.rows(),
        names=script.names,
        known=("event_type", "txn_type", "amount_minor"),
        assumptions=ASSUMPTIONS,
        criteria=CRITERIA,
    )


def _payer() -> dict[str, Any]:
    return {
        "payer_customer_id": FIRM,
        "payer_account": ACCOUNT,
        "payer_bank_code": "HTYH",
        "payer_region_code": "GS01",
    }


def _history(script: Script) -> None:
    """Twelve months: six suppliers paid in turn under contract, receipts, wages."""
    for back in range(365, 0, -1):
        date = days_before(DAY, back)
        if back % 7 in (1, 4):
            number = back // 3 % 6
            amount = 6_200_000 + (back * 7_919 % 397) * 97_000 + number * 350_000
            script.move(
                "",
                moment(date, "10:25:00"),
                "TRANSFER_INTER",
                amount,
                channel="CORP_EBANK",
                device_id="AS3-desk",
                ip="10.40.8.2",
                session_id=f"AS3-s{back}",
                payee_account=f"AS3-supplier-{number}",
                payee_bank_code="CMBC",
                payee_region_code="GS01",
                payee_name_token=f"AS3-supplier-name-{number}",
                payee_type="FIRM",
                contract_known=True,
                urgent=False,
                rail="HVPS",
                arrival_mode="NORMAL",
                name_check="MTCH",
                auth_method="UKEY",
                remark="货款",
                **_payer(),
                **COMPANY,
            )
        if back % 3 == 2:
            script.move(
                "",
                moment(date, "14:50:00"),
                "TRANSFER_INTER",
                16_000_000 + (back * 104_729 % 301) * 60_000,
                event_type="TXN_IN",
                channel="OPEN_BANK",
                payer_account=f"AS3-buyer-{back % 4}",
                payer_bank_code="BKCH",
                payee_account=ACCOUNT,
                payee_customer_id=FIRM,
                payee_type="FIRM",
                rail="HVPS",
                remark="货款",
                **COMPANY,
            )
        if date.endswith("-10"):
            script.move(
                "",
                moment(date, "09:15:00"),
                "AGENT_PAY",
                21_600_000,
                channel="BATCH",
                payee_account="AS3-wages",
                payee_type="PERSON",
                rail="INTERNAL",
                remark="代发工资",
                **_payer(),
                **COMPANY,
            )


def _story(script: Script, variant: Variant) -> None:
    desk: dict[str, Any] = {"channel": "COUNTER", "outlet_code": OUTLET, "region_code": "GS01"}
    recalled = variant == "recalled"
    script.move(
        "remittance",
        moment(DAY, "15:06:00"),
        "TRANSFER_INTER",
        ASKED_MINOR,
        completed=recalled,
        payee_account="AS3-stranger",
        payee_bank_code="RCCU",
        payee_region_code="GD01",
        payee_name_token=NAMED_STRANGER,
        payee_type="PERSON",
        contract_known=False,
        urgent=True,
        rail="HVPS",
        arrival_mode="REALTIME",
        name_check="MTCH",
        remark="往来款",
        teller_id="AS3-teller",
        **desk,
        **_payer(),
        **COMPANY,
    )
    _aftermath(script, recalled=recalled)


def _aftermath(script: Script, *, recalled: bool) -> None:
    outcome: dict[str, Any] = {
        "payer_customer_id": FIRM,
        "payer_account": ACCOUNT,
        "payee_account": "AS3-stranger",
    }
    script.tell(
        "called-back",
        moment(DAY, "15:18:00"),
        "CONTACT_RESULT",
        customer_id=FIRM,
        result="DENIED" if not recalled else "UNREACHED",
        subject_event_id=script.names["remittance"],
        source="registered phone of the legal representative",
        **outcome,
    )
    if recalled:
        script.tell(
            "police-order",
            moment(DAY, "15:52:00"),
            "POLICE_ORDER",
            order_code="100401",
            application_id="AS3-application",
            case_number="AS3-case",
            customer_id=FIRM,
            account_id=ACCOUNT,
            amount_minor=ASKED_MINOR,
            scam_type="G01",
        )
        script.tell(
            "recovered",
            moment(days_before(DAY, -1), "10:30:00"),
            "RECOVERY",
            customer_id=FIRM,
            amount_minor=SAVED_MINOR,
            result="INTERCEPTED",
            source="payee bank",
            subject_event_id=script.names["remittance"],
            **outcome,
        )
    else:
        script.tell(
            "lead",
            moment(DAY, "15:40:00"),
            "LEAD_CREATED",
            customer_id=FIRM,
            amount_minor=ASKED_MINOR,
            label="FRAUD_VICTIM",
            source="branch",
            subject_event_id=script.names["remittance"],
            **outcome,
        )
