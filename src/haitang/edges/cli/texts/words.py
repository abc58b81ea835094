"""Words of the domain: tiers, parties, units."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "tier.low": ("low", "低"),
    "tier.medium": ("medium", "中"),
    "tier.high": ("high", "高"),
    "tier.critical": ("critical", "极高"),
    "party.payer": ("payer", "付款方"),
    "party.payee": ("payee", "收款方"),
    "value.yes": ("yes", "是"),
    "value.no": ("no", "否"),
    "value.days": ("{count} d", "{count} 天"),
    "value.day": ("{count} d", "{count} 天"),
    "value.hour": ("{count} h", "{count} 小时"),
    "value.minute": ("{count} min", "{count} 分"),
    "value.second": ("{count} s", "{count} 秒"),
}
