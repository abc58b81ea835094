from __future__ import annotations

from pathlib import Path

import pytest

from haitang.app.tokenising import read_tokeniser
from haitang.kernel.errors import HaitangError
from haitang.kernel.identity import Algorithm, Tokeniser

KEY = b"0123456789abcdef"


@pytest.mark.parametrize("algorithm", ["sm3", "sha256"])
def test_the_key_of_a_file_makes_the_tokens_of_that_key(
    tmp_path: Path, algorithm: Algorithm
) -> None:
    path = tmp_path / "token.key"
    path.write_bytes(KEY + b"\r\n")
    token = read_tokeniser(path, algorithm=algorithm).token("Zhang San", kind="name")
    assert token == Tokeniser(KEY, algorithm).token("Zhang San", kind="name")


@pytest.mark.parametrize(
    ("content", "code"), [(None, "file_missing"), (b"secret", "token_key_short")]
)
def test_a_key_that_will_not_do_is_refused_at_its_file_and_never_shown(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "token.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HaitangError) as raised:
        read_tokeniser(path, algorithm="sm3")
    assert raised.value.code == code
    assert raised.value.place.path == str(path)
    assert "secret" not in raised.value.render()
