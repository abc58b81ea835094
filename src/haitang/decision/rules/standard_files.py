"""The files that hold a pack's standards: which there are, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from haitang.decision.rules.callscripts import read_script
from haitang.decision.rules.includes import Opener, PackParts, check_file_names
from haitang.decision.rules.measures import check_all_measured, read_measures
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.regulation import check_references, choose_readings, read_regulation
from haitang.decision.rules.source import MEASURES_FILE, TYPOLOGIES_FILE, content_digest
from haitang.decision.rules.standards import (
    CallScript,
    MeasureSpec,
    RegulationRow,
    Standards,
    TypologySpec,
)
from haitang.decision.rules.typologies import read_typologies
from haitang.decision.rules.yamltext import Scalar
from haitang.kernel.errors import did_you_mean, symbol


def read_standards(parts: PackParts, problems: Problems, opener: Opener) -> Standards | None:
    """Return the standards of all packs that are read together; None where there are none."""
    files = _Files(parts, problems, opener)
    measures = files.measures()
    typologies = files.typologies()
    scripts = files.scripts()
    regulation = files.regulation()
    broken = frozenset(files.broken)
    check_references(regulation, broken, problems)
    regulation = _chosen(parts, regulation, broken)
    if not files.found:
        return None
    files.check_bases(measures, regulation)
    return Standards(
        measures=measures,
        typologies=typologies,
        scripts=scripts,
        regulation=regulation,
        broken=broken,
    )


def standards_digests(parts: PackParts) -> list[str]:
    """Return what tells one set of standards from another, for those who keep what they read."""
    return [
        f"{part.full_path(path)}:{content_digest(content)}"
        for part in parts.parts
        for path, content in sorted(part.source.files.items())
        if path in (MEASURES_FILE, TYPOLOGIES_FILE) or path.startswith(("scripts/", "regulation/"))
    ]


def _chosen(
    parts: PackParts, rows: dict[str, RegulationRow], broken: frozenset[str]
) -> dict[str, RegulationRow]:
    if "readings" not in parts.said:
        return rows
    return choose_readings(rows, parts.head.readings, parts.said["readings"].reader, broken)


class _Files:
    """Reads the standards of every part."""

    def __init__(self, parts: PackParts, problems: Problems, opener: Opener) -> None:
        self.parts = parts
        self.problems = problems
        self.opener = opener
        self.found = False
        """Whether any pack has measures or typologies."""
        self.broken: set[str] = set()
        self.bases: list[tuple[MeasureSpec, FileReader, Scalar]] = []

    def measures(self) -> dict[str, MeasureSpec]:
        """Read every `measures.yaml`."""
        found: dict[str, MeasureSpec] = {}
        last: FileReader | None = None
        for reader in self._named(MEASURES_FILE):
            before = len(self.problems)
            for measure, key in read_measures(reader):
                if self._once(reader, key, "measure", measure.action, found):
                    found[measure.action] = measure
                    self.bases.append((measure, reader, key))
            last = reader if len(self.problems) == before else None
        if last is not None:
            check_all_measured(last, frozenset(found))
        return found

    def typologies(self) -> dict[str, TypologySpec]:
        """Read every `typologies.yaml`."""
        found: dict[str, TypologySpec] = {}
        for reader in self._named(TYPOLOGIES_FILE):
            for typology, key in read_typologies(reader):
                if self._once(reader, key, "typology", typology.id, found):
                    found[typology.id] = typology
        return found

    def scripts(self) -> dict[str, CallScript]:
        """Read every call script."""
        check_file_names(self.parts.parts, "scripts", "call script", self.problems)
        found: dict[str, CallScript] = {}
        for path, reader in self._under("scripts"):
            script = read_script(reader, path) if reader is not None else None
            if script is not None:
                found[script.id] = script
            else:
                self.broken.add(_stem(path))
        return found

    def regulation(self) -> dict[str, RegulationRow]:
        """Read every row of the sheet."""
        check_file_names(self.parts.parts, "regulation", "row", self.problems)
        found: dict[str, RegulationRow] = {}
        for path, reader in self._under("regulation"):
            row = read_regulation(reader, path, self.parts.head) if reader is not None else None
            if row is not None:
                found[row.id] = row
            else:
                self.broken.add(_stem(path))
        return dict(sorted(found.items(), key=lambda item: _sheet_order(item[0])))

    def check_bases(
        self, measures: dict[str, MeasureSpec], regulation: dict[str, RegulationRow]
    ) -> None:
        """Check that the rows that measures stand on are in the sheet, where there is one."""
        if not regulation:
            return
        for measure, reader, key in self.bases:
            if measures.get(measure.action) is not measure or not measure.basis:
                continue
            if measure.basis not in regulation and measure.basis not in self.broken:
                reader.refuse(
                    key,
                    "regulation_unknown",
                    f"the measure of {symbol(measure.action)} stands on {symbol(measure.basis)}, "
                    "which the sheet does not have",
                    did_you_mean(measure.basis, list(regulation)),
                )

    def _named(self, name: str) -> Iterator[FileReader]:
        for part in self.parts.parts:
            if name in part.source.files:
                self.found = True
                reader = self.opener(part.source, name)
                if reader is not None:
                    yield reader

    def _under(self, folder: str) -> Iterator[tuple[str, FileReader | None]]:
        for part in self.parts.parts:
            for path in part.source.under(folder, ".yaml"):
                yield path, self.opener(part.source, path)

    def _once(
        self, reader: FileReader, key: Scalar, what: str, name: str, found: Collection[str]
    ) -> bool:
        if name not in found:
            return True
        reader.refuse(
            key,
            "id_duplicate",
            f"{what} {symbol(name)} is declared twice",
            "keep one of them",
        )
        return False


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")


def _sheet_order(name: str) -> tuple[int, str]:
    """Return where a row stands: national law first, then what holds abroad."""
    return (0 if name.startswith("REG") else 1, name)
