"""The generated pack as a folder of YAML, as a bank would keep it, and its events as JSON lines.

The engine's benchmark compiles specs in memory; a service loads folders. Both decide the same:
a test reads the folder back and compares the specs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import yaml
from pyarrow import compute

from bench import pack as generated
from bench.lines import starts_path
from haitang.data.features import terms
from haitang.data.features.specs import FeatureSpec
from haitang.decision.rules.pack import lock_text
from haitang.decision.rules.render import render
from haitang.decision.rules.source import LOCK_FILE, PackSource
from haitang.decision.rules.specs import PolicySpec
from haitang.kernel.instants import format_duration

Int64 = npt.NDArray[np.int64]


class _Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Without aliases: what is said twice is written twice, as people do."""

    def ignore_aliases(self, _: object) -> bool:
        return True


_FORM_ONLY = """\
This pack is generated for measuring. What its policies say means nothing, and the two tests that
the reader asks of each policy are there for their form: check it with `--no-tests`.
"""


def write_pack(
    folder: Path,
    policies: Sequence[PolicySpec],
    *,
    model_text: str = "",
    version: str = "1.0.0",
) -> Path:
    """Write the pack and its `LOCK` into a folder and return it.

    `model_text` is a LightGBM text whose columns are all features, in order; without it the pack
    has no model. `haitang check --no-tests` accepts the folder.
    """
    files = pack_files(policies, model_text=model_text, version=version)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def pack_files(
    policies: Sequence[PolicySpec], *, model_text: str = "", version: str = "1.0.0"
) -> dict[str, bytes]:
    """Return the pack's files by path, `LOCK` among them."""
    features = generated.catalogue().features
    files = {
        "pack.yaml": _yaml(_head(version)),
        "features/windows.yaml": _yaml({"features": {f.name: _feature(f) for f in features}}),
        "PHILOSOPHY.md": _FORM_ONLY.encode(),
        "CHANGELOG.md": f"# Changelog\n\n## {version}\n\nGenerated.\n".encode(),
    }
    for policy in policies:
        files[f"policies/{policy.id}.yaml"] = _yaml(_policy(policy))
    if model_text:
        names = [feature.name for feature in features]
        files["models/trees.yaml"] = _yaml(_model(names))
        files["models/trees.txt"] = model_text.encode()
    lock = lock_text(PackSource(name="bench", files=files))
    return {**files, LOCK_FILE: lock.encode()}


def changed(policies: Sequence[PolicySpec], *, factor: float = 1.01) -> list[PolicySpec]:
    """Return the policies with every bound moved and the next version: all of them are new."""
    return [
        msgspec.structs.replace(
            policy, version=policy.version + 1, when=_moved(policy.when, factor)
        )
        for policy in policies
    ]


def _moved(expression: terms.Expression, factor: float) -> terms.Expression:
    match expression:
        case terms.Logic(operands=operands):
            return msgspec.structs.replace(
                expression, operands=tuple(_moved(operand, factor) for operand in operands)
            )
        case terms.Compare(right=terms.Number(value=value)):
            return msgspec.structs.replace(expression, right=terms.Number(value=value * factor))
    return expression


def _head(version: str) -> dict[str, Any]:
    pack = generated.pack()
    return {
        "pack": pack.id,
        "version": version,
        "title": {"en": pack.title.en, "zh": pack.title.zh},
        "owner": "bench",
        "zone": pack.zone,
        "base_currency": pack.base_currency,
        "entities": {
            entity.name: {"retention": format_duration(entity.retention_us)}
            for entity in pack.catalogue.entities
        },
        "keys": {
            key.slot: {"entity": key.entity, "fields": ["|".join(part) for part in key.fields]}
            for key in pack.catalogue.keys
        },
        "tiers": {bound.tier: bound.score for bound in pack.tiers},
        "table": [
            {
                "tier": list(row.tiers),
                **({"channel": list(row.channels)} if row.channels else {}),
                "action": row.action,
                **({"also": list(row.also)} if row.also else {}),
            }
            for row in pack.table
        ],
    }


def _feature(feature: FeatureSpec) -> dict[str, Any]:
    title = {"en": feature.title.en, "zh": feature.title.zh}
    if feature.value is not None:
        return {"title": title, "value": render(feature.value), "unit": feature.unit}
    return {
        "title": title,
        "key": feature.key,
        "aggregate": feature.aggregate,
        **({} if feature.aggregate == "count" or feature.of is None else {
            "of": render(feature.of)
        }),
        "window": format_duration(feature.window_us),
        "unit": feature.unit,
    }  # fmt: skip


def _policy(policy: PolicySpec) -> dict[str, Any]:
    event = {"at": "0s", "event_type": "TXN_REQUEST"}
    return {
        "id": policy.id,
        "version": policy.version,
        "status": policy.status,
        "title": {"en": policy.title.en, "zh": policy.title.zh},
        "typology": policy.typology,
        "party": policy.party,
        "when": render(policy.when),
        "score": policy.score,
        "action": policy.action,
        "reason": {"en": policy.reason.en, "zh": policy.reason.zh},
        "shows": list(policy.shows),
        "owner": "bench",
        "tests": [
            {"name": "form of one that fires", "events": [event], "fires": True},
            {"name": "form of one that does not", "events": [event], "fires": False},
        ],
    }


def _model(names: Sequence[str]) -> dict[str, Any]:
    spec = generated.model("", list(names))
    return {
        "id": spec.id,
        "version": spec.version,
        "party": spec.party,
        "file": "models/trees.txt",
        "title": {"en": spec.title.en, "zh": spec.title.zh},
        "inputs": list(spec.inputs),
        "bounds": {bound.tier: bound.score / 1_000 for bound in spec.bounds},
    }


def _yaml(content: dict[str, Any]) -> bytes:
    return yaml.dump(
        content, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=200
    ).encode()


def event_lines(table: pa.Table) -> pa.Array:
    """Return the JSON object of every row of a stream, as one column of texts."""
    parts: list[Any] = []
    for place, name in enumerate(table.column_names):
        column = table[name]
        text = pa.types.is_string(column.type)
        quote = '"' if text else ""
        before = f'{{"{name}":' if place == 0 else f',"{name}":'
        parts += [before + quote, column if text else column.cast(pa.string()), quote]
    # A null would be left out by nobody: the stream has none.
    joined = compute.binary_join_element_wise(*parts, "}", "")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def write_events(path: Path, table: pa.Table) -> Path:
    """Write one event a line, and beside it where each line begins (`.starts.npy`)."""
    with path.open("wb") as file:
        starts = [np.zeros(1, np.int64)]
        for batch in table.to_batches(max_chunksize=100_000):
            lines = event_lines(pa.Table.from_batches([batch]))
            lengths = compute.binary_length(lines).to_numpy(zero_copy_only=False) + 1
            starts.append(starts[-1][-1] + np.cumsum(lengths, dtype=np.int64))
            file.write("\n".join(lines.to_pylist()).encode() + b"\n")
    np.save(starts_path(path), np.concatenate(starts))
    return path
