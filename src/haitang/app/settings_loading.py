"""The settings of a service: finds the file, then reads all sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from haitang.app.settings_service import ServiceSettings
from haitang.app.settings_sources import SettingsRead, SettingsText, read_service_settings
from haitang.app.wiring import read_settings_text

SETTINGS_FILE = "settings.toml"
"""Name of the settings file in a data folder."""


def load_service_settings(
    *,
    environment: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    settings_file: Path | None = None,
) -> SettingsRead:
    """Read every source of settings; `flags` are values by name, None where none was given.

    `settings_file` is read where it is named; else `settings.toml` of the data folder, if there is
    one. The data folder itself is then what flag or environment say, or the default.
    """
    file = None
    if settings_file is not None:
        file = SettingsText(path=str(settings_file), text=read_settings_text(settings_file))
    else:
        folder = _data_folder(environment, flags or {})
        path = folder / SETTINGS_FILE
        if path.exists():
            file = SettingsText(path=str(path), text=read_settings_text(path), in_data_folder=True)
    return read_service_settings(environment=environment, file=file, flags=flags)


def _data_folder(environment: Mapping[str, str], flags: Mapping[str, object]) -> Path:
    said = flags.get("data_folder") or environment.get("HAITANG_DATA_FOLDER")
    return Path(str(said or ServiceSettings().data_folder))
