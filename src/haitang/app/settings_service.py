"""Every setting of the decision service: one struct, with title, unit and bounds of each value.

Data and its meaning only; `settings_sources` reads the values and says where each came from.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from haitang.data.events.kinds import Channel

MIB = 1 << 20
GIB = 1 << 30

DEFAULT_CHANNEL = "default"
"""The key of `fail_policy` for every channel that has none of its own."""

CHANNELS: tuple[str, ...] = get_args(Channel)
"""Channels of the event catalogue."""


def _said(en: str, zh: str, unit: str = "", *, may_be_empty: bool = False) -> Meta:
    return Meta(title=en, extra={"zh": zh, "unit": unit, "may_be_empty": may_be_empty})


def _number(en: str, zh: str, unit: str, least: float, most: float) -> Meta:
    return Meta(title=en, ge=least, le=most, extra={"zh": zh, "unit": unit})


FAIL_POLICY: dict[str, str] = {
    "default": "HOLD",
    "POS": "WATCH",
    "QR": "WATCH",
    "ATM": "WATCH",
    "CRM": "WATCH",
    "INTERNAL": "WATCH",
    "MOBILE": "DELAY",
    "WEB": "DELAY",
    "PHONE": "DELAY",
    "REMOTE_VIDEO": "DELAY",
    "CORP_EBANK": "DELAY",
    "OPEN_BANK": "DELAY",
    "COUNTER": "HOLD",
    "BATCH": "HOLD",
}
"""What a channel does when no decision is there in time; `docs/guides/operate.md` says why."""


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that `haitang serve` may be told; each default serves a bank as it is."""

    data_folder: Annotated[str, _said("Data folder", "数据目录")] = "data"
    host: Annotated[str, _said("Address to listen on", "监听地址")] = "127.0.0.1"
    port: Annotated[
        int, _number("Port; 0 takes a free one", "端口；0 表示任取空闲端口", "", 0, 65_535)
    ] = 8_620
    language: Annotated[
        Literal["en", "zh"],
        _said("Language of pages and texts", "界面语言"),
    ] = "en"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        _said("Least level that is logged", "日志级别"),
    ] = "info"
    log_format: Annotated[
        Literal["json", "text"],
        _said("Form of log lines", "日志格式"),
    ] = "json"

    deadline_ms_default: Annotated[
        int,
        _number("Time budget of a request that names none", "默认时限", "ms", 1, 60_000),
    ] = 1_000
    fail_policy: Annotated[
        dict[str, str],
        _said("Action of a channel when no decision is there in time", "各渠道降级动作"),
    ] = msgspec.field(default_factory=lambda: dict(FAIL_POLICY))

    queue_events_max: Annotated[
        int,
        _number("Events that may wait", "排队事件上限", "events", 1, 1_000_000),
    ] = 8_192
    batch_events_max: Annotated[
        int,
        _number("Events of one turn", "单批事件上限", "events", 1, 65_536),
    ] = 1_024
    rules_only_share: Annotated[
        float,
        _number("Share of the queue from which models rest", "停用模型的队列占比", "share", 0, 1),
    ] = 0.5
    lists_only_share: Annotated[
        float,
        _number("Share of the queue from which lists decide", "仅用名单的队列占比", "share", 0, 1),
    ] = 0.75
    batch_request_events_max: Annotated[
        int,
        _number("Events of one batch request", "批量请求事件上限", "events", 1, 100_000),
    ] = 10_000
    body_bytes_max: Annotated[
        int,
        _number("Longest request body", "请求体上限", "bytes", 1_024, 256 * MIB),
    ] = 8 * MIB
    body_timeout_s: Annotated[
        float,
        _number("Time in which a request body must arrive", "请求体接收时限", "s", 0.1, 600),
    ] = 10.0
    drain_timeout_s: Annotated[
        float,
        _number("Time for open requests when stopping", "停机等待时限", "s", 0, 3_600),
    ] = 30.0

    token_key_file: Annotated[
        str,
        _said(
            "File with the key of name tokens; empty: names are dropped",
            "令牌密钥文件；空则不保留户名",
            may_be_empty=True,
        ),
    ] = ""
    token_algorithm: Annotated[
        Literal["sm3", "sha256"],
        _said("Algorithm of tokens", "令牌算法"),
    ] = "sm3"  # noqa: S105 - an algorithm, no token

    remembered_events: Annotated[
        int,
        _number("Event ids remembered", "去重记忆事件数", "events", 1_000, 100_000_000),
    ] = 1_000_000
    state_bytes_max: Annotated[
        int,
        _number("Largest feature state", "指标状态内存上限", "bytes", 16 * MIB, 1_024 * GIB),
    ] = 8 * GIB
    state_touched_bytes: Annotated[
        int,
        _number("State memory taken at the start", "启动时预占内存", "bytes", 0, 1_024 * GIB),
    ] = 0

    journal_segment_bytes: Annotated[
        int,
        _number("Length of a journal segment", "日志段长度", "bytes", 64 * 1_024, 16 * GIB),
    ] = 256 * MIB
    journal_retention_days: Annotated[
        int,
        _number(
            "Days the journal is kept; 0 for ever", "日志保留天数；0 为永久", "days", 0, 36_500
        ),
    ] = 0
    follower_enabled: Annotated[
        bool,
        _said("A follower audits decisions and writes snapshots", "启用跟随进程"),
    ] = True
    snapshot_every_events: Annotated[
        int,
        _number("Events between snapshots", "快照间隔事件数", "events", 1_000, 1_000_000_000),
    ] = 500_000
    snapshot_every_s: Annotated[
        int,
        _number("Time between snapshots", "快照间隔时间", "s", 10, 604_800),
    ] = 3_600

    processors_awake: Annotated[
        bool,
        _said("Processors do not sleep between requests", "请求之间处理器不休眠"),
    ] = False

    metrics_public: Annotated[
        bool,
        _said("`/metrics` needs no key", "指标接口无需密钥"),
    ] = False
    accept_clock: Annotated[
        bool,
        _said("Start although the clock is behind the journal", "时钟落后时仍启动"),
    ] = False


class SettingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told of one setting."""

    name: str
    title_en: str
    title_zh: str
    unit: str
    """`ms`, `s`, `days`, `bytes`, `events`, `share`, or nothing."""
    kind: type
    """`int`, `float`, `bool`, `str` or `dict`."""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    may_be_empty: bool = False
    """Of a text: empty means that there is none."""
    secret: bool = False
    """Its value is never printed."""


def setting_specs(settings: type[msgspec.Struct] = ServiceSettings) -> dict[str, SettingSpec]:
    """Return what is known of every setting by name, in the order in which they are declared."""
    fields = msgspec.inspect.type_info(settings)
    assert isinstance(fields, msgspec.inspect.StructType)
    return {field.name: _spec(field.name, field.type) for field in fields.fields}


def _spec(name: str, described: msgspec.inspect.Type) -> SettingSpec:
    assert isinstance(described, msgspec.inspect.Metadata), f"the setting {name} has no title"
    said: dict[str, Any] = described.extra or {}
    schema = described.extra_json_schema or {}
    kind: type
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    match described.type:
        case msgspec.inspect.BoolType():
            kind = bool
        case msgspec.inspect.IntType() as number:
            kind, least, most = int, number.ge, number.le
        case msgspec.inspect.FloatType() as number:
            kind, least, most = float, number.ge, number.le
        case msgspec.inspect.LiteralType(values=values):
            kind, choices = str, tuple(map(str, values))
        case msgspec.inspect.DictType():
            kind = dict
        case _:
            kind = str
    return SettingSpec(
        name=name,
        title_en=schema.get("title", ""),
        title_zh=said.get("zh", ""),
        unit=said.get("unit", ""),
        kind=kind,
        choices=choices,
        least=least,
        most=most,
        may_be_empty=bool(said.get("may_be_empty")),
        secret=bool(said.get("secret")),
    )
