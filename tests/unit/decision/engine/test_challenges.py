"""The memory of challenges: what is noted is found, what is old or forgotten is not."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from haitang.data.features.state import StateRefused
from haitang.data.lists.marks import is_marked, mark_shift
from haitang.decision.engine.actions import RANK
from haitang.decision.engine.challenges import (
    LEAST_ROWS,
    MARK_WORDS,
    SHARDS,
    Asked,
    ChallengeMemory,
)

TOP = 1 << 64
TIP, FACE = RANK["TIP"], RANK["FACE"]


def asked(at_us: int, rank: int = TIP, amount: int = 100, device: int = TOP - 5) -> Asked:
    return Asked(at_us, rank, amount, device, passed=rank == TIP)


def written(memory: ChallengeMemory) -> bytes:
    return b"".join(memory.buffers())


def test_nothing_is_held_before_anything_was_noted() -> None:
    memory = ChallengeMemory()
    assert memory.find(TOP - 1, 7) is None
    assert not memory.is_used
    memory.forget(3)
    memory.let_fail(3, FACE)
    assert not memory.is_used
    assert memory.row_count == 0


def test_what_is_noted_is_found_whatever_the_bits_of_its_hashes() -> None:
    memory = ChallengeMemory()
    source = random.Random(4)
    known = {
        (source.randrange(1, TOP), source.choice((1, TOP - 1))): asked(at_us)
        for at_us in range(5_000)
    }
    for (customer, reason), one in known.items():
        memory.note(customer, reason, one, kept_us=10_000)
    assert {pair: memory.find(*pair) for pair in known} == known
    assert memory.row_count == len(known)
    customer = next(iter(known))[0]
    assert memory.find(customer, 2) is None


def test_a_later_challenge_replaces_an_earlier_one_and_never_the_other_way() -> None:
    memory = ChallengeMemory()
    memory.note(9, 1, asked(50, FACE, 7), kept_us=10)
    memory.note(9, 1, asked(40, TIP), kept_us=10)
    assert memory.find(9, 1) == asked(50, FACE, 7)
    memory.note(9, 1, asked(50, TIP, 8), kept_us=10)
    assert memory.find(9, 1) == asked(50, TIP, 8)
    assert memory.row_count == 1


def test_forgetting_a_customer_leaves_the_neighbours_alone() -> None:
    memory = ChallengeMemory()
    # All in one shard and one run of rows: they differ in bits between the two.
    customers = [3 + (step << 20) for step in range(LEAST_ROWS // 2)]
    for customer in customers:
        for reason in (1, 2):
            memory.note(customer, reason, asked(5), kept_us=10)
    memory.forget(customers[1])
    assert memory.find(customers[1], 1) is None
    assert memory.find(customers[1], 2) is None
    assert all(memory.find(one, 2) == asked(5) for one in customers if one != customers[1])
    memory.note(customers[1], 1, asked(2), kept_us=10)
    assert memory.find(customers[1], 1) == asked(2)


def test_a_proof_counts_for_its_kind_device_and_time_only() -> None:
    memory = ChallengeMemory()

    def passes(rank: int, device: int, since_us: int, until_us: int) -> bool:
        memory.note(9, 1, asked(50, FACE, device=77), kept_us=10)
        memory.let_pass(9, rank, device=device, since_us=since_us, until_us=until_us)
        found = memory.find(9, 1)
        return found is not None and found.passed

    assert passes(FACE, 77, 50, 50)
    assert not passes(RANK["OTP"], 77, 50, 50)
    assert not passes(FACE, 78, 50, 50)
    assert not passes(FACE, 77, 51, 60)
    assert not passes(FACE, 77, 40, 49)
    assert passes(FACE, 77, 0, 90)
    memory.let_fail(9, RANK["OTP"])
    found = memory.find(9, 1)
    assert found is not None
    assert not found.passed


def test_what_is_too_old_makes_room() -> None:
    memory = ChallengeMemory()
    for at_us in range(10_000):
        memory.note((at_us + 1) << 20, 1, asked(at_us), kept_us=100)
    # Those customers share one shard.
    assert memory.row_count < 1_000
    assert memory.find(10_000 << 20, 1) == asked(9_999)
    assert memory.find(9_950 << 20, 1) == asked(9_949)


def test_what_was_written_is_read_and_goes_on_alike() -> None:
    memory, again = ChallengeMemory(), ChallengeMemory()
    source = random.Random(8)
    for at_us in range(3_000):
        memory.note(source.randrange(1, TOP), 1, asked(at_us), kept_us=500)
    again.restore(written(memory))
    assert written(again) == written(memory)
    assert again.row_count == memory.row_count
    for at_us in range(3_000, 6_000):
        customer = source.randrange(1, TOP)
        for one in (memory, again):
            one.note(customer, 1, asked(at_us), kept_us=500)
    assert written(again) == written(memory)


@pytest.mark.parametrize("cut", [0, 8, 8 * SHARDS - 8, 8 * SHARDS + 1, -8, -1])
def test_content_that_does_not_fit_is_refused(cut: int) -> None:
    memory = ChallengeMemory()
    for customer in range(1, 100):
        memory.note(customer << 57, 1, asked(5), kept_us=10)
    content = written(memory)
    with pytest.raises(StateRefused):
        ChallengeMemory().restore(content[:cut])
    with pytest.raises(StateRefused):
        ChallengeMemory().restore((5).to_bytes(8, "little") + content[8:])


def test_whoever_was_asked_may_be_known_and_most_others_are_not() -> None:
    memory = ChallengeMemory()
    source = random.Random(6)
    asked_of = np.array([source.randrange(1, TOP) for _ in range(500)], dtype=np.uint64)
    others = np.array([source.randrange(1, TOP) for _ in range(5_000)], dtype=np.uint64)
    for customer in asked_of.tolist():
        memory.note(customer, 1, asked(5), kept_us=10)
    restored = ChallengeMemory()
    restored.restore(written(memory))
    shift = mark_shift(MARK_WORDS)

    def are_marked(one: ChallengeMemory, customers: Any) -> Any:
        return np.array([is_marked(one.marks, shift, customer) for customer in customers])

    for one in (memory, restored):
        assert are_marked(one, asked_of).all()
        assert are_marked(one, others).mean() < 0.01
    restored.restore(written(ChallengeMemory()))
    assert not are_marked(restored, asked_of).any()
