"""`LOCK`: which text stood behind each version of a policy, so that a changed policy gets a new
version.

One line per policy, sorted: `policy-id version sha256-of-its-file`. Drafts are not locked; they may
change freely until they speak.
"""

from __future__ import annotations

import re

import msgspec

from haitang.decision.rules.problems import Problems
from haitang.decision.rules.source import LOCK_FILE, PackSource, content_digest
from haitang.decision.rules.specs import PolicySpec
from haitang.kernel.errors import Place, symbol

MAX_LOCK_BYTES = 1 << 20
UNLOCKED = ("draft",)

_LINE = re.compile(r"([a-z][a-z0-9_]{0,63}) ([1-9][0-9]{0,6}) ([0-9a-f]{64})")


class LockLine(msgspec.Struct, frozen=True, kw_only=True):
    """What `LOCK` says of one policy; `line` counts from 1."""

    version: int
    digest: str
    line: int


def check_lock(source: PackSource, policies: tuple[PolicySpec, ...], problems: Problems) -> None:
    """Check every policy against `LOCK`: present, and unchanged under an unchanged version."""
    mend = f"run {symbol(f'haitang check --write-lock {source.name}')}"
    locked = _locked(policies)
    lines = read_lock(source, problems)
    if lines is None:
        if locked:
            problems.add(
                "lock_missing", "the pack has no `LOCK`", place=Place(source.name), hint=mend
            )
        return
    place = source.shown(LOCK_FILE)
    for policy in locked:
        line = lines.get(policy.policy_id)
        own = Place(source.shown(policy.path), 1)
        if line is None:
            problems.add(
                "lock_stale",
                f"policy {symbol(policy.policy_id)} is not in `LOCK`",
                place=own,
                hint=mend,
            )
        elif policy.version == line.version:
            if content_digest(source.files[policy.path]) != line.digest:
                _refuse_unchanged(policy, own, problems)
        elif policy.version > line.version:
            problems.add(
                "lock_stale",
                f"policy {symbol(policy.policy_id)} has version {policy.version}, `LOCK` has "
                f"{line.version}",
                place=own,
                hint=mend,
            )
        else:
            _refuse_backwards(policy, line, own, problems)
    known = {policy.policy_id for policy in policies}
    for name, line in lines.items():
        if name not in known and f"policies/{name}.yaml" not in source.files:
            problems.add(
                "lock_stale",
                f"`LOCK` names the policy {symbol(name)}, which the pack does not have",
                place=Place(place, line.line),
                hint=f"keep its file with `status: retired`, or {mend}",
            )


def write_lock(source: PackSource, policies: tuple[PolicySpec, ...], problems: Problems) -> str:
    """Return the text of a fresh `LOCK`; a change without a new version is a fault here too."""
    old = read_lock(source, Problems()) or {}
    lines = []
    for policy in sorted(_locked(policies), key=lambda policy: policy.policy_id):
        digest = content_digest(source.files[policy.path])
        before = old.get(policy.policy_id)
        own = Place(source.shown(policy.path), 1)
        if before is not None and before.version == policy.version and before.digest != digest:
            _refuse_unchanged(policy, own, problems)
        elif before is not None and before.version > policy.version:
            _refuse_backwards(policy, before, own, problems)
        lines.append(f"{policy.policy_id} {policy.version} {digest}\n")
    return "".join(lines)


def _locked(policies: tuple[PolicySpec, ...]) -> list[PolicySpec]:
    """Return one instance for each file of which any instance is more than a draft."""
    files: dict[str, PolicySpec] = {}
    for policy in policies:
        if policy.status not in UNLOCKED:
            files.setdefault(policy.policy_id, policy)
    return list(files.values())


def read_lock(source: PackSource, problems: Problems) -> dict[str, LockLine] | None:
    """Return the lines of `LOCK` by policy, or None when there is no such file."""
    content = source.files.get(LOCK_FILE)
    if content is None:
        return None
    path = source.shown(LOCK_FILE)
    lines: dict[str, LockLine] = {}
    if len(content) > MAX_LOCK_BYTES:
        problems.add(
            "file_too_large",
            f"the file has {len(content):,} bytes; expected at most {MAX_LOCK_BYTES:,}",
            place=Place(path),
        )
        return lines
    for number, text in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        match = _LINE.fullmatch(text.rstrip())
        if match and match[1] not in lines:
            lines[match[1]] = LockLine(version=int(match[2]), digest=match[3], line=number)
        elif text.strip():
            problems.add(
                "lock_malformed",
                "this line was not `policy-id version sha256`, or names a policy again",
                place=Place(path, number),
                hint="restore the file; it is written by `haitang check --write-lock`",
            )
    return lines


def _refuse_unchanged(policy: PolicySpec, place: Place, problems: Problems) -> None:
    problems.add(
        "lock_stale",
        f"policy {symbol(policy.policy_id)} has changed, but its version is still {policy.version}",
        place=place,
        hint=f"write `version: {policy.version + 1}`",
    )


def _refuse_backwards(policy: PolicySpec, line: LockLine, place: Place, problems: Problems) -> None:
    problems.add(
        "lock_stale",
        f"policy {symbol(policy.policy_id)} has version {policy.version}, but `LOCK` already has "
        f"{line.version}",
        place=place,
        hint=f"write `version: {line.version + 1}`",
    )
