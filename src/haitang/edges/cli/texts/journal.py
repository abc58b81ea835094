"""Texts of `haitang journal`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "journal.short": (
        "Check, repair and export the journal of a data folder.",
        "校验、修复和导出数据目录中的日志。",
    ),
    "journal.help": (
        """Look after the journal: the events and decisions that a service has made durable.""",
        """维护日志：服务已经落盘的事件与决策。""",
    ),
    "journal.examples": (
        """haitang journal verify data                        is every frame as it was written?
haitang journal repair data --copy-to data-cut     cut damage away, keep what is cut
haitang journal export data --to day.jsonl         events, for `haitang replay`""",
        """haitang journal verify data                        所有帧是否完好？
haitang journal repair data --copy-to data-cut     截去损坏部分并保留副本
haitang journal export data --to day.jsonl         导出事件，供 `haitang replay` 使用""",
    ),
    "journal.verify.short": ("Check every frame.", "校验每一帧。"),
    "journal.verify.help": (
        """Read every frame and every index of a journal and hold them against their checksums.
Changes nothing, and may run beside the service: a frame that is just being written is told as
a torn tail.

The exit code is 4 when something is damaged.""",
        """读取日志的每一帧和每个索引，并与校验和对照。不作任何修改，可与服务同时运行：正在写入的帧会报告为
未写完的尾部。

有损坏时退出码为 4。""",
    ),
    "journal.verify.examples": (
        "haitang journal verify data     the data folder, not the `journal` inside it",
        "haitang journal verify data     数据目录，而非其中的 `journal`",
    ),
    "journal.repair.short": ("Cut a damaged journal so that it opens.", "截断损坏的日志使其可用。"),
    "journal.repair.help": (
        """Cut a journal at the first place that is damaged, keep a copy of all that is cut, and
say which positions are lost. Missing and damaged indexes are built again.

Everything behind the damage goes: no state can be computed over a gap. A backup loses
less; look for one first. The service must not run.""",
        """在第一处损坏的位置截断日志，保留被截部分的副本，并说明丢失了哪些位置。缺失或损坏的索引会重建。

损坏处之后的内容全部截去：状态无法跨越缺口计算。从备份恢复损失更少，请先查找备份。服务必须先停止。""",
    ),
    "journal.repair.examples": (
        "haitang journal repair data --copy-to data-cut     stop the service first",
        "haitang journal repair data --copy-to data-cut     请先停止服务",
    ),
    "journal.export.short": ("Write the journal as JSON Lines.", "将日志导出为 JSON Lines。"),
    "journal.export.help": (
        """Write what the journal holds to a file of JSON Lines, one event a line as it is stored,
up to the last one that is durable now. `haitang replay` reads the file. With --decisions a line
holds the event's position, when it was received, who sent it, the event, and the whole decision
that was recorded; publications stand among them.

Changes nothing, and may run beside the service. The file appears when it is complete; one that is
there already is not written over.""",
        """将日志内容导出为 JSON Lines 文件，每行一个事件，与存储内容一致，直到当前最后一个已落盘的
事件；`haitang replay` 可以读取。使用 --decisions 时，每行包含事件的位置、接收时间、发送方、事件以及
当时记录的完整决策，其间还有策略包的发布记录。

不作任何修改，可与服务同时运行。文件完整后才出现；已存在的文件不会被覆盖。""",
    ),
    "journal.export.examples": (
        """haitang journal export data --to events.jsonl
haitang journal export data --to new.jsonl --from-position 1204551
haitang journal export data --to - --decisions | jq .decision.action
haitang replay events.jsonl --pack packs/retail""",
        """haitang journal export data --to events.jsonl
haitang journal export data --to new.jsonl --from-position 1204551     从某一位置起
haitang journal export data --to - --decisions | jq .decision.action   同时导出决策
haitang replay events.jsonl --pack packs/retail""",
    ),
    "journal.option.to": (
        "File to write; must not be there yet. `-` is standard output.",
        "要写出的文件，不得已存在；`-` 为标准输出。",
    ),
    "journal.option.from_position": (
        "First position; default the oldest that is kept.",
        "起始位置；默认从保留的最早位置开始。",
    ),
    "journal.option.decisions": (
        "Also what was decided of each event, and every publication.",
        "同时导出每个事件的决策和每次发布。",
    ),
    "journal.export.done": (
        "{events} events, position {first} up to, not including, {next}",
        "{events} 个事件，位置自 {first} 起至 {next} 前",
    ),
    "journal.export.publications": ("{count} publications", "{count} 次发布"),
    "progress.export.title": ("Exporting", "导出中"),
    "progress.export.events": ("{count} events", "{count} 个事件"),
    "progress.export.line": (
        "exporting: {share}, {count} events",
        "导出中：{share}，{count} 个事件",
    ),
    "journal.option.copy_to": (
        "Folder for what is cut; made when absent.",
        "存放被截部分的目录；不存在时创建。",
    ),
    "journal.progress": ("checked: {done} of {total} MiB", "已校验：{done} / {total} MiB"),
    "journal.row.id": ("journal", "日志"),
    "journal.row.segments": ("segments", "日志段"),
    "journal.row.frames": ("frames", "帧"),
    "journal.row.events": ("events", "事件"),
    "journal.row.positions": ("positions", "位置"),
    "journal.row.bytes": ("size", "大小"),
    "journal.row.stamps": ("received", "接收时间"),
    "journal.indexes": (
        "{count} indexes are missing or damaged and will be built again: {names}",
        "{count} 个索引缺失或损坏，将会重建：{names}",
    ),
    "journal.torn": (
        "{segment} ends in {bytes} bytes of a frame never answered; the next start cuts it",
        "{segment} 末尾有 {bytes} 字节未写完的帧，从未答复过；下次启动时截去",
    ),
    "journal.ahead": (
        "the journal ends before these snapshots, so its end is missing: {names}",
        "日志结束于以下快照之前，说明日志末尾缺失：{names}",
    ),
    "journal.whole": ("every frame was as it was written", "所有帧均完好"),
    "journal.corrupt": (
        "damaged: {segment}, byte {offset}, position {position}: {reason}",
        "损坏：{segment}，字节 {offset}，位置 {position}：{reason}",
    ),
    "journal.corrupt.next": (
        "restore a backup, or see `haitang journal repair --help`",
        "请从备份恢复，或参见 `haitang journal repair --help`",
    ),
    "journal.repaired.indexes": (
        "{count} indexes built: {names}",
        "已重建 {count} 个索引：{names}",
    ),
    "journal.repaired.nothing": ("no frame was damaged", "没有损坏的帧"),
    "journal.repaired.cut": ("{bytes} bytes cut away: {reason}", "已截去 {bytes} 字节：{reason}"),
    "journal.repaired.lost": (
        "positions {first} to {last} are lost",
        "丢失的位置：{first} 至 {last}",
    ),
    "journal.repaired.more": (
        "what lay in illegible places besides, nobody can say",
        "无法辨读之处是否还有其他内容，无从得知",
    ),
    "journal.repaired.next": (
        "the next position is {position}",
        "下一个位置为 {position}",
    ),
}
