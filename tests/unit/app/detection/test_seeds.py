from __future__ import annotations

import hashlib

import pytest

from haitang.app.detection import seeds
from haitang.app.detection.seeds import SPENT_SEEDS, measuring_seeds

DIGEST = "ab" * 32


def test_seeds_follow_from_the_digest_as_the_page_says() -> None:
    first = hashlib.sha256(f"haitang-detection:{DIGEST}:0".encode()).digest()
    assert measuring_seeds(DIGEST, 1) == (int.from_bytes(first[:4], "big"),)
    assert measuring_seeds(DIGEST, 4)[:2] == measuring_seeds(DIGEST, 2)


def test_another_pack_is_measured_on_other_streams() -> None:
    assert not set(measuring_seeds(DIGEST, 8)) & set(measuring_seeds("cd" * 32, 8))


def test_seeds_that_were_looked_at_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = measuring_seeds(DIGEST, 3)
    monkeypatch.setattr(seeds, "SPENT_SEEDS", frozenset({usual[1]}))
    assert measuring_seeds(DIGEST, 2) == (usual[0], usual[2])


def test_what_development_and_the_demonstration_use_is_spent() -> None:
    assert {7, 4101, 5207} <= SPENT_SEEDS
