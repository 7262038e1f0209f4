"""Every fault of a device that docs/hardware.md names has a test, and no test names another."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs/hardware.md"
MARK = re.compile(r"^@pytest\.mark\.fault\((\d+)\)$", re.MULTILINE)
ROW = re.compile(r"^\| (\d+) \| .+ \| .+ \|$", re.MULTILINE)
FAULTS = range(1, 47)


def marked() -> set[int]:
    texts = (path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    return {int(number) for text in texts for number in MARK.findall(text)}


def test_every_fault_has_a_test() -> None:
    assert marked() == set(FAULTS)


def test_the_page_names_every_fault_once() -> None:
    assert [int(number) for number in ROW.findall(PAGE.read_text(encoding="utf-8"))] == list(FAULTS)
