"""What the docs name is there: tests that hold a claim, files that a link leads to."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    for file, name in _TEST.findall(text):
        tests = ROOT / file
        if not tests.exists() or (name and f"def {name}(" not in tests.read_text("utf-8")):
            missing.append(f"{file}::{name}")
    assert missing == []


def test_pages_name_tests() -> None:
    assert _TEST.search((ROOT / "docs/security.md").read_text(encoding="utf-8"))
