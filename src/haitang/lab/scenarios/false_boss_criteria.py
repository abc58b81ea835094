"""What was assumed in AS-3, and what the platform must have done about it."""

from __future__ import annotations

from haitang.data.features.specs import TextPair
from haitang.lab.scenarios.criteria import Assumption, Criterion, Expectation

ASSUMPTIONS = (
    Assumption(
        events=("*",),
        fields=(
            "occurred_at_us",
            "received_at_us",
            "event_id",
            "txn_id",
            "payer_customer_id",
            "payer_account",
            "payee_account",
            "customer_id",
            "account_id",
        ),
        why=TextPair(
            en="the day is known; times of day and identifiers are invented",
            zh="日期为已知；时刻与标识为虚构",
        ),
    ),
    Assumption(
        events=("*",),
        fields=(
            "customer_segment",
            "customer_type",
            "customer_region_code",
            "customer_tenure_days",
            "home_outlet_code",
            "account_class",
            "account_age_days",
        ),
        why=TextPair(
            en="a company of the city is known, nothing else about it", zh="仅知为本地企业"
        ),
    ),
    Assumption(
        events=("history",),
        fields=("*",),
        why=TextPair(
            en=(
                "twelve months of supplier payments, receipts and wages so that a 99th "
                "percentile exists"
            ),
            zh="为形成99分位而虚构的12个月供应商付款、回款与工资",
        ),
    ),
    Assumption(
        events=("remittance",),
        fields=(
            "channel",
            "outlet_code",
            "region_code",
            "teller_id",
            "payee_bank_code",
            "payee_region_code",
            "payee_name_token",
            "payee_type",
            "rail",
            "arrival_mode",
            "name_check",
            "remark",
            "urgent",
            "contract_known",
            "currency",
            "amount_base_minor",
            "payer_bank_code",
            "payer_region_code",
            "payer_balance_before_minor",
            "payer_balance_after_minor",
        ),
        why=TextPair(
            en=(
                'amount and "out of province" are known; the province, the purpose text and the '
                "balance are invented"
            ),
            zh="金额与“外省”为已知；省份、用途与余额为虚构",
        ),
    ),
    Assumption(
        events=("called-back", "police-order", "recovered", "lead"),
        fields=(
            "result",
            "source",
            "subject_event_id",
            "order_code",
            "application_id",
            "case_number",
            "scam_type",
            "amount_minor",
            "label",
        ),
        why=TextPair(
            en=(
                "1.68 million intercepted is known; what became of 300,000 is not, it counts as "
                "lost here"
            ),
            zh="拦截168万元为已知；其余30万元去向未述，此处计为损失",
        ),
    ),
)
CRITERIA = (
    Criterion(
        id="AS-3(2)",
        expects=(Expectation(event="remittance", least="HOLD", typologies=("G01",)),),
        text=TextPair(
            en=(
                "G01 fires (first payee, above the 99th percentile of 12 months, vague purpose, "
                "urgent) and holds before release"
            ),
            zh="G01命中（首次收款方、超12个月99分位、用途含糊、加急），放款前挂起",
        ),
    ),
    Criterion(
        id="AS-3(3)",
        expects=(Expectation(event="remittance", actions=("CALL",)),),
        text=TextPair(en="a call-back is asked for", zh="要求回拨核实"),
    ),
    Criterion(
        id="AS-3(3-contacts)",
        needs="response/cases",
        text=TextPair(
            en=(
                "the call-back task carries the registered contacts: two calls, never to the "
                "requester"
            ),
            zh="回拨任务使用预留联系方式，双人回拨，不联系请求人",
        ),
    ),
    Criterion(
        id="AS-3(4-directory)",
        needs="response/cases",
        text=TextPair(en="a contact directory of payee banks", zh="收款行联系目录"),
    ),
    Criterion(
        id="AS-3(4-ledger)",
        needs="response/cases",
        text=TextPair(en="a recall ledger with partial amounts", zh="支持部分金额的追回台账"),
    ),
    Criterion(
        id="AS-3(5-notice)",
        needs="response/controls (notices)",
        text=TextPair(en="notice to the customer", zh="告知客户"),
    ),
    Criterion(
        id="AS-3(5-count)",
        needs="response/reports",
        text=TextPair(
            en="no double counting between prevented and recovered", zh="“拦截”与“追回”不重复计算"
        ),
    ),
)
