"""Texts of `haitang serve`, `haitang follow` and `haitang publish`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "serve.short": (
        "Serve decisions over HTTP, durably.",
        "通过 HTTP 提供持久的决策服务。",
    ),
    "follow.short": (
        "Audit a data folder's decisions and write snapshots.",
        "审计数据目录中的决策并写出快照。",
    ),
    "publish.short": (
        "Publish a pack into the running service, or take it back.",
        "把策略包发布到运行中的服务，或将其撤回。",
    ),
    "serve.help": (
        """Serve decisions over HTTP from a data folder, durably: an event and its decision are on
disk before the caller is answered, and the same event sent again gets the same answer.

The first start takes the shipped bank, or the pack that --pack names; later starts take the one
that is live in the folder, and `haitang publish` changes it while the service runs. SIGTERM answers
what was taken in and stops; SIGHUP restarts without refusing a request: a successor warms up beside
the node and takes over. A node that dies is started again.

Every setting may also stand in `settings.toml` in the data folder, in a file named with --settings,
or in an environment variable `HAITANG_…`; `haitang settings` shows which one counts.""",
        """从数据目录提供 HTTP 决策服务，并保证持久：在答复调用方之前，事件及其决策已经落盘；
同一事件再次送来，得到同样的答复。

首次启动使用随附的全行策略包，或用 --pack 指定；以后启动使用目录中正在生效的策略包，
运行中用 `haitang publish` 更换。收到 SIGTERM 时答复完已接收的请求再停止；收到 SIGHUP 时平滑重启，
不拒绝任何请求：后继进程先预热再接管。节点异常退出会自动重新启动。

所有设置也可写在数据目录的 `settings.toml`、--settings 指定的文件或 `HAITANG_…` 环境变量中；
`haitang settings` 显示实际生效的是哪一个。""",
    ),
    "serve.examples": (
        """haitang serve --data out/bank --pack packs/bank          the first start
haitang keys create core-banking --scope decide --data out/bank
haitang serve --data out/bank --port 8080""",
        """haitang serve --data out/bank --pack packs/bank          首次启动
haitang keys create core-banking --scope decide --data out/bank
haitang serve --data out/bank --port 8080""",
    ),
    "serve.option.data": ("Data folder; made when absent.", "数据目录；不存在时创建。"),
    "serve.option.pack": (
        "Pack of a new data folder, default the shipped bank; later ones are published.",
        "新数据目录的策略包，默认随附的全行策略包；以后的策略包用发布方式更换。",
    ),
    "serve.option.host": (
        "Address to listen on; default {value}.",
        "监听地址；默认 {value}。",
    ),
    "serve.option.port": ("Port to listen on; default {value}.", "监听端口；默认 {value}。"),
    "serve.option.settings": (
        "Settings file instead of `settings.toml` in the data folder.",
        "设置文件，代替数据目录中的 `settings.toml`。",
    ),
    "serve.option.token_key_file": (
        "Key of the tokens that names of ISO 20022 payments become; without it they are dropped.",
        "ISO 20022 支付中户名令牌的密钥文件；不指定则不保留户名。",
    ),
    "serve.option.token_algorithm": (
        "Algorithm of the tokens; default sm3.",
        "令牌算法；默认 sm3。",
    ),
    "serve.option.accept_clock": (
        "Start although the clock is behind the journal.",
        "即使时钟早于日志的最后时间戳也启动。",
    ),
    "serve.option.follower": (
        "Run a follower that writes snapshots and audits decisions; default as set.",
        "同时运行跟随进程，写快照并审计决策；默认按设置。",
    ),
    "serve.option.processors_awake": (
        "Keep the processors from sleeping between requests; default as set.",
        "请求之间不让处理器休眠；默认按设置。",
    ),
    "serve.listening": (
        "serving {pack} {version} on http://{host}:{port} — Ctrl-C stops",
        "正在提供服务：{pack} {version}，http://{host}:{port}；按 Ctrl-C 停止",
    ),
    "follow.help": (
        """Follow a data folder from behind: recompute every decision, compare it with what was
recorded, and write snapshots, so that the service need not stop for one.

`haitang serve` runs one by itself. Run it yourself on a copy of the folder, or with --once to audit
a journal from its newest snapshot to its end. The exit code is 4 when a decision differs.""",
        """跟随一个数据目录：重新计算每个决策，与记录的决策比较，并写出快照，使服务无需为此停顿。

`haitang serve` 会自行运行一个。您也可以对目录的副本运行，或用 --once 从最新快照审计到日志末尾。
有决策不一致时退出码为 4。""",
    ),
    "follow.examples": (
        """haitang follow out/bank --once
haitang follow out/bank --once --from-start              audit the whole journal""",
        """haitang follow out/bank --once
haitang follow out/bank --once --from-start              审计整个日志""",
    ),
    "follow.option.once": (
        "Stop at the end of the journal, with a snapshot there.",
        "到日志末尾即停止，并在该处写快照。",
    ),
    "follow.option.from_start": (
        "Begin before the first event, whatever snapshots there are.",
        "不用任何快照，从第一个事件开始。",
    ),
    "follow.option.pack": (
        "Digest of the pack whose features to follow; default the live one.",
        "按哪个策略包（摘要）的指标跟随；默认为正在生效的。",
    ),
    "follow.said": (
        "followed to position {position}: {compared} decisions recomputed, {differences} differ",
        "已跟随到位置 {position}：重算决策 {compared} 个，不一致 {differences} 个",
    ),
    "publish.help": (
        """Publish a pack into the running service: checked, approved by a second person, in effect
without a pause, and recorded in the journal with author and approver.

--canary lets it decide for a share of the customers, --shadow only compares what it would have
decided, --at starts it later. --rollback ends a canary, or makes the pack before live again.""",
        """把策略包发布到运行中的服务：先检查，由第二人批准，不停顿地生效，并连同作者和批准人记入日志。

--canary 让它只为一部分客户决策，--shadow 只比较它会如何决策，--at 指定开始时刻。
--rollback 结束灰度，或恢复上一个策略包。""",
    ),
    "publish.examples": (
        """haitang publish packs/bank --author an --approver bo --url http://127.0.0.1:8620
haitang publish packs/bank --author an --approver bo --canary 500
haitang publish --rollback --author an --approver bo --note "too many holds"
haitang publish --list""",
        """haitang publish packs/bank --author an --approver bo --url http://127.0.0.1:8620
haitang publish packs/bank --author an --approver bo --canary 500
haitang publish --rollback --author an --approver bo --note "挂起过多"
haitang publish --list""",
    ),
    "publish.option.author": ("Who wrote the change.", "变更的作者。"),
    "publish.option.approver": ("Who approved it; another person.", "批准人；必须是另一人。"),
    "publish.option.note": ("Why, for the record.", "原因，记录在案。"),
    "publish.option.at": (
        "Start at this instant (RFC 3339 with an offset).",
        "在此时刻开始（RFC 3339，含时区偏移）。",
    ),
    "publish.option.canary": (
        "Decide for so many of 10,000 customers.",
        "为每 10,000 个客户中的这么多个决策。",
    ),
    "publish.option.shadow": ("Only compare.", "只作比较。"),
    "publish.option.rollback": (
        "End the canary, or go back to the pack before.",
        "结束灰度，或恢复上一个策略包。",
    ),
    "publish.option.list": ("Show every publication.", "列出所有发布。"),
    "publish.option.url": (
        "Where the service listens; default {value}.",
        "服务地址；默认 {value}。",
    ),
    "publish.option.key": (
        "API key with the scope `publish`; default from HAITANG_KEY.",
        "具有 `publish` 权限的 API 密钥；默认取自 HAITANG_KEY。",
    ),
    "publish.no_pack": (
        "name a pack folder, or --rollback, or --list",
        "请指明策略包目录，或 --rollback、--list",
    ),
    "publish.row": (
        "{number:>3}  {kind:<10} {state:<10}  {pack} {version}  from {position}  {people}  {note}",
        "{number:>3}  {kind:<10} {state:<10}  {pack} {version}  自 {position}  {people}  {note}",
    ),
}
