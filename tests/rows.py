"""The rows of docs/capabilities.md: which of them the tests that name them prove.

Every run of pytest ends with the count of what it proved; `--write-table` writes the table's last
column.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parent
TABLE: Final = TESTS.parent / "docs/capabilities.md"
MARKS: Final = ("capability", "edge")
PROPERTY: Final = "row"
OPTION: Final = "--write-table"
_ROW: Final = re.compile(r"\| (?P<id>[A-Z]+-?\d+) \| (?P<kind>[a-z]+) \| (?P<what>.*?) \| .*\|")
_IN_PYTHON: Final = re.compile(r"\bmark\.(?:capability|edge)\(\"([^\"]+)\"\)")
_IN_YAML: Final = re.compile(r"^(?:capabilities|edges): \[(.*)\]", re.MULTILINE)


def rows() -> dict[str, str]:
    """Return the mark that each row of the table takes, by the row's id."""
    found = filter(None, map(_ROW.fullmatch, TABLE.read_text(encoding="utf-8").splitlines()))
    return {row["id"]: "edge" if row["kind"] == "edge" else "capability" for row in found}


def named_in() -> dict[str, list[str]]:
    """Return the files that name a row, by the row's id; golden receipts are named themselves."""
    files: dict[str, list[str]] = {}
    for path in sorted([*TESTS.rglob("*.py"), *(TESTS / "golden").rglob("*.yaml")]):
        for row in sorted(_named(path)):
            files.setdefault(row, []).append(path.relative_to(TESTS).as_posix())
    return files


def table(proofs: Mapping[str, Iterable[str]]) -> str:
    """Return the table with these files as the proofs of its rows."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return "\n".join(_filled(line, proofs) for line in lines) + "\n"


@dataclass(eq=False)
class Rows:
    """A plugin of pytest: refuses marks on unknown rows, gathers outcomes, prints the count."""

    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    @property
    def proven(self) -> set[str]:
        """Rows of which a test passed, and none failed or was skipped."""
        return self.passed - self.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Attach to each test the rows that it names; its reports carry them between processes."""
        known = rows()
        for item in items:
            for mark in MARKS:
                for row in {row for found in item.iter_markers(mark) for row in found.args}:
                    if known.get(row) != mark:
                        raise pytest.UsageError(f"{item.nodeid}: no row {row!r} of mark {mark!r}")
                    item.user_properties.append((PROPERTY, row))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count an outcome for the rows that its test names."""
        named = {str(row) for name, row in report.user_properties if name == PROPERTY}
        if not report.passed:
            self.failed |= named
        elif report.when == "call":
            self.passed |= named

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Print the count as the last line of a run, and write the table if that was asked for."""
        yield
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.write_line(self.count())
            if session.config.getoption(OPTION):
                files = named_in()
                proofs = {row: files.get(row, ()) for row in self.proven}
                TABLE.write_text(table(proofs), encoding="utf-8")

    def count(self) -> str:
        """Say how many rows are proven."""
        known = rows()
        capabilities, edges = (
            f"{sum(known[row] == mark for row in self.proven)} of "
            f"{sum(kind == mark for kind in known.values())}"
            for mark in MARKS
        )
        return f"proven: {capabilities} capabilities, {edges} edge cases"


def _named(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return set(_IN_PYTHON.findall(text))
    return {row for listed in _IN_YAML.findall(text) for row in _listed(listed)}


def _listed(text: str) -> Iterator[str]:
    return (word.strip() for word in text.split(",") if word.strip())


def _filled(line: str, proofs: Mapping[str, Iterable[str]]) -> str:
    row = _ROW.fullmatch(line)
    if row is None:
        return line
    proof = ", ".join(f"`{file}`" for file in proofs.get(row["id"], ())) or "-"
    return f"| {row['id']} | {row['kind']} | {row['what']} | {proof} |"
