"""The named stories and how they are woven into a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
import numpy as np

from haitang.lab.acts import Acts
from haitang.lab.bank import Bank
from haitang.lab.labels import STORY_STRIDE
from haitang.lab.stories import mules, scams, takeover, trade
from haitang.lab.stories.cast import Cast
from haitang.lab.vocabulary import TYPOLOGIES


class StoryKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of fraud that the lab can tell."""

    typology: str
    en: str
    zh: str
    play: Callable[[Cast], None]
    usual: float
    """How many happen by default in a bank of 2,000 customers."""


def _kind(
    typology: str, en: str, zh: str, play: Callable[[Cast], None], usual: float = 2
) -> StoryKind:
    return StoryKind(typology=typology, en=en, zh=zh, play=play, usual=usual)


_KINDS = (
    _kind("A03", "Organised batch opening", "组织批量开户", trade.batch_opening, 1),
    _kind("A04", "One device, many openings", "一机多户", trade.one_phone_openings, 1),
    _kind("B01", "Credential stuffing", "撞库", takeover.credential_stuffing),
    _kind("B02", "New device, change, transfer", "新设备+敏感变更+转账", takeover.new_device, 4),
    _kind("B03", "SIM swap then transfer", "换卡后转账", takeover.card_swap),
    _kind("B04", "Screen sharing", "屏幕共享操作", takeover.screen_share, 4),
    _kind("B05", "Remote control", "远程控制/无障碍", takeover.remote_control, 3),
    _kind("B06", "Transfer during a call", "通话中转账", takeover.during_call, 4),
    _kind("B13", "Password-free drain", "免密开通连刷", takeover.password_free, 14),
    _kind("C01", "Task rebate", "刷单返利", scams.task_rebate, 6),
    _kind("C02", "Fake investment", "虚假投资理财", scams.fake_investment, 4),
    _kind("C03", "Fake purchase", "虚假购物服务", scams.fake_purchase, 3),
    _kind("C04", "Fake customer service", "冒充电商物流客服", scams.fake_service, 4),
    _kind("C05", "Fake loan fee", "虚假贷款", scams.fake_loan, 3),
    _kind("C07", "Fake boss or friend", "冒充领导熟人", scams.fake_friend, 3),
    _kind("C08", "Fake police", "冒充公检法“安全账户”", scams.fake_police, 3),
    _kind("C10", "Game-account trade", "游戏交易诈骗", scams.game_trade),
    _kind("C13", "FX staging", "购汇转存滞留", scams.currency_staging, 3),
    _kind("C14", "Break deposit and send", "提前支取定期/赎回即转", scams.break_and_send, 3),
    _kind("C16", "Cash handover", "线下取现交付", scams.cash_handover, 3),
    _kind("C17", "Gold bought and mailed", "购金寄递", scams.gold_by_post, 4),
    _kind("C18", "Phishing card binding", "钓鱼绑卡", takeover.phishing_binding, 14),
    _kind("D01", "Rapid in-out", "快进快出", mules.rapid, 4),
    _kind("D02", "Many-in one-out", "分散入集中出", mules.many_in, 3),
    _kind("D03", "One-in many-out", "集中入分散出", mules.many_out),
    _kind("D05", "Probe then large", "测试后大额", mules.probe, 3),
    _kind("D07", "Dormant suddenly used", "休眠户突启", mules.dormant_woken, 3),
    _kind("D08", "New account pass-through", "新户首月过渡", mules.new_account, 3),
    _kind("D11", "One device, many accounts", "一机多号操作", mules.one_phone),
    _kind("D12", "Counterparty on case list", "收/付方涉案", scams.listed_payee, 4),
    _kind("D14", "Score-running", "跑分", mules.score_running, 3),
    _kind("E01", "Counter cash-out runner", "柜面取现车手", mules.counter_runner, 3),
    _kind("E02", "Multi-outlet relay", "多网点接力", mules.outlet_relay, 3),
    _kind("E03", "Maxed ATM runs", "ATM 连续满额", mules.machine_runner),
    _kind("E06", "Cash-in to stranger", "现金存入他人", mules.cash_to_stranger),
    _kind("F02", "Card testing", "试卡", trade.card_testing, 4),
    _kind("G01", "CEO fraud", "冒充领导付款", trade.fake_boss, 3),
    _kind("G02", "Invoice redirection", "供应商账号变更", trade.redirected_invoice),
    _kind("G12", "Corporate to personal splits", "公转私拆分", trade.firm_to_persons),
    _kind("H03", "Gambling collector", "跨境赌博资金", mules.gambling_collector),
    _kind("J01", "Repeated look-ups", "反复查询同一账户", trade.curious_colleague, 2),
    _kind("J02", "Look-up then payment", "查询不活跃户后异常支付", takeover.look_up_then_drain, 2),
    _kind("J03", "Off-hours, bulk, export", "非工作时间/批量/导出", trade.bulk_look_ups, 1),
    _kind("K01", "Ring application", "团伙申请", trade.loan_ring, 1),
    _kind("K02", "Draw and move", "放款即转", trade.drawn_and_moved),
)
STORIES: dict[str, StoryKind] = {kind.typology: kind for kind in _KINDS}
"""Every story by typology, in the order in which they are woven."""
assert tuple(STORIES) == TYPOLOGIES


def weave(
    rng: np.random.Generator,
    bank: Bank,
    stories: Mapping[str, int] | Literal["default"],
    days: tuple[int, int],
) -> Acts:
    """Play the stories so many times each, beginning on days from the first to before the last."""
    cast = Cast(rng, bank, days)
    counts = default_counts(bank.n) if stories == "default" else stories
    unknown = set(counts) - set(STORIES)
    assert not unknown, f"no story for typologies {sorted(unknown)}"
    for code, (typology, kind) in enumerate(STORIES.items()):
        for number in range(min(int(counts.get(typology, 0)), STORY_STRIDE)):
            cast.story = code * STORY_STRIDE + number
            kind.play(cast)
    return cast.collect()


def default_counts(customers: int) -> dict[str, int]:
    """How many frauds of each kind a bank of so many customers meets by default; at least one."""
    return {
        typology: max(1, round(kind.usual * customers / 2000)) for typology, kind in STORIES.items()
    }
