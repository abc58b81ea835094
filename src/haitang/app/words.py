"""The words behind the codes of text features, learnt from the events that passed."""

from __future__ import annotations

import math

from haitang.data.events.batch import EventBatch
from haitang.data.events.catalogue import FIELDS
from haitang.data.features.program import CODE_SHIFT
from haitang.decision.engine.reading import names_read
from haitang.decision.rules.specs import Pack
from haitang.kernel.hashing import hash_text

WORDS_MAX = 2_000_000
"""Different words that are remembered; a later one is written as its code."""


class Words:
    """Remembers the words of every field that a text feature may hand on.

    A value in the matrix is a code of 52 bits. Its word may come from an earlier event, so it is
    kept from there; a word of events before this run (`--state-in`) is not known and shown as `#`
    and its code.
    """

    def __init__(self, pack: Pack) -> None:
        read: dict[str, None] = {}
        for feature in pack.catalogue.features:
            for term in (feature.value, feature.of):
                if feature.type == "text" and term is not None:
                    read.update(dict.fromkeys(names_read(term)))
        self._names = tuple(name for name in read if name in FIELDS)
        self._words = {
            _code(hash_text(word)): word for field in FIELDS.values() for word in field.allowed
        }

    def learn(self, batch: EventBatch) -> None:
        """Remember the words of a batch."""
        for row, name in enumerate(batch.fields.texts):
            if name not in self._names or len(self._words) >= WORDS_MAX:
                continue
            for code, word in zip(batch.hashes[row].tolist(), batch.texts[row], strict=True):
                if word is not None:
                    self._words[_code(code)] = word

    def word_of(self, code: float) -> str | None:
        """Return the word of a code; None for a missing value."""
        if math.isnan(code):
            return None
        return self._words.get(code) or f"#{int(code):013x}"


def _code(hashed: int) -> float:
    return float(hashed >> CODE_SHIFT)
