"""Texts of `haitang demo`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "demo.help": (
        """Watch a bank's days turn into explained decisions: an invented bank from a seed, ordinary
life and frauds among it, and the three true stories of the published cases in its last week.
Nothing outside the repository is needed.

It starts the decision service on this machine, with its data in a temporary folder, sends the
events over HTTP as a bank would, and shows what comes back in the terminal and on a page for the
browser, whose address it says first.

On a terminal the first three weeks pass at once, which builds the profiles, and the last week at a
pace that one can read; elsewhere, and with --speed flat, everything passes as fast as the machine
decides. Ctrl-C ends it and keeps what was decided. The service and its folder end with it, unless
--stay keeps them up until Ctrl-C.

At the end it tells which criteria of the stories were met, which were not, and which wait for a
room that is not built yet. The decisions on events that something fired on stay in a file that
`haitang explain` reads.""",
        """观看一家银行的日子如何变成可解释的决策：由种子生成的虚构银行，日常交易中夹杂欺诈，
最后一周织入公开案例中的三个真实故事。不需要代码库之外的任何东西。

演示会在本机启动决策服务（数据放在临时目录），像银行一样通过 HTTP 发送事件，
并把返回的结果同时显示在终端和浏览器页面上；页面地址会首先给出。

在终端上，前三周瞬间掠过以形成画像，最后一周以便于阅读的节奏播放；
在其他环境或使用 --speed flat 时，全部以机器的最快速度决策。按 Ctrl-C 结束并保留已作出的决策。
服务及其目录随之结束；使用 --stay 可保留到按 Ctrl-C 为止。

结束时说明各故事的哪些通过条件已满足、未满足，或因所需模块尚未建成而未检查。
有命中的决策保存在文件中，可用 `haitang explain` 查看。""",
    ),
    "demo.examples": (
        """haitang demo
haitang demo --speed flat --language zh
haitang demo --speed 3600x --seed 11
haitang demo --stay --port 8080                the page and the service stay until Ctrl-C
haitang demo --dataset handbook_cards          a public data set, where HAITANG_DATA has it
haitang demo --events events.jsonl --pack packs/bank""",
        """haitang demo
haitang demo --speed flat --language en
haitang demo --speed 3600x --seed 11
haitang demo --stay --port 8080                页面与服务保留到按 Ctrl-C 为止
haitang demo --dataset handbook_cards          公开数据集（位于 HAITANG_DATA 所指目录）
haitang demo --events events.jsonl --pack packs/bank""",
    ),
    "demo.option.events": (
        "Show a file of events instead of the lab bank.",
        "改为播放一个事件文件。",
    ),
    "demo.option.dataset": (
        "Show a public data set; HAITANG_DATA names the folder that holds it.",
        "改为播放公开数据集；HAITANG_DATA 指明其所在目录。",
    ),
    "demo.option.pack": (
        "Folder of the pack that decides; default the shipped one that fits.",
        "用来决策的策略包目录；默认为相应的自带策略包。",
    ),
    "demo.option.speed": (
        "Bank seconds per second, or flat out. Default: readable on a terminal, else flat.",
        "每秒播放的银行秒数，或 flat（最快）。默认：终端上便于阅读，其他环境最快。",
    ),
    "demo.option.seed": ("Seed of the invented bank; default 7.", "虚构银行的种子；默认 7。"),
    "demo.option.decisions": (
        "Where the decisions go; default out/demo/decisions.jsonl.",
        "决策写到何处；默认 out/demo/decisions.jsonl。",
    ),
    "demo.option.port": (
        "Port of the page; default any free one.",
        "页面端口；默认任取空闲端口。",
    ),
    "demo.option.stay": (
        "Keep the page and the service up after the end, until Ctrl-C.",
        "结束后保留页面与服务，直到按 Ctrl-C。",
    ),
    "demo.bad_speed": (
        "the speed was `{value}`; expected `flat` or a number such as `600×`",
        "速度为 `{value}`；应为 `flat` 或形如 `600×` 的数",
    ),
    "demo.preparing": (
        "starting the service and preparing the bank …",
        "正在启动服务并准备银行……",
    ),
    "demo.page": (
        "watch it in a browser too: {page}",
        "也可在浏览器中观看：{page}",
    ),
    "demo.staying": (
        """The page and the service stay until Ctrl-C.
  page     {page}
  service  {service}/docs
  ask it   curl -H 'Authorization: Bearer {key}' {service}/v1/decisions/{event_id}""",
        """页面与服务将保留，按 Ctrl-C 结束。
  页面  {page}
  服务  {service}/docs
  查询  curl -H 'Authorization: Bearer {key}' {service}/v1/decisions/{event_id}""",
    ),
    "demo.line": (
        "{time}: {events} events, {rate}/s, {acted} acted on, {risk} at risk",
        "{time}：{events} 个事件，每秒 {rate} 个，处置 {acted} 个，涉险 {risk}",
    ),
    "demo.events": ("events", "事件"),
    "demo.rate": ("events/s, all told", "每秒事件（总）"),
    "demo.service_rate": ("events/s while asking", "每秒事件（服务应答）"),
    "demo.at_risk": ("money at risk", "涉险金额"),
    "demo.stopped": ("of it kept back", "其中拦下"),
    "demo.stopped_line": (
        "{amount} of it kept back before it left (delayed, held or blocked)",
        "其中 {amount} 在转出前被拦下（延迟、挂起或阻断）",
    ),
    "demo.service_line": (
        "{rate} events/s answered over HTTP, each durable first; {answer} ms an answer (median)",
        "HTTP 每秒应答 {rate} 个事件，均先落盘；每次应答 {answer} 毫秒（中位数）",
    ),
    "demo.degraded": (
        "{count} of them decided in haste, with something left out",
        "其中 {count} 个为降级决策",
    ),
    "demo.left_out": (
        "{refused} events refused, {duplicates} duplicates dropped",
        "被拒事件 {refused} 个，去除重复 {duplicates} 个",
    ),
    "demo.latest": ("Latest hits", "最新命中"),
    "demo.column.time": ("time", "时刻"),
    "demo.column.action": ("action", "处置"),
    "demo.column.typology": ("type", "类型"),
    "demo.column.reason": ("why", "原因"),
    "demo.how_to_end": (
        "{page} shows it in a browser; Ctrl-C ends it and keeps what was decided",
        "浏览器页面：{page}；按 Ctrl-C 结束并保留已作出的决策",
    ),
    "demo.ended": ("{title}: the end", "{title}：播放结束"),
    "demo.interrupted": ("{title}: ended early", "{title}：提前结束"),
    "demo.stories": ("How the three true stories ended", "三个真实故事的结局"),
    "demo.next": ("Try next:", "接下来可以试试："),
}
