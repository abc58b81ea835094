"""Work that nobody waits for rests every few milliseconds, and no longer than that."""

from __future__ import annotations

import json
import subprocess
import sys

WORK = """
import json, time
from haitang.app.service import gently
rests = []
class Clock:
    sleep = staticmethod(rests.append)
gently.time = Clock
def work(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
with gently.gently():
    work(0.4)
within = len(rests)
work(0.2)
print(json.dumps([within, len(rests), sorted(set(rests))]))
"""


def test_it_rests_while_it_works_and_not_afterwards() -> None:
    said = subprocess.run([sys.executable, "-c", WORK], capture_output=True, check=True).stdout
    within, whole, lengths = json.loads(said)
    # The system counts a process's time in ticks of up to ten milliseconds.
    assert within >= 20
    # One may have been on its way.
    assert whole - within <= 1
    assert lengths == [0.015]
