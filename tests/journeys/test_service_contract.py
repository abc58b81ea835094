"""schemathesis against the document of a live server: every check, every phase."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from haitang.app.programs import warm_up
from tests.journeys.http_server import running
from tests.unit.edges.api.calls import TOKEN
from tests.unit.edges.api.memory_node import small_program

SECONDS = 30
EXAMPLES = 20
SETTINGS = """\
[generation]
# HTTP says that headers and query parameters that nobody knows are passed over.
allow-extra-parameters = false

[checks.negative_data_rejection]
# What schemathesis expects of itself, and 413 for more events than a request may hold.
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, "5xx"]
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.enable_socket
def test_the_service_does_what_its_document_says(tmp_path: Path) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    program = small_program()
    warm_up(program)
    with running(program) as server:
        run = subprocess.run(
            [
                sys.executable, "-c", "from schemathesis.cli import schemathesis as s; s()",
                "--config-file", str(settings),
                "run", f"http://127.0.0.1:{server.port}/openapi.json",
                "--header", f"Authorization: Bearer {TOKEN}",
                "--checks", "all",
                "--phases", "examples,coverage,fuzzing,stateful",
                "--max-examples", str(EXAMPLES),
                "--max-time", str(SECONDS),
                "--continue-on-failure",
                "--generation-deterministic",
                "--no-color",
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.journeys.http_rules",
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        decided = len(server.node.submitted)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    assert "No issues found" in run.stdout
    assert decided > 100, "hardly any request reached the engine"
