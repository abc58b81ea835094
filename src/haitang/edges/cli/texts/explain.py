"""Texts of `haitang explain`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "explain.help": (
        """Print one decision so that one understands it: what was decided, which policies fired
and why, the values they read and what those were held against, what moved the models,
the legal measure behind each action, and the versions that decided.

DECISIONS is a file that `haitang replay` or `haitang demo` wrote. ID is an event's or
a decision's identifier; without it the decisions with the highest scores are listed.""",
        """打印一个决策并解释清楚：作了什么决策、哪些策略命中及原因、读取了哪些值并与什么相比、模
型分数由什么推动、每个处置动作背后的法定措施，以及作出决策的版本。

DECISIONS 是 `haitang replay` 或 `haitang demo` 写出的文件。ID 是事件或决策的编号；省
略时列出分数最高的决策。""",
    ),
    "explain.examples": (
        """haitang explain out/demo/decisions.jsonl
haitang explain decisions.jsonl E-1042
haitang explain decisions.jsonl E-1042 --zone Asia/Shanghai --language zh""",
        """haitang explain out/demo/decisions.jsonl
haitang explain decisions.jsonl E-1042
haitang explain decisions.jsonl E-1042 --zone Asia/Shanghai --language en""",
    ),
    "explain.option.zone": (
        "Time zone of the instants shown, for example Asia/Shanghai; default UTC.",
        "显示时刻所用的时区，例如 Asia/Shanghai；默认 UTC。",
    ),
    "explain.title": ("Decision {id}", "决策 {id}"),
    "explain.event": ("event", "事件"),
    "explain.time": ("occurred at", "发生时刻"),
    "explain.action": ("action", "处置"),
    "explain.also": ("also", "附加"),
    "explain.tier": ("risk tier", "风险等级"),
    "explain.score_payer": ("score payer", "付款方分数"),
    "explain.score_payee": ("score payee", "收款方分数"),
    "explain.typologies": ("typologies", "风险类型"),
    "explain.degraded": ("degraded", "降级"),
    "explain.spared": ("spared", "免打扰"),
    "explain.hits": ("Why (policies that fired: {count})", "原因（命中策略 {count} 条）"),
    "explain.no_hits": ("No live policy fired.", "没有策略命中。"),
    "explain.shadow_hits": (
        "In shadow, changing nothing (policies that fired: {count})",
        "影子策略命中 {count} 条，不影响决策",
    ),
    "explain.hit_facts": (
        "risk of the {party} · score {score} · {actions}",
        "{party}风险 · 分数 {score} · {actions}",
    ),
    "explain.against": ("against {baseline}", "对比 {baseline}"),
    "explain.policy": ("policy {id}, version {version}", "策略 {id}，版本 {version}"),
    "explain.basis": ("basis {basis}", "依据 {basis}"),
    "explain.models": ("Models", "模型"),
    "explain.model": (
        "{id} {version}, {party}: probability {score}",
        "{id} {version}，{party}：概率 {score}",
    ),
    "explain.contributions": (
        "what moved the score (log-odds; + raises, − lowers)",
        "推动分数的因素（对数几率；+ 升高，− 降低）",
    ),
    "explain.measures": ("Legal measure behind each action", "各处置动作的法定措施"),
    "explain.versions": (
        "decided by pack {pack} {version}, digest {digest}",
        "由策略包 {pack} {version} 决策，摘要 {digest}",
    ),
    "explain.overview": ("Decisions with the highest scores", "分数最高的决策"),
    "explain.overview_next": (
        "explain one: `haitang explain {path} {id}`",
        "解释其中一个：`haitang explain {path} {id}`",
    ),
    "explain.empty": ("{path} held no decision", "{path} 中没有决策"),
    "explain.column.score": ("score", "分数"),
    "explain.column.tier": ("tier", "等级"),
    "explain.column.action": ("action", "处置"),
    "explain.column.event": ("event", "事件"),
}
