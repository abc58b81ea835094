from __future__ import annotations

import math

from haitang.app.words import Words
from haitang.data.events.batch import FieldSet, batch_events
from haitang.data.events.codec import decode_row
from haitang.data.features.program import CODE_SHIFT
from haitang.decision.rules.pack import load_pack
from haitang.kernel.hashing import hash_text
from tests.unit.app.payments import payment
from tests.unit.app.small_pack import pack_source
from tests.unit.app.test_policytests import locked


def code(word: str) -> float:
    return float(hash_text(word) >> CODE_SHIFT)


def test_words_of_the_fields_that_text_features_read_are_kept() -> None:
    words = Words(load_pack(locked(pack_source())))
    fields = FieldSet(texts=("device_id", "payee_account"))
    words.learn(batch_events([decode_row(payment(0, device_id="phone"))], fields))
    assert words.word_of(code("phone")) == "phone"
    assert words.word_of(code("MOBILE")) == "MOBILE"
    assert words.word_of(math.nan) is None
    # An account is read by no text feature here, so it is not worth the memory.
    assert words.word_of(code("B1")) == f"#{int(code('B1')):013x}"
