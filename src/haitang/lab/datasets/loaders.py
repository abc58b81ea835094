"""Every data set by name: its events in journal order, in chunks, and its labels apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import msgspec
import pyarrow as pa
from pyarrow import compute, parquet

from haitang.data.events.mapping import MappingSpec
from haitang.data.events.mapping_reader import read_mapping
from haitang.data.events.mapping_table import map_table
from haitang.data.events.order import table_in_order
from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol

CHUNK_EVENTS = 262_144
"""Events a table of `event_tables` holds unless told otherwise."""

TRANSACTIONS = "transactions.parquet"
AMLSIM_SAMPLE = "20K_fanin200cycle200"
"""The AMLSim sample with both patterns; the other two differ in which patterns they hold."""


class DataSetMissing(HaitangError):
    """A data set that was asked for is not known, or its folder is not there."""


class LabelSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a set keeps its labels: one row a subject."""

    file: str
    subject: str
    """Column of the subject: a transaction, or an account where no transaction is labelled."""
    prefix: str
    """What the mapping puts before the subject to make an `event_id` or account."""
    verdict: str
    """Column of the verdict: 1 is fraud, 0 is none, anything else is not known."""
    kind: str = ""
    """Column that tells frauds apart; empty where there is none."""


class DataSet(msgspec.Struct, frozen=True, kw_only=True):
    """One set: where its files are and how they become events."""

    name: str
    """Folder of its files; its mapping beside this module and its pack share the name."""
    title_en: str
    title_zh: str
    labels: LabelSource
    file: str = TRANSACTIONS
    first: str = ""
    """Event type that stands before all others of its instant."""
    late_labels: bool = False
    """The set's protocol lets labels be used some time after the event: `<name>_labels.yaml`."""
    prepare: Callable[[pa.Table, Path], pa.Table] = lambda table, _: table
    """Adds what a mapping of one file cannot say: columns of other files."""


def _with_nodes(table: pa.Table, folder: Path) -> pa.Table:
    """Add country and institution of both accounts to Tide's transactions."""
    nodes = parquet.read_table(
        folder / "nodes.parquet", columns=["node_id", "country_code", "institution_id"]
    ).combine_chunks()
    names = nodes["node_id"].combine_chunks()
    for side in ("src", "dest"):
        rows = compute.index_in(table[side].combine_chunks(), value_set=names)
        for column, of_node in (("country", "country_code"), ("institution", "institution_id")):
            table = table.append_column(f"{side}_{column}", nodes[of_node].take(rows))
    return table


_SETS = (
    DataSet(
        name="handbook_cards",
        title_en="Fraud Detection Handbook cards",
        title_zh="欺诈检测手册模拟卡",
        labels=LabelSource(
            file=TRANSACTIONS,
            subject="TRANSACTION_ID",
            prefix="t",
            verdict="TX_FRAUD",
            kind="TX_FRAUD_SCENARIO",
        ),
        first="LABEL",
        late_labels=True,
    ),
    DataSet(
        name="sffsd",
        title_en="S-FFSD cards",
        title_zh="S-FFSD 卡交易",
        labels=LabelSource(file=TRANSACTIONS, subject="Time", prefix="t", verdict="Labels"),
    ),
    DataSet(
        name="amlsim_samples",
        title_en="AMLSim fan-in and cycle",
        title_zh="AMLSim 扇入与循环",
        labels=LabelSource(
            file=f"{AMLSIM_SAMPLE}_nodes.parquet", subject="nodeid", prefix="a", verdict="isFraud"
        ),
        file=f"{AMLSIM_SAMPLE}_transactions.parquet",
    ),
    DataSet(
        name="amlgentex_dev",
        title_en="AMLGentex three banks",
        title_zh="AMLGentex 三银行",
        labels=LabelSource(
            file="tx_labels.parquet",
            subject="tx_id",
            prefix="t",
            verdict="isSAR",
            kind="modelType",
        ),
        first="ACCT_OPEN",
    ),
    DataSet(
        name="tide_dev",
        title_en="Tide accounts",
        title_zh="Tide 账户",
        labels=LabelSource(file=TRANSACTIONS, subject="tx_id", prefix="t", verdict="is_fraudulent"),
        prepare=_with_nodes,
    ),
    DataSet(
        name="synccfd_dev",
        title_en="SynCCFD cards with places",
        title_zh="SynCCFD 带地点的卡",
        labels=LabelSource(
            file=TRANSACTIONS,
            subject="TRANSACTION_ID",
            prefix="t",
            verdict="TX_FRAUD",
            kind="TX_FRAUD_SCENARIO",
        ),
        first="LABEL",
        late_labels=True,
    ),
)

DATA_SETS: dict[str, DataSet] = {data_set.name: data_set for data_set in _SETS}
"""Every known set by name."""


def read_data_set_mapping(name: str) -> MappingSpec:
    """Read a mapping of this package, such as `handbook_cards` or `handbook_cards_labels`."""
    path = resources.files("haitang.lab.datasets") / f"{name}.yaml"
    return read_mapping(path.read_text(encoding="utf-8"), path=f"{name}.yaml")


def event_tables(name: str, root: Path, *, chunk_events: int = CHUNK_EVENTS) -> Iterator[pa.Table]:
    """Yield a set's events as unchecked Arrow tables in event columns, in journal order.

    `root` is the folder that holds one folder a set. The whole set is held in memory;
    `chunk_events` bounds what is handed on at once. Raises `DataSetMissing`, and the first row that
    cannot be mapped.
    """
    data_set, folder = _found(name, root)
    raw = data_set.prepare(parquet.read_table(folder / data_set.file), folder)
    events = _mapped(raw, read_data_set_mapping(name))
    parts = [events]
    if data_set.late_labels:
        parts = [_mapped(raw, read_data_set_mapping(f"{name}_labels")), events]
    elif data_set.first:
        leads = compute.equal(events["event_type"], data_set.first)
        parts = [events.filter(leads), events.filter(compute.invert(leads))]
    ordered = table_in_order(pa.concat_tables(parts, promote_options="default"))
    ordered = ordered.combine_chunks()
    for start in range(0, ordered.num_rows, chunk_events):
        yield ordered.slice(start, chunk_events)


def label_table(name: str, root: Path) -> pa.Table:
    """Return a set's labels: `event_id` (an account for AMLSim), `positive` and `kind`.

    Subjects whose verdict is not known have no row.
    """
    data_set, folder = _found(name, root)
    source = data_set.labels
    raw = parquet.read_table(folder / source.file)
    verdict = compute.cast(raw[source.verdict], pa.int64())
    raw = raw.filter(compute.is_in(verdict, value_set=pa.array([0, 1])))
    subjects = compute.cast(raw[source.subject], pa.string())
    kinds = raw[source.kind] if source.kind else pa.array([0]).take(pa.array([0] * raw.num_rows))
    return pa.table(
        {
            "event_id": compute.binary_join_element_wise(source.prefix, subjects, ""),
            "positive": compute.equal(compute.cast(raw[source.verdict], pa.int64()), 1),
            "kind": compute.cast(kinds, pa.int64()),
        }
    )


def _mapped(raw: pa.Table, mapping: MappingSpec) -> pa.Table:
    mapped = map_table(raw, mapping)
    for _, refusal in mapped.refusals():
        raise refusal
    return mapped.table


def _found(name: str, root: Path) -> tuple[DataSet, Path]:
    data_set = DATA_SETS.get(name)
    if data_set is None:
        raise DataSetMissing(
            code="data_set_unknown",
            message=f"unknown data set {symbol(name)}",
            hint=did_you_mean(name, DATA_SETS) or f"one of {', '.join(DATA_SETS)}",
        )
    folder = root / name
    if not (folder / data_set.file).is_file():
        raise DataSetMissing(
            code="data_set_missing",
            message=f"no file {symbol(data_set.file)} was found for data set {symbol(name)}",
            place=Place(path=str(folder)),
            hint="name the folder that holds the sets in `HAITANG_DATA`",
        )
    return data_set, folder
