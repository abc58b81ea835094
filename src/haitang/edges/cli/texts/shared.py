"""Texts that belong to no single command."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "interrupted": ("interrupted", "已中断"),
    "out_of_memory": (
        "the memory was not enough; try a smaller `--block`, or a machine with more memory",
        "内存不足；请减小 `--block`，或换用内存更大的机器",
    ),
    "heading.usage": ("Usage:", "用法："),
    "heading.commands": ("Commands:", "命令："),
    "heading.options": ("Options:", "选项："),
    "heading.examples": ("Examples:", "示例："),
    "help.required": ("[required]", "[必填]"),
    "help.range": ("[{low} to {high}]", "[{low} 至 {high}]"),
    "option.help": ("Show this page and exit.", "显示本页后退出。"),
    "option.version": ("Show the version and exit.", "显示版本后退出。"),
    "option.language": (
        "Language of everything said to you; default from HAITANG_LANGUAGE or the locale.",
        "界面语言；默认取自 HAITANG_LANGUAGE 或系统区域设置。",
    ),
    "usage.no_such_option": ("there was no option {option}", "没有选项 {option}"),
    "usage.no_such_command": ("there was no command {command}", "没有命令 {command}"),
    "usage.no_command": ("no command was named", "没有指定命令"),
    "usage.missing": ("{name} was missing", "缺少 {name}"),
    "usage.bad_value": ("{name} was refused: {reason}", "{name} 不被接受：{reason}"),
    "usage.needs_value": ("the option {option} needs a value", "选项 {option} 需要一个值"),
    "usage.takes_no_value": ("the option {option} takes no value", "选项 {option} 不带值"),
    "usage.too_many": ("there were more arguments than expected", "参数过多"),
    "usage.expected_choice": ("expected one of {choices}", "应为 {choices} 之一"),
    "usage.expected_number": (
        "expected a whole number from {low} to {high}",
        "应为 {low} 到 {high} 的整数",
    ),
    "usage.see_help": ("see `{command} --help`", "参见 `{command} --help`"),
    "engine.preparing": (
        "preparing the engine; this takes a while the first time and is kept for the next …",
        "正在准备引擎；首次需要一些时间，之后使用缓存……",
    ),
    "progress.title": ("Replaying", "回放中"),
    "progress.events": ("{count} events", "{count} 个事件"),
    "progress.line": ("replaying: {share}, {count} events", "回放中：{share}，{count} 个事件"),
    "haitang.help": (
        """Haitang 海塘 decides on a bank's events before the money moves, and explains
every decision.

Every event goes through one engine: exact sliding-window features, policies, models,
one explained decision. What you replay from a file is decided exactly as it would be
live.

New here? Run `haitang demo`, then `haitang explain out/demo/decisions.jsonl`.""",
        """海塘在资金转出之前对银行的每一个事件作出决策，并解释每一个决策。

所有事件都经过同一个引擎：精确的滑动窗口指标、策略、模型，最后得到一个可解释的决策。从
文件回放的结果与实时决策完全一致。

初次使用？先运行 `haitang demo`，再运行 `haitang explain out/demo/decisions.jsonl`。""",
    ),
    "haitang.examples": (
        """haitang demo                                            watch a bank's day being decided
haitang check packs/bank                                check a pack and run its policy tests
haitang replay events.jsonl --pack packs/bank --decisions decisions.jsonl
haitang explain decisions.jsonl E-1042                  why was this decided?
haitang --language zh demo                              in Chinese""",
        """haitang demo                                            观看银行的一天如何被逐一决策
haitang check packs/bank                                检查策略包并运行策略测试
haitang replay events.jsonl --pack packs/bank --decisions decisions.jsonl
haitang explain decisions.jsonl E-1042                  为什么这样决策？
haitang --language en demo                              使用英文""",
    ),
    "demo.short": (
        "Watch a bank's day turn into explained decisions.",
        "观看银行的一天变成可解释的决策。",
    ),
    "replay.short": (
        "Decide a file of events and write the decisions.",
        "对事件文件逐一决策并写出结果。",
    ),
    "explain.short": ("Explain one decision.", "解释一个决策。"),
    "check.short": ("Check a pack and run its policy tests.", "检查策略包并运行策略测试。"),
    "lab.short": (
        "Make synthetic bank days, stories, leak tests.",
        "生成模拟数据、案例故事与泄漏检验。",
    ),
    "bench.short": ("Measure the engine on this machine.", "在本机测量引擎性能。"),
}
