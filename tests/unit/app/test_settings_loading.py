from __future__ import annotations

from pathlib import Path

import pytest

from haitang.app.settings_loading import load_service_settings
from haitang.kernel.errors import HaitangError


def test_the_file_of_the_data_folder_is_read_when_it_is_there(tmp_path: Path) -> None:
    flags = {"data_folder": str(tmp_path)}
    assert load_service_settings(environment={}, flags=flags).values.port == 8_620
    (tmp_path / "settings.toml").write_text("port = 9000\n")
    read = load_service_settings(environment={}, flags=flags)
    assert read.values.port == 9_000
    assert read.origins["port"].place == f"{tmp_path / 'settings.toml'}:1"
    assert read.values.data_folder == str(tmp_path)


def test_the_environment_may_say_where_the_data_folder_is(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("port = 9000\n")
    read = load_service_settings(environment={"HAITANG_DATA_FOLDER": str(tmp_path)})
    assert read.values.port == 9_000


def test_a_named_file_takes_the_place_of_the_one_in_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("port = 9000\n")
    other = tmp_path / "bank.toml"
    other.write_text(f"data_folder = '{tmp_path}'\nhost = '0.0.0.0'\n")
    read = load_service_settings(environment={}, settings_file=other)
    assert (read.values.port, read.values.host) == (8_620, "0.0.0.0")
    assert read.values.data_folder == str(tmp_path)


@pytest.mark.parametrize(
    ("content", "code"), [(None, "file_missing"), (b"\xff\xfe", "settings_malformed")]
)
def test_a_named_file_must_be_readable(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "bank.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HaitangError) as raised:
        load_service_settings(environment={}, settings_file=path)
    assert raised.value.code == code
