"""A new policy begins as a file that loads, passes its tests and hides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from haitang.app.authoring.drafting import draft_policy
from haitang.app.authoring.linting import lint
from haitang.app.checking import check_pack
from haitang.app.wiring import MachineClock, read_pack_folder
from haitang.decision.rules.pack import load_pack_unlocked
from haitang.kernel.errors import HaitangError
from tests.unit.app.authoring.authored import edit, own_pack, speaking


def advice_on(own: Path) -> tuple[HaitangError, ...]:
    source = read_pack_folder(own)
    return lint(load_pack_unlocked(source).loaded, source)


def test_a_draft_loads_and_its_tests_pass_for_every_instance(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan")
    found = check_pack(own, run_tests=True, clock=MachineClock())
    assert found.tests is not None
    assert not found.tests.failed
    assert {result.policy for result in found.tests.results} == {
        "c14_gold_loan.ordinary",
        "c14_gold_loan.elder",
    }
    assert [policy.status for policy in found.pack.policies] == ["draft", "draft"]


@pytest.mark.parametrize("name", ["gold_loan", "C14_gold", "c14", "c14_../x", "z99_gold"])
def test_a_name_without_its_typology_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(HaitangError) as caught:
        draft_policy(own_pack(tmp_path), name, owner="tests")
    assert caught.value.code == "policy_name"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan")
    edit(own, "score: 300", "score: 301")
    with pytest.raises(HaitangError) as caught:
        draft_policy(own, "c14_gold_loan", owner="tests")
    assert caught.value.code == "policy_exists"
    assert "score: 301" in (own / "policies" / "c14_gold_loan.yaml").read_text()


def test_a_draft_that_speaks_is_advised_to_be_finished(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    assert advice_on(own) == (), "nobody reads a draft"
    edit(own, "value: 5000", "value: 5100", name="d05_probe")
    edit(own, "least_amount: 2000", "least_amount: 2100", name="d05_probe")
    speaking(own, name="d05_probe")
    edit(own, "status: draft", "status: live")
    advice = advice_on(own)
    assert {one.place.path for one in advice if one.code == "lint_language"} == {
        str(own / "policies" / "c14_gold_loan.yaml")
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("what gets past it, stated plainly.", "TODO what gets past it", "lint_language"),
        (
            ">= least_amount",
            ">= least_amount and amount_base_minor < money(70000)",
            "lint_fixed_amount",
        ),
        ("look at `amount_base_minor` of the last 24 hours", "look around", "lint_runbook_vague"),
        ("what happens, in a few words", "word " * 30, "lint_title_long"),
        (" was asked for.", " was asked for" * 30, "lint_reason_long"),
    ],
)
def test_advice_is_given_where_it_is_due_and_only_there(
    tmp_path: Path, old: str, new: str, code: str
) -> None:
    own = own_pack(tmp_path, "c14_gold_loan")
    speaking(own)
    assert advice_on(own) == ()
    edit(own, old, new)
    assert [one.code for one in advice_on(own)] == [code]
