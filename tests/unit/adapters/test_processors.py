"""Processors are kept awake while somebody wants it, and nobody is stopped where they cannot be."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from haitang.adapters.processors import LATENCY_FILE, Tell, processors_awake

Told = list[tuple[str, dict[str, object]]]


def told_to(told: Told) -> Tell:
    def tell(event: str, **details: object) -> None:
        told.append((event, details))

    return tell


def open_files(path: Path) -> int:
    """How many descriptors of this process name a file."""
    number = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            number += entry.readlink() == path
        except FileNotFoundError:
            continue
    return number


def test_no_delay_is_wished_for_as_long_as_it_is_held(tmp_path: Path) -> None:
    file = tmp_path / "latency"
    told: Told = []
    file.touch()
    with processors_awake(tell=told_to(told), file=file) as agreed:
        assert agreed
        assert struct.unpack("@i", file.read_bytes()) == (0,)
        assert open_files(file) == 1
    assert open_files(file) == 0
    assert [event for event, _ in told] == ["processors_kept_awake"]


@pytest.mark.parametrize("there", [False, True])
def test_a_system_that_does_not_agree_is_told_of_and_stops_nobody(
    tmp_path: Path, there: bool
) -> None:
    file = tmp_path / "latency"
    told: Told = []
    if there:
        file.mkdir()
    with processors_awake(tell=told_to(told), file=file) as agreed:
        assert not agreed
    ((event, details),) = told
    assert event == "processors_may_sleep"
    assert details["path"] == str(file)
    assert details["reason"] == ("Is a directory" if there else "No such file or directory")


def test_a_wish_that_is_not_taken_is_told_of() -> None:
    told: Told = []
    with processors_awake(tell=told_to(told), file=Path("/dev/full")) as agreed:
        assert not agreed
    assert told == [
        ("processors_may_sleep", {"path": "/dev/full", "reason": "the wish was not taken"})
    ]
    assert open_files(Path("/dev/full")) == 0


@pytest.mark.skipif(not os.access(LATENCY_FILE, os.R_OK | os.W_OK), reason="no right to ask for it")
def test_the_kernel_holds_to_it_while_the_file_is_open() -> None:
    def longest_delay() -> int:
        return int(struct.unpack("@i", LATENCY_FILE.read_bytes()[:4])[0])

    if longest_delay() == 0:
        pytest.skip("somebody else keeps the processors awake")
    with processors_awake(tell=lambda *_, **__: None):
        assert longest_delay() == 0
