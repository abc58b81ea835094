"""The collector stands still while a pack is read, and runs again afterwards."""

from __future__ import annotations

import gc

from haitang.app.service import collecting


def test_nothing_is_collected_while_held_and_what_was_made_is_passed_over_afterwards() -> None:
    rounds: list[str] = []

    def told(phase: str, _: dict[str, int]) -> None:
        rounds.append(phase)

    gc.callbacks.append(told)
    try:
        with collecting.held():
            made = [[number] for number in range(200_000)]
            assert rounds == []
            assert not gc.isenabled()
        assert gc.isenabled()
        frozen = gc.get_freeze_count()
        assert frozen > len(made)
    finally:
        gc.callbacks.remove(told)
        gc.unfreeze()


def test_the_collector_is_left_as_it_was_when_reading_fails() -> None:
    gc.disable()
    try:
        with collecting.held():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
