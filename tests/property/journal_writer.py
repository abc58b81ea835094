"""A process that appends to a journal until it is killed; started by `test_journal_kills`.

Reads folders from standard input. For each it forks a writer, which says `position <durable>`
after every commit, and says `pid <writer>` before and `dead` after.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from haitang.adapters.journal.journal import Journal
from tests.unit.adapters.journal.journal_folders import append

SEGMENT_BYTES = 20_000


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def write(folder: Path) -> None:
    with Journal.open(folder, segment_bytes=SEGMENT_BYTES) as journal:
        say(f"position {journal.durable_position}")
        while True:
            append(journal, frames=1 + journal.next_position % 7, committed_by=3)
            say(f"position {journal.durable_position}")


def main() -> None:
    for line in sys.stdin:
        writer = os.fork()
        if not writer:
            write(Path(line.strip()))
        say(f"pid {writer}")
        os.waitpid(writer, 0)
        say("dead")


if __name__ == "__main__":
    main()
