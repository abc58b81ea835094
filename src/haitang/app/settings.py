"""What the surroundings say about how to run: read once, at the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

LANGUAGE_VARIABLES = ("HAITANG_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""Environment variables that name the reader's language, the strongest first."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a command takes from its surroundings instead of from its arguments."""

    language: Literal["en", "zh"] = "en"
    data_folder: str = ""
    """`HAITANG_DATA`: where the public data sets lie; empty when nobody said."""
    plain: bool = False
    """`NO_COLOR` or `TERM=dumb`: no colours, no live view."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; unknown values fall back to the defaults.

    The language is the first of `LANGUAGE_VARIABLES` that says anything: `zh…` is Chinese, all
    else English.
    """
    said = next((environment[name] for name in LANGUAGE_VARIABLES if environment.get(name)), "")
    return Settings(
        language="zh" if said.lower().startswith("zh") else "en",
        data_folder=environment.get("HAITANG_DATA", ""),
        plain=bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb",
    )
