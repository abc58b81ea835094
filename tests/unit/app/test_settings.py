from __future__ import annotations

import pytest

from haitang.app.settings import read_settings


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "HAITANG_LANGUAGE": "zh"}, "zh"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_US", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_language_is_that_of_the_reader(environment: dict[str, str], language: str) -> None:
    assert read_settings(environment).language == language


def test_colours_are_left_out_when_asked() -> None:
    assert not read_settings({"TERM": "xterm"}).plain
    assert read_settings({"TERM": "dumb"}).plain
    assert read_settings({"NO_COLOR": "1"}).plain
