"""Which pack decides."""

from __future__ import annotations

from haitang.app.service.blocks import ControlRecord, PublicationKind
from haitang.app.service.register import SHARE_WHOLE, Entry, Register
from haitang.app.service.views import view_all


def _register(*records: tuple[PublicationKind, str, int, int]) -> Register:
    register = Register()
    for number, (kind, pack, subject, share) in enumerate(records):
        record = ControlRecord(
            number=number,
            kind=kind,
            pack=pack,
            pack_version="1",
            pack_digest=pack * 64,
            plan_digest=f"plan {pack}",
            author="an",
            approver="bo",
            subject=subject,
            share=share,
        )
        register.add(Entry(record=record, position=number * 10, stamp_us=number))
    return register


def test_the_last_live_publication_decides() -> None:
    register = _register(("live", "a", -1, 0), ("shadow", "b", -1, 0), ("live", "c", -1, 0))
    assert register.chosen("customer") == 2
    assert [view.state for view in view_all(register, troubles={})] == [
        "superseded",
        "shadow",
        "live",
    ]


def test_a_canary_takes_its_share_of_customers_and_no_event_without_one() -> None:
    register = _register(("live", "a", -1, 0), ("canary", "b", -1, 2_500))
    chosen = [register.chosen(f"C{number}") for number in range(4_000)]
    share = chosen.count(1) / len(chosen)
    # 4,000 independent draws of one in four: 0.25 within five standard deviations.
    assert abs(share - 0.25) < 5 * (0.25 * 0.75 / 4_000) ** 0.5
    assert register.chosen(None) == 0
    assert chosen == [register.chosen(f"C{number}") for number in range(4_000)]


def test_two_canaries_are_tried_on_different_customers() -> None:
    first = _register(("live", "a", -1, 0), ("canary", "b", -1, SHARE_WHOLE // 2))
    second = _register(
        ("live", "a", -1, 0),
        ("canary", "b", -1, SHARE_WHOLE // 2),
        ("cancelled", "b", 1, 0),
        ("canary", "b", -1, SHARE_WHOLE // 2),
    )
    names = [f"C{number}" for number in range(1_000)]
    both = sum(first.chosen(name) == 1 and second.chosen(name) == 3 for name in names)
    assert 150 < both < 350, "half of one half is a quarter, unless the two are the same customers"


def test_a_rollback_goes_to_the_pack_before_and_ends_the_canary() -> None:
    register = _register(("live", "a", -1, 0), ("live", "b", -1, 0), ("canary", "c", -1, 10))
    before = register.before_live()
    assert before is not None
    assert before.number == 0
    register.add(
        Entry(
            record=ControlRecord(
                number=3, kind="rollback", pack="a", pack_version="1", pack_digest="a" * 64,
                plan_digest="p", author="an", approver="bo", subject=0,
            ),
            position=30,
            stamp_us=3,
        )
    )  # fmt: skip
    assert register.live == 3
    assert register.canary == -1


def test_plans_are_wanted_while_a_publication_may_ask_for_them() -> None:
    register = _register(("live", "a", -1, 0), ("live", "b", -1, 0), ("shadow", "c", -1, 0))
    assert register.plans() == {"plan a", "plan b", "plan c"}
    register = _register(
        ("live", "a", -1, 0),
        ("live", "b", -1, 0),
        ("shadow", "c", -1, 0),
        ("scheduled", "d", -1, 0),
        ("cancelled", "c", 2, 0),
        ("live", "e", -1, 0),
    )
    # A rollback brings `b` back; `a` is two publications ago.
    assert register.plans() == {"plan b", "plan d", "plan e"}
    assert Register().plans() == frozenset()


def test_a_register_is_read_back_as_it_was_written() -> None:
    register = _register(
        ("live", "a", -1, 0), ("scheduled", "b", -1, 0), ("scheduled", "c", -1, 0),
        ("live", "b", 1, 0), ("canary", "d", -1, 7),
    )  # fmt: skip
    read = Register.read(register.write())
    assert read.entries == register.entries
    assert (read.live, read.canary, set(read.scheduled)) == (3, 4, {2})
