"""What a kind of story is."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from haitang.lab.stories.cast import Cast


class StoryKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of fraud that the lab can tell."""

    typology: str
    en: str
    zh: str
    play: Callable[[Cast], None]
    usual: float
    """How many happen by default in a bank of 2,000 customers."""


def kind(
    typology: str, en: str, zh: str, play: Callable[[Cast], None], usual: float = 2
) -> StoryKind:
    """Name a kind of story."""
    return StoryKind(typology=typology, en=en, zh=zh, play=play, usual=usual)
