"""What was assumed in AS-2, and what the platform must have done about it."""

from __future__ import annotations

from haitang.data.features.specs import TextPair
from haitang.lab.scenarios.criteria import Assumption, Criterion, Expectation

_MONEY = (
    "credit-0901",
    "cash-0901-first",
    "cash-0901-second",
    "credit-70",
    "credit-50",
    "cash-0909",
    "asked-fengmen",
    "asked-shuangyu",
)
ASSUMPTIONS = (
    Assumption(
        events=("*",),
        fields=(
            "occurred_at_us",
            "received_at_us",
            "event_id",
            "txn_id",
            "customer_id",
            "account_id",
            "payer_account",
            "payee_account",
        ),
        why=TextPair(
            en=(
                "days are known, times of day and identifiers are invented; he reaches the "
                "second outlet a little over ten minutes after leaving"
            ),
            zh="日期为已知，时刻与标识为虚构；离开后十余分钟到达第二网点",
        ),
    ),
    Assumption(
        events=("*",),
        fields=(
            "customer_age_years",
            "customer_segment",
            "customer_type",
            "customer_region_code",
            "customer_tenure_days",
            "home_outlet_code",
            "account_class",
            "account_age_days",
            "payee_account_age_days",
        ),
        why=TextPair(
            en="only that he came from Guizhou and that the account had no prior activity is known",
            zh="仅知贵州籍、账户此前无交易",
        ),
    ),
    Assumption(
        events=("history",),
        fields=("*",),
        why=TextPair(
            en="one look at the account a year before, no movement", zh="一年前一次登录，无资金交易"
        ),
    ),
    Assumption(
        events=_MONEY,
        fields=(
            "payer_bank_code",
            "payer_region_code",
            "payer_name_token",
            "payee_bank_code",
            "payee_region_code",
            "payee_type",
            "rail",
            "channel",
            "teller_id",
            "region_code",
            "payer_customer_id",
            "payee_customer_id",
            "currency",
            "amount_base_minor",
            "payer_balance_before_minor",
            "payer_balance_after_minor",
            "payee_balance_before_minor",
            "payee_balance_after_minor",
            "cash",
        ),
        why=TextPair(
            en="the account began at zero; banks of the payers are not given",
            zh="期初余额为零；付款行未给出",
        ),
    ),
    Assumption(
        events=("cash-0901-first", "cash-0901-second", "cash-0909"),
        fields=("amount_minor", "outlet_code", "bank_code"),
        why=TextPair(
            en=(
                'that nothing was left is known, the split over two counters is invented; "other '
                'outlets" may mean other banks, hence two variants'
            ),
            zh="取尽为已知，分两次为虚构；“其他行网点”有歧义，故两种变体",
        ),
    ),
    Assumption(
        events=("credit-70", "credit-50"),
        fields=("amount_minor",),
        why=TextPair(
            en="two credits of 120,000 in total are known; split 70,000 and 50,000",
            zh="两笔共12万元为已知；拆为7万与5万",
        ),
    ),
    Assumption(
        events=("reviewed", "left", "lead", "labelled", "recovered"),
        fields=(
            "teller_id",
            "note",
            "outlet_code",
            "channel",
            "amount_minor",
            "label",
            "source",
            "confidence",
            "result",
        ),
        why=TextPair(
            en="the steps are known, their records are invented", zh="步骤为已知，记录内容为虚构"
        ),
    ),
)
CRITERIA = (
    Criterion(
        id="AS-2(a)",
        expects=(
            Expectation(
                event="cash-0901-first",
                least="WATCH",
                actions=("WATCH", "CV"),
                one_typology=("E01", "D07", "D08"),
            ),
            Expectation(event="cash-0901-second", actions=("WATCH", "CV"), typologies=("E01",)),
        ),
        text=TextPair(
            en=(
                "09-01: E01, D08 or D07 alerts with the first cash-out (within 60 s) and asks "
                "for watch and counter re-verification"
            ),
            zh="09-01：首笔取现即由E01/D08/D07预警（60秒内），关注并强制柜面核身",
        ),
    ),
    Criterion(
        id="AS-2(a-arrival)",
        expects=tuple(
            Expectation(event=event, least="WATCH", typologies=("E01",))
            for event in ("credit-70", "credit-50")
        ),
        text=TextPair(en="the credits of 09-09 are seen on arrival", zh="09-09入账到达即被关注"),
    ),
    Criterion(
        id="AS-2(b)",
        expects=(Expectation(event="cash-0909", least="CV", one_of=("RO", "CV")),),
        text=TextPair(
            en=(
                "09-09: with the withdrawal of 50,000 the customer is receive-only or must "
                "verify at the counter"
            ),
            zh="09-09：取现5万元后客户被只收不付或强制柜面核身",
        ),
    ),
    Criterion(
        id="AS-2(b-broadcast)",
        needs="response/controls (broadcast)",
        text=TextPair(
            en="a broadcast reaches every teller station in the city within 5 s",
            zh="5秒内广播至全市所有柜员终端",
        ),
    ),
    Criterion(
        id="AS-2(c)",
        needs="edges/console",
        text=TextPair(
            en=(
                "at the first refusal the teller screen is red, with the script and a one-key "
                "police record"
            ),
            zh="柜员屏显红、话术提示并可一键报警记录",
        ),
    ),
    Criterion(
        id="AS-2(d)",
        needs="response/controls (broadcast)",
        text=TextPair(
            en="the customer's leaving pushes a location-aware re-broadcast",
            zh="客户离开触发按位置再次广播",
        ),
    ),
    Criterion(
        id="AS-2(e)",
        expects=tuple(
            Expectation(event=event, least="HOLD") for event in ("asked-fengmen", "asked-shuangyu")
        ),
        text=TextPair(
            en="the second outlet is stopped before cash is counted, without a phone call",
            zh="第二网点清点现金前即被拦下，无需电话通知",
        ),
    ),
    Criterion(
        id="AS-2(f)",
        needs="response/cases",
        text=TextPair(en="a lead package is generated within a minute", zh="1分钟内生成线索包"),
    ),
    Criterion(
        id="AS-2(g)",
        # The graph gives policies numbers; listing who stands behind them is a case's work.
        needs="response/cases",
        text=TextPair(
            en="graph expansion lists the payers and links to other accounts",
            zh="图谱扩展列出付款人及关联账户",
        ),
    ),
    Criterion(
        id="AS-2(h)",
        needs="adapters (police platform)",
        text=TextPair(
            en="the payers' banks can be told through the platform (100401, 100405)",
            zh="可经平台通知付款行（100401/100405）",
        ),
    ),
)
