"""Texts of `haitang policy`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "policy.short": ("Write, test, measure and promote policies.", "编写、测试、度量和提升策略。"),
    "policy.help": (
        """The author's day: from the first draft of a policy to the day it goes live. PACK is a
pack's folder; left out, it is the whole bank as shipped.""",
        "策略作者的一天：从第一份草稿到正式上线。PACK 为策略包目录；省略时为随附的全行策略包。",
    ),
    "policy.examples": (
        """haitang policy new packs/retail c14_gold_loan --owner retail-fraud   a draft that loads
haitang policy test packs/retail --policy c14_gold_loan              its tests
haitang policy coverage                                              what the bank covers""",
        """haitang policy new packs/retail c14_gold_loan --owner retail-fraud   生成可加载的草稿
haitang policy test packs/retail --policy c14_gold_loan              运行其测试
haitang policy coverage                                              全行覆盖情况""",
    ),
    "policy.new.short": ("Begin a policy.", "新建策略。"),
    "policy.new.help": (
        """Write the file of a new policy as a draft: every key that will be asked for, with a hint
in both languages, and tests that pass. The name begins with the typology, in lower
case.""",
        """以草稿形式写出新策略文件：列出所有必填项及中英文提示，并附可通过的测试。名称以小写类型编
号开头。""",
    ),
    "policy.new.examples": (
        "haitang policy new packs/retail c14_gold_loan --owner retail-fraud   then edit, and test",
        "haitang policy new packs/retail c14_gold_loan --owner retail-fraud   然后编辑、测试",
    ),
    "policy.new.written": (
        """{path}
Next: edit it, then  haitang check {pack}""",
        """{path}
下一步：编辑后运行  haitang check {pack}""",
    ),
    "policy.test.short": ("Run the tests of policies.", "运行策略测试。"),
    "policy.test.help": (
        "Run every test for every instance that it is for. The exit code is 4 when one fails.",
        "逐实例运行每个测试。有失败时退出码为 4。",
    ),
    "policy.test.examples": (
        "haitang policy test packs/retail --policy c14_break_and_send   all its instances",
        "haitang policy test packs/retail --policy c14_break_and_send   该策略的全部实例",
    ),
    "policy.test.took": ("{seconds} s", "用时 {seconds} 秒"),
    "policy.lint.short": ("Advise on how policies are written.", "就策略的写法提出建议。"),
    "policy.lint.help": (
        """Say what a careful editor would: a text in one language only, a reason nobody reads to
its end, a runbook without a field or a time, an amount that should be a parameter. None
of this refuses the pack; with `--strict` the exit code is 4.""",
        """像细心的编辑一样提出建议：只有一种语言的文本、过长的理由、没有字段或时间的处置手册、应设
为参数的金额。不影响加载；加 `--strict` 时有建议则退出码为 4。""",
    ),
    "policy.lint.examples": (
        "haitang policy lint packs/retail --strict     for a review before merging",
        "haitang policy lint packs/retail --strict     合并前的评审",
    ),
    "policy.lint.count": ("{count} pieces of advice", "共 {count} 条建议"),
    "policy.explain.short": ("Show one policy on one page.", "用一页说明一个策略。"),
    "policy.explain.help": (
        """Show all of a policy: what it catches and misses, its condition, the table of its
instances, reason, customer text, runbook, call script and tests.""",
        "展示策略全貌：识别什么、漏掉什么、条件、实例表、理由、客户提示、处置手册、外呼话术和测试。",
    ),
    "policy.explain.examples": (
        "haitang policy explain c14_break_and_send     of the whole bank",
        "haitang policy explain c14_break_and_send     在全行策略包中查找",
    ),
    "policy.coverage.short": ("Count what a pack covers.", "统计覆盖情况。"),
    "policy.coverage.help": (
        """Count typologies with a live instance, instances that are live and in shadow, those that
are untested and those that say the same. With `--events`, live instances that a stream
never hits are counted as dead. The exit code is 4 when a typology is missing or an
instance is untested or said twice.""",
        """统计有上线实例的类型、上线与影子实例、未测试和重复的实例。给出 `--events` 时，事件流中从
未命中的上线实例计为“沉默”。有类型缺失、实例未测试或重复时退出码为 4。""",
    ),
    "policy.coverage.examples": (
        """haitang policy coverage                                   the whole bank
haitang policy coverage packs/aml --json coverage.json    one pack, for another program""",
        """haitang policy coverage                                   全行
haitang policy coverage packs/aml --json coverage.json    一个策略包，供其他程序读取""",
    ),
    "policy.coverage.title": ("{pack} {version}", "{pack} {version}"),
    "policy.coverage.typologies": (
        "{covered} of {total} typologies have a live instance",
        "{total} 个类型中 {covered} 个有上线实例",
    ),
    "policy.coverage.instances": (
        "{live} live instances of {policies} policies, {shadow} in shadow",
        "{policies} 个策略共 {live} 个上线实例，{shadow} 个影子实例",
    ),
    "policy.coverage.faults": (
        "{untested} untested, {duplicates} said twice",
        "未测试 {untested} 个，重复 {duplicates} 个",
    ),
    "policy.coverage.dead": (
        "{dead} live instances without a hit on this stream",
        "{dead} 个上线实例在该事件流中无命中",
    ),
    "policy.coverage.missing": ("missing: {names}", "缺失：{names}"),
    "policy.overlap.short": ("Find policies that fire together.", "找出同时命中的策略。"),
    "policy.overlap.help": (
        """Decide a stream and list the pairs of instances whose hits are mostly the same events.
The share is of common hits among the hits of either.""",
        "对事件流作出决策，列出命中事件大多相同的实例对。占比为共同命中数除以任一命中数。",
    ),
    "policy.overlap.examples": (
        "haitang policy overlap packs/retail --events week.jsonl --share 0.8     nearly the same",
        "haitang policy overlap packs/retail --events week.jsonl --share 0.8     几乎相同",
    ),
    "policy.overlap.none": (
        "no two share {share} of their hits",
        "没有两个实例的共同命中达到 {share}",
    ),
    "policy.dead.short": ("Find policies that never fire.", "找出从未命中的策略。"),
    "policy.dead.help": (
        """Decide a stream and list the live instances without a hit. A rare fraud that did not
happen is no reason to retire its policy; a condition that cannot happen any more is.""",
        """对事件流作出决策，列出无命中的上线实例。罕见案件没有发生不是下线的理由；条件已不可能成立
才是。""",
    ),
    "policy.dead.examples": (
        "haitang policy dead packs/bank --events quarter.parquet   before the quarter's review",
        "haitang policy dead packs/bank --events quarter.parquet   季度评审之前",
    ),
    "policy.dead.count": (
        "{dead} of {live} live instances had no hit",
        "{live} 个上线实例中 {dead} 个无命中",
    ),
    "policy.diff.short": ("Show what changed between two packs.", "比较两个策略包。"),
    "policy.diff.help": (
        """List instances that are new, gone or changed, with the numbers before and after. The
exit code is 4 when a policy that speaks changed without a new version.""",
        "列出新增、删除和改变的实例及前后数值。已生效的策略改变而版本未变时，退出码为 4。",
    ),
    "policy.diff.examples": (
        "haitang policy diff live/retail packs/retail     before publishing",
        "haitang policy diff live/retail packs/retail     发布之前",
    ),
    "policy.diff.none": ("no policy differs", "没有差异"),
    "policy.diff.unversioned": ("changed without a new version", "已改变但版本未变"),
    "policy.promote.short": ("Take a policy a step further.", "把策略推进一步。"),
    "policy.promote.help": (
        """Make a draft shadow, a shadow live, or retire a policy: raises its version, writes
`LOCK` and a line of the changelog, all of it or nothing. Refused without passing tests
both ways, without the report of a backtest of this very text, and without a second
person.""",
        """把草稿转为影子、影子转为上线，或下线策略：提升版本、写入 `LOCK` 和更新日志，要么全做，
要么不改。没有双向通过的测试、没有对当前文本的回测报告、没有第二人批准，都会被拒绝。""",
    ),
    "policy.promote.examples": (
        """haitang policy promote packs/retail c14_gold_loan --to live \\
  --author li --approver wang --backtest report.json""",
        """haitang policy promote packs/retail c14_gold_loan --to live \\
  --author li --approver wang --backtest report.json""",
    ),
    "policy.promoted": (
        "{name}: {before} → {after}, version {version}",
        "{name}：{before} → {after}，版本 {version}",
    ),
    "policy.option.owner": ("The team that answers for it.", "负责的团队。"),
    "policy.option.policy": (
        "Only this policy or instance; repeatable.",
        "只运行该策略或实例；可重复。",
    ),
    "policy.option.strict": ("Exit with 4 when there is advice.", "有建议时退出码为 4。"),
    "policy.option.json": (
        "Also write everything here; `-` for the terminal only.",
        "同时写入该文件；`-` 表示只输出到终端。",
    ),
    "policy.option.events": (
        "Events to decide (JSON Lines, CSV, Parquet); `overlap` and `dead` take the lab's without.",
        "要决策的事件（JSON Lines、CSV、Parquet）；`overlap` 与 `dead` 省略时用实验室数据。",
    ),
    "policy.option.share": ("Least share of common hits.", "共同命中的最低占比。"),
    "policy.option.to": ("What it becomes.", "目标状态。"),
    "policy.option.author": ("Who asks for it.", "申请人。"),
    "policy.option.approver": ("Who approves; another person.", "批准人；须为另一人。"),
    "policy.option.backtest": (
        "Report of `haitang backtest --json`.",
        "`haitang backtest --json` 的报告。",
    ),
    "policy.unknown": ("there is no policy {name} in this pack", "策略包中没有策略 {name}"),
    "policy.more": ("… and {count} more", "……另有 {count} 个"),
    "policy.progress": ("decided: {events} events", "已决策：{events} 个事件"),
    "policy.seen": ("{events} events over {days} days", "{events} 个事件，跨 {days} 天"),
    "policy.column.family": ("family", "类"),
    "policy.column.covers": ("what", "内容"),
    "policy.column.typologies": ("typologies", "类型"),
    "policy.column.policies": ("policies", "策略"),
    "policy.column.live": ("live", "上线"),
    "policy.column.shadow": ("shadow", "影子"),
    "policy.column.first": ("instance", "实例"),
    "policy.column.second": ("instance", "实例"),
    "policy.column.together": ("together", "共同命中"),
    "policy.column.share": ("share", "占比"),
    "policy.column.instance": ("instance", "实例"),
    "policy.column.scope": ("scope", "范围"),
    "policy.column.action": ("action", "处置"),
    "policy.column.score": ("score", "分值"),
    "policy.family.A": ("opening and identity", "开户与身份"),
    "policy.family.B": ("device, session, takeover", "设备、会话与盗用"),
    "policy.family.C": ("scams", "受害人侧诈骗"),
    "policy.family.D": ("mules and layering", "涉案账户与资金分层"),
    "policy.family.E": ("cash and counter", "现金与柜面"),
    "policy.family.F": ("cards and merchants", "银行卡与商户"),
    "policy.family.G": ("corporate", "公司"),
    "policy.family.H": ("cross-border, virtual assets, gambling", "跨境、虚拟资产与涉赌"),
    "policy.family.I": ("money laundering", "洗钱"),
    "policy.family.J": ("insiders", "内部人员"),
    "policy.family.K": ("credit", "信贷"),
    "policy.party.payer": ("the payer, or who acts", "付款方或操作人"),
    "policy.party.payee": ("the payee", "收款方"),
    "policy.stage.BEFORE": ("before", "事前"),
    "policy.stage.DURING": ("during", "事中"),
    "policy.stage.AFTER": ("after", "事后"),
    "policy.stage.BATCH": ("batch", "批"),
    "policy.severity.low": ("low", "低"),
    "policy.severity.medium": ("medium", "中"),
    "policy.severity.high": ("high", "高"),
    "policy.severity.critical": ("critical", "严重"),
    "policy.scope.all": ("everywhere", "全部"),
    "policy.scope.rest": ("rest", "其余"),
    "policy.page.typology": ("typology", "类型"),
    "policy.page.status": ("status, version", "状态、版本"),
    "policy.page.owner": ("owner", "负责团队"),
    "policy.page.party": ("speaks of", "针对"),
    "policy.page.stages": ("stage", "阶段"),
    "policy.page.severity": ("severity", "严重程度"),
    "policy.page.action": ("action, score", "处置、分值"),
    "policy.page.basis": ("basis", "依据"),
    "policy.page.techniques": ("techniques", "技术编号"),
    "policy.page.file": ("file", "文件"),
    "policy.page.catches": ("Catches", "识别"),
    "policy.page.misses": ("Misses", "漏掉"),
    "policy.page.false_positives": ("False alarms", "误报"),
    "policy.page.reason": ("Reason", "理由"),
    "policy.page.customer_text": ("The customer reads", "客户看到"),
    "policy.page.when": ("Condition", "条件"),
    "policy.page.instances": ("Instances", "实例"),
    "policy.page.runbook": ("Runbook", "处置手册"),
    "policy.page.call_script": ("Call script", "外呼话术"),
    "policy.page.tests": ("Tests", "测试"),
}
