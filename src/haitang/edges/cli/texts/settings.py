"""Texts of `haitang settings`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "settings.short": (
        "Show every setting and where it comes from.",
        "显示每项设置及其来源。",
    ),
    "settings.help": (
        """Show every setting of the service: its value, unit and default, and who said it.

Whoever stands later wins: the default, settings.toml in the data folder (or the file of
--settings), the environment (HAITANG_PORT=8700), the flags of `haitang serve`. A name that
no setting has and a value out of bounds are refused, with the place where they stand.

Exit codes: 0 all is well, 2 a setting was refused.""",
        """显示服务的每项设置：当前值、单位、默认值以及由谁给出。

后者优先：默认值、数据目录中的 settings.toml（或 --settings 指定的文件）、环境变量
（HAITANG_PORT=8700）、`haitang serve` 的选项。未知的名称和超出范围的值会被拒绝，并指出所在位置。

退出码：0 一切正常，2 有设置被拒绝。""",
    ),
    "settings.examples": (
        """haitang settings                               what would hold in ./data
haitang settings --data D                      with the settings.toml of D
haitang settings --settings bank.toml --json   for a program""",
        """haitang settings                               ./data 中将生效的设置
haitang settings --data D                      使用 D 中的 settings.toml
haitang settings --settings bank.toml --json   供程序读取""",
    ),
    "settings.option.data": (
        "The data folder; default from HAITANG_DATA_FOLDER, else ./data.",
        "数据目录；默认取自 HAITANG_DATA_FOLDER，否则为 ./data。",
    ),
    "settings.option.settings": (
        "A settings file, instead of settings.toml in the data folder.",
        "设置文件，代替数据目录中的 settings.toml。",
    ),
    "settings.option.json": ("Write JSON, for a program.", "输出 JSON，供程序读取。"),
    "settings.column.name": ("setting", "设置"),
    "settings.column.value": ("value", "值"),
    "settings.column.unit": ("unit", "单位"),
    "settings.column.default": ("default", "默认"),
    "settings.column.source": ("from", "来源"),
    "settings.column.title": ("meaning", "含义"),
    "settings.source.default": ("default", "默认值"),
}
