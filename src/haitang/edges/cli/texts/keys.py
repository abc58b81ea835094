"""Texts of `haitang keys`."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "keys.short": ("Make, list and revoke API keys.", "创建、列出和吊销接口密钥。"),
    "keys.help": (
        """Make, list and revoke the API keys of a service, while it runs or not.

A key names who calls and says what it may do. Its secret is shown once, when the key is
made; kept is a digest, in keys.json of the data folder. A running service notices new and
revoked keys within a second.""",
        """创建、列出和吊销服务的接口密钥，服务运行与否均可。

密钥表明调用方是谁、可以做什么。明文只在创建时显示一次；数据目录的 keys.json 只保存摘要。
运行中的服务在一秒内得知新增和吊销的密钥。""",
    ),
    "keys.examples": (
        """haitang keys create mobile-gateway --scope decide --scope events
haitang keys list
haitang keys revoke 3f1c0a9be2d4""",
        """haitang keys create mobile-gateway --scope decide --scope events   创建
haitang keys list                                                  列出
haitang keys revoke 3f1c0a9be2d4                                   吊销""",
    ),
    "keys.create.short": ("Make a key and show its secret once.", "创建密钥并显示一次明文。"),
    "keys.create.help": (
        """Make a key for a system that calls the service.

The key alone goes to standard output, so that a pipe can hand it to a store of secrets; it
cannot be shown again. Give each system a key of its own, with the scopes that it needs.""",
        """为调用服务的系统创建一把密钥。

标准输出只有密钥本身，便于用管道交给密钥库；之后无法再次显示。请为每个系统单独创建密钥，只给所需
的权限。""",
    ),
    "keys.create.examples": (
        """haitang keys create mobile-gateway --scope decide --scope events --expires-days 365
haitang keys create prometheus --scope operate --data D > prometheus.key""",
        """haitang keys create mobile-gateway --scope decide --scope events --expires-days 365
haitang keys create prometheus --scope operate > prometheus.key    写入文件""",
    ),
    "keys.create.done": (
        "key {id} may: {scopes}; this was the only time that it was shown",
        "密钥 {id} 的权限：{scopes}；明文只显示这一次",
    ),
    "keys.list.short": ("List the keys, without secrets.", "列出密钥（不含明文）。"),
    "keys.list.help": (
        "List every key with its scopes and whether it is valid, revoked or expired.",
        "列出每把密钥的权限，以及有效、已吊销或已过期。",
    ),
    "keys.list.examples": (
        """haitang keys list
haitang keys list --data D --json""",
        """haitang keys list
haitang keys list --data D --json      供程序读取""",
    ),
    "keys.list.empty": (
        "there were no keys; make one with `haitang keys create`",
        "还没有密钥；用 `haitang keys create` 创建",
    ),
    "keys.revoke.short": ("Revoke a key for good.", "永久吊销一把密钥。"),
    "keys.revoke.help": (
        "Revoke a key; a running service refuses it within a second. It stays in the list.",
        "吊销密钥；运行中的服务在一秒内开始拒绝它。密钥仍保留在列表中。",
    ),
    "keys.revoke.examples": (
        """haitang keys revoke 3f1c0a9be2d4""",
        """haitang keys revoke 3f1c0a9be2d4       编号取自 haitang keys list""",
    ),
    "keys.revoke.done": ("revoked: {id} ({name})", "已吊销：{id}（{name}）"),
    "keys.option.scope": (
        "What the key may do; say it once for each scope.",
        "密钥的权限；每种权限写一次。",
    ),
    "keys.option.expires_days": (
        "Days after which it expires; default 0, never.",
        "多少天后过期；默认 0，永不过期。",
    ),
    "keys.option.algorithm": (
        "Digest that is kept: HMAC with SM3 (default) or SHA-256.",
        "保存的摘要：HMAC-SM3（默认）或 HMAC-SHA-256。",
    ),
    "keys.option.author": (
        "Who does this; default the system's user.",
        "操作人；默认为系统用户。",
    ),
    "keys.option.data": (
        "The data folder; default from HAITANG_DATA_FOLDER, else ./data.",
        "数据目录；默认取自 HAITANG_DATA_FOLDER，否则为 ./data。",
    ),
    "keys.option.json": ("Write JSON, for a program.", "输出 JSON，供程序读取。"),
    "keys.column.id": ("id", "编号"),
    "keys.column.name": ("name", "名称"),
    "keys.column.state": ("state", "状态"),
    "keys.column.scopes": ("scopes", "权限"),
    "keys.column.created": ("created", "创建"),
    "keys.column.expires": ("expires", "过期"),
    "keys.column.author": ("last author", "最后操作人"),
    "keys.state.valid": ("valid", "有效"),
    "keys.state.revoked": ("revoked", "已吊销"),
    "keys.state.expired": ("expired", "已过期"),
}
