from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from bench import pack as generated
from bench import pack_folder

from haitang.adapters.files.packs import read_pack_folder
from haitang.decision.rules.pack import load_pack
from haitang.decision.rules.specs import PolicySpec
from haitang.decision.rules.value_types import names_read


@pytest.fixture(scope="module")
def policies() -> tuple[PolicySpec, ...]:
    names = [feature.name for feature in generated.catalogue().features]
    sample = np.abs(np.random.default_rng(1).normal(100, 40, (len(names), 1_000)))
    return generated.policies(sample, names)[:60]


def test_the_folder_decides_what_the_specs_decide(
    tmp_path: Path, policies: tuple[PolicySpec, ...]
) -> None:
    pack_folder.write_pack(tmp_path / "pack", policies)
    read = load_pack(read_pack_folder(tmp_path / "pack"))
    made = generated.pack(chosen=policies)
    assert (read.tiers, read.table, read.zone) == (made.tiers, made.table, made.zone)
    assert (read.catalogue.keys, read.catalogue.entities) == (
        made.catalogue.keys,
        made.catalogue.entities,
    )
    # The specs name a value where events are only counted; an author may not.
    counted = [
        msgspec.structs.replace(one, of=None) if one.aggregate == "count" else one
        for one in made.catalogue.features
    ]
    assert list(read.catalogue.features) == counted
    # What an author writes has a place; what a program makes has none.
    placeless = {"owner": "", "path": "", "line": 0, "policy": "", "reads": None}
    plain = [msgspec.structs.replace(one, **placeless) for one in read.policies]
    assert plain == list(policies)
    assert all(set(one.reads or ()) == set(names_read(one.when)) for one in read.policies)


def test_changed_policies_differ_and_have_the_next_version(
    tmp_path: Path, policies: tuple[PolicySpec, ...]
) -> None:
    later = pack_folder.changed(policies)
    pack_folder.write_pack(tmp_path / "pack", later, version="1.1.0")
    read = load_pack(read_pack_folder(tmp_path / "pack"))
    assert [one.version for one in read.policies] == [2] * len(policies)
    assert all(one.when != other.when for one, other in zip(later, policies, strict=True))
