"""Texts of `haitang lab measure`: the command, its tables, and what they are headed by."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "lab.measure.short": (
        "Measure what a pack catches and whom it disturbs.",
        "测量策略包抓住了什么、打扰了谁。",
    ),
    "lab.measure.help": (
        """Decide streams of the invented bank with a pack and count, with 95 % confidence
intervals: frauds caught, by count and by value, family and typology; honest customers
disturbed; alerts and their precision; value at an alert budget; look-alikes one by one; and the
instances that disturb most.

Without `--seed` the streams follow from the digest of the pack, so that nobody can have looked
at them: a changed pack is measured on other streams. With `--seed` it is a development run, and
says so. Public data sets are judged too where `HAITANG_DATA` names their folder.""",
        """用策略包对虚构银行的数据流做决策并计数，均附 95% 置信区间：抓住的欺诈（按起数、金
额、大类和类型）、被打扰的正常客户、预警量及其准确率、固定预警量下的金额召回、逐一列出的相似正常
行为，以及打扰最多的策略实例。

不给 `--seed` 时，数据流由策略包摘要决定，因此没有人能事先看过：改动策略包就换一批数据流。给出
`--seed` 则为开发运行，结果会注明。若 `HAITANG_DATA` 指明了公开数据集所在目录，也一并评判。""",
    ),
    "lab.measure.examples": (
        """haitang lab measure
haitang lab measure --seed 4101 --customers 1000 --days 28 --no-public
haitang lab measure --markdown docs/reference/detection.md --json out/detection.json""",
        """haitang lab measure
haitang lab measure --seed 4101 --customers 1000 --days 28 --no-public
haitang lab measure --markdown docs/reference/detection.md --json out/detection.json""",
    ),
    "lab.measure.option.seed": (
        "Seed of a development run; may be given several times.",
        "开发运行的种子；可重复给出。",
    ),
    "lab.measure.option.streams": (
        "Streams, each with a seed that follows from the pack; default {count}.",
        "数据流条数，种子由策略包决定；默认 {count}。",
    ),
    "lab.measure.option.history": (
        "First days that only fill profiles and are not counted; default {count}.",
        "开头仅用于积累画像、不计数的天数；默认 {count}。",
    ),
    "lab.measure.option.json": (
        "Also write everything as JSON; `-` is standard output.",
        "同时把全部结果写成 JSON；`-` 为标准输出。",
    ),
    "lab.measure.option.markdown": (
        "Also write the page, and its charts into a folder of its name.",
        "同时写出文档页面，图表放入同名目录。",
    ),
    "lab.measure.option.public": (
        "Judge the public data sets; default where they are found.",
        "评判公开数据集；默认在找到数据时进行。",
    ),
    "lab.measure.short_run": (
        "no fraud can begin: `--days` was {days} with {history} days of history",
        "没有可计数的日子：`--days` 为 {days}，其中 {history} 天用于积累画像",
    ),
    "lab.measure.no_data": (
        "the public data sets were left out: `HAITANG_DATA` names no folder with them",
        "公开数据集已略过：`HAITANG_DATA` 没有指明其所在目录",
    ),
    "lab.measure.progress": (
        "stream {stream} of {streams}: {done} of {all} events",
        "第 {stream}/{streams} 条数据流：{done}/{all} 个事件",
    ),
    "lab.measure.progress.public": ("{name}: {done} events", "{name}：{done} 个事件"),
    "measure.title": (
        "{pack} {version}, {live} live instances, {events} events of {streams} streams",
        "{pack} {version}，{live} 个启用实例，{streams} 条数据流共 {events} 个事件",
    ),
    "measure.digest": ("digest {digest}", "摘要 {digest}"),
    "measure.seeds.rule": (
        "seeds {seeds}, from the pack's digest; measured on {day}",
        "种子 {seeds}，由策略包摘要得出；测量日期 {day}",
    ),
    "measure.seeds.chosen": (
        "seeds {seeds}, chosen by hand: a development run, no measurement ({day})",
        "种子 {seeds}，人工指定：属开发运行，不是正式测量（{day}）",
    ),
    "measure.unlocked": (
        "not a published pack: its LOCK is behind in {count} places",
        "并非已发布的策略包：LOCK 有 {count} 处落后",
    ),
    "measure.section.summary": ("The whole", "总体"),
    "measure.section.families": ("By family", "按大类"),
    "measure.section.typologies": ("By typology", "按类型"),
    "measure.section.actions": (
        "Honest customers disturbed, by action",
        "被打扰的正常客户，按措施",
    ),
    "measure.section.budgets": ("At an alert budget", "固定预警量下"),
    "measure.section.likenesses": ("Look-alikes, one by one", "相似的正常行为，逐一列出"),
    "measure.section.burdens": (
        "The instances that disturb most honest customers",
        "打扰正常客户最多的实例",
    ),
    "measure.section.public": ("Public data sets", "公开数据集"),
    "measure.missed": ("missed ({count}): {names}", "漏掉（{count}）：{names}"),
    "measure.nothing": ("nothing", "无"),
    "measure.column.what": ("what", "指标"),
    "measure.column.figure": ("figure", "数值"),
    "measure.column.interval": ("95 % interval", "95% 区间"),
    "measure.column.counts": ("counts", "计数"),
    "measure.column.target": ("target", "目标"),
    "measure.column.group": ("", ""),
    "measure.column.title": ("what", "内容"),
    "measure.column.caught": ("caught", "抓住"),
    "measure.column.recall": ("recall", "召回"),
    "measure.column.seen": ("seen", "看见"),
    "measure.column.at_risk": ("at risk, yuan", "涉险金额（元）"),
    "measure.column.value": ("value recall", "金额召回"),
    "measure.column.action": ("action", "措施"),
    "measure.column.per_10000": ("a day in 10,000", "每万客户每日"),
    "measure.column.budget": ("alerts a day in 10,000", "每万客户每日预警"),
    "measure.column.score": ("least score", "最低分"),
    "measure.column.precision": ("precision", "准确率"),
    "measure.column.likeness": ("look-alike", "相似行为"),
    "measure.column.events": ("events", "事件"),
    "measure.column.felt": ("felt", "有感"),
    "measure.column.customers": ("customers", "客户"),
    "measure.column.disturbed": ("disturbed", "被打扰"),
    "measure.column.handled": ("by a person", "人工介入"),
    "measure.column.instances": ("most often by", "主要由"),
    "measure.column.instance": ("instance", "实例"),
    "measure.column.customer_days": ("customers a day", "客户·日"),
    "measure.column.alone": ("it alone", "仅由其"),
    "measure.column.stories": ("frauds helped", "参与抓住"),
    "measure.column.stories_alone": ("only by it", "仅由其抓住"),
    "measure.column.data_set": ("set", "数据集"),
    "measure.column.judged": ("judged (positive)", "评判（正例）"),
    "measure.column.policies": ("policies", "策略"),
    "measure.column.others": ("others", "他人"),
    "measure.figure.recall": ("frauds caught", "抓住的欺诈"),
    "measure.figure.seen": ("frauds seen", "看见的欺诈"),
    "measure.figure.value": ("money from the first stop on", "自首次拦截起的金额"),
    "measure.figure.value_stopped": ("money on stopped events alone", "仅被拦截事件上的金额"),
    "measure.figure.disturbed": (
        "honest customers disturbed, a day in 10,000",
        "每万客户每日被打扰的正常客户",
    ),
    "measure.figure.beside_fraud": (
        "of these over an account of a fraud under way",
        "其中仅因交易对方账户正涉及欺诈",
    ),
    "measure.figure.handled": (
        "of these by a person, a day in 10,000",
        "其中由人工处理，每万客户每日",
    ),
    "measure.figure.alerts": ("alerts, a day in 10,000", "每万客户每日预警"),
    "measure.figure.cases": ("the same by customer and day", "同上，按客户与日合并"),
    "measure.figure.precision": ("alerts on events of a fraud", "预警落在欺诈事件上"),
    "measure.figure.precision_of_parties": (
        "alerts on a fraud or somebody in one",
        "预警落在欺诈事件或其当事人上",
    ),
    "measure.figure.precision_felt": ("felt events that are of a fraud", "有感事件中属于欺诈的"),
    "measure.target.reached": ("{target}: reached", "{target}：达到"),
    "measure.target.open": ("{target}: reached, not beyond chance", "{target}：达到，但在误差之内"),
    "measure.target.close": (
        "{target}: not reached, within chance",
        "{target}：未达到，但在误差之内",
    ),
    "measure.target.missed": ("{target}: not reached", "{target}：未达到"),
    "measure.table": ("policy table, by the combined score", "策略表（由综合分）"),
    "measure.public.ours": (
        "recall {recall}, precision {precision}, AP {ap}, AUC {auc}",
        "召回 {recall}，准确率 {precision}，AP {ap}，AUC {auc}",
    ),
    "measure.public.cards": (", CP@100 {cards}", "，CP@100 {cards}"),
    "measure.likeness.payroll": ("wages paid in batches", "批量发工资"),
    "measure.likeness.payroll_agent": ("foreman who pays a crew", "代发工资的工头"),
    "measure.likeness.rent": ("rent", "房租"),
    "measure.likeness.group_buying": ("group buying", "团购"),
    "measure.likeness.tuition": ("tuition", "学费"),
    "measure.likeness.wedding_cash": ("cash for a wedding", "婚礼现金"),
    "measure.likeness.pension_counter": ("pension fetched at the counter", "柜面领取养老金"),
    "measure.likeness.remittance_home": ("migrant worker sends home", "外出务工者汇款回家"),
    "measure.likeness.new_phone": ("new phone", "换新手机"),
    "measure.likeness.currency_for_travel": ("currency for travel", "旅游购汇"),
    "measure.likeness.currency_for_study": ("student abroad", "留学生购汇"),
    "measure.likeness.house_purchase": ("house bought", "购房"),
    "measure.likeness.takings_sweep": ("shop sweeps its takings", "商户归集货款"),
    "measure.likeness.dormant_return": ("sleeping account wakes", "休眠户正常恢复使用"),
    "measure.likeness.batch_opening": ("honest batch of openings", "正常批量开户"),
    "measure.likeness.complaint_look_ups": ("look-ups after a complaint", "投诉引起的查询"),
    "measure.likeness.campaign_look_ups": ("look-ups for a campaign", "营销活动查询"),
    "measure.likeness.screen_share_help": ("family helps by screen sharing", "家人远程屏幕协助"),
    "measure.likeness.savings_sweep": ("savings gathered from own accounts", "本人账户归集"),
    "measure.likeness.deal_closing": ("firm closes a deal", "企业成交付款"),
    "measure.likeness.night_work": ("night worker", "夜间工作者"),
    "measure.likeness.returned_purchase": ("purchase returned", "退货退款"),
    "measure.likeness.accessibility": (
        "disabled user of accessibility services",
        "使用无障碍服务的残障用户",
    ),
    "measure.likeness.travel": ("traveller", "出行在外"),
    "measure.likeness.emergency_break": ("deposit broken in an emergency", "急用提前支取"),
    "measure.likeness.house_deposit": ("down payment after breaking a deposit", "提前支取付首付"),
    "measure.likeness.quick_pass_on": ("money passed on at once", "到账即转"),
    "measure.likeness.cash_run": ("several cash withdrawals in a row", "连续取现"),
}
