from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from haitang.adapters.files.states import MAGIC, StoredState, read_state, write_state
from haitang.kernel.errors import HaitangError
from tests.conftest import CheckOutput

STATE = StoredState(engine=b"\x00engine", seen=b"seen", events=3)


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    write_state(tmp_path / "state", STATE)
    assert read_state(tmp_path / "state") == STATE


def test_other_files_and_damaged_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check_output: CheckOutput
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = MAGIC + msgspec.msgpack.encode(STATE)
    contents = {
        "other_kind": b'{"event_id": "E1"}\n',
        "empty": b"",
        "cut_short": whole[:-3],
        "of_another_version": MAGIC
        + msgspec.msgpack.encode(msgspec.structs.replace(STATE, version=99)),
    }
    for name, content in contents.items():
        Path("state").write_bytes(content)
        with pytest.raises(HaitangError) as refused:
            read_state(Path("state"))
        assert refused.value.code.startswith("state_")
        check_output(refused.value.render(), name)
