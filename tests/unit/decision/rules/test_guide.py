"""The policy of the guide and the examples of the reference load as they are printed."""

from __future__ import annotations

import re

from haitang.app.policytests import run_policy_tests
from haitang.decision.rules.pack import load_pack_with_tests, lock_text
from haitang.decision.rules.source import PackSource
from tests.conftest import ROOT
from tests.unit.decision.rules.small_packs import PACK

BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[str]:
    return BLOCK.findall((ROOT / "docs" / page).read_text("utf-8"))


def test_the_policy_of_the_guide_loads_and_can_be_locked() -> None:
    features, policy = blocks("guides/write-a-policy.md")
    plain = PACK.split("lists:", maxsplit=1)[0]
    files = {
        "pack.yaml": plain.encode(),
        "features/screen.yaml": features.encode(),
        "policies/shared_screen_new_payee.yaml": policy.encode(),
    }
    loaded = load_pack_with_tests(PackSource(name="p", files=files))
    assert [(test.policy.partition(".")[2], test.fires) for test in loaded.tests] == [
        ("ordinary", True),
        ("ordinary", False),
        ("elder", True),
        ("elder", False),
    ]
    report = run_policy_tests(loaded.pack, loaded.tests)
    assert (len(report.results), report.failed) == (4, ())
    files["policies/shared_screen_new_payee.yaml"] = policy.replace("draft", "shadow").encode()
    assert lock_text(PackSource(name="p", files=files)).startswith("shared_screen_new_payee 1 ")


def test_the_features_of_the_reference_load() -> None:
    (features,) = (one for one in blocks("reference/packs.md") if one.startswith("features:"))
    plain = PACK.split("lists:", maxsplit=1)[0]
    files = {"pack.yaml": plain.encode(), "features/a.yaml": features.encode()}
    loaded = load_pack_with_tests(PackSource(name="p", files=files))
    assert len(loaded.pack.catalogue.features) == 4
