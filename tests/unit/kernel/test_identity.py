"""Derived identifiers, tokens and masked values."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.kernel.identity import Algorithm, IdentityRefused, Masked, Tokeniser, derive_id
from tests.conftest import CheckOutput

PARTS = st.lists(st.text(max_size=8), max_size=4)


# GM/T 0042-2015, appendix D.3; the second key is 37 bytes.
@pytest.mark.parametrize(
    ("key", "message", "digest"),
    [
        (
            bytes(range(1, 33)),
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
        ),
        (
            bytes(range(1, 38)),
            b"\xcd" * 50,
            "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae",
        ),
    ],
)
def test_sm3_hmac_meets_its_published_vectors(key: bytes, message: bytes, digest: str) -> None:
    assert Tokeniser(key, "sm3").digest(message).hex() == digest


def test_sha256_hmac_meets_its_published_vector() -> None:
    # RFC 4231, case 1.
    digest = Tokeniser(b"\x0b" * 20, "sha256").digest(b"Hi There")
    assert digest.hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"


def test_a_token_depends_on_key_kind_value_and_algorithm() -> None:
    here = Tokeniser(b"k" * 16)
    tokens = {
        here.token("13800000000", kind="phone"),
        here.token("13800000001", kind="phone"),
        here.token("13800000000", kind="name"),
        Tokeniser(b"l" * 16).token("13800000000", kind="phone"),
        Tokeniser(b"k" * 16, "sha256").token("13800000000", kind="phone"),
    }
    assert len(tokens) == 5
    assert all(len(token) == 32 for token in tokens)
    assert here.token(Masked("13800000000"), kind="phone") in tokens


def test_weak_keys_and_unknown_algorithms_are_refused(check_output: CheckOutput) -> None:
    said = []
    unknown: Algorithm = "sm4"  # type: ignore[assignment]
    for key, algorithm in ((b"short", "sm3"), (b"k" * 16, unknown)):
        with pytest.raises(IdentityRefused) as refused:
            Tokeniser(key, algorithm)  # type: ignore[arg-type]
        said.append(f"[{refused.value.code}] {refused.value.render()}")
    check_output("\n".join(said))


def test_neither_a_key_nor_a_masked_value_prints() -> None:
    secret = "13800000000"
    masked = Masked(secret)
    shown = [repr(masked), str(masked), f"{masked}", f"{masked:>20}", repr([masked])]
    shown.append(repr(Tokeniser(secret.encode() * 2)))
    assert not any(secret in text for text in shown)
    assert masked.reveal() == secret
    with pytest.raises(TypeError):
        pickle.dumps(masked)


def test_masked_values_compare_by_value() -> None:
    assert Masked("a") == Masked("a") != Masked("b")
    assert Masked("a") != "a"
    assert len({Masked("a"), Masked("a")}) == 1


def test_a_derived_identifier_never_changes() -> None:
    assert derive_id("E1", "digest") == "29e192da456578881f7e96b6ba329017"
    assert derive_id("E1", 7) == derive_id("E1", "7")


@given(PARTS, PARTS)
def test_different_parts_derive_different_identifiers(left: list[str], right: list[str]) -> None:
    assert (derive_id(*left) == derive_id(*right)) == (left == right)
