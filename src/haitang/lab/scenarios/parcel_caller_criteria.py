"""What was assumed in AS-1, and what the platform must have done about it."""

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
            "session_id",
            "device_id",
            "ip",
            "txn_id",
        ),
        why=TextPair(
            en=(
                "no clock times or identifiers are given; the table's offsets are kept around an "
                "invented half past ten on 2022-04-20"
            ),
            zh="原文无时间与标识；按规定的时间偏移，以虚构的2022-04-20 10:30为到行时刻",
        ),
    ),
    Assumption(
        events=("history",),
        fields=("*",),
        why=TextPair(
            en=(
                "400 quiet days so that profiles exist: pension, cash, small purchases, no "
                "foreign currency"
            ),
            zh="为形成画像而虚构的400天平静历史：养老金、取现、小额消费，无购汇",
        ),
    ),
    Assumption(
        events=("*",),
        fields=(
            "customer_segment",
            "customer_type",
            "customer_region_code",
            "customer_tenure_days",
            "account_class",
            "account_age_days",
            "declared_monthly_income_minor",
            "home_outlet_code",
            "customer_id",
            "account_id",
        ),
        why=TextPair(en="only her age and the branch are known", zh="仅知年龄与网点"),
    ),
    Assumption(
        events=(
            "call-begins",
            "screen-shared",
            "login",
            "code-issued",
            "code-verified",
            "fx-convert",
            "balance-message",
            "payee-added",
            "remittance-tried",
            "sharing-ended",
        ),
        fields=(
            "call_active",
            "call_seconds",
            "screen_share",
            "risky_app",
            "app_name",
            "remote_control",
            "accessibility_service",
            "active",
            "login_method",
            "otp_channel",
            "elapsed_ms",
            "result",
        ),
        why=TextPair(
            en="the live stream and the disclosed code are known, the device signals are assumed",
            zh="直播与验证码泄露为已知，设备信号为假设",
        ),
    ),
    Assumption(
        events=("fx-convert", "fx-back", "remittance-tried", "lead"),
        fields=(
            "amount_minor",
            "amount_base_minor",
            "payer_balance_before_minor",
            "payer_balance_after_minor",
            "payee_balance_before_minor",
            "payee_balance_after_minor",
            "payer_account",
            "payee_account",
            "payer_customer_id",
            "payee_customer_id",
            "payer_bank_code",
            "payer_region_code",
            "payee_type",
            "rail",
            "currency",
            "teller_id",
            "label",
            "source",
            "subject_event_id",
            "subject_occurred_at_us",
        ),
        why=TextPair(
            en="no amounts are given; 86,000 yuan, more than 95 % of the balance",
            zh="原文无金额；设为8.6万元，占余额95%以上",
        ),
    ),
    Assumption(
        events=("payee-added", "remittance-tried"),
        fields=("payee_account", "payee_bank_code", "payee_country_code", "event_type", "txn_type"),
        why=TextPair(
            en="further instructions are known, their content is assumed",
            zh="后续指令为已知，内容为假设",
        ),
    ),
    Assumption(
        events=("branch-inquiry", "protected"),
        fields=(
            "teller_id",
            "note",
            "staff_id",
            "control_id",
            "control_type",
            "operation",
            "result",
            "customer_present",
            "target_customer_id",
            "target_account",
        ),
        why=TextPair(
            en="the inquiry is known; the control is a step of the product",
            zh="查询为已知；管控为产品步骤",
        ),
    ),
)
_OUTWARD = (
    Expectation(event="payee-added", least="HOLD", actions=("CALL",)),
    Expectation(event="remittance-tried", least="BLOCK"),
)
CRITERIA = (
    Criterion(
        id="AS-1(a)",
        expects=(
            Expectation(
                event="fx-convert", least="HOLD", actions=("CALL",), typologies=("B04", "C13")
            ),
        ),
        text=TextPair(
            en="at the conversion B04 and C13 fire; the answer is a hold with an outbound call",
            zh="购汇时B04与C13命中，结果为挂起并外呼",
        ),
    ),
    Criterion(
        id="AS-1(a-otp)",
        expects=tuple(
            Expectation(event=event, least="BLOCK", typologies=("B04",))
            for event in ("code-issued", "code-verified")
        ),
        text=TextPair(
            en="the one-time code path is refused while the screen is shared",
            zh="屏幕共享期间拒绝短信验证码路径",
        ),
    ),
    Criterion(
        id="AS-1(b)",
        expects=_OUTWARD,
        text=TextPair(
            en=(
                "any further outward event in the session is blocked, and the payee for it is "
                "not added"
            ),
            zh="会话内后续任何转出均被阻断，新增收款人亦被挂起",
        ),
    ),
    Criterion(
        id="AS-1(c)",
        needs="edges/console",
        text=TextPair(
            en=(
                "one branch page shows net worth by currency with a staging badge and the last "
                "60 minutes of device signals"
            ),
            zh="网点一页可见分币种净值、“转存滞留”标识与近60分钟设备信号",
        ),
    ),
    Criterion(
        id="AS-1(d)",
        needs="response/controls",
        text=TextPair(
            en="the control is applied in at most 3 clicks and 2 minutes",
            zh="3次点击、2分钟内完成管控",
        ),
    ),
    Criterion(
        id="AS-1(e)",
        needs="response/cases",
        text=TextPair(
            en="the reversal is booked as saved and the lead carries evidence",
            zh="冲回计为挽回，线索附证据",
        ),
    ),
    Criterion(
        id="AS-1(f)",
        needs="response/controls (notices)",
        text=TextPair(
            en="the customer's notice carries reason and appeal route",
            zh="客户告知书载明原因与申诉途径",
        ),
    ),
)
