"""The action vocabulary (domain §5.1): what can be done about an event, how strict it is, and on
which legal measure.
"""

from __future__ import annotations

import msgspec

from haitang.data.features.specs import TextPair


class ActionSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One action: its name in both languages, and the measure it stands on with its legal basis."""

    code: str
    title: TextPair
    measure: TextPair
    basis: str
    primary: bool = True


def _action(
    code: str, en: str, zh: str, measure_en: str, measure_zh: str, basis: str, primary: bool = True
) -> ActionSpec:
    return ActionSpec(
        code=code,
        title=TextPair(en=en, zh=zh),
        measure=TextPair(en=measure_en, zh=measure_zh),
        basis=basis,
        primary=primary,
    )


_VERIFY = ("verify the transaction", "核实交易", "反电信网络诈骗法 §18")
_REIDENTIFY = ("verify identity again", "重新核验身份", "反电信网络诈骗法 §18")
_DELAY = ("delay settlement", "延迟支付结算", "反电信网络诈骗法 §18")
_RESTRICT = ("restrict or suspend business", "限制或者中止有关业务", "反电信网络诈骗法 §18")
_ORDER = ("assist the authority", "依法配合", "反电信网络诈骗法 §20")
_REFUSE = ("refuse opening", "拒绝开户", "反电信网络诈骗法 §16")
_PUNISH = ("joint punishment", "联合惩戒", "反电信网络诈骗法 §31")
_REPORT = ("report", "上报", "银发〔2016〕261号")
_SUSPECT = ("report", "报告", "反洗钱法 §35")
_LEAD = ("cooperate", "配合", "反电信网络诈骗法 §20")

ACTIONS: tuple[ActionSpec, ...] = (
    _action("PASS", "pass", "放行", "none", "无", ""),
    _action("WATCH", "watch", "关注名单", *_VERIFY),
    _action("TIP", "risk tip", "风险提示", *_VERIFY),
    _action("ACK", "confirmation", "确认勾选", *_VERIFY),
    _action("EDU", "fraud lesson", "防骗学习", *_VERIFY),
    _action("OTP", "text-message code", "短信验证", *_REIDENTIFY),
    _action("FACE", "face check", "人脸核身", *_REIDENTIFY),
    _action("SIGN", "digital certificate", "数字证书验证", *_REIDENTIFY),
    _action("VID", "video check", "远程视频核身", *_REIDENTIFY),
    _action("DELAY", "delayed arrival", "延迟到账", *_DELAY),
    _action("LIM", "lower limits", "限额限频", *_RESTRICT),
    _action("CV", "verification at the counter", "强制柜面核身", *_REIDENTIFY),
    _action("HOLD", "hold for a person", "挂起待核", *_DELAY),
    _action("NC", "counter only", "暂停非柜面", *_RESTRICT),
    _action("RO", "receive only", "只收不付", *_RESTRICT),
    _action("PROT", "protective stop", "保护性止付", *_RESTRICT),
    _action("BLOCK", "block this transaction", "阻断本笔", *_RESTRICT),
    _action("REJ", "refuse opening", "拒绝开户", *_REFUSE),
    _action("STOP48", "police stop, 48 hours", "紧急止付", *_ORDER),
    _action("FRZ", "freeze", "冻结", *_ORDER),
    _action("PUN", "joint punishment", "联合惩戒限制", *_PUNISH),
    _action("ALLSUSP", "all business suspended", "涉案账户中止全部业务", *_ORDER),
    _action("CALL", "outbound call", "外呼核实", *_VERIFY, primary=False),
    _action("REP", "report to the platform", "平台上报", *_REPORT, primary=False),
    _action("STR", "suspicious transaction report", "可疑交易报告", *_SUSPECT, primary=False),
    _action("LEAD", "lead to the police", "移送线索", *_LEAD, primary=False),
)
"""Mildest first; the further actions, which have no strictness, at the end."""

RANK: dict[str, int] = {action.code: i for i, action in enumerate(ACTIONS)}
"""Position in `ACTIONS`: the strictness of a primary action, and the bit of any action in a set."""
PRIMARY: tuple[str, ...] = tuple(action.code for action in ACTIONS if action.primary)
FURTHER: tuple[str, ...] = tuple(action.code for action in ACTIONS if not action.primary)


def action_bits(codes: tuple[str, ...]) -> int:
    """Return the set of actions as bits."""
    bits = 0
    for code in codes:
        bits |= 1 << RANK[code]
    return bits
