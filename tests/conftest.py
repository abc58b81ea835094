"""What every test may use: golden files, the public data sets, and how properties are explored."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
GOLDEN = TESTS / "golden"

# Derandomised, so that a red build is red again on the next machine; explore with
# `pytest --hypothesis-profile=explore`.
settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile("ci")


class CheckOutput(Protocol):
    """Compare a text with the golden file of the running test."""

    def __call__(self, text: str, name: str = "") -> None: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite golden files with what the tests produce",
    )


@pytest.fixture
def check_output(request: pytest.FixtureRequest) -> Iterator[CheckOutput]:
    """Hold a text against `tests/golden/<path of the test module>/<test>[.<name>].txt`.

    A test that says something twice gives each text a name. Trailing newlines do not count. The
    file is the user interface: read its difference before you accept it with `make golden`.
    """
    update = bool(request.config.getoption("--update-golden"))
    folder = GOLDEN / request.path.relative_to(TESTS).with_suffix("")
    stem = re.sub(r"[^0-9A-Za-z_.-]+", "-", request.node.name).strip("-")
    seen: set[str] = set()

    def check(text: str, name: str = "") -> None:
        assert name not in seen, f"the golden name {name!r} was used twice in one test"
        seen.add(name)
        path = folder / (f"{stem}.{name}.txt" if name else f"{stem}.txt")
        shown = text.rstrip("\n") + "\n"
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(shown, encoding="utf-8")
            return
        relative = path.relative_to(ROOT)
        assert path.exists(), f"{relative} is missing; run `make golden` and read it\n\n{shown}"
        expected = path.read_text(encoding="utf-8")
        difference = difflib.unified_diff(
            expected.splitlines(), shown.splitlines(), str(relative), "this run", lineterm=""
        )
        assert expected == shown, "the output differs from its golden file\n" + "\n".join(
            difference
        )

    yield check
    assert seen, "check_output was asked for and not used"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of the public data sets, or skip: `HAITANG_DATA`, else `../shared/data`."""
    folder = Path(os.environ.get("HAITANG_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no public data sets here; name their folder in HAITANG_DATA")
    return folder
