"""What the pages say, in both languages."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["en", "zh"]

HTML_LANGUAGE: dict[Language, str] = {"en": "en", "zh": "zh-CN"}
"""The language as HTML and HTTP name it."""

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("Haitang 海塘 · live demo", "海塘 Haitang · 实时演示"),
    "name": ("Haitang 海塘", "海塘 Haitang"),
    "what": (
        "Every event of an invented bank, decided over HTTP before the money moves.",
        "虚构银行的每一个事件，在资金转出之前经 HTTP 逐一决策。",
    ),
    "skip": ("Skip to the figures", "跳到数据"),
    "language": ("Language", "语言"),
    "pause": ("Pause", "暂停"),
    "resume": ("Resume", "继续"),
    "lost": ("connection lost, trying again …", "连接中断，正在重试……"),
    "phase.waiting": ("starting", "正在启动"),
    "phase.catching_up": ("building the profiles", "正在形成画像"),
    "phase.watched": ("live", "实时"),
    "phase.ended": ("the day has ended", "播放结束"),
    "phase.interrupted": ("ended early", "提前结束"),
    "waiting": ("The first events are on their way …", "首批事件即将到达……"),
    "progress": ("{events} of {total} events", "{events} / {total} 个事件"),
    "progress.open": ("{events} events", "{events} 个事件"),
    "figures": ("Figures", "概览"),
    "rate": ("events a second", "每秒事件"),
    "so_far": ("{events} so far", "累计 {events} 个"),
    "answer": ("time to answer", "应答时间"),
    "median": ("median of the latest requests", "最近请求的中位数"),
    "milliseconds": ("{value} ms", "{value} 毫秒"),
    "at_risk": ("money at risk", "涉险金额"),
    "stopped": ("of it kept back", "其中拦下"),
    "share": ("{share}, before it left", "{share}，在转出之前"),
    "acted": ("acted on", "已处置"),
    "of_events": ("{share} of all events", "占全部事件 {share}"),
    "requested": ("in payments that were hit", "命中的支付请求金额"),
    "throughput": ("Events a second", "每秒事件"),
    "throughput.said": (
        "Events a second over the last {seconds} s: now {now}, at most {most}.",
        "最近 {seconds} 秒的每秒事件：当前 {now}，最高 {most}。",
    ),
    "actions.said": (
        "Actions over the last {seconds} s: {asked} asked, {delayed} delayed, {stopped} stopped.",
        "最近 {seconds} 秒的处置：提醒或核验 {asked}，延迟 {delayed}，拦截 {stopped}。",
    ),
    "interventions": ("Actions", "处置"),
    "bar": ("a bar is {seconds} s", "每柱 {seconds} 秒"),
    "asked": ("warned or verified", "提醒或核验"),
    "delayed": ("delayed or limited", "延迟或限额"),
    "held": ("held or blocked", "挂起或阻断"),
    "ago": ("{seconds} s ago", "{seconds} 秒前"),
    "now": ("now", "现在"),
    "end": ("end", "结束"),
    "by_action": ("By action", "按处置"),
    "action": ("action", "处置"),
    "count": ("events", "事件数"),
    "none_yet": ("none yet", "暂无"),
    "stories": ("Three true stories among them", "其中的三个真实故事"),
    "steps": ("{done} of {all} events", "{done} / {all} 个事件"),
    "criteria": ("{met} of {checkable} criteria met", "{checkable} 项条件已满足 {met} 项"),
    "criteria.waiting": (
        "{waiting} more wait for rooms that are not built yet",
        "另有 {waiting} 项待相应模块建成",
    ),
    "step.open": ("not yet", "未到"),
    "latest": ("Latest hits", "最新命中"),
    "time": ("time", "时刻"),
    "typology": ("type", "类型"),
    "reason": ("why", "原因"),
    "amount": ("amount", "金额"),
    "said": (
        "{clock}: {events} events decided, {acted} acted on, {stopped} of {risk} kept back.",
        "{clock}：已决策 {events} 个事件，处置 {acted} 个，涉险 {risk}，已拦下 {stopped}。",
    ),
    "said.ended": ("The demo has ended. {figures}", "演示已结束。{figures}"),
    "service": ("The service behind it", "背后的服务"),
    "invented": (
        "Everything here is invented; the three stories follow published cases.",
        "此处一切均为虚构；三个故事依据公开案例。",
    ),
    "how_to_end": (
        "Ctrl-C in the terminal ends the demo.",
        "在终端按 Ctrl-C 结束演示。",
    ),
    "no_such_page": ("There is no such page.", "没有此页面。"),
    "too_many": (
        "Too many readers watch already; try again soon.",
        "观看者过多，请稍后再试。",
    ),
}


def say(language: Language, name: str, /, **values: object) -> str:
    """Return the text called `name` with its placeholders filled; nothing is escaped here."""
    en, zh = TEXTS[name]
    text = zh if language == "zh" else en
    return text.format(**values) if values else text


_RANGE = re.compile(
    r"^\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]{1,32})?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$"
)


def language_of(*, asked: str, accepted: str) -> Language:
    """Choose the language: `?language=` if it names one we speak, else by `Accept-Language`."""
    if asked.lower().startswith("zh"):
        return "zh"
    if asked.lower().startswith("en"):
        return "en"
    best: tuple[float, Language] = (0.0, "en")
    for part in accepted[:512].split(","):
        found = _RANGE.match(part)
        if found is None:
            continue
        name, weight = found[1].lower(), float(found[2] or 1)
        if weight > best[0] and name in ("zh", "en"):
            best = weight, "zh" if name == "zh" else "en"
    return best[1]
