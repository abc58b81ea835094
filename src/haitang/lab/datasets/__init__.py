"""Data sets that others made: turned into events so that the engine meets input nobody here wrote.

Owns how each set's columns become events (mappings as YAML beside this file) and which labels
belong to which event. Labels are kept apart: they enter the journal as `LABEL` events only where a
set's protocol says that they become known, and as late as it says. Reads Parquet from the folder it
is given; never looks for one, never ships one.
"""

from haitang.lab.datasets.loaders import (
    DATA_SETS,
    DataSet,
    DataSetMissing,
    event_tables,
    label_table,
    read_data_set_mapping,
)

__all__ = [
    "DATA_SETS",
    "DataSet",
    "DataSetMissing",
    "event_tables",
    "label_table",
    "read_data_set_mapping",
]
