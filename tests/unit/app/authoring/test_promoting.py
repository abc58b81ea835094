"""A policy goes on step by step, with tests, figures and a second person, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from haitang.app.authoring.promoting import promote
from haitang.app.checking import check_pack
from haitang.app.wiring import MachineClock, write_pack_file
from haitang.kernel.errors import HaitangError
from tests.unit.app.authoring.authored import NAME, edit, loaded, own_pack, speaking


def report(own: Path, *, name: str = NAME, events: int = 1_000) -> Path:
    """Write what a backtest of the policy as it is now would say."""
    text = (own / "policies" / f"{name}.yaml").read_bytes()
    path = own.parent / "report.json"
    digests = {name: hashlib.sha256(text).hexdigest()}
    path.write_bytes(msgspec.json.encode({"events": events, "policy_digests": digests, "more": 1}))
    return path


def files(own: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in own.rglob("*") if path.is_file()}


def finished(own: Path) -> None:
    path = own / "policies" / f"{NAME}.yaml"
    path.write_text(path.read_text().replace("TODO: ", "").replace("待写：", ""))


def test_a_policy_goes_from_draft_to_live_and_is_retired(tmp_path: Path) -> None:
    own = own_pack(tmp_path, NAME)
    finished(own)
    steps = []
    for goal in ("shadow", "live", "retired"):
        done = promote(
            own, NAME, to=goal, author="li", approver="wang",
            backtest=None if goal == "retired" else report(own),
        )  # fmt: skip
        steps.append((done.before, done.after, done.version))
        assert check_pack(own, run_tests=True, clock=MachineClock()).lock_problems == ()
    assert steps == [("draft", "shadow", 1), ("shadow", "live", 2), ("live", "retired", 3)]
    changelog = (own / "CHANGELOG.md").read_text()
    assert "- `c14_gold_loan` 2 is live: by li, approved by wang, backtested on 1,000" in changelog
    assert changelog.index("is retired") < changelog.index("is live") < changelog.index("is shadow")


def test_what_is_missing_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    own = own_pack(tmp_path, NAME)
    finished(own)
    good = report(own)
    stale = tmp_path / "stale.json"
    stale.write_bytes(msgspec.json.encode({"events": 9, "policy_digests": {NAME: "0" * 64}}))
    other = tmp_path / "other.json"
    other.write_text('{"events": "many"}')
    before = files(own)
    for changes, code in (
        ({"approver": " Li "}, "policy_four_eyes"),
        ({"author": ""}, "policy_four_eyes"),
        ({"to": "live"}, "policy_step"),
        ({"backtest": None}, "policy_no_backtest"),
        ({"backtest": stale}, "policy_backtest_other"),
        ({"backtest": other}, "policy_backtest_unread"),
        ({"name": "c14_unheard"}, "policy_unknown"),
    ):
        asked = {
            "name": NAME, "to": "shadow", "author": "li", "approver": "wang", "backtest": good,
            **changes,
        }  # fmt: skip
        with pytest.raises(HaitangError) as caught:
            promote(own, **asked)  # type: ignore[arg-type]
        assert caught.value.code == code
        assert files(own) == before


def test_tests_that_fail_or_are_missing_are_in_the_way(tmp_path: Path) -> None:
    own = own_pack(tmp_path, NAME)
    finished(own)
    edit(own, "amount_minor: =least_amount * 20", "amount_minor: =least_amount - 2")
    with pytest.raises(HaitangError) as caught:
        promote(own, NAME, to="shadow", author="li", approver="wang", backtest=report(own))
    assert caught.value.code == "policy_tests_failed"
    edit(own, "  - name: fires far above it\n    fires: true", "  - name: silent\n    fires: false")
    with pytest.raises(HaitangError) as caught:
        promote(own, NAME, to="shadow", author="li", approver="wang", backtest=report(own))
    assert caught.value.code == "policy_tests_few"


def test_a_disk_that_refuses_half_way_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = own_pack(tmp_path, NAME)
    finished(own)
    evidence = report(own)
    before = files(own)

    def full(folder: Path, name: str, content: bytes) -> Path:
        if name == "CHANGELOG.md":
            raise HaitangError(code="file_disk_full", message="the disk was full")
        return write_pack_file(folder, name, content)

    monkeypatch.setattr("haitang.app.authoring.promoting.write_pack_file", full)
    with pytest.raises(HaitangError, match="disk was full"):
        promote(own, NAME, to="shadow", author="li", approver="wang", backtest=evidence)
    assert files(own) == before


def test_a_policy_of_an_included_pack_is_promoted_where_it_lives(tmp_path: Path) -> None:
    own = own_pack(tmp_path, NAME)
    speaking(own)
    outer = tmp_path / "outer"
    outer.mkdir()
    head = "pack: outer\nversion: 1.0.0\ntitle: {en: Outer, zh: 外层}\nowner: tests\n"
    (outer / "pack.yaml").write_text(head + "includes: [common, mine]\n")
    assert len(loaded(outer).pack.policies) == 2
    with pytest.raises(HaitangError) as caught:
        promote(outer, NAME, to="retired", author="li", approver="wang", backtest=None)
    assert caught.value.code == "policy_included"
