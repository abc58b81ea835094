"""What `haitang serve` was told on its command line, as settings and as words again."""

from __future__ import annotations

import os
from typing import Any

from haitang.app.settings_loading import load_service_settings
from haitang.app.settings_service import ServiceSettings

_SETTINGS = (
    "data_folder", "host", "port", "token_key_file", "token_algorithm", "accept_clock",
    "follower_enabled", "processors_awake",
)  # fmt: skip
"""Options that are settings too."""
_WORDS = {
    "data_folder": "--data",
    "pack": "--pack",
    "host": "--host",
    "port": "--port",
    "settings_file": "--settings",
    "token_key_file": "--token-key-file",
    "token_algorithm": "--token-algorithm",
}
_SWITCHES = {
    "accept_clock": "accept-clock",
    "follower_enabled": "follower",
    "processors_awake": "processors-awake",
}


def service_settings(given: dict[str, Any]) -> ServiceSettings:
    """Return the settings that hold, from every source."""
    return load_service_settings(
        environment=os.environ,
        flags={name: _plain(given[name]) for name in _SETTINGS},
        settings_file=given["settings_file"],
    ).values


def flag_values(given: dict[str, Any]) -> list[str]:
    """Return the options as words, for a process that shall be told the same."""
    words: list[str] = []
    for name, flag in _WORDS.items():
        if given[name] is not None:
            words += [flag, str(given[name])]
    for name, switch in _SWITCHES.items():
        if given[name] is not None:
            words.append(f"--{switch}" if given[name] else f"--no-{switch}")
    return words


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)
