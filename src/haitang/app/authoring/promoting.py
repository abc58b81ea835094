"""How a policy goes on: draft, shadow, live, retired; nothing speaks without tests, figures and a
second person.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from haitang.app.authoring.counting import TESTS_EACH_WAY
from haitang.app.policytests import run_policy_tests
from haitang.app.wiring import naming, read_pack_folder, write_pack_file
from haitang.decision.rules.pack import LoadedPack, load_pack_unlocked, lock_text
from haitang.decision.rules.places import file_of
from haitang.decision.rules.source import LOCK_FILE, PackSource, content_digest, split_included
from haitang.decision.rules.specs import PolicySpec, Status
from haitang.kernel.errors import HaitangError, Place, symbol

Goal = Literal["shadow", "live", "retired"]
STEPS: dict[tuple[Status, Goal], bool] = {
    ("draft", "shadow"): True,
    ("shadow", "live"): True,
    ("shadow", "retired"): False,
    ("live", "retired"): False,
    ("retired", "shadow"): True,
    ("live", "shadow"): False,
}
"""Steps that exist, and whether they need figures; from a draft nothing becomes live at once."""
CHANGELOG_FILE = "CHANGELOG.md"


class BacktestEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What promoting needs of a backtest's report; the report says much more."""

    events: int
    policy_digests: dict[str, str]
    """SHA-256 of each policy's file as it was tried."""


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was taken."""

    policy: str
    version: int
    before: Status
    after: Goal
    files: tuple[Path, ...]


def promote(
    folder: Path, name: str, *, to: Goal, author: str, approver: str, backtest: Path | None
) -> Promotion:
    """Take one policy a step further, with a new version, `LOCK` and a line in the changelog.

    Refused without passing tests both ways, without a backtest of this very text, and without a
    second person. Either everything is written or nothing.
    """
    _check_people(author, approver)
    source = read_pack_folder(folder)
    loaded = load_pack_unlocked(source).loaded
    policy = _policy(loaded, name, source)
    needs_figures = _check_step(policy, to)
    evidence = None
    if needs_figures:
        _check_tests(loaded, policy)
        evidence = _evidence(backtest, policy, source)
    text = source.files[policy.path].decode()
    version = policy.version + (policy.status != "draft")
    changed = _rewritten(text, status=to, version=version).encode()
    files = {**source.files, policy.path: changed}
    fresh = PackSource(name=source.name, files=files, origins=source.origins)
    lock = lock_text(fresh).encode()
    line = _changelog_line(policy, version, to, author, approver, evidence)
    changelog = _with_line(source.files.get(CHANGELOG_FILE, b"").decode(), line).encode()
    written = _write_all(
        folder, {policy.path: changed, LOCK_FILE: lock, CHANGELOG_FILE: changelog}, source
    )
    return Promotion(policy=name, version=version, before=policy.status, after=to, files=written)


def _check_people(author: str, approver: str) -> None:
    if not author.strip() or author.strip().casefold() == approver.strip().casefold():
        raise HaitangError(
            code="policy_four_eyes",
            message=f"author and approver were {symbol(author)} and {symbol(approver)}",
            hint="a second person must approve",
        )


def _policy(loaded: LoadedPack, name: str, source: PackSource) -> PolicySpec:
    found = next((one for one in loaded.pack.policies if one.policy_id == name), None)
    if found is None:
        raise HaitangError(
            code="policy_unknown",
            message=f"the pack had no policy {symbol(name)}",
            place=Place(path=source.name),
            hint="`haitang policy coverage` lists what there is",
        )
    path = file_of(found, source)
    included, _ = split_included(path)
    if included:
        raise HaitangError(
            code="policy_included",
            message=f"the policy {symbol(name)} belonged to the included pack {symbol(included)}",
            place=Place(path=source.shown(path)),
            hint="name the folder of that pack",
        )
    return found


def _check_step(policy: PolicySpec, to: Goal) -> bool:
    step = STEPS.get((policy.status, to))
    if step is None:
        raise HaitangError(
            code="policy_step",
            message=f"the policy {symbol(policy.policy_id)} was {policy.status} "
            f"and cannot become {to}",
            place=Place(path=policy.path),
            hint="a draft becomes shadow first, and a shadow live",
        )
    return step


def _check_tests(loaded: LoadedPack, policy: PolicySpec) -> None:
    names = {one.id for one in loaded.pack.policies if one.policy_id == policy.policy_id}
    own = [test for test in loaded.tests if test.policy in names]
    for name in names:
        for fires in (True, False):
            found = sum(test.fires == fires for test in own if test.policy == name)
            if found < TESTS_EACH_WAY:
                raise HaitangError(
                    code="policy_tests_few",
                    message=f"the policy {symbol(name)} had {found} tests that "
                    f"{'fire' if fires else 'stay silent'}; expected {TESTS_EACH_WAY} or more",
                    place=Place(path=policy.path),
                )
    failed = run_policy_tests(loaded.pack, own).failed
    if failed:
        raise HaitangError(
            code="policy_tests_failed",
            message=f"{len(failed)} tests of the policy failed; the first was "
            f"{symbol(failed[0].name)} of {symbol(failed[0].policy)}",
            place=failed[0].place,
            hint="`haitang policy test` says what each read",
        )


def _evidence(backtest: Path | None, policy: PolicySpec, source: PackSource) -> BacktestEvidence:
    if backtest is None:
        raise HaitangError(
            code="policy_no_backtest",
            message=f"there was no backtest of {symbol(policy.policy_id)}",
            hint="run `haitang backtest PACK --events FILE --json REPORT` and name the report with "
            "`--backtest`",
        )
    try:
        with naming(backtest):
            evidence = msgspec.json.decode(backtest.read_bytes(), type=BacktestEvidence)
    except msgspec.MsgspecError as error:
        raise HaitangError(
            code="policy_backtest_unread",
            message="the file was no report of a backtest",
            place=Place(path=str(backtest)),
        ) from error
    tried = evidence.policy_digests.get(policy.policy_id)
    if tried != content_digest(source.files[policy.path]) or evidence.events < 1:
        raise HaitangError(
            code="policy_backtest_other",
            message=f"the backtest had tried another text of {symbol(policy.policy_id)}"
            if tried
            else f"the backtest had not tried {symbol(policy.policy_id)}",
            place=Place(path=str(backtest)),
            hint="backtest the policy as it is now",
        )
    return evidence


def _rewritten(text: str, *, status: str, version: int) -> str:
    text = re.sub(r"(?m)^status: .*$", f"status: {status}", text, count=1)
    return re.sub(r"(?m)^version: .*$", f"version: {version}", text, count=1)


def _changelog_line(
    policy: PolicySpec,
    version: int,
    to: Goal,
    author: str,
    approver: str,
    evidence: BacktestEvidence | None,
) -> str:
    shown = f"- `{policy.policy_id}` {version} is {to}: by {author.strip()}, approved by "
    shown += approver.strip()
    return shown + (f", backtested on {evidence.events:,} events." if evidence else ".")


def _with_line(text: str, line: str) -> str:
    """Put a line on top of the section of what is not released yet, which is made if need be."""
    title, heading = "# Changelog\n", "## Unreleased\n"
    text = text or f"{title}\n"
    if heading not in text:
        first, _, rest = text.partition("\n")
        text = f"{first}\n\n{heading}\n{rest.lstrip()}"
    before, _, after = text.partition(heading)
    return f"{before}{heading}\n{line}\n{after.lstrip(chr(10))}"


def _write_all(folder: Path, files: dict[str, bytes], source: PackSource) -> tuple[Path, ...]:
    written: list[str] = []
    try:
        paths = []
        for name, content in files.items():
            paths.append(write_pack_file(folder, name, content))
            written.append(name)
    except (HaitangError, OSError):
        for name in written:
            if name in source.files:
                write_pack_file(folder, name, source.files[name])
            else:
                (folder / name).unlink(missing_ok=True)
        raise
    return tuple(paths)
