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
haitang bench engine --json engine.json""",
        """haitang bench engine
haitang bench engine --json engine.json""",
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
    "bench.option.json": ("Also write all figures as JSON.", "另将全部数据写成 JSON。"),
    "bench.option.repository": (
        "Checkout that holds `bench`; default the one this runs from.",
        "含 `bench` 目录的代码库；默认为当前运行所在的代码库。",
    ),
}
