"""The closed word lists of the generator and their codes.

Text columns are carried as small integers until a day is assembled; the lists here turn a code
back into its word. Order is part of the format of a seed: append, never reorder.
"""

from __future__ import annotations

from typing import Final

EVENTS: Final = (
    "TXN_REQUEST", "TXN_POSTED", "TXN_REVERSED", "TXN_IN",
    "LOGIN", "LOGOUT", "LOGIN_FAIL", "SCREEN_SHARE_STATE", "CALL_STATE", "REMOTE_CONTROL_STATE",
    "OTP_ISSUED", "OTP_VERIFIED", "OTP_FAILED", "FACE_CHECK", "VIDEO_CHECK",
    "DEVICE_BIND", "DEVICE_UNBIND", "PASSWORD_RESET", "PHONE_CHANGE", "LIMIT_CHANGE", "PAYEE_ADD",
    "BIND_CARD", "NO_PASSWORD_SIGN", "AGREEMENT_SIGN", "SIM_CHANGE", "CALL_FORWARD_SET",
    "CARD_LOST",
    "CARD_UNLOST", "REMOTE_COUNTER_OP", "SMS_SENT",
    "ACCT_OPEN", "ACCT_CLOSE", "ACCT_UPGRADE", "SEAL_CHANGE", "LEGAL_PERSON_CHANGE", "FX_APPLY",
    "CASH_BOOKING", "LOAN_APPLY", "BRANCH_INQUIRY", "CUSTOMER_LEFT", "COMPLAINT",
    "STAFF_QUERY", "STAFF_OP", "LIST_UPSERT", "CONTROL_CHANGE", "OVERRIDE", "LABEL",
)  # fmt: skip
CHANNELS: Final = (
    "MOBILE", "WEB", "COUNTER", "ATM", "CRM", "POS", "QR", "REMOTE_VIDEO", "PHONE", "CORP_EBANK",
    "BATCH", "OPEN_BANK", "INTERNAL",
)  # fmt: skip
TXNS: Final = (
    "TRANSFER_OWN", "TRANSFER_INTRA", "TRANSFER_INTER", "CASH_DEPOSIT", "CASH_WITHDRAW",
    "CARDLESS_WITHDRAW", "POS", "QR_PAY", "QR_COLLECT", "WALLET_IN", "WALLET_OUT", "FX_BUY",
    "FX_SELL",
    "TERM_BREAK", "FUND_REDEEM", "LOAN_DRAW", "REPAY", "AGENT_PAY", "CROSS_BORDER",
)  # fmt: skip
SEGMENTS: Final = (
    "ORDINARY", "ELDER", "MINOR", "STUDENT", "NEW", "VULNERABLE", "SMALL_FIRM", "FIRM",
)  # fmt: skip
ROLES: Final = (
    "session", "preparation", "probe", "victim_payment", "staging", "mule_credit", "mule_out",
    "cash_out", "bait_credit", "opening", "look_up", "listing",
)  # fmt: skip
"""What an event does in a fraud story."""
TAGS: Final = (
    "payroll", "payroll_agent", "rent", "group_buying", "tuition", "wedding_cash",
    "pension_counter",
    "remittance_home", "new_phone", "currency_for_travel", "currency_for_study", "house_purchase",
    "takings_sweep", "dormant_return", "batch_opening", "complaint_look_ups", "campaign_look_ups",
    "screen_share_help", "savings_sweep", "deal_closing", "night_work", "returned_purchase",
    "accessibility", "travel", "emergency_break", "house_deposit", "quick_pass_on", "cash_run",
    "rent_collector", "family_cardless", "carer", "inheritance", "trader_takings",
    "students_abroad", "firm_opening", "shared_phone", "further_account", "licence_renewal",
    "seal_changed", "capital_injection", "loan_for_purchase", "debt_consolidation", "loan_shopping",
    "family_deposit", "gift_gold", "holiday_cards", "agent_top_ups", "streamer_fan",
    "trade_fair", "club_dues", "firm_settlement", "seasonal_trader", "night_driver",
    "wallet_merchant", "coupons", "family_study", "export_trade",
    "staff_family", "documented_release", "call_centre_override", "lawyer_fee",
    "token_travel", "tablet_and_phone", "instalments", "returned_customer", "supplier_moves",
)  # fmt: skip
"""Why an honest event may look like a fraud."""
WORDS: Final = (
    "PASSWORD", "BIOMETRIC", "GESTURE", "WRONG_PASSWORD", "UNKNOWN_DEVICE", "LOCKED", "SMS", "APP",
    "PASS", "FAIL", "SALARY_ACCOUNT", "SAVINGS", "STUDY", "BUSINESS", "OTHER", "COUNTER_SERVICE",
    "COMPLAINT_HANDLING", "CAMPAIGN", "LOAN_REVIEW", "NONE", "BALANCE_CHANGE", "VERIFICATION_CODE",
    "PIN_RESET", "UNFREEZE", "ADDRESS_CHANGE", "QUERY_BALANCE", "QUERY_STATEMENT",
    "POLICE_PLATFORM",
    "CASE_ACCOUNT", "TRAVEL", "UKEY", "FACE", "PIN", "NO_PASSWORD", "CERTIFICATE",
    "MARKETING", "DEPOSIT_CERTIFICATE",
    "case_accounts", "punished_persons", "deregistered_firms", "expired_licences",
    "enterprise_risk", "related_enterprise_risk", "staff_customers", "staff_family",
    "staff_outside_accounts", "special_prevention_customers", "special_prevention_names",
    "RELEASE", "SET", "NC", "RO", "LIM", "HOLD", "CUSTOMER_INSISTED", "CUSTOMER_DOCUMENTS",
    "LITIGATION", "TAX_ARREARS", "GUARANTOR_DEFAULT", "LICENCE_EXPIRED", "DEREGISTERED",
    "RENEWAL", "SANCTIONS", "STAFF", "OFFICE", "CARD_REPLACEMENT",
)  # fmt: skip
REMARKS: Final = (
    "转账", "工资", "房租", "货款", "学费", "生活费", "还款", "红包", "团购款", "购房款", "首付款",
    "材料款", "服务费", "往来款", "借款", "充值", "会员费", "保证金", "装修款", "礼金", "代发工资",
    "归集", "退款", "订金", "运费", "停车费", "水电费", "理财", "数字服务", "开户", "激活",
    "解冻费",
    "急用 速转", "合同款", "项目保证金", "押金", "货款尾款", "投资款", "备用金", "报销", "劳务费",
    "奖金", "医药费", "聚餐", "房款", "门票", "刷单", "任务款", "还信用卡", "家用",
    "律师费", "保健品", "认购款", "会费", "彩礼", "利息", "分红", "打赏", "话费", "黄金款",
    "设备款", "保险费", "分期", "手续费", "回款", "增资款", "咨询费", "退税", "车款",
)  # fmt: skip
FLAGS: Final = (
    "screen_share", "remote_control", "accessibility_service", "call_active", "emulator", "rooted",
    "proxy", "cloned_app", "urgent", "contract_known", "customer_present", "exported", "screenshot",
    "on_shift", "companion_present", "virtual_camera", "active", "new_payee", "overseas",
    "documents_seen", "phone_on_speaker", "evasive_answers",
)  # fmt: skip
"""Bits of the `flags` column; `new_payee` and `overseas` steer assembly and are no event fields."""

EVENT: Final = {name: code for code, name in enumerate(EVENTS)}
CHANNEL: Final = {name: code for code, name in enumerate(CHANNELS)}
TXN: Final = {name: code for code, name in enumerate(TXNS)}
SEGMENT: Final = {name: code for code, name in enumerate(SEGMENTS)}
ROLE: Final = {name: code for code, name in enumerate(ROLES)}
TAG: Final = {name: code for code, name in enumerate(TAGS)}
WORD: Final = {name: code for code, name in enumerate(WORDS)}
REMARK: Final = {name: code for code, name in enumerate(REMARKS)}
FLAG: Final = {name: 1 << bit for bit, name in enumerate(FLAGS)}

WITH_LOGIN: Final = 1
WITH_CODE: Final = 2
WITH_PAYEE: Final = 4
WITH_FACE: Final = 8
WITH_MESSAGE: Final = 16
"""Bits of the `steps` column: which session events surround an act."""

TYPOLOGIES: Final = (
    "A03", "A04", "B01", "B02", "B03", "B04", "B05", "B06", "B13", "C01", "C02", "C03", "C04",
    "C05",
    "C07", "C08", "C10", "C13", "C14", "C16", "C17", "C18", "D01", "D02", "D03", "D05", "D07",
    "D08", "D11",
    "D12", "D14", "E01", "E02", "E03", "E06", "F02", "G01", "G02", "G12", "H03", "J01", "J02",
    "J03", "K01", "K02",
    "A01", "A02", "A05", "A06", "A07", "A08", "A09", "A10", "A12", "B07", "B08", "B09", "B10",
    "B11", "B12", "B14", "B15", "B16", "C06", "C09", "C11", "C12", "C15", "C19", "C20", "D04",
    "D06", "D09", "D10", "D13", "D15", "D16", "D17", "D18", "D19", "D20", "D21", "D22", "E04",
    "E05", "E07", "E08", "F01", "F03", "F04", "F05", "F06", "F07", "F08", "F09", "F10", "G03",
    "G04", "G05", "G06", "G07", "G08", "G09", "G10", "G11", "G13", "G14", "G15", "G16", "G17",
    "H01", "H02", "H04", "H05", "H06", "H07", "H08", "I03", "I04", "I05", "I06", "I07", "I08",
    "I09", "I10", "I11", "J04", "J05", "J06", "J07", "J08", "K03", "K04", "K05", "K06",
)  # fmt: skip
"""Typologies of which the lab tells a story, in the order of their story numbers."""


def bits_of(names: str) -> int:
    """Combine flag names separated by spaces into one number."""
    return sum(FLAG[name] for name in names.split())
