"""Texts of `haitang lists`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "lists.short": ("Load lists into a running service.", "向运行中的服务加载名单。"),
    "lists.help": (
        """Lists say which accounts, phones or customers are known: case, punishment, grey, watch
and allow lists of millions of entries. Each entry holds from an instant on, and until another if it
expires; every change is an event, so what a list said at any instant can be asked for ever.""",
        """名单记录已知的账号、电话或客户：涉案、惩戒、灰、关注和白名单，可达数百万条。每条自某一时刻
起生效，可有失效时刻；每次变更都是一个事件，因此任何时刻名单的内容都可以查询。""",
    ),
    "lists.examples": (
        """haitang lists template > case.csv
haitang lists load case.csv --list case_accounts --key @lists.key
haitang lists show case_accounts 6222020000000000001 --key @lists.key""",
        """haitang lists template > case.csv
haitang lists load case.csv --list case_accounts --key @lists.key
haitang lists show case_accounts 6222020000000000001 --key @lists.key""",
    ),
    "progress.lists.title": ("Loading", "加载中"),
    "progress.lists.events": ("{count} rows", "{count} 行"),
    "progress.lists.line": ("loading: {share}, {count} rows", "加载中：{share}，{count} 行"),
    "lists.load.short": ("Load a file of entries.", "加载名单文件。"),
    "lists.load.help": (
        """Send every row of FILE (CSV, JSON Lines, JSON or Parquet) to the service as a change of a
list. The columns are those of `haitang lists template`; only `list_value` is needed. A bad row is
reported with its line and the others are loaded; the exit code is then 1.

Rows that do not say when they take effect do so when the file was last written. The same file may
be loaded again: what came before is recognised and not entered twice. So a load that broke off is
mended by repeating it.

With `--remove` the values are taken off the list, from `effective_at` on, or from now on.""",
        """将 FILE（CSV、JSON Lines、JSON 或 Parquet）的每一行作为名单变更发送给服务。列与
`haitang lists template` 相同，只有 `list_value` 必填。错误的行按行号报告，其余照常加载，
此时退出码为 1。

未写生效时刻的行自文件最后写入的时刻起生效。同一文件可以重复加载：已加载的内容会被识别，不会重复登记。
因此加载中断后，重做一次即可。

使用 `--remove` 则将这些值移出名单：自 `effective_at` 起，未写则自现在起。""",
    ),
    "lists.load.examples": (
        """haitang lists load case.csv --list case_accounts --key @lists.key
haitang lists load all.parquet --url http://127.0.0.1:8620 --key @lists.key
haitang lists load cleared.csv --list case_accounts --remove --key @lists.key
haitang lists load p.csv --list phones --tokenise phone --token-key t.key --key @k""",
        """haitang lists load case.csv --list case_accounts --key @lists.key
haitang lists load all.parquet --url http://127.0.0.1:8620 --key @lists.key
haitang lists load cleared.csv --list case_accounts --remove --key @lists.key
haitang lists load p.csv --list phones --tokenise phone --token-key t.key --key @k""",
    ),
    "lists.load.listed": ("{count} entries were listed", "已登记 {count} 条"),
    "lists.load.removed": ("{count} entries were taken off", "已移出 {count} 条"),
    "lists.load.repeated": (
        "{count} were known from an earlier load of this file",
        "{count} 条此前已由同一文件加载",
    ),
    "lists.load.refused": ("{count} rows were refused", "{count} 行被拒绝"),
    "lists.load.position": (
        "the last change stands at position {position} of the journal",
        "最后一条变更位于日志位置 {position}",
    ),
    "lists.show.short": ("Ask what a list says of a value.", "查询名单中的一个值。"),
    "lists.show.help": (
        """Ask the service whether a value is on a list, now or at an instant of the past, since
when, until when, and who said so.""",
        """查询某个值现在或过去某一时刻是否在名单上、自何时起、到何时止，以及依据哪一事件。""",
    ),
    "lists.show.examples": (
        """haitang lists show case_accounts 6222020000000000001 --key @lists.key
haitang lists show grey_payees 6222 --at 2026-03-02T10:00:00+08:00 --key @lists.key""",
        """haitang lists show case_accounts 6222020000000000001 --key @lists.key
haitang lists show grey_payees 6222 --at 2026-03-02T10:00:00+08:00 --key @lists.key""",
    ),
    "lists.show.listed": (
        "{value} is on the list {list} at {at}",
        "{value} 在 {at} 位于名单 {list} 上",
    ),
    "lists.show.not_listed": (
        "{value} is not on the list {list} at {at}",
        "{value} 在 {at} 不在名单 {list} 上",
    ),
    "lists.show.effective": ("from", "生效"),
    "lists.show.expires": ("until", "失效"),
    "lists.show.category": ("category", "类别"),
    "lists.show.source": ("source", "来源"),
    "lists.show.severity": ("severity", "严重程度"),
    "lists.show.position": ("journal position", "日志位置"),
    "lists.template.short": ("Print a list file to fill in.", "输出名单文件模板。"),
    "lists.template.help": (
        """Print a CSV file with all columns and two rows as they are meant. Only `list_value` is
needed; leave out what you do not know.""",
        """输出包含全部列和两行示例的 CSV 文件。只有 `list_value` 必填，未知的列可以省略。""",
    ),
    "lists.template.examples": (
        "haitang lists template > case.csv",
        "haitang lists template > case.csv",
    ),
    "lists.option.list": (
        "The list; may be left out where the file has a column list_name.",
        "名单名称；文件有 list_name 列时可省略。",
    ),
    "lists.option.url": ("Address of the service; default {url}.", "服务地址；默认 {url}。"),
    "lists.option.key": (
        "API key with the scope `lists`; @FILE reads it from a file.",
        "具有 `lists` 权限的 API 密钥；@FILE 从文件读取。",
    ),
    "lists.option.remove": ("Take the values off the list.", "将这些值移出名单。"),
    "lists.option.at_load": (
        (
            "When the change happened, for rows that do not say (RFC 3339); default when the file "
            "was last written, and now for --remove."
        ),
        "未注明的行的变更时刻（RFC 3339）；默认为文件最后写入时刻，--remove 时为现在。",
    ),
    "lists.option.at_show": (
        "The instant that is asked about (RFC 3339); default now.",
        "查询的时刻（RFC 3339）；默认为现在。",
    ),
    "lists.option.tokenise": (
        (
            "Turn the values into tokens of this kind (phone, name, account …), as the bank's "
            "events hold them."
        ),
        "将值转换为此类标记（phone、name、account 等），与银行事件中的一致。",
    ),
    "lists.option.token_key": (
        "File with the key of the tokens.",
        "标记密钥文件。",
    ),
    "lists.option.token_algorithm": (
        "How tokens are made; default sm3.",
        "标记算法；默认 sm3。",
    ),
}
