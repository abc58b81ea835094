"""Collecting everything that is wrong with a pack before refusing it.

The tree of this room:

    HaitangError
    ├── ExpressionRefused    one fault of one expression, with its place in the expression
    └── Refusals
        └── PackRefused      all faults of a pack, sorted by file, line and column
"""

from __future__ import annotations

from collections.abc import Iterable

from haitang.kernel.errors import NOWHERE, HaitangError, Place, Refusals

MAX_PROBLEMS = 200
"""Problems that are shown of one pack; an author mends these first."""


class PackRefused(Refusals):
    """A pack that cannot be loaded; `problems` holds every fault in file order."""

    def __init__(self, problems: Iterable[HaitangError]) -> None:
        super().__init__(problems, code="pack_refused")


class Problems:
    """The faults found so far; mutable, and filled by every reader of a pack."""

    def __init__(self) -> None:
        self._found: list[HaitangError] = []
        self._left_out = 0

    @property
    def found(self) -> tuple[HaitangError, ...]:
        """The faults, sorted by place."""
        return tuple(sorted(self._found, key=lambda problem: problem.place))

    def __len__(self) -> int:
        return len(self._found) + self._left_out

    def add(
        self,
        code: str,
        message: str,
        *,
        place: Place = NOWHERE,
        hint: str = "",
        source_line: str | None = None,
    ) -> None:
        """Note one fault; see `HaitangError` for the grammar of `message` and `hint`."""
        if len(self._found) >= MAX_PROBLEMS:
            self._left_out += 1
            return
        self._found.append(
            HaitangError(
                code=code, message=message, place=place, hint=hint, source_line=source_line
            )
        )

    def refuse(self) -> None:
        """Raise all faults as one `PackRefused`, or do nothing when there is none."""
        if not self._found:
            return
        if self._left_out:
            last = HaitangError(
                code="problems_left_out",
                message=f"{self._left_out:,} more problems are not shown",
                place=Place("\U0010ffff"),
                hint="mend those above and check again",
            )
            # Sorted last by its place, shown without one.
            refused = PackRefused([*self._found, last])
            last.place = NOWHERE
            raise refused
        raise PackRefused(self._found)
