"""Texts of `haitang bench`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "bench.help": (
        """Measure on this machine. The benchmarks live in the folder `bench` of the repository
and are not part of the installed package: run this inside a checkout, or name the
checkout with --repository.""",
        """在本机测量性能。基准程序位于代码库的 `bench` 目录，不随软件包安装：请在代码库内运行，或用
        --repository 指明代码库。""",
    ),
    "bench.examples": (
        """haitang bench engine
haitang bench serve --json serve.json
haitang bench recovery --quick""",
        """haitang bench engine
haitang bench serve --json serve.json
haitang bench recovery --quick""",
    ),
    "bench.engine.short": (
        "Events per second of the engine, and ratios against peers measured in the same run.",
        "引擎每秒处理的事件数，以及同次运行中与同类的比值。",
    ),
    "bench.engine.help": (
        """Measure the engine: events per second and core, ratios to DuckDB, Polars and pure
Python on the same features with outputs compared, trees against LightGBM, one event
per call, publishing, memory per key.

Everything after the command is handed to `bench/engine.py`; `haitang bench engine --
--help` shows what it takes. The exit code is 4 when a bar was missed.""",
        """测量引擎：每核每秒事件数；在相同指标且核对输出的前提下与 DuckDB、Polars、纯 Python 的
比值；树模型与 LightGBM 的对比；单事件调用；发布策略；每键内存。

命令之后的参数原样交给 `bench/engine.py`；`haitang bench engine -- --help` 显示其参
数。未达到门槛时退出码为 4。""",
    ),
    "bench.engine.examples": (
        """haitang bench engine
haitang bench engine --json engine.json""",
        """haitang bench engine
haitang bench engine --json engine.json""",
    ),
    "bench.serve.short": (
        "Durable decisions per second over HTTP, latency, hot accounts, publishing under load.",
        "经 HTTP 的持久化决策吞吐、时延、热点账户，以及负载下的发布。",
    ),
    "bench.serve.help": (
        """Measure the decision service on this machine, load generator included: durable decisions
per second, one a request and in batches of 64; latency at 1,000 a second beside a bare
fdatasync of the same run; one hot account behind a short and a long history; publishing
600 policies under load. With --soak MINUTES it goes on at 70 % of the maximum and draws
memory and latency.

Everything after the command is handed to `bench/serve.py`; `haitang bench serve -- --help`
shows what it takes. Services run on free ports of this machine in a temporary folder, or
in the one named with --folder. The exit code is 4 when a bar was missed.""",
        """在本机测量决策服务（含负载发生器）：每秒持久化决策数，分单条请求与 64 条一批；
每秒 1,000 条时的时延，并与同次运行中单独的 fdatasync 对照；同一热点账户在短历史与长历史之后的时延；
负载下发布 600 条策略。加 --soak 分钟数则以最大吞吐的 70 % 持续运行，并画出内存与时延。

命令之后的参数原样交给 `bench/serve.py`；`haitang bench serve -- --help` 显示其参数。服务
使用本机空闲端口，数据放在临时目录或 --folder 指明的目录。未达到门槛时退出码为 4。""",
    ),
    "bench.serve.examples": (
        """haitang bench serve --quick
haitang bench serve --json serve.json --soak 30""",
        """haitang bench serve --quick
haitang bench serve --json serve.json --soak 30""",
    ),
    "bench.recovery.short": (
        "Seconds to the first decision after a restart, and what kill -9 leaves behind.",
        "重启到首个决策的秒数，以及 kill -9 之后的完整性。",
    ),
    "bench.recovery.help": (
        """Measure recovery on this machine: seconds from a start to the first decision with 1.5
million keys, with a snapshot and without; then kill the service under load 200 times and
hold every answer against the journal and against an uninterrupted run: none may be lost,
changed or doubled.

Everything after the command is handed to `bench/recovery.py`; `haitang bench recovery --
--help` shows what it takes. The exit code is 4 when a bar was missed.""",
        """在本机测量恢复能力：150 万个键时，从启动到首个决策的秒数，分有快照与无快照；然后在负载下
kill -9 服务 200 次，把每个答复与日志、与一次不间断的运行核对：不得丢失、改变或重复。

命令之后的参数原样交给 `bench/recovery.py`；`haitang bench recovery -- --help` 显示其参
数。未达到门槛时退出码为 4。""",
    ),
    "bench.recovery.examples": (
        """haitang bench recovery --quick
haitang bench recovery --json recovery.json""",
        """haitang bench recovery --quick
haitang bench recovery --json recovery.json""",
    ),
    "bench.option.json": ("Also write all figures as JSON.", "另将全部数据写成 JSON。"),
    "bench.option.repository": (
        "Checkout that holds `bench`; default the one this runs from.",
        "含 `bench` 目录的代码库；默认为当前运行所在的代码库。",
    ),
}
