"""Texts of the page that `haitang lab measure --markdown` writes: method, protocol, limits."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "measure.page.title": ("Detection, measured", "检测效果实测"),
    "measure.page.made": (
        "Written whole by `haitang lab measure`; change the command, not this page.",
        "本页由 `haitang lab measure` 整页生成；请修改命令，不要修改本页。",
    ),
    "measure.page.size": (
        """each stream: {customers} customers, {days} days, of which the first {history} only
fill profiles; {frauds} frauds in all""",
        """每条数据流：{customers} 名客户、{days} 天，其中前 {history} 天仅用于积累画像；共
{frauds} 起欺诈""",
    ),
    "measure.page.stream": (
        "stream of seed {seed}: {events} events, {frauds} frauds, fingerprint `{fingerprint}`",
        "种子 {seed} 的数据流：{events} 个事件，{frauds} 起欺诈，指纹 `{fingerprint}`",
    ),
    "measure.page.method.title": ("Method", "方法"),
    "measure.page.method.seeds": (
        """**Seeds.** A stream follows from a seed. Streams that somebody looked at while
writing policies prove nothing, so the seeds of a measurement cannot be chosen: seed *n* is the
first four bytes of SHA-256 over `haitang-detection:<pack digest>:<n>`, and the digest covers
every file of the pack. Any change of a pack draws other streams; a change of the lab makes
other events of the same seed, which the fingerprints tell. Spent for good: {spent} (7 for
the demonstration, 1 to 21 in tests, the rest for development). A run with `--seed` says that
it is a development run. The lab tells its frauds from the way the crimes happen and never
from a threshold; labels are read after all decisions are made.""",
        """**种子。**数据流由种子决定。编写策略时看过的数据流证明不了什么，因此正式测量的种子不
能挑选：第 *n* 个种子是 `haitang-detection:<策略包摘要>:<n>` 的 SHA-256 前四个字节，而摘要覆盖策
略包的每个文件；策略包一改，就换一批数据流；虚构银行一改，同一种子也生成不同事件，由指纹可见。永
久作废的种子：{spent}（7 用于演示，1 至 21 用于测试，其余用于开发）。使用 `--seed` 的运行会注
明是开发运行。虚构银行按犯罪的实际过程讲述欺诈，从不参照阈值；标签在全部决策完成之后才读取。""",
    ),
    "measure.page.method.caught": (
        """**Caught.** A fraud is caught when one of its events, before or at its last movement
of money, was met with one of {stopping}: money is stopped or slowed, or a person comes in.
Where no money moves, any of its events counts. **Seen** is any hit of a live policy in that
time, whatever its action.""",
        """**抓住。**一起欺诈在其最后一笔资金移动之前或当时，有事件被采取了以下措施之一：
{stopping}（资金被拦截或延缓，或有人工介入），即为抓住；没有资金移动的，任一事件均可。**看见**指
在此期间任一启用策略命中，不论措施。""",
    ),
    "measure.page.method.asked": (
        """**Where the catalogue asks for less.** In the families {families} (money laundering,
insiders) and for {reported}, the typology catalogue asks for a report, a watch or lower limits,
and nothing is to be stopped: there {reporting} count as caught as well, at any event of the
fraud. For {checked} it asks that identity is verified again, and {checking} count; for
{limited} it asks for limits, and LIM counts. The row “stopped” of the first table leaves all of
this out.""",
        """**目录要求较轻之处。**{families} 两类（洗钱、内部人员）以及 {reported}，类型目录只要
求上报、关注或限额，没有可拦截的：其中 {reporting} 也算抓住，欺诈的任一事件均可。{checked} 要求
重新核验身份，{checking} 也算；{limited} 要求限额，LIM 也算。第一张表“被拦截”一行不含这些。""",
    ),
    "measure.page.method.value": (
        """**Value.** Money at risk is what a decision in time can save: payments of victims,
money passed on by mules or fetched in cash, and money made ready (a deposit broken, a loan drawn)
where nothing moves it on: until then it is in the customer's own account, and a later stop saves
it. The same money may pass several events and then counts at each. “Money of the frauds caught” is
recall with each fraud weighed by its money: one that was caught counts with all of it, though some
had gone before. What could still be saved is less: the share on events from the first stop on
(value recall, here and in the tables below), which supposes that whoever looks at the first stop
goes on looking; and the share on just those events that were stopped themselves. Reports (WATCH,
STR …) save no money in any typology; a row of the first table leaves out those for which they are
all that is asked for.""",
        """**金额。**涉险金额指及时决策能保住的钱：受害人付款、涉案账户转出、取现，以及未再转出的备
款（提前支取、贷款提款）：备款尚在客户本人账户，之后拦截即可保住。同一笔钱经过几个事件就计几
次。“抓住的欺诈所涉金额”是按金额加权的召回：抓住的欺诈计入其全部金额，即使其中一部分此前已
经转出。还能保住的要少一些：自首次拦截起各事件上金额的占比（即本页各表的金额召回），其前提是
处理首次拦截的人会继续关注；以及仅计被拦截事件本身的占比。上报类措施（WATCH、STR 等
）在任何一类中都不算保住资金；第一张表另有一行不含仅要求上报的类型。""",
    ),
    "measure.page.method.honest": (
        """**Honest customers.** Somebody is honest until the first event of a fraud in which they
take part on either side, or which puts them on a list. They are disturbed on a day when an action
falls on them that customers notice ({felt}), on an event that belongs to no fraud; a person
handles them with {personal}. A step of an act (a tip, a check, a delay, a hold) falls on
whoever asked for it; a restriction for a policy that speaks of the payee falls on the payee.
Customers who sleep count among the 10,000, as they do in a bank. Streams of the same seeds
without any fraud are decided as well: a bank, in which fraud is rare, lies between the two
figures, and nearer to the second.""",
        """**正常客户。**在参与的欺诈（无论哪一方）发生第一个事件之前，或因该欺诈被列入名单之前，客户都算正常。某日在不属
于欺诈的事件上受到客户能察觉的措施（{felt}），即为被打扰；{personal} 为人工处理。办理过程中的步
骤（提示、核验、延迟、挂起）由办理人承受；针对收款方的策略所作的限制由收款方承受。休眠客户与在银
行中一样计入一万名客户。另以同样的种子生成不含欺诈的数据流并作出决策：真实银行欺诈稀少，介于两个数字之间，
更接近后者。""",
    ),
    "measure.page.method.alerts": (
        """**Alerts** are events with an action that gives a person work: {alerting}. The row
by customer and day takes those of one customer on one day together.""",
        """**预警**指需要人工处理的事件：{alerting}。按客户与日合并的一行把同一客户同一天的预警
算作一件。""",
    ),
    "measure.page.method.intervals": (
        """**Intervals** are 95 %: Wilson's for counts; for money, frauds drawn anew 2,000
times (where all or none is saved, Wilson's over the frauds; fewer than five frauds have none).
They speak of other frauds of the lab, not of other banks; days of one customer are counted as
if they were independent.""",
        """**区间**均为 95%：计数用 Wilson 区间；金额对欺诈重抽样 2,000 次（全部或全未保住时用
按起数的 Wilson 区间，不足五起不给区间）。区间说的是虚构银行的其他欺诈，而不是其他银行；同一客户
的各日按独立计算。""",
    ),
    "measure.page.method.limits": (
        """**What this does not show.** The lab was written by the same project as the
policies, though apart from them; real criminals adapt, and the lab's do not. It tells no story
of typologies that are not in the table below. Its frauds are far denser than those of a bank
({frauds} begin a day for 10,000 customers), so that precision is higher and alerts are more
than a bank would see; what carries over is how many of the frauds are caught and how many of
the honest are disturbed. The lab is easier than life where its honest customers are tidier than
people: they seldom use a new device on a journey, pay a new payee twice within hours, fetch
large cash away from home or get money back on another card, remarks on payments are more
uniform and never name an investment, and prices within a shop vary little. Policies that lean
on this (B09, C01, C02, C07, D01, D14, E01, E03, E05, F01, F03, F07, F10, G01) will meet more honest
customers in a bank.""",
        """**不能说明什么。**虚构银行与策略虽分开编写，却出自同一项目；真实的犯罪者会应变，虚构
银行里的不会。下表没有的类型，虚构银行也没有相应的故事。这里的欺诈远比真实银行密集（每万客户每日
发生 {frauds} 起），因此准确率偏高、预警偏多；可以参考的是抓住了多少欺诈、打扰了多少正常客户。虚构银
行的正常客户比真人更规整：很少在外地启用新设备，很少在数小时内向新收款方付两次款，很少异地取大额现
金或把退款退到别的卡，附言较为单一且从不写明投资，同一商户的价格起伏也小；依赖这些差别的策略
（B09、C01、C02、C07、D01、D14、E01、E03、E05、F01、F03、F07、F10、G01）在真实银行会打扰更多正常客户。""",
    ),
    "measure.page.method.again": ("Again:", "重新运行："),
    "measure.page.summary": (
        """Targets are those that the project set itself. “Not beyond chance” means that the
interval reaches across the target.""",
        "目标由项目自行设定。“在误差之内”指区间跨过目标。",
    ),
    "measure.page.families": ("Weak families stand here as they are.", "效果弱的大类如实列出。"),
    "measure.page.typologies": (
        "Recall by count with its interval; the dashed line is the target.",
        "按起数的召回及其区间；虚线为目标。",
    ),
    "measure.page.actions": (
        """A customer may meet several actions on a day; the strictest action of an event and
those asked for beside it count.""",
        "同一客户一天可能遇到多种措施；每个事件最严的措施及附加措施计入。",
    ),
    "measure.page.budgets": (
        """Events ranked by the higher of the two scores, whatever action was taken, the
earlier event first where scores are equal; budgets beyond the last event with a score are left
out. {frauds} frauds begin a day for 10,000 customers: no budget below that can catch them all.""",
        """按两方评分中较高者排序（不论采取了什么措施），同分者先发生的在前；超出有评分事件数的
预警量略去。每万客户每日发生 {frauds} 起欺诈，低于此数的预警量不可能全部抓住。""",
    ),
    "measure.page.likenesses": (
        """Honest people who look like a fraud. Disturbed is the share of those customers whom
an action met on just such an event.""",
        "看似欺诈的正常客户。“被打扰”指这些客户中恰在此类事件上受到措施的比例。",
    ),
    "measure.page.burdens": (
        """Honest customers a day over all streams. “It alone” is what ending the instance
would spare; “only by it” what ending it would lose.""",
        """全部数据流合计的正常客户·日。“仅由其”为停用该实例可免去的打扰；“仅由其抓住”为停用会
失去的欺诈。""",
    ),
    "measure.page.public": (
        """Made by others; not shipped. Our packs for them hold a few policies written by hand,
without any training, and show that the engine runs on foreign data; the figures of others are
mostly those of trained models. Scores of policies take few values, which holds AP and AUC down.""",
        """由他人制作，不随产品分发。对应的策略包只有少数手写策略，未经训练，用来说明引擎能在外
来数据上运行；他人的数值多来自训练过的模型。策略评分取值很少，会压低 AP 与 AUC。""",
    ),
    "measure.page.protocol": (
        "**{title}** (pack `{digest}`): {protocol}. Others: {source}.",
        "**{title}**（策略包 `{digest}`）：{protocol}。他人数值出处：{source}。",
    ),
    "measure.chart.typologies": (
        "Frauds caught, by typology, with 95 % intervals",
        "各类型抓住的欺诈，附 95% 区间",
    ),
    "measure.chart.budgets": (
        "Value and frauds caught over the alert budget",
        "不同预警量下保住的金额与抓住的欺诈",
    ),
}
