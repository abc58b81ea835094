"""AS-2: a mule fetches victims' money in cash, from outlet to outlet."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from haitang.data.features.specs import TextPair
from haitang.lab.scenarios.criteria import Scenario
from haitang.lab.scenarios.runner_criteria import ASSUMPTIONS, CRITERIA
from haitang.lab.scenarios.script import Script, moment

DAY = "2022-09-09"
MULE, ACCOUNT = "AS2-customer", "AS2-account"
PERSON: dict[str, Any] = {
    "customer_age_years": 26,
    "customer_segment": "ORDINARY",
    "customer_type": "PERSON",
    "customer_region_code": "GZ02",
    "customer_tenure_days": 1200,
    "home_outlet_code": "WZ-LUCHENG",
    "account_class": "I",
    "account_age_days": 1200,
}
Variant = Literal["own-outlets", "other-banks"]


def runner(variant: Variant = "own-outlets", shift_days: int = 0) -> Scenario:
    """Tell the case in one of two readings of "other outlets": of this bank, or of other banks."""
    script = Script("AS2" if variant == "own-outlets" else "AS2B", {ACCOUNT: 0}, shift_days)
    _opening(script)
    _first_day(script, variant)
    _ninth(script)
    _afterwards(script)
    return Scenario(
        id="AS-2",
        variant=variant,
        title=TextPair(en="The runner between outlets", zh="跨网点取现的“车手”"),
        source="S2",
        day=str(np.datetime64(DAY) + np.timedelta64(shift_days, "D")),
        summary=TextPair(
            en=(
                "An idle account receives 120,000 yuan twice within nine days; its holder "
                "fetches the money in cash at one outlet after another."
            ),
            zh="长期无交易账户九天内两次入账共24万元，持卡人在多个网点柜面接力取现。",
        ),
        events=script.rows(),
        names=script.names,
        known=("event_type", "txn_type", "amount_minor", "outlet_code"),
        assumptions=ASSUMPTIONS,
        criteria=CRITERIA,
    )


def _credit(script: Script, name: str, at_us: int, amount_minor: int, payer: str) -> None:
    script.move(
        name,
        at_us,
        "TRANSFER_INTER",
        amount_minor,
        event_type="TXN_IN",
        channel="OPEN_BANK",
        payer_account=payer,
        payer_bank_code="PSBC",
        payer_region_code="HA01",
        payer_name_token=f"{payer}-name",
        payee_account=ACCOUNT,
        payee_customer_id=MULE,
        payee_bank_code="HTYH",
        payee_region_code="ZJ03",
        payee_type="PERSON",
        payee_account_age_days=1200,
        rail="IBPS",
        **PERSON,
    )


def _cash(
    script: Script,
    name: str,
    at_us: int,
    amount_minor: int,
    outlet: str,
    *,
    completed: bool = True,
    **fields: Any,
) -> None:
    place: dict[str, Any] = {
        "outlet_code": outlet,
        "teller_id": f"{outlet}-teller",
        "region_code": "ZJ03",
        "rail": "INTERNAL",
    } | fields
    script.move(
        name,
        at_us,
        "CASH_WITHDRAW",
        amount_minor,
        channel="COUNTER",
        cash=True,
        completed=completed,
        payer_customer_id=MULE,
        payer_account=ACCOUNT,
        payer_bank_code="HTYH",
        payer_region_code="ZJ03",
        **place,
        **PERSON,
    )


def _opening(script: Script) -> None:
    """Nothing is known before 09-01 but that the account was not used; it was opened long ago."""
    script.tell(
        "",
        moment("2021-09-06", "10:20:00"),
        "LOGIN",
        channel="MOBILE",
        customer_id=MULE,
        account_id=ACCOUNT,
        device_id="AS2-phone",
        login_method="PASSWORD",
        session_id="AS2-s0",
        **PERSON | {"account_age_days": 840, "customer_tenure_days": 840},
    )


def _first_day(script: Script, variant: Variant) -> None:
    """2022-09-01: 120,000 in, and out again over other counters until nothing is left."""
    _credit(script, "credit-0901", moment("2022-09-01", "09:31:00"), 12_000_000, "AS2-victim-1")
    stops = (
        ("cash-0901-first", "10:02:00", 7_000_000),
        ("cash-0901-second", "10:41:00", 5_000_000),
    )
    for number, (name, time, amount) in enumerate(stops):
        if variant == "own-outlets":
            _cash(
                script,
                name,
                moment("2022-09-01", time),
                amount,
                ("WZ-NANMEN", "WZ-XIAONAN")[number],
            )
        else:
            bank = ("ABOC", "PCBC")[number]
            _cash(
                script,
                name,
                moment("2022-09-01", time),
                amount,
                f"{bank}-WZ-{number}",
                bank_code=bank,
                rail="UNIONPAY",
            )


def _ninth(script: Script) -> None:
    """2022-09-09: 70,000 and 50,000 in; 50,000 out; 70,000 asked for at two outlets in turn."""
    _credit(script, "credit-70", moment(DAY, "09:05:00"), 7_000_000, "AS2-victim-2")
    _credit(script, "credit-50", moment(DAY, "09:18:00"), 5_000_000, "AS2-victim-3")
    _cash(script, "cash-0909", moment(DAY, "09:46:00"), 5_000_000, "WZ-SHUIXIN")
    _cash(
        script, "asked-fengmen", moment(DAY, "10:12:30"), 7_000_000, "WZ-FENGMEN", completed=False
    )
    person: dict[str, Any] = {
        "customer_id": MULE,
        "account_id": ACCOUNT,
        "channel": "COUNTER",
        "outlet_code": "WZ-FENGMEN",
        **PERSON,
    }
    script.tell(
        "reviewed",
        moment(DAY, "10:14:00"),
        "BRANCH_INQUIRY",
        teller_id="WZ-FENGMEN-manager",
        note="客户经理核查账户流水",
        **person,
    )
    script.tell(
        "left", moment(DAY, "10:19:00"), "CUSTOMER_LEFT", teller_id="WZ-FENGMEN-teller", **person
    )
    _cash(
        script, "asked-shuangyu", moment(DAY, "10:31:00"), 7_000_000, "WZ-SHUANGYU", completed=False
    )


def _afterwards(script: Script) -> None:
    """The police hold him; later 50,000 yuan come back."""
    script.tell(
        "lead",
        moment("2022-09-09", "10:40:00"),
        "LEAD_CREATED",
        customer_id=MULE,
        account_id=ACCOUNT,
        amount_minor=7_000_000,
        label="MULE",
        source="branch",
    )
    script.tell(
        "labelled",
        moment("2022-09-12", "15:00:00"),
        "LABEL",
        customer_id=MULE,
        account_id=ACCOUNT,
        label="MULE",
        source="police",
        confidence=1.0,
    )
    script.tell(
        "recovered",
        moment("2022-09-20", "11:00:00"),
        "RECOVERY",
        customer_id=MULE,
        account_id=ACCOUNT,
        amount_minor=5_000_000,
        result="RECOVERED",
        source="police",
    )
