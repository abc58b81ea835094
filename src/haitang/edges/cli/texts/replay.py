"""Texts of `haitang replay`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "replay.help": (
        """Decide every event of a file and write one decision per line.

EVENTS is JSON Lines, JSON, CSV (with --mapping) or Parquet, in the order in which the
bank saw the events; `-` reads JSON Lines from standard input. The file is read in
pieces and may be larger than the memory.

A bad line is reported with its number and reason, and the others are decided; the
exit code is 1 then. An event that came before (same event_id) is counted as a
duplicate and not decided again. Output files appear when they are complete: an
interrupted run leaves what was there before.

With --state-out a replay can be continued: --state-in takes up where it ended, to the byte.""",
        """对文件中的每个事件作出决策，每行写出一个决策。

EVENTS 可以是 JSON Lines、JSON、CSV（配合 --mapping）或 Parquet，按银行收到事件的先后
排列；`-` 表示从标准输入读取 JSON Lines。文件分块读取，可以大于内存。

坏行按行号和原因报告，其余照常决策，此时退出码为 1。重复事件（event_id 相同）只计数，
不再决策。输出文件写完才出现：中断的运行不影响原有文件。

使用 --state-out 可以续跑：--state-in 从上次结束处继续，结果逐字节一致。""",
    ),
    "replay.examples": (
        """haitang replay events.jsonl --pack packs/bank --decisions decisions.jsonl
haitang replay day1.parquet --pack packs/bank --decisions d1.jsonl --state-out day1.state
haitang replay day2.parquet --pack packs/bank --decisions d2.jsonl --state-in day1.state
haitang replay cards.csv --mapping cards.yaml --pack packs/bank \\
               --decisions out.jsonl --bad-lines refused.jsonl
haitang replay events.jsonl --pack packs/bank --decisions out.jsonl --features all.parquet""",
        """haitang replay events.jsonl --pack packs/bank --decisions decisions.jsonl
haitang replay day1.parquet --pack packs/bank --decisions d1.jsonl --state-out day1.state
haitang replay day2.parquet --pack packs/bank --decisions d2.jsonl --state-in day1.state
haitang replay cards.csv --mapping cards.yaml --pack packs/bank \\
               --decisions out.jsonl --bad-lines refused.jsonl
haitang replay events.jsonl --pack packs/bank --decisions out.jsonl --features all.parquet""",
    ),
    "replay.option.pack": ("Folder of the pack that decides.", "用来决策的策略包目录。"),
    "replay.option.decisions": (
        "Where the decisions go, JSON Lines; `-` is standard output.",
        "决策写到何处（JSON Lines）；`-` 为标准输出。",
    ),
    "replay.option.features": (
        "Also write every feature value of every event as Parquet.",
        "另将每个事件的全部指标值写成 Parquet。",
    ),
    "replay.option.mapping": (
        "Mapping file (YAML) from the columns of EVENTS to event fields.",
        "把 EVENTS 的列对应到事件字段的映射文件（YAML）。",
    ),
    "replay.option.state_in": (
        "Start from a state that --state-out wrote.",
        "从 --state-out 写出的状态开始。",
    ),
    "replay.option.state_out": ("Write the state at the end.", "结束时写出状态。"),
    "replay.option.bad_lines": (
        "Write every refused line with its reason, JSON Lines.",
        "把每个被拒的行及原因写成 JSON Lines。",
    ),
    "replay.option.base_currency": (
        "Base currency of the bank; default the pack's.",
        "银行的本位币；默认取策略包的设置。",
    ),
    "replay.option.block": (
        "Events per call of the engine; changes the speed, never a decision. Default 4096.",
        "每次交给引擎的事件数；只影响速度，不影响决策。默认 4096。",
    ),
    "replay.more_refused": (
        "… and {count} more refused lines; see all with `--bad-lines FILE`",
        "……另有 {count} 个被拒的行；用 `--bad-lines FILE` 查看全部",
    ),
    "replay.more_refused_kept": (
        "… and {count} more refused lines, all in {path}",
        "……另有 {count} 个被拒的行，全部在 {path} 中",
    ),
    "replay.title": ("Replay with pack {pack} {version}", "回放：策略包 {pack} {version}"),
    "replay.decided": ("events decided", "已决策事件"),
    "replay.refused": ("lines refused", "被拒的行"),
    "replay.duplicates": ("duplicates dropped", "已去除的重复"),
    "replay.with_hits": ("events with a hit", "有命中的事件"),
    "replay.by_action": ("Decisions by action", "按处置动作"),
    "replay.by_typology": ("Events by typology", "按风险类型"),
    "replay.by_shadow": ("Hits of shadow policies (decide nothing)", "影子策略命中（不影响决策）"),
    "replay.speed": (
        "{seconds} s, {rate} events/s from file to file; {engine} events/s inside the engine",
        "用时 {seconds} 秒，从文件到文件每秒 {rate} 个事件；引擎内每秒 {engine} 个事件",
    ),
    "replay.written": ("written: {path}", "已写出：{path}"),
    "replay.next": (
        "next: `haitang explain {path}` lists the decisions with the highest scores",
        "下一步：`haitang explain {path}` 列出分数最高的决策",
    ),
}
