"""Texts of `haitang regulation`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "regulation.short": (
        "Print the conformance sheet: what the law asks, what checks it.",
        "打印合规对照表：法规要求什么，由什么核查。",
    ),
    "regulation.help": (
        """Print the regulation sheet of a pack: each row with its source, since when it is in
force, its numbers, what checks it, and what nothing checks and why. Counts stand at the end.

A row that names a policy or a test which does not exist is refused with file and line. Where the
law can be read in two ways, `readings` in the pack.yaml of PACK chooses; --row shows both.
Without PACK it is the sheet of the shipped bank.

Exit codes: 0 the sheet holds, 3 the pack or a row was refused.""",
        """打印策略包的合规对照表：逐条列出依据、生效时间、参数、由什么核查，以及未核查的内容和原因，
末尾给出统计。

对照表引用了不存在的策略或测试的，指出文件和行并拒绝。法规存在两种理解的，由 PACK 的
pack.yaml 中的 `readings` 选定；--row 同时显示两种口径。不指定 PACK 时打印随附的全行策略包。

退出码：0 对照表成立，3 策略包或某条目被拒。""",
    ),
    "regulation.examples": (
        """haitang regulation
haitang regulation --row REG-10                 both readings of the punishment terms
haitang regulation packs/aml --json sheet.json""",
        """haitang regulation
haitang regulation --row REG-10                 惩戒期限的两种口径
haitang regulation packs/aml --json sheet.json""",
    ),
    "regulation.option.row": (
        "Show one row with all its numbers, by time and reading.",
        "只显示一条，列出全部参数的时间段和口径。",
    ),
    "regulation.option.json": (
        "Also write the sheet to FILE; `-` writes only that, to standard output.",
        "同时把对照表写入 FILE；`-` 表示只写到标准输出。",
    ),
    "regulation.no_row": ("the sheet has no row {row}", "对照表没有 {row} 这一条"),
    "regulation.title": (
        "Regulation sheet of the pack {pack} {version}",
        "策略包 {pack} {version} 的合规对照表",
    ),
    "regulation.standing.in_force": ("in force since {day}", "自 {day} 起生效"),
    "regulation.standing.coming": ("in force from {day}", "将于 {day} 生效"),
    "regulation.standing.ended": ("in force from {day} to {end}", "生效期 {day} 至 {end}"),
    "regulation.standing.no_law": ("no law (yet)", "非（或尚非）法规"),
    "regulation.superseded": ("superseded by {by}", "已由 {by} 取代"),
    "regulation.kind.policy": ("policy", "策略"),
    "regulation.kind.parameter": ("parameter", "参数"),
    "regulation.kind.test": ("test", "测试"),
    "regulation.not_checked": ("✗ not checked: {why}", "✗ 未核查：{why}"),
    "regulation.parameter": ("{name}: {title} {value}", "参数 {name}：{title} {value}"),
    "regulation.none_today": ("(none today)", "（目前无）"),
    "regulation.reading": (" · reading {reading}", " · 口径 {reading}"),
    "regulation.read_by": (" · taken by {policies}", " · 引用策略 {policies}"),
    "regulation.until": (" until before {day}", " 至 {day} 前"),
    "regulation.hours": ("{hours} h", "{hours} 小时"),
    "regulation.unit.ratio": ("(ratio)", "（比例）"),
    "regulation.unit.days": ("days", "天"),
    "regulation.unit.months": ("months", "个月"),
    "regulation.unit.years": ("years", "年"),
    "regulation.unit.working_days": ("working days", "个工作日"),
    "regulation.unit.km": ("km", "公里"),
    "regulation.unit.km/h": ("km/h", "公里/小时"),
    "regulation.unit.hour": ("o'clock", "时"),
    "regulation.unit.score": ("points", "分"),
    "regulation.counts": (
        "{rows} rows: {checked} checked, {partly} checked in part, {unchecked} not checked",
        "共 {rows} 条：已核查 {checked} 条，部分核查 {partly} 条，未核查 {unchecked} 条",
    ),
    "regulation.counts_parameters": (
        "{parameters} parameters: {read} taken by policies, {unsettled} with several readings",
        "参数 {parameters} 个：被策略引用 {read} 个，存在多种口径 {unsettled} 个",
    ),
    "regulation.counts_checks": (
        "{policies} checks by policies, {tests} by tests",
        "由策略核查 {policies} 项，由测试核查 {tests} 项",
    ),
    "regulation.tests_unverified": (
        "the tests are not beside this program, so that they are there was not verified",
        "程序旁没有测试目录，测试是否存在未作核对",
    ),
    "regulation.no_advice": (
        "The law as its implementers read it, partly from copies; have it verified.",
        "以上为实现者对法规的理解，部分依据公开转载，使用前请由法务核对原文。",
    ),
}
