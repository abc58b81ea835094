from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from haitang.app.policytests import TestReport, run_policy_tests
from haitang.decision.rules.pack import load_pack_with_tests, lock_text
from haitang.decision.rules.source import LOCK_FILE, PackSource
from tests.unit.app.small_pack import ANY_CALL, LARGE_SUM, pack_source
from tests.unit.decision.rules.standard_packs import load_standard, with_change

# The class is a report about tests and none itself.
TestReport.__test__ = False  # type: ignore[attr-defined]


def report(**changes: str) -> TestReport:
    loaded = load_pack_with_tests(locked(pack_source(**changes)))
    return run_policy_tests(loaded.pack, loaded.tests)


def test_live_and_shadow_policies_are_judged_on_the_last_event() -> None:
    found = report()
    assert [(one.policy, one.should_fire, one.passed) for one in found.results] == [
        ("large_sum", True, True),
        ("large_sum", False, True),
        ("on_a_call", True, True),
        ("on_a_call", False, True),
    ]
    assert (found.failed, found.untested) == ((), ())


def test_each_test_begins_with_an_empty_bank() -> None:
    # The first test alone leaves the customer at the bound.
    twice = LARGE_SUM.replace("amount_minor: 4999999", "amount_minor: 1")
    assert report(policies__large_sum=twice).failed == ()


def test_a_failed_test_says_what_the_policy_read() -> None:
    wrong = LARGE_SUM.replace("amount_minor: 5000000", "amount_minor: 4900000")
    (failed,) = report(policies__large_sum=wrong).failed
    assert (failed.policy, failed.name, failed.fired) == ("large_sum", "fires at the bound", False)
    assert failed.place.path == "small/policies/large_sum.yaml"
    assert [(one.name, one.value) for one in failed.values] == [
        ("is_payment", 1.0),
        ("paid_sum_1h", 4_900_000.0),
    ]


@pytest.mark.parametrize(("status", "tested"), [("draft", 2), ("retired", 0)])
def test_a_draft_is_tested_and_a_retired_policy_is_not(status: str, tested: int) -> None:
    found = report(policies__on_a_call=ANY_CALL.replace("status: shadow", f"status: {status}"))
    assert sum(1 for one in found.results if one.policy == "on_a_call") == tested
    assert found.failed == ()


def test_a_test_with_a_refused_event_has_failed() -> None:
    loaded = load_pack_with_tests(locked(pack_source()))
    long_before_us = 7 * 10**14
    rows = ({**loaded.tests[0].rows[0], "received_at_us": long_before_us},)
    tests = [msgspec.structs.replace(loaded.tests[0], rows=rows)]
    (failed,) = run_policy_tests(loaded.pack, tests).failed
    assert failed.error is not None
    assert "received_at_us" in failed.error.message


def test_every_instance_is_tested_with_its_own_numbers() -> None:
    loaded = load_standard()
    found = run_policy_tests(loaded.pack, loaded.tests)
    assert Counter(one.policy for one in found.results) == {
        "c14_break_and_send.ordinary": 4,
        "c14_break_and_send.elder": 4,
        "c14_break_and_send.counter": 4,
    }
    assert (found.failed, found.untested) == ((), ())


def test_a_failure_names_the_instance() -> None:
    loaded = load_standard(with_change("amount_minor: =least_sum - 1", "amount_minor: 2999999"))
    found = run_policy_tests(loaded.pack, loaded.tests)
    assert [(one.policy, one.name, one.fired) for one in found.failed] == [
        ("c14_break_and_send.elder", "leaves alone a cent below", True)
    ]


def locked(source: PackSource) -> PackSource:
    files = {**source.files, LOCK_FILE: lock_text(source).encode()}
    return PackSource(name=source.name, files=files)
