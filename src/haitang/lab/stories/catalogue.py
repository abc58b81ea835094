"""The named stories and how they are woven into a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from haitang.lab.acts import Acts
from haitang.lab.bank import Bank
from haitang.lab.details import Details
from haitang.lab.labels import STORY_STRIDE
from haitang.lab.stories import mules, scams, takeover, trade
from haitang.lab.stories.cast import Cast
from haitang.lab.stories.further import FURTHER
from haitang.lab.stories.kinds import StoryKind, kind
from haitang.lab.vocabulary import TYPOLOGIES

_EARLY = (
    kind("A03", "Organised batch opening", "组织批量开户", trade.batch_opening, 1),
    kind("A04", "One device, many openings", "一机多户", trade.one_phone_openings, 1),
    kind("B01", "Credential stuffing", "撞库", takeover.credential_stuffing),
    kind("B02", "New device, change, transfer", "新设备+敏感变更+转账", takeover.new_device, 4),
    kind("B03", "SIM swap then transfer", "换卡后转账", takeover.card_swap),
    kind("B04", "Screen sharing", "屏幕共享操作", takeover.screen_share, 4),
    kind("B05", "Remote control", "远程控制/无障碍", takeover.remote_control, 3),
    kind("B06", "Transfer during a call", "通话中转账", takeover.during_call, 4),
    kind("B13", "Password-free drain", "免密开通连刷", takeover.password_free, 14),
    kind("C01", "Task rebate", "刷单返利", scams.task_rebate, 6),
    kind("C02", "Fake investment", "虚假投资理财", scams.fake_investment, 4),
    kind("C03", "Fake purchase", "虚假购物服务", scams.fake_purchase, 3),
    kind("C04", "Fake customer service", "冒充电商物流客服", scams.fake_service, 4),
    kind("C05", "Fake loan fee", "虚假贷款", scams.fake_loan, 3),
    kind("C07", "Fake boss or friend", "冒充领导熟人", scams.fake_friend, 3),
    kind("C08", "Fake police", "冒充公检法“安全账户”", scams.fake_police, 3),
    kind("C10", "Game-account trade", "游戏交易诈骗", scams.game_trade),
    kind("C13", "FX staging", "购汇转存滞留", scams.currency_staging, 3),
    kind("C14", "Break deposit and send", "提前支取定期/赎回即转", scams.break_and_send, 3),
    kind("C16", "Cash handover", "线下取现交付", scams.cash_handover, 3),
    kind("C17", "Gold bought and mailed", "购金寄递", scams.gold_by_post, 4),
    kind("C18", "Phishing card binding", "钓鱼绑卡", takeover.phishing_binding, 14),
    kind("D01", "Rapid in-out", "快进快出", mules.rapid, 4),
    kind("D02", "Many-in one-out", "分散入集中出", mules.many_in, 3),
    kind("D03", "One-in many-out", "集中入分散出", mules.many_out),
    kind("D05", "Probe then large", "测试后大额", mules.probe, 3),
    kind("D07", "Dormant suddenly used", "休眠户突启", mules.dormant_woken, 3),
    kind("D08", "New account pass-through", "新户首月过渡", mules.new_account, 3),
    kind("D11", "One device, many accounts", "一机多号操作", mules.one_phone),
    kind("D12", "Counterparty on case list", "收/付方涉案", scams.listed_payee, 4),
    kind("D14", "Score-running", "跑分", mules.score_running, 3),
    kind("E01", "Counter cash-out runner", "柜面取现车手", mules.counter_runner, 3),
    kind("E02", "Multi-outlet relay", "多网点接力", mules.outlet_relay, 3),
    kind("E03", "Maxed ATM runs", "ATM 连续满额", mules.machine_runner),
    kind("E06", "Cash-in to stranger", "现金存入他人", mules.cash_to_stranger),
    kind("F02", "Card testing", "试卡", trade.card_testing, 4),
    kind("G01", "CEO fraud", "冒充领导付款", trade.fake_boss, 3),
    kind("G02", "Invoice redirection", "供应商账号变更", trade.redirected_invoice),
    kind("G12", "Corporate to personal splits", "公转私拆分", trade.firm_to_persons),
    kind("H03", "Gambling collector", "跨境赌博资金", mules.gambling_collector),
    kind("J01", "Repeated look-ups", "反复查询同一账户", trade.curious_colleague, 2),
    kind("J02", "Look-up then payment", "查询不活跃户后异常支付", takeover.look_up_then_drain, 2),
    kind("J03", "Off-hours, bulk, export", "非工作时间/批量/导出", trade.bulk_look_ups, 1),
    kind("K01", "Ring application", "团伙申请", trade.loan_ring, 1),
    kind("K02", "Draw and move", "放款即转", trade.drawn_and_moved),
)
STORIES: dict[str, StoryKind] = {one.typology: one for one in _EARLY + FURTHER}
"""Every story by typology, in the order in which they are woven."""
assert tuple(STORIES) == TYPOLOGIES


def weave(
    rng: np.random.Generator,
    apart: np.random.Generator,
    bank: Bank,
    details: Details,
    stories: Mapping[str, int] | Literal["default"],
    days: tuple[int, int],
) -> tuple[Acts, Acts]:
    """Play the stories so many times each, beginning on days from the first to before the last.

    The early kinds draw from the run's generator. Each further kind draws from a stream of its
    own, spawned from `apart`: another one more changes neither honest life nor the early kinds.
    """
    cast = Cast(rng, bank, details, days)
    counts = default_counts(bank.n) if stories == "default" else stories
    unknown = set(counts) - set(STORIES)
    assert not unknown, f"no story for typologies {sorted(unknown)}"
    streams = [rng] * len(_EARLY) + apart.spawn(len(FURTHER))
    early: Acts | None = None
    for code, (one, stream) in enumerate(zip(STORIES.values(), streams, strict=True)):
        if code == len(_EARLY):
            early = cast.collect()
        cast.rng = stream
        for number in range(min(int(counts.get(one.typology, 0)), STORY_STRIDE)):
            cast.story = code * STORY_STRIDE + number
            one.play(cast)
            if code >= len(_EARLY):
                cast.rest()
    assert early is not None
    return early, cast.collect()


def default_counts(customers: int) -> dict[str, int]:
    """How many frauds of each kind a bank of so many customers meets by default; at least one."""
    return {
        typology: max(1, round(one.usual * customers / 2000)) for typology, one in STORIES.items()
    }
