"""Checking a pack: read it, run its tests, say what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

import msgspec

from haitang.app.policytests import TestReport, run_policy_tests
from haitang.app.programs import warm_up
from haitang.app.wiring import read_pack_folder, write_pack_file
from haitang.decision.engine import compile_pack
from haitang.decision.rules.pack import load_pack_unlocked, lock_text
from haitang.decision.rules.source import LOCK_FILE
from haitang.decision.rules.specs import Pack
from haitang.kernel.errors import HaitangError


class Stopwatch(Protocol):
    """The part of a clock that checking needs."""

    def elapsed_us(self) -> int:
        """Return a reading in microseconds; only differences mean anything."""
        ...


class PackCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What checking a pack found."""

    pack: Pack
    lock_problems: tuple[HaitangError, ...]
    """Where `LOCK` does not agree; the pack cannot be used until it does, but it can be tested."""
    tests: TestReport | None
    fields: tuple[str, ...]
    """Event fields that the pack reads."""
    read_us: int
    compile_us: int
    test_us: int

    @property
    def statuses(self) -> Counter[str]:
        """How many policies have which status."""
        return Counter(policy.status for policy in self.pack.policies)

    @property
    def typologies(self) -> tuple[str, ...]:
        """Typologies that shadow and live policies speak of, sorted."""
        speaking = (one for one in self.pack.policies if one.status in ("shadow", "live"))
        return tuple(sorted({policy.typology for policy in speaking}))


def check_pack(
    folder: Path,
    *,
    run_tests: bool,
    clock: Stopwatch,
    preparing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> PackCheck:
    """Read, compile and test the pack in a folder; raises `PackRefused` with every problem.

    `preparing` is entered while the engine is made ready, which takes long on the first run.
    """
    begun_us = clock.elapsed_us()
    unlocked = load_pack_unlocked(read_pack_folder(folder))
    loaded = unlocked.loaded
    read_us = clock.elapsed_us()
    program = compile_pack(loaded.pack)
    compiled_us = clock.elapsed_us()
    tests = None
    if run_tests:
        with preparing():
            warm_up(program)
        ready_us = clock.elapsed_us()
        tests = run_policy_tests(loaded.pack, loaded.tests)
    else:
        ready_us = compiled_us
    fields = program.fields
    return PackCheck(
        pack=loaded.pack,
        lock_problems=unlocked.lock_problems,
        tests=tests,
        fields=(*fields.numbers, *fields.texts, *fields.remarks),
        read_us=read_us - begun_us,
        compile_us=compiled_us - read_us,
        test_us=clock.elapsed_us() - ready_us,
    )


def write_lock(folder: Path) -> Path:
    """Write the pack's `LOCK` and return its path; a change without a new version is refused."""
    text = lock_text(read_pack_folder(folder))
    return write_pack_file(folder, LOCK_FILE, text.encode())
