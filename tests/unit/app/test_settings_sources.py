from __future__ import annotations

import pytest

from haitang.app.settings_service import (
    CHANNELS,
    FAIL_POLICY,
    ServiceSettings,
    setting_specs,
)
from haitang.app.settings_sources import SettingsText, read_service_settings
from haitang.decision.engine.actions import PRIMARY
from haitang.kernel.errors import HaitangError, Refusals
from tests.conftest import CheckOutput


def text(content: str, *, in_data_folder: bool = False) -> SettingsText:
    return SettingsText(path="settings.toml", text=content, in_data_folder=in_data_folder)


def refusal(
    content: str = "", environment: dict[str, str] | None = None, **flags: object
) -> HaitangError:
    with pytest.raises(HaitangError) as raised:
        read_service_settings(environment=environment or {}, file=text(content), flags=flags)
    return raised.value


def test_without_a_word_from_anybody_the_defaults_hold() -> None:
    read = read_service_settings(environment={"PATH": "/bin", "HAITANG_DATA": "sets"})
    assert read.values == ServiceSettings()
    assert {origin.kind for origin in read.origins.values()} == {"default"}


def test_file_is_under_environment_is_under_flags() -> None:
    file = text("port = 1\nhost = 'file'\nlog_level = 'debug'\n")
    environment = {"HAITANG_PORT": "2", "HAITANG_HOST": "environment"}
    read = read_service_settings(
        environment=environment, file=file, flags={"port": 3, "host": None}
    )
    assert (read.values.port, read.values.host, read.values.log_level) == (
        3,
        "environment",
        "debug",
    )
    places = [read.origins[name].place for name in ("port", "host", "log_level", "language")]
    assert places == ["--port", "HAITANG_HOST", "settings.toml:3", ""]


def test_the_defaults_are_within_their_own_bounds() -> None:
    said = {
        f"HAITANG_{name.upper()}": _as_text(getattr(ServiceSettings(), name))
        for name in setting_specs()
    }
    assert read_service_settings(environment=said).values == ServiceSettings()


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{channel}={action}" for channel, action in value.items())
    return str(value)


def test_every_setting_has_a_title_in_both_languages_and_numbers_have_bounds() -> None:
    for spec in setting_specs().values():
        assert spec.title_en and spec.title_zh, spec.name  # noqa: PT018
        if spec.kind in (int, float):
            assert spec.least is not None and spec.most is not None, spec.name  # noqa: PT018


def test_the_fail_policy_speaks_of_every_channel_in_primary_actions() -> None:
    assert set(FAIL_POLICY) == {*CHANNELS, "default"}
    assert set(FAIL_POLICY.values()) <= set(PRIMARY)


@pytest.mark.parametrize("word", ["true", "1", "yes", "TRUE"])
def test_an_environment_says_yes_in_several_ways(word: str) -> None:
    read = read_service_settings(environment={"HAITANG_ACCEPT_CLOCK": word})
    assert read.values.accept_clock


def test_a_table_replaces_the_fail_policy_whole() -> None:
    read = read_service_settings(environment={}, file=text('[fail_policy]\ndefault = "PASS"\n'))
    assert read.values.fail_policy == {"default": "PASS"}
    assert read.origins["fail_policy"].place == "settings.toml:1"
    said = read_service_settings(environment={"HAITANG_FAIL_POLICY": "default=HOLD, POS=PASS"})
    assert said.values.fail_policy == {"default": "HOLD", "POS": "PASS"}


def test_the_language_of_the_locale_is_that_of_the_service() -> None:
    read = read_service_settings(environment={"HAITANG_LANGUAGE": "zh_CN.UTF-8"})
    assert read.values.language == "zh"


FAULTS: dict[str, str] = {
    "unknown": "prot = 80\n",
    "nothing_near": "zzzzzz = 1\n",
    "too_small": "port = -1\n",
    "too_large": "queue_events_max = 10_000_000\n",
    "text_for_a_number": 'port = "80"\n',
    "number_for_a_text": "host = 4\n",
    "fraction_for_a_whole_number": "port = 80.5\n",
    "number_for_a_flag": "accept_clock = 1\n",
    "flag_for_a_number": "port = true\n",
    "not_a_number": "rules_only_share = nan\n",
    "empty_text": 'host = ""\n',
    "no_choice": 'log_level = "inform"\n',
    "no_table": "fail_policy = 3\n",
    "unknown_channel": '[fail_policy]\ndefault = "HOLD"\nMOBIL = "HOLD"\n',
    "unknown_action": '[fail_policy]\ndefault = "HOLDE"\nPOS = 1\n',
    "no_default": '[fail_policy]\nPOS = "PASS"\n',
    "not_toml": "port = = 80\n",
    "contradiction": "batch_events_max = 50_000\nqueue_events_max = 100\n",
    "shares": "rules_only_share = 0.9\n",
    "several": "prot = 80\nport = -1\nhost = 4\n",
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_a_file_says_wrong_is_refused_where_it_stands(
    name: str, check_output: CheckOutput
) -> None:
    check_output(refusal(FAULTS[name]).render())


def test_what_an_environment_says_wrong_is_refused_by_variable(check_output: CheckOutput) -> None:
    environment = {
        "HAITANG_PROT": "80",
        "HAITANG_PORT": "eighty",
        "HAITANG_ACCEPT_CLOCK": "perhaps",
        "HAITANG_FAIL_POLICY": "HOLD",
        "HAITANG_SERVICE_HOST": "10.0.0.1",
        "HAITANG_BODY_BYTES_MAX": "tcp://10.0.0.1:80",
    }
    check_output(refusal(environment=environment).render())


def test_what_a_flag_says_wrong_is_refused_by_flag(check_output: CheckOutput) -> None:
    check_output(refusal(port=70_000).render())


def test_all_faults_are_told_at_once() -> None:
    problem = refusal(FAULTS["several"], {"HAITANG_LOG_FORMAT": "xml"})
    assert isinstance(problem, Refusals)
    assert [one.code for one in problem.problems].count("setting_refused") == 3
    assert len(problem.problems) == 4


def test_a_file_in_the_data_folder_cannot_say_where_that_folder_is() -> None:
    said = "# here\ndata_folder = 'x'\n"
    with pytest.raises(HaitangError) as raised:
        read_service_settings(environment={}, file=text(said, in_data_folder=True))
    assert (raised.value.code, raised.value.place.line) == ("setting_refused", 2)
    assert read_service_settings(environment={}, file=text(said)).values.data_folder == "x"
