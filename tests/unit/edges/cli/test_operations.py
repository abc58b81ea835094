from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from haitang.adapters.journal.journal import Journal
from haitang.app.settings_service import setting_specs
from haitang.app.settings_sources import read_service_settings
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.main import main
from haitang.edges.cli.settings import setting_lines
from haitang.edges.cli.wording import Wording
from tests.conftest import CheckOutput

NAMES = ("key_file", "algorithm")


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HAITANG_LANGUAGE", "en")
    monkeypatch.setenv("HAITANG_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "90")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_settings_are_laid_out_for_a_person(language: str, check_output: CheckOutput) -> None:
    read = read_service_settings(environment={"HAITANG_PORT": "9000"}, flags={"host": "0.0.0.0"})
    check_output("\n".join(setting_lines(read, wording=Wording(language))))


def test_settings_for_a_program_say_where_each_came_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "settings.toml").write_text("queue_events_max = 9000\n")
    assert main(["settings", "--json"]) == ExitCode.DONE
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(setting_specs())
    queue = rows["queue_events_max"]
    assert (queue["value"], queue["default"], queue["unit"]) == (9_000, 8_192, "events")
    assert (queue["source"], queue["place"]) == ("file", f"{tmp_path / 'settings.toml'}:1")
    assert rows["data_folder"]["source"] == "environment"
    assert rows["port"]["source"] == "default"


def test_the_key_of_tokens_is_shown_by_its_path_and_never_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, settings = tmp_path / "token.key", tmp_path / "settings.toml"
    key.write_text("0123456789abcdef0123456789abcdef\n")
    settings.write_text(f"token_key_file = '{key}'\ntoken_algorithm = 'sha256'\n")
    for arguments in (["settings"], ["settings", "--json"]):
        assert main(arguments) == ExitCode.DONE
        said = capsys.readouterr().out
        assert str(key) in said
        assert "0123456789abcdef" not in said
    monkeypatch.setenv("HAITANG_TOKEN_KEY_FILE", "")
    monkeypatch.setenv("HAITANG_TOKEN_ALGORITHM", "md5")
    assert main(["settings"]) == ExitCode.WRONG_USE
    assert "`token_algorithm` was `md5`; expected one of" in capsys.readouterr().err
    monkeypatch.setenv("HAITANG_TOKEN_ALGORITHM", "sm3")
    assert main(["settings", "--json"]) == ExitCode.DONE
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    told = [(rows[f"token_{name}"]["value"], rows[f"token_{name}"]["place"]) for name in NAMES]
    assert told == [("", "HAITANG_TOKEN_KEY_FILE"), ("sm3", "HAITANG_TOKEN_ALGORITHM")]


def test_a_slip_in_the_settings_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "settings.toml").write_text("\nqueue_event_max = 9000\n")
    assert main(["settings"]) != ExitCode.DONE
    said = capsys.readouterr().err
    assert f"{tmp_path / 'settings.toml'}:2: there was no setting `queue_event_max`" in said
    assert "did you mean `queue_events_max`?" in said


def test_a_key_is_shown_once_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--scope", "decide", "--scope", "read", "--expires-days", "30", "--author", "an"]
    assert main(["keys", "create", "gateway", *arguments]) == ExitCode.DONE
    token = capsys.readouterr().out.strip()
    assert re.fullmatch(r"ht_[0-9a-f]{12}_[0-9a-f]{64}", token)
    identifier, secret = token.split("_")[1:]

    assert main(["keys", "list"]) == ExitCode.DONE
    listed = capsys.readouterr().out
    assert secret not in listed
    assert re.search(
        rf"{identifier}  gateway  valid  decide,read  .* UTC  an$", listed, re.MULTILINE
    )

    assert main(["keys", "revoke", identifier, "--author", "bo"]) == ExitCode.DONE
    assert main(["keys", "list", "--json"]) == ExitCode.DONE
    said = capsys.readouterr().out
    (key,) = json.loads(said[said.index("[") :])
    assert (key["author"], key["scopes"]) == ("bo", ["decide", "read"])
    assert key["revoked_at_us"] >= key["created_at_us"] > 0
    assert not {"salt", "digest"} & set(key)


def test_no_keys_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list"]) == ExitCode.DONE
    assert "haitang keys create" in capsys.readouterr().out


def test_a_scope_that_does_not_exist_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "gateway", "--scope", "decode"]) == ExitCode.WRONG_USE
    assert "`decide`" in capsys.readouterr().err


def test_a_folder_goes_out_and_in_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, backup, again = (str(tmp_path / name) for name in ("data", "backup", "again"))
    with Journal.open(Path(data)) as journal:
        journal.stage(kind=1, count=3, stamp_us=1_772_445_600_000_000, payload=b"three")
        journal.commit()
    assert main(["backup", data, "--to", backup]) == ExitCode.DONE
    assert "3 events, the last of 2026-03-02 10:00:00 UTC" in capsys.readouterr().out
    assert main(["restore", backup, "--to", again]) == ExitCode.DONE
    assert f"haitang keys list --data {again}" in capsys.readouterr().out
    with Journal.open(Path(again), read_only=True) as journal:
        assert [frame.payload for frame in journal.read(0)] == [b"three"]
    assert main(["restore", backup, "--to", again]) == ExitCode.WRONG_USE
    assert "something was in it" in capsys.readouterr().err
