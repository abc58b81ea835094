"""What an earlier run read is not read again, and reads the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from haitang.app.backtest import reading
from haitang.app.backtest.reading import READ_FILE, read_pack
from haitang.app.wiring import read_pack_folder
from haitang.decision.rules.pack import load_pack_unlocked
from haitang.decision.rules.policies import PolicyReader
from haitang.decision.rules.problems import PackRefused
from haitang.decision.rules.specs import Pack
from tests.unit.app.authoring.authored import edit, own_pack, speaking


def _plain(folder: Path) -> Pack:
    return load_pack_unlocked(read_pack_folder(folder)).loaded.pack


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the policy files that are read, not taken from what was kept."""
    found: list[str] = []
    plain = PolicyReader.read

    def noting(self: PolicyReader, *given: object) -> object:
        found.append(Path(str(given[1])).stem)
        return plain(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(PolicyReader, "read", noting)
    return found


def test_only_what_changed_is_read_again(tmp_path: Path, read_files: list[str]) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    speaking(own)
    assert read_pack(own, tmp_path / "keep").pack == _plain(own)
    read_files.clear()
    assert read_pack(own, tmp_path / "keep").pack.policies
    assert read_files == []
    edit(own, "value: 5000", "value: 5100", name="d05_probe")
    changed = read_pack(own, tmp_path / "keep").pack
    assert read_files == ["d05_probe"]
    assert changed == _plain(own)


def test_a_feature_that_means_something_else_has_all_policies_read(
    tmp_path: Path, read_files: list[str]
) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    read_pack(own, tmp_path / "keep")
    pack = own / "pack.yaml"
    pack.write_text(pack.read_text().replace("pack: ", "# other\npack: ", 1))
    read_files.clear()
    assert read_pack(own, tmp_path / "keep").pack == _plain(own)
    (own / "features").mkdir(exist_ok=True)
    (own / "features" / "more.yaml").write_text(
        "features:\n  another:\n    {title: {en: Another, zh: 另一}, key: customer,\n"
        "     aggregate: count, window: 1h, unit: count}\n"
    )
    read_files.clear()
    read_pack(own, tmp_path / "keep")
    assert {"c14_gold_loan", "d05_probe"} <= set(read_files)


@pytest.mark.parametrize("content", [b"", b"\x93\x01", msgspec.msgpack.encode(["other", []])])
def test_what_cannot_be_taken_from_an_earlier_run_is_read(tmp_path: Path, content: bytes) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / READ_FILE).write_bytes(content)
    assert read_pack(own, tmp_path / "keep").pack == _plain(own)


def test_other_sources_of_the_readers_have_everything_read(
    tmp_path: Path, read_files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    read_pack(own, tmp_path / "keep")
    monkeypatch.setattr(reading, "deciding_sources", lambda: "another version")
    read_files.clear()
    read_pack(own, tmp_path / "keep")
    assert {"c14_gold_loan", "d05_probe"} <= set(read_files)


def test_a_pack_with_a_fault_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    read_pack(own, tmp_path / "keep")
    before = (tmp_path / "keep" / READ_FILE).read_bytes()
    edit(own, "value: 5000", "value: many", name="d05_probe")
    with pytest.raises(PackRefused):
        read_pack(own, tmp_path / "keep")
    assert (tmp_path / "keep" / READ_FILE).read_bytes() == before
