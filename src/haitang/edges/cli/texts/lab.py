"""Texts of `haitang lab`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "lab.help": (
        """An invented bank: customers, accounts, devices, shops, salaries, and frauds woven in.
Everything derives from a seed; the same seed gives the same bytes. Labels are written
apart from the events.""",
        """一家虚构的银行：客户、账户、设备、商户、工资，以及织入其中的欺诈。一切由种子决定，同一种子得到同样的字节。标签与事件分开写出。""",
    ),
    "lab.examples": (
        """haitang lab generate --out out/lab --days 7
haitang lab stories
haitang lab leaks
haitang lab measure""",
        """haitang lab generate --out out/lab --days 7
haitang lab stories
haitang lab leaks
haitang lab measure""",
    ),
    "lab.generate.short": (
        "Write bank days as events, labels apart.",
        "写出若干天的事件，标签另存。",
    ),
    "lab.generate.help": (
        """Generate some days of the invented bank and write them: `events`, in the order in which
the bank saw them, `labels` (which event belongs to which fraud) and `likenesses` (honest events
that look like one).

The same seed, customers and days give the same bytes on every machine.""",
        """生成虚构银行若干天的数据并写出：`events`（按银行收到的先后）、`labels`（哪个事件属于哪起欺诈）
和 `likenesses`（看似欺诈的正常事件）。

同样的种子、客户数和天数，在任何机器上得到同样的字节。""",
    ),
    "lab.generate.examples": (
        """haitang lab generate --out out/lab
haitang lab generate --out out/lab --customers 20000 --days 28 --seed 11
haitang lab generate --out out/lab --format jsonl""",
        """haitang lab generate --out out/lab
haitang lab generate --out out/lab --customers 20000 --days 28 --seed 11
haitang lab generate --out out/lab --format jsonl""",
    ),
    "lab.generate.next": (
        "next: `haitang replay {path} --pack packs/bank --decisions out/decisions.jsonl`",
        "下一步：`haitang replay {path} --pack packs/bank --decisions out/decisions.jsonl`",
    ),
    "lab.generated": (
        "{events} events, {labelled} of them part of a fraud",
        "{events} 个事件，其中 {labelled} 个属于欺诈",
    ),
    "lab.option.out": ("Folder for the files; made when absent.", "输出目录；不存在时创建。"),
    "lab.option.format": (
        "Form of the events; labels are always Parquet. Default parquet.",
        "事件的格式；标签总是 Parquet。默认 parquet。",
    ),
    "lab.option.seed": ("Seed; default 7.", "种子；默认 7。"),
    "lab.option.customers": ("Customers of the bank; default {count}.", "客户数；默认 {count}。"),
    "lab.option.days": ("Days; default {count}.", "天数；默认 {count}。"),
    "lab.stories.short": (
        "Run the three true stories and judge their criteria.",
        "运行三个真实案例并核对通过条件。",
    ),
    "lab.stories.help": (
        """Run the true stories of the published cases through a pack, each on an empty bank, and
hold what was decided against the criteria of the case: met, not met, or not yet checked because it
waits for a room that is not built yet.

Without a name all of them run. The exit code is 4 when a criterion was not met.""",
        """用策略包逐一运行公开案例中的真实故事（每个从空的银行开始），并将决策与案例的通过条件对照：
已满足、未满足，或因所需模块尚未建成而未检查。

不指定名称则全部运行。有条件未满足时退出码为 4。""",
    ),
    "lab.stories.examples": (
        """haitang lab stories
haitang lab stories AS-1 AS-3/recalled""",
        """haitang lab stories
haitang lab stories AS-1 AS-3/recalled""",
    ),
    "lab.option.pack": (
        "Folder of the pack that decides; default the shipped bank.",
        "用来决策的策略包目录；默认为自带的全行策略包。",
    ),
    "story.title": ("{name}  {title}", "{name}  {title}"),
    "story.waiting": ("not yet checked: {names}", "尚未检查：{names}"),
    "story.met": ("met", "已满足"),
    "story.not met": ("not met", "未满足"),
    "story.not yet checked": ("not yet checked", "尚未检查"),
    "story.verdicts": (
        "criteria: {met} met, {not_met} not met, {waiting} not yet checked",
        "通过条件：已满足 {met}，未满足 {not_met}，尚未检查 {waiting}",
    ),
    "lab.leaks.short": (
        "Ask whether trifles give the frauds away.",
        "检验无意义的细节是否泄漏欺诈标签。",
    ),
    "lab.leaks.help": (
        """Generate days and ask of everything that means nothing (the order of rows, seconds,
identifiers, cents, missing fields) how well it alone tells frauds from honest events. One half of
the area under the curve means it says nothing; above the limit is a leak, and the exit code is
4.""",
        """生成数据，并逐一检验没有意义的东西（行序、秒数、编号、金额零头、缺失字段）单独能否区分欺诈与正常事件。
曲线下面积 0.5 表示毫无信息；超过上限即为泄漏，退出码为 4。""",
    ),
    "lab.leaks.examples": (
        """haitang lab leaks
haitang lab leaks --seed 11 --customers 8000""",
        """haitang lab leaks
haitang lab leaks --seed 11 --customers 8000""",
    ),
    "lab.leaks.title": (
        "{count} tests, the most telling first (limit {limit})",
        "{count} 项检验，信息量最大的在前（上限 {limit}）",
    ),
    "lab.leaks.leak": ("leak", "泄漏"),
    "lab.leaks.none": ("no leak: nothing passed {limit}", "没有泄漏：均未超过 {limit}"),
    "lab.leaks.found": ("{count} leaks above {limit}", "{count} 处泄漏，超过 {limit}"),
    "lab.column.test": ("test", "检验"),
    "lab.column.given": ("held fixed", "固定条件"),
    "lab.column.area": ("area", "面积"),
    "lab.column.frauds": ("frauds", "欺诈数"),
}
