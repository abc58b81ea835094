"""What the repository holds, and what it must not name."""

from __future__ import annotations

import re
from pathlib import Path

from tests.tidy.source import ROOT, kept_files, shown

MAX_FILE_BYTES = 1_000_000
TEXT = {
    "",
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".yaml",
    ".yml",
    ".csv",
    ".json",
    ".jsonl",
    ".cfg",
    ".po",
    ".html",
    ".css",
    ".js",
}
BINARY = {".parquet", ".png", ".svg", ".gif", ".mo"}
VENDORED = {
    "node_modules",
    "vendor",
    "third_party",
    "site-packages",
    ".venv",
    "__pycache__",
    "dist",
}
# A path of somebody's machine, put together here so that this file does not name one.
MACHINE_PATH = re.compile(
    rf"(?<![\w.:/-])/(?:{'|'.join(('ho' + 'me', 'ro' + 'ot', 'wo' + 'rk', 'Us' + 'ers'))})/\w"
)
INDEX_HOST = re.compile(
    "|".join(
        ("py" + r"pi\.org", "python" + "hosted", r"--(?:extra-)?index" + "-url", "mirr" + r"ors?\.")
    )
)
# Two options of `make lock` speak of the index to leave it out.
INDEX_FREE = "--no-emit-index" + "-url"
URL = re.compile(r"https?://([A-Za-z0-9.-]+)")
KNOWN_HOSTS = {"www.apache.org", "keepachangelog.com", "semver.org", "www.w3.org"}


def texts() -> list[tuple[Path, str]]:
    files = [path for path in kept_files() if path.suffix in TEXT]
    return [(path, path.read_text("utf-8")) for path in files]


def test_every_kept_file_is_of_a_known_kind_and_size() -> None:
    strange = [
        shown(path)
        for path in kept_files()
        if path.suffix not in TEXT | BINARY or path.stat().st_size > MAX_FILE_BYTES
    ]
    # `py.typed` and the lock of a pack have no kind of their own.
    assert [name for name in strange if not name.endswith(("py.typed", "LOCK"))] == []


def test_no_library_of_others_lies_in_the_tree() -> None:
    assert [
        shown(path) for path in kept_files() if VENDORED & set(path.relative_to(ROOT).parts)
    ] == []


def test_no_kept_file_names_a_machine_path_or_a_package_index() -> None:
    named = [
        f"{shown(path)}: {match.group()}"
        for path, text in texts()
        for pattern in (MACHINE_PATH, INDEX_HOST)
        for match in pattern.finditer(text.replace(INDEX_FREE, ""))
    ]
    assert not named, "\n".join(named)


def test_no_kept_file_names_a_host_that_nobody_reviewed() -> None:
    named = {
        f"{shown(path)}: {host}"
        for path, text in texts()
        for host in URL.findall(text)
        if host not in KNOWN_HOSTS
        and not host.endswith((".example", "example.com", "localhost", "127.0.0.1"))
    }
    assert not named, "\n".join(sorted(named))


def test_texts_end_in_a_newline_and_have_no_tabs_or_carriage_returns() -> None:
    untidy = [
        shown(path)
        for path, text in texts()
        if text
        and (not text.endswith("\n") or "\r" in text or ("\t" in text and path.name != "Makefile"))
    ]
    assert not untidy, "\n".join(untidy)


def test_every_golden_file_belongs_to_a_test() -> None:
    golden = ROOT / "tests" / "golden"
    orphans = []
    for path in sorted(golden.rglob("*.txt")):
        module = ROOT / "tests" / path.parent.relative_to(golden).with_suffix(".py")
        test = re.match(r"test_\w+", path.name)
        if (
            not module.exists()
            or test is None
            or f"def {test.group()}(" not in module.read_text("utf-8")
        ):
            orphans.append(shown(path))
    assert not orphans, "\n".join(orphans)


def test_the_locks_pin_every_package_by_hash() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        entries = re.split(r"\n(?=\S)", path.read_text("utf-8").strip())
        packages = [entry for entry in entries if not entry.startswith("#")]
        assert packages, path.name
        unpinned = [
            entry.splitlines()[0]
            for entry in packages
            if "==" not in entry or "--hash=sha256:" not in entry
        ]
        assert not unpinned, "\n".join(unpinned)
