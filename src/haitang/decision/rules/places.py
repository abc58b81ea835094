"""Where a policy's file lies, which may be in an included pack."""

from __future__ import annotations

from collections.abc import Iterable

from haitang.decision.rules.source import PackSource, split_included
from haitang.decision.rules.specs import PolicySpec


def file_of(policy: PolicySpec, source: PackSource) -> str:
    """Return the path of a policy's file among the files of a pack; a name is there once only."""
    return files_of((policy,), source)[policy.policy_id]


def files_of(policies: Iterable[PolicySpec], source: PackSource) -> dict[str, str]:
    """Return the path of the file of each policy, by the name of the policy."""
    paths = {split_included(path)[1]: path for path in source.files}
    return {one.policy_id: paths[one.path] for one in policies}
