"""Where a policy's file lies, which may be in an included pack."""

from __future__ import annotations

from haitang.decision.rules.source import INCLUDES_FOLDER, PackSource
from haitang.decision.rules.specs import PolicySpec


def file_of(policy: PolicySpec, source: PackSource) -> str:
    """Return the path of a policy's file among the files of a pack; a name is there once only."""
    if policy.path in source.files:
        return policy.path
    return next(
        path
        for path in source.files
        if path.startswith(f"{INCLUDES_FOLDER}/") and path.endswith(f"/{policy.path}")
    )
