"""Texts of `haitang backtest`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "backtest.short": (
        "Say what a pack would have meant on a stream.",
        "回测：策略包在一段历史事件上会有什么效果。",
    ),
    "backtest.help": (
        """Say what a pack would have meant on a stream: alerts a day, customers disturbed, hours of
work, money stopped; with labels also precision and recall by typology.

The first run decides everything and keeps it. When only policies changed since, the next
run asks about those alone, in seconds, and comes to the same decisions bit by bit.
Drafts are tried as if in shadow; counts are before friction budgets. Nothing is published.""",
        """说明策略包在一段事件上的效果：每日预警、被打扰的客户、人工工时、拦截金额；有标签时还有分类型的精确率和召回率。

首次运行对全部事件作出决策并保存。此后如只改动策略，再次运行只重算改动部分，数秒完成，
结果与全量运行逐位一致。草稿按影子状态试算；计数未扣除打扰额度。回测不会发布任何内容。""",
    ),
    "backtest.examples": (
        """haitang lab generate --out lab                                events and labels to try on
haitang backtest packs/bank --events lab/events.parquet --labels lab/labels.parquet
haitang backtest packs/bank --events lab/events.parquet \\
  --sweep c14_break_and_send.least_staged=5000:50000:10 --chart curve.svg""",
        """haitang lab generate --out lab                                生成事件与标签
haitang backtest packs/bank --events lab/events.parquet --labels lab/labels.parquet
haitang backtest packs/bank --events lab/events.parquet \\
  --sweep c14_break_and_send.least_staged=5000:50000:10 --chart curve.svg""",
    ),
    "backtest.option.events": (
        "The stream: JSON Lines, CSV or Parquet.",
        "事件：JSON Lines、CSV 或 Parquet。",
    ),
    "backtest.option.labels": ("Which events belonged to a fraud.", "哪些事件属于欺诈。"),
    "backtest.option.mapping": ("How foreign columns map to events.", "外部列到事件字段的映射。"),
    "backtest.option.keep": ("Where runs are kept.", "运行结果保存目录。"),
    "backtest.option.minutes": ("Of a person's time for an alert.", "每条预警的人工处理分钟数。"),
    "backtest.option.live": (
        "Try this policy as if it were live; repeatable.",
        "将该策略按已上线试算；可重复。",
    ),
    "backtest.option.near": (
        "Show events above the line of this policy, and those just below it; repeatable.",
        "展示该策略阈值线上、线下的事件；可重复。",
    ),
    "backtest.line": ("{instance}, above and below the line", "{instance} 阈值上下"),
    "backtest.above": ("above: {events} hits{condition}", "线上：命中 {events}{condition}"),
    "backtest.below": (
        "below: {events} more events if {condition}",
        "线下：若 {condition}，另有 {events} 个事件",
    ),
    "backtest.labelled": (", {events} of labelled frauds", "，其中已标注欺诈 {events}"),
    "backtest.option.sweep": (
        "policy.parameter=from:to:steps; repeatable.",
        "策略.参数=起:止:步数；可重复。",
    ),
    "backtest.option.chart": ("Draw the sweeps as SVG.", "将扫描结果绘成 SVG。"),
    "backtest.option.json": (
        "Write the report; `-` for the terminal only.",
        "写出报告；`-` 表示只输出到终端。",
    ),
    "backtest.tried_live": ("Tried as live: {policies}", "按已上线试算：{policies}"),
    "backtest.refused": ("Rows that were no events: {rows}", "无法识别为事件的行：{rows}"),
    "backtest.duplicates": (
        "Events that stood in the file before: {rows}; the first one counts",
        "文件中重复的事件：{rows}；以首次出现为准",
    ),
    "backtest.title": (
        "{pack} {version} on {events} events over {days} days, {customers} customers",
        "{pack} {version}：{events} 个事件，{days} 天，{customers} 位客户",
    ),
    "backtest.way.first": (
        "first run: everything was decided and kept",
        "首次运行：全部决策并保存",
    ),
    "backtest.way.kept": (
        "nothing that decides had changed: this is what was kept",
        "决策内容无改动：以下为已保存的结果",
    ),
    "backtest.way.changed": (
        "{changed} changed instances were asked again; {affected} events affected",
        "重算 {changed} 个改动的实例；影响 {affected} 个事件",
    ),
    "backtest.way.whole": (
        "everything was decided again, because {reason} changed",
        "已全量重算，因为{reason}有改动",
    ),
    "backtest.reason.features": ("features", "特征"),
    "backtest.reason.surroundings": (
        "the table, lists, tiers or calendar",
        "策略表、名单、分级或日历",
    ),
    "backtest.reason.models": ("models take part, so that more", "有模型参与，相关内容"),
    "backtest.reason.fields": ("the fields that are read", "所读字段"),
    "backtest.column.before": ("before", "之前"),
    "backtest.column.now": ("now", "现在"),
    "backtest.column.typology": ("typology", "类型"),
    "backtest.column.stories": ("stories", "案件"),
    "backtest.column.caught": ("caught", "识别"),
    "backtest.column.value": ("value", "金额"),
    "backtest.column.at": ("at", "取值"),
    "backtest.column.hits": ("hits", "命中"),
    "backtest.column.customers": ("customers a day", "每日客户"),
    "backtest.row.alerts": ("alerts a day", "每日预警"),
    "backtest.row.disturbed": ("disturbed of 10,000 customers a day", "每日每万客户被打扰"),
    "backtest.row.person": ("alerts for a person", "需人工处理的预警"),
    "backtest.row.hours": ("hours of work a day", "每日人工工时"),
    "backtest.row.stopped": ("money held or refused", "暂停或拒绝的金额"),
    "backtest.row.precision": ("precision", "精确率"),
    "backtest.row.recall": ("recall of stories", "案件召回率"),
    "backtest.row.value": ("recall of value", "金额召回率"),
    "backtest.by.channel": ("by channel", "按渠道"),
    "backtest.by.segment": ("by segment", "按客群"),
    "backtest.by.action": ("by action", "按处置"),
    "backtest.hits": ("Hits", "命中"),
    "backtest.samples": ("Some events that end otherwise", "结果改变的部分事件"),
    "backtest.line.hits": ("hits (most {most})", "命中（最多 {most}）"),
    "backtest.line.customers": ("customers a day (most {most})", "每日客户（最多 {most}）"),
    "backtest.line.stories": ("stories (most {most})", "案件（最多 {most}）"),
}
