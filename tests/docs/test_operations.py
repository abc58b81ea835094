"""The pages that an operator reads name every setting with its default, and every metric."""

from __future__ import annotations

import re

from haitang.app.service.metrics import Metrics
from haitang.app.settings_service import ServiceSettings, setting_specs
from tests.tidy.source import ROOT

SETTINGS = ROOT / "docs" / "reference" / "settings.md"
GUIDE = ROOT / "docs" / "guides" / "operate.md"


def test_every_setting_stands_in_the_reference_with_its_default_and_bounds() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \| (\w*) \| (.*?) \| (.*?) \|",
        SETTINGS.read_text("utf-8"),
        re.MULTILINE,
    )
    written = {name: (default, unit, least, most) for name, default, unit, least, most in rows}
    defaults = ServiceSettings()
    wanted = {}
    for name, spec in setting_specs().items():
        value = getattr(defaults, name)
        shown = f"`{value:_}`" if type(value) is int and spec.unit else f"`{value}`"
        if value == "":
            shown = ""
        if isinstance(value, bool):
            shown = f"`{str(value).lower()}`"
        if isinstance(value, dict):
            shown = "below"
        wanted[name] = (shown, spec.unit, _bound(spec.least), _bound(spec.most))
    assert written == wanted


def _bound(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def test_every_metric_is_explained() -> None:
    names = set(re.findall(rb"^# HELP (haitang_\w+)", Metrics().render(), re.MULTILINE))
    assert len(names) > 15
    page = GUIDE.read_text("utf-8")
    missing = sorted(
        name.decode() for name in names if f"`{name.decode().removesuffix('_total')}" not in page
    )
    assert not missing, "\n".join(missing)
