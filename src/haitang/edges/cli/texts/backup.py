"""Texts of `haitang backup` and `haitang restore`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "backup.short": (
        "Copy a data folder while the service runs.",
        "在服务运行时备份数据目录。",
    ),
    "backup.help": (
        """Copy a data folder, served or not, into a new folder, and check every frame of the copy.

The copy holds the journal up to its last whole frame, snapshots, packs, keys and settings,
as they were at one instant. It appears when it is complete, or not at all. With --previous,
closed segments that an earlier backup on the same disk holds are linked from there: only
what is new is copied.""",
        """把数据目录（服务运行与否均可）复制到新目录，并校验副本中的每一帧。

副本包含截至最后一个完整帧的日志、快照、策略包、密钥和设置，均为同一时刻的状态。只有完整后才会
出现。使用 --previous 时，同一磁盘上先前备份已有的已封存日志段直接链接，只复制新增部分。""",
    ),
    "backup.examples": (
        """haitang backup data --to backups/2026-03-02
haitang backup data --to backups/2026-03-03 --previous backups/2026-03-02""",
        """haitang backup data --to backups/2026-03-02                                    完整备份
haitang backup data --to backups/2026-03-03 --previous backups/2026-03-02      增量""",
    ),
    "backup.option.to": ("The new folder that holds the backup.", "存放备份的新目录。"),
    "backup.option.previous": (
        "An earlier backup on the same disk, to link closed segments from.",
        "同一磁盘上先前的备份，用于链接已封存的日志段。",
    ),
    "backup.done": (
        (
            "{path}: {files} files, {mebibytes} MiB, {events} events, the last of {instant}; "
            "the next position would be {next}"
        ),
        (
            "{path}：{files} 个文件，{mebibytes} MiB，{events} 个事件，最后一个在 {instant}；"
            "下一个位置为 {next}"
        ),
    ),
    "backup.progress": ("copied: {mebibytes} MiB", "已复制：{mebibytes} MiB"),
    "restore.short": ("Make a data folder of a backup.", "从备份恢复数据目录。"),
    "restore.help": (
        """Make a new data folder of a backup, and check every file and every frame on the way.

The folder must not exist or be empty. What was decided after the backup is not in it: have
the callers send those events again; what the journal knows already is answered as before.""",
        """从备份生成新的数据目录，并在此过程中校验每个文件和每一帧。

目标目录必须不存在或为空。备份之后的决策不在其中：请调用方重发这些事件；日志中已有的事件会得到与
之前相同的答复。""",
    ),
    "restore.examples": (
        """haitang restore backups/2026-03-02 --to data""",
        """haitang restore backups/2026-03-02 --to data      data 必须是新目录""",
    ),
    "restore.option.to": ("The new data folder.", "新的数据目录。"),
    "restore.done": (
        (
            "{path}: {files} files, {mebibytes} MiB, {events} events, the last of {instant}; "
            "the next position is {next}"
        ),
        (
            "{path}：{files} 个文件，{mebibytes} MiB，{events} 个事件，最后一个在 {instant}；"
            "下一个位置为 {next}"
        ),
    ),
    "restore.next": (
        "look through `haitang keys list --data {path}`: a key revoked since is valid again",
        "请检查 `haitang keys list --data {path}`：备份之后吊销的密钥会重新有效",
    ),
}
