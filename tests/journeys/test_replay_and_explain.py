from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.program import haitang
from tests.unit.app.payments import journal, payment
from tests.unit.app.small_pack import LARGE_SUM, write_pack

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_pack(tmp_path / "pack")
    (tmp_path / "events.jsonl").write_bytes(
        journal(
            payment(0, amount_minor=3_000_000, device_id="phone"),
            "this is no event",
            payment(5, amount_minor=2_000_000, call_active=True),
            payment(0, amount_minor=3_000_000, device_id="phone"),
            payment(90, amount_minor=1_000),
        )
    )
    return tmp_path


def replay(place: Path, *more: str) -> tuple[int, str, str]:
    done = haitang(
        "replay", "events.jsonl", "--pack", "pack", "--decisions", "out.jsonl", *more, cwd=place
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_one_bad_line_is_reported_and_the_others_are_decided(place: Path) -> None:
    code, out, err = replay(place, "--bad-lines", "bad.jsonl")
    assert code == 1
    assert err.startswith("events.jsonl:2: the event was not JSON")
    decided = [json.loads(line) for line in (place / "out.jsonl").read_bytes().splitlines()]
    assert [(one["event_id"], one["action"]) for one in decided] == [
        ("E-0", "PASS"),
        ("E-5", "HOLD"),
        ("E-90", "PASS"),
    ]
    assert json.loads((place / "bad.jsonl").read_bytes())["line"] == 2
    for said in ("events decided", "HOLD", "D01", "duplicates dropped", "written: out.jsonl"):
        assert said in out


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("CNY 50,000.00 left within an hour", "hold for a person", "policy large_sum")),
        ("zh", ("一小时内转出5万元", "挂起待核", "策略 large_sum")),
    ],
)
def test_a_decision_is_explained_in_the_readers_language(
    place: Path, language: str, said: tuple[str, ...]
) -> None:
    replay(place)
    explained = haitang("explain", "out.jsonl", "E-5", "--language", language, cwd=place)
    assert explained.returncode == 0
    for part in (*said, "D01", "REG-05", "650", "B06"):
        assert part in explained.stdout.decode(), part


def test_events_pass_from_standard_input_to_standard_output(place: Path) -> None:
    done = haitang(
        "replay", "-", "--pack", "pack", "--decisions", "-", cwd=place, given=journal(payment(0))
    )
    assert done.returncode == 0
    assert [json.loads(line)["event_id"] for line in done.stdout.splitlines()] == ["E-0"]


def test_an_unknown_decision_suggests_a_known_one(place: Path) -> None:
    replay(place)
    done = haitang("explain", "out.jsonl", "E-55", cwd=place)
    assert (done.returncode, done.stdout) == (2, b"")
    assert "did you mean `E-5`?" in done.stderr.decode()
    listed = haitang("explain", "out.jsonl", cwd=place)
    assert listed.stdout.decode().index("E-5") < listed.stdout.decode().index("E-0")


def test_events_may_come_through_a_pipe_and_decisions_leave_through_one(place: Path) -> None:
    done = haitang(
        "replay", "-", "--pack", "pack", "--decisions", "-",
        cwd=place, given=journal(payment(0), payment(1)),
    )  # fmt: skip
    assert done.returncode == 0
    assert [json.loads(line)["event_id"] for line in done.stdout.splitlines()] == ["E-0", "E-1"]
    assert "events decided" in done.stderr.decode()


def test_everything_that_cannot_be_used_has_its_exit_code(place: Path) -> None:
    (place / "junk").write_bytes(b"junk")
    write_pack(place / "broken", locked=False, policies__large_sum="id: [")
    cases = {
        ("nowhere.jsonl", "pack", "out.jsonl"): 2,
        ("pack", "pack", "out.jsonl"): 2,
        ("events.jsonl", "nowhere", "out.jsonl"): 2,
        ("events.jsonl", "pack", "no/such/folder/out.jsonl"): 2,
        ("events.jsonl", "pack", "/dev/full"): 2,
        ("events.jsonl", "broken", "out.jsonl"): 3,
        ("events.jsonl", ".", "out.jsonl"): 3,
    }
    for (events, pack, out), code in cases.items():
        done = haitang("replay", events, "--pack", pack, "--decisions", out, cwd=place)
        assert done.returncode == code, (events, pack, out, done.stderr.decode())
        assert done.stderr
    code, _, err = replay(place, "--state-in", "junk")
    assert (code, "this was not a state file" in err) == (3, True)
    assert not (place / "out.jsonl").exists()
    assert [path.name for path in place.iterdir() if path.name.endswith(".partial")] == []


def test_an_author_checks_a_pack(place: Path) -> None:
    good = haitang("check", "pack", cwd=place)
    assert good.returncode == 0
    assert "all 4 passed (2 fire, 2 stay quiet)" in good.stdout.decode()
    wrong = LARGE_SUM.replace("money(50000)", "money(60000)").replace(
        "version: 1\n", "version: 2\n"
    )
    (place / "pack/policies/large_sum.yaml").write_text(wrong, encoding="utf-8")
    failing = haitang("check", "pack", "--write-lock", cwd=place)
    assert failing.returncode == 4
    assert "pack/policies/large_sum.yaml" in failing.stdout.decode()
    assert "paid_sum_1h = 50,000.00" in failing.stdout.decode()
    misspelt = wrong.replace("paid_sum_1h >=", "paid_summ_1h >=")
    (place / "pack/policies/large_sum.yaml").write_text(misspelt, encoding="utf-8")
    refused = haitang("check", "pack", cwd=place)
    assert refused.returncode == 3
    assert "did you mean `paid_sum_1h`?" in refused.stderr.decode()
