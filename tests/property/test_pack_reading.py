"""Packs that were damaged anywhere are refused with places, or read; nothing else happens."""

from __future__ import annotations

import string

import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from haitang.decision.rules.alignment import locate
from haitang.decision.rules.pack import load_pack
from haitang.decision.rules.problems import MAX_PROBLEMS, PackRefused
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.yamltext import Mapping, Scalar, read_yaml
from haitang.kernel.errors import HaitangError
from tests.unit.decision.rules.small_packs import small_files, small_pack

WHOLE = small_pack()
PATHS = sorted(path for path in WHOLE.files if path.endswith((".yaml", ".csv")) or path == "LOCK")

scraps = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"",
            b"\n",
            b": ",
            b"- ",
            b"[",
            b"]",
            b"{",
            b"}",
            b"'",
            b'"',
            b"|",
            b">",
            b"&a ",
            b"*a",
            b"!!x ",
            b"#",
            b"\t",
            b"~",
            b"null",
            b"  ",
            b"{window}",
            b"400d",
            b"1e999",
            b"-1",
            b"true",
            b"\xff",
            b"---\n",
            b"? ",
            b"%YAML 1.1\n",
            b"\xe2\x80\xa8",
            b"and",
            b"(" * 40,
            b"[" * 40,
            b"- " * 40,
            b"<<: ",
        ]
    ),
)


def settled(source: PackSource) -> None:
    """Load, and check that a refusal can be shown."""
    refused: PackRefused | None = None
    try:
        load_pack(source)
    except PackRefused as error:
        refused = error
    if refused is not None:
        assert refused.render()
        places = [problem.place for problem in refused.problems]
        assert all(place.path for place in places if len(places) < MAX_PROBLEMS)


@settings(max_examples=250)
@given(st.sampled_from(PATHS), st.floats(0, 1), st.integers(0, 60), scraps)
def test_a_damaged_pack_is_refused_or_read(
    path: str, where: float, removed: int, scrap: bytes
) -> None:
    content = WHOLE.files[path]
    start = int(where * len(content))
    damaged = content[:start] + scrap + content[start + removed :]
    settled(PackSource(name="p", files={**WHOLE.files, path: damaged}))


@settings(max_examples=100)
@given(st.sampled_from(PATHS), st.binary(max_size=200))
@example("pack.yaml", b"[" * 200_000)
@example("pack.yaml", b"- " * 100_000)
@example("pack.yaml", b"? " * 100_000)
@example("pack.yaml", b"a: &a [*a]\n")
@example("pack.yaml", b"{" * 9 + b"\xff")
@example("lists/case_accounts.csv", b"value\n" + b'"' * 1_000)
@example("lists/case_accounts.csv", b"value\n" + b"x" * 200_000)
@example("lists/case_accounts.csv", b"value\n\x00\n")
def test_any_bytes_are_refused_or_read(path: str, content: bytes) -> None:
    settled(PackSource(name="p", files={**small_files(), path: content}))


@settings(max_examples=100)
@given(st.dictionaries(st.text(max_size=12), st.binary(max_size=8), max_size=4))
def test_any_file_names_are_refused_or_read(files: dict[str, bytes]) -> None:
    settled(PackSource(name="p", files={**WHOLE.files, **files}))


words = st.text(
    alphabet=string.ascii_letters + "'\"\\#:,[]{}&*!|>%@`-?共享", min_size=1, max_size=6
)
gaps = st.sampled_from([" ", " ", "  ", "\n", "\n\n", "\n  ", " \n"])


@settings(max_examples=400)
@given(
    st.lists(st.tuples(words, gaps), min_size=1, max_size=12),
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.sampled_from([12, 30, 1_000]),
    st.booleans(),
)
def test_every_character_of_a_text_is_found_in_the_file(
    parts: list[tuple[str, str]], style: str | None, width: int, unicode: bool
) -> None:
    text = "".join(word + gap for word, gap in parts).strip()
    written = yaml.dump(
        {"a": 1, "b": {"when": text}}, default_style=style, width=width, allow_unicode=unicode
    )
    # Dumping everything in one style also tags the number, which our reader refuses.
    written = written.replace("!!int ", "")
    try:
        document = read_yaml("x.yaml", written.encode())
    except HaitangError:
        assume(False)
    assert isinstance(document.root, Mapping)
    inner = document.root.entries["b"]
    assert isinstance(inner, Mapping)
    scalar = inner.entries["when"]
    assert isinstance(scalar, Scalar)
    # The dumper folds some indented lines wrongly, so the text may be another than what was dumped.
    assert scalar.text.split() == text.split()
    check_places(
        written,
        document.lines,
        scalar,
        [locate(document, scalar, at) for at in range(len(scalar.text))],
    )


def check_places(
    written: str, lines: list[str], scalar: Scalar, places: list[tuple[int, int]]
) -> None:
    """Check that each character stands where it is said to, each after the one before it."""
    assert places == sorted(places), written
    solid = [(c, place) for c, place in zip(scalar.text, places, strict=True) if not c.isspace()]
    assert len({place for _, place in solid}) == len(solid), written
    for character, (line, column) in solid:
        found = lines[line][column]
        escaped = scalar.style == '"' and found == "\\"
        assert found == character or escaped, (written, character, line, column)
