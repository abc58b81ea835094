"""Packs made ready to decide."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.app.small_pack import write_pack

SCRIPT = """
from haitang.app.programs import open_pack, warm_up
from haitang.decision.engine import _record
from pathlib import Path
import sys

opened = open_pack(Path(sys.argv[1]))
before = len(_record.read_record.signatures)
warm_up(opened.program)
print(before, len(_record.write_record.signatures), len(_record.read_record.signatures))
"""


def test_machine_code_that_reads_records_back_is_made_before_the_first_repeated_event(
    tmp_path: Path,
) -> None:
    # In a process of its own: in this one, other tests may have had it made.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(write_pack(tmp_path))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["0", "1", "1"], done.stderr
