"""Texts of `haitang send`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "send.short": (
        "Send a file of events to a running service.",
        "把事件文件发送到运行中的服务。",
    ),
    "send.help": (
        """Send every event of a file to a running decision service.

EVENTS is JSON Lines, JSON, CSV (with --mapping) or Parquet; `-` reads JSON Lines from
standard input. The service stores and decides each event; an event counts here when it
is durable there.

A bad line is reported by its place, and the others are sent; the exit code is 1 then.
Events that the service knows are counted as repeated, so an interrupted run is simply
started again. When the service cannot be reached the exit code is 2.

The key is best given as HAITANG_KEY: others can read a command line.""",
        """把文件中的每个事件发送到运行中的决策服务。

EVENTS 可以是 JSON Lines、JSON、CSV（配合 --mapping）或 Parquet；`-` 表示从标准输入读取
JSON Lines。服务存储每个事件并作出决策；事件在服务端落盘后才计数。

坏行按位置报告，其余照常发送，此时退出码为 1。服务已有的事件计为重复，因此中断之后重新
运行即可。服务无法访问时退出码为 2。

密钥最好用环境变量 HAITANG_KEY 提供：命令行可被他人看到。""",
    ),
    "send.examples": (
        """haitang send events.jsonl                           to the service on this machine
haitang send day.parquet --url https://haitang.example.com --batch 5000
haitang send cards.csv --mapping cards.yaml         somebody else's columns
haitang send labels.jsonl --outcomes                what became of earlier events""",
        """haitang send events.jsonl                           发送到本机的服务
haitang send day.parquet --url https://haitang.example.com --batch 5000
haitang send cards.csv --mapping cards.yaml         他人格式的列
haitang send labels.jsonl --outcomes                先前事件的结果""",
    ),
    "send.option.url": (
        "Address of the service; default HAITANG_URL, else {value}.",
        "服务的地址；默认取 HAITANG_URL，否则为 {value}。",
    ),
    "send.option.key": ("API key; default HAITANG_KEY.", "API 密钥；默认取 HAITANG_KEY。"),
    "send.option.mapping": (
        "Mapping file (YAML) from the columns of EVENTS to event fields.",
        "把 EVENTS 的列对应到事件字段的映射文件（YAML）。",
    ),
    "send.option.batch": (
        "Events per request. Default 1000.",
        "每个请求的事件数。默认 1000。",
    ),
    "send.option.outcomes": (
        "The events are outcomes: labels, contact results, recoveries, reversals.",
        "发送的是结果事件：标签、外呼结果、资金挽回、冲正。",
    ),
    "progress.send.title": ("Sending", "发送中"),
    "progress.send.events": ("{count} events", "{count} 个事件"),
    "progress.send.line": ("sending: {share}, {count} events", "发送中：{share}，{count} 个事件"),
    "send.accepted": ("events accepted", "已接收事件"),
    "send.repeated": ("known already", "服务已有"),
    "send.refused": ("lines refused", "被拒的行"),
    "send.more_refused": (
        "… and {count} more refused lines",
        "……另有 {count} 个被拒的行",
    ),
    "send.speed": (
        "{seconds} s, {rate} events/s from file to service",
        "用时 {seconds} 秒，从文件到服务每秒 {rate} 个事件",
    ),
    "send.go_on": (
        "run the same command again to go on: what the service has is not taken twice",
        "重新运行同一命令即可继续：服务已有的事件不会重复处理",
    ),
}
